-- How many visitors viewed, carted and bought before $until: in any order, and one after the other?
-- One after the other: a cart lies between the first view and the last purchase, or after the first view.
with between_them as (
    select visitors.unclear
    from visitors
    inner join events on events.customer_id = visitors.unclear
    where
        visitors.unclear is not null
        and events.kind = 'cart'
        and events.at >= visitors.first_view
        and events.at <= visitors.last_purchase
    group by visitors.unclear
)
select
    count(*) as visitors,
    count(first_view) as viewers,
    count(first_cart) as carters,
    count(last_purchase) as purchasers,
    count(case when first_view is not null then first_cart end) as viewed_and_carted,
    count(case when first_cart is not null then last_purchase end) as carted_and_bought,
    count(case when first_view is not null then last_purchase end) as viewed_and_bought,
    count(case when last_cart >= first_view then 1 end) as carted_in_order,
    count(case
        when first_cart >= first_view and first_cart <= last_purchase then 1
        when last_cart >= first_view and last_cart <= last_purchase then 1
    end) + (select count(*) from between_them) as bought_in_order,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day
from visitors
