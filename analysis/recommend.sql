-- What did each known customer buy, on how many days, first and last when? Customers and goods by their place in id order.
with people as (
    select customer_id, row_number() over (order by customer_id) - 1 as customer
    from lines
    where kind = 'sale' and customer_id is not null and ordered_at < cast($snapshot as timestamp)
    group by customer_id
),
sold as (
    select product_id
    from lines
    where kind = 'sale' and product_id is not null and ordered_at < cast($snapshot as timestamp)
    group by product_id
),
catalogue as (
    select product_id, row_number() over (order by product_id) - 1 as product
    from sold
    where position($mark || product_id || $mark in $non_products) = 0
),
bought as (
    select people.customer, catalogue.product, cast(lines.ordered_at as date) as bought_on
    from lines
    inner join people on people.customer_id = lines.customer_id
    inner join catalogue on catalogue.product_id = lines.product_id
    where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp)
    group by people.customer, catalogue.product, cast(lines.ordered_at as date)
),
latest as (
    select customer, max(bought_on) as last_day
    from bought
    group by customer
)
select
    cast(bought.customer as integer) as customer,
    cast(bought.product as integer) as product,
    cast(count(*) as integer) as days,
    min(bought.bought_on) as first_on,
    max(case when bought.bought_on < latest.last_day then bought.bought_on end) as before_on,
    max(bought.bought_on) as last_on
from bought
inner join latest on latest.customer = bought.customer
group by bought.customer, bought.product
order by bought.customer, bought.product
