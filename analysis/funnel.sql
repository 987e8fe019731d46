-- How many visitors viewed, carted and bought: in any order, and one after the other?
with acts as (
    select
        customer_id,
        min(case when kind = 'view' then events.at end) as first_view,
        min(case when kind = 'cart' then events.at end) as first_cart,
        min(case when kind = 'purchase' then events.at end) as first_purchase,
        min(events.at) as first_at,
        max(events.at) as last_at
    from events
    where events.at < cast($until as timestamp) and customer_id is not null
    group by customer_id
),
carted_after as (
    select acts.customer_id, min(events.at) as first_cart
    from acts
    inner join events on events.customer_id = acts.customer_id
    where events.kind = 'cart' and events.at < cast($until as timestamp) and events.at >= acts.first_view
    group by acts.customer_id
),
bought_after as (
    select carted_after.customer_id
    from carted_after
    inner join events on events.customer_id = carted_after.customer_id
    where events.kind = 'purchase' and events.at < cast($until as timestamp) and events.at >= carted_after.first_cart
    group by carted_after.customer_id
)
select
    count(*) as visitors,
    count(first_view) as viewers,
    count(first_cart) as carters,
    count(first_purchase) as purchasers,
    count(case when first_view is not null then first_cart end) as viewed_and_carted,
    count(case when first_cart is not null then first_purchase end) as carted_and_bought,
    count(case when first_view is not null then first_purchase end) as viewed_and_bought,
    (select count(*) from carted_after) as carted_in_order,
    (select count(*) from bought_after) as bought_in_order,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day
from acts
