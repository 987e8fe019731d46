-- What had each visitor seen from $since on done before $until? Views, sessions, carts left, orders.
-- A purchase event without a product empties the cart.
with acts as (
    select customer_id, product_id, kind, happened_at, previous_at
    from lately
    where customer_id is not null and happened_at >= cast($since as timestamp) and happened_at < cast($until as timestamp)
),
visits as (
    select
        customer_id,
        max(case when kind = 'view' then happened_at end) as last_view,
        sum(case when kind = 'view' and happened_at >= cast($day as timestamp) then 1 else 0 end) as views_1,
        sum(case when kind = 'view' and happened_at >= cast($week as timestamp) then 1 else 0 end) as views_7,
        sum(case when kind = 'view' and happened_at >= cast($month as timestamp) then 1 else 0 end) as views_30,
        sum(case
            when previous_at >= cast($since as timestamp) and previous_at >= happened_at - interval '30' minute then 0
            else 1
        end) as sessions
    from acts
    group by customer_id
),
bought as (
    select customer_id, product_id, max(happened_at) as bought_at
    from acts
    where kind = 'purchase'
    group by customer_id, product_id
),
carted as (
    select customer_id, product_id, max(happened_at) as carted_at
    from acts
    where kind = 'cart'
    group by customer_id, product_id
),
left_over as (
    select carted.customer_id, carted.product_id, max(carted.carted_at) as carted_at
    from carted
    left join bought on
        bought.customer_id = carted.customer_id
        and bought.bought_at >= carted.carted_at
        and (bought.product_id = carted.product_id or bought.product_id is null or carted.product_id is null)
    where bought.customer_id is null
    group by carted.customer_id, carted.product_id
),
carts as (
    select customer_id, count(*) as left_products, max(carted_at) as last_cart
    from left_over
    group by customer_id
),
orders_of as (
    select customer_id, order_id, max(ordered_at) as ordered_at
    from order_parts
    where customer_id is not null and kind = 'sale' and ordered_at < cast($until as timestamp)
    group by customer_id, order_id
),
buyers as (
    select customer_id, count(*) as orders, max(ordered_at) as last_sale
    from orders_of
    group by customer_id
)
select
    visits.customer_id,
    visits.last_view,
    cast(visits.views_1 as integer) as views_1,
    cast(visits.views_7 as integer) as views_7,
    cast(visits.views_30 as integer) as views_30,
    cast(visits.sessions as integer) as sessions,
    cast(coalesce(carts.left_products, 0) as integer) as carts_left,
    carts.last_cart,
    cast(coalesce(buyers.orders, 0) as integer) as orders,
    buyers.last_sale
from visits
left join carts on carts.customer_id = visits.customer_id
left join buyers on buyers.customer_id = visits.customer_id
order by visits.customer_id nulls last
