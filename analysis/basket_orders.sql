-- Which of a few items does each order hold? One row an order and item, orders numbered.
with items as (
  select product, product_id
  from catalogue
  where position('|' || product_id || '|' in $items) > 0
),
held as (
  select baskets.basket, items.product_id
  from baskets
  join items on items.product = baskets.product
)
select cast(dense_rank() over (order by basket) as integer) as basket, product_id
from held
order by 1, 2
