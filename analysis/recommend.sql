-- What did the known customers from $first until before $until buy, on which days? One row a line, in any order;
-- customers and goods by place.
with goods as (
    select product, cast(row_number() over (order by product) - 1 as integer) as place
    from catalogue
    where position($mark || product_id || $mark in $non_products) = 0
)
select purchases.customer, goods.place as product, purchases.day
from purchases
inner join goods on goods.product = purchases.product
where purchases.customer >= $first and purchases.customer < $until
