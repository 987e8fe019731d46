-- What did each known customer buy, on how many days, first and last when? Customers and goods by their place in id order.
with goods as (
    select product, cast(row_number() over (order by product) - 1 as integer) as place
    from catalogue
    where position($mark || product_id || $mark in $non_products) = 0
),
bought as (
    select holdings.customer, goods.place, holdings.day
    from holdings
    inner join goods on goods.product = holdings.product
),
latest as (
    select customer, max(day) as last_day
    from bought
    group by customer
)
select
    bought.customer,
    bought.place as product,
    cast(count(*) as integer) as days,
    min(bought.day) as first_on,
    max(case when bought.day < latest.last_day then bought.day end) as before_on,
    max(bought.day) as last_on
from bought
inner join latest on latest.customer = bought.customer
group by bought.customer, bought.place
order by bought.customer, bought.place
