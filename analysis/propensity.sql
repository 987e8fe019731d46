-- What had each visitor seen from $since on done before $until? Views, sessions, carts left, orders.
-- A purchase event without a product empties the cart. customer: the number in everyone, -1 of all others.
with visits as (
    select
        customer_id,
        min(customer) as customer,
        max(last_view) as last_view,
        sum(case when day >= cast($day as date) then views else 0 end) as views_1,
        sum(case when day >= cast($week as date) then views else 0 end) as views_7,
        sum(case when day >= cast($month as date) then views else 0 end) as views_30,
        sum(sessions) + max(case when day = cast($since as date) then carried_over else 0 end) as sessions
    from visit_days
    where day >= cast($since as date) and day < cast($until as date)
    group by customer_id
),
acts as (
    select customer_id, product_id, kind, max(happened_at) as happened_at
    from cart_days
    where day >= cast($since as date) and day < cast($until as date)
    group by customer_id, product_id, kind
),
left_over as (
    select carted.customer_id, carted.product_id, max(carted.happened_at) as carted_at
    from acts as carted
    left join acts as bought on
        bought.kind = 'purchase'
        and bought.customer_id = carted.customer_id
        and bought.happened_at >= carted.happened_at
        and (bought.product_id = carted.product_id or bought.product_id is null or carted.product_id is null)
    where carted.kind = 'cart' and bought.customer_id is null
    group by carted.customer_id, carted.product_id
),
carts as (
    select customer_id, count(*) as left_products, max(carted_at) as last_cart
    from left_over
    group by customer_id
),
buyers as (
    select customer, count(case when earlier is null then 1 end) as orders, max(last_at) as last_sale
    from order_days
    where kind = 'sale' and day < cast($until as date)
    group by customer
)
select
    coalesce(visits.customer, -1) as customer,
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
left join buyers on buyers.customer = visits.customer
