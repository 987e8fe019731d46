-- Who was seen before $until, when first and last, and what did they do? One row a visitor, with the number in people of
-- who bought before $snapshot.
-- unclear: the id of whom these times leave open whether a cart lies between the first view and the last purchase.
with seen as (
    select
        customer_id,
        min(events.at) as first_at,
        max(events.at) as last_at,
        min(case when kind = 'view' then events.at end) as first_view,
        min(case when kind = 'cart' then events.at end) as first_cart,
        max(case when kind = 'cart' then events.at end) as last_cart,
        max(case when kind = 'purchase' then events.at end) as last_purchase
    from events
    where events.at < cast($until as timestamp)
    group by customer_id
    having count(customer_id) > 0
)
select
    people.customer,
    seen.first_at,
    seen.last_at,
    seen.first_view,
    seen.first_cart,
    seen.last_cart,
    seen.last_purchase,
    case
        when seen.first_cart < seen.first_view and seen.first_view <= seen.last_purchase and seen.last_purchase < seen.last_cart
            then seen.customer_id
    end as unclear
from seen
left join people on people.customer_id = seen.customer_id
