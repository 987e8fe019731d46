-- What did each known customer buy, on which days? Customers and goods by their place in id order; rows in any order.
with goods as (
    select product, cast(row_number() over (order by product) - 1 as integer) as place
    from catalogue
    where position($mark || product_id || $mark in $non_products) = 0
)
select holdings.customer, goods.place as product, holdings.day
from holdings
inner join goods on goods.product = holdings.product
