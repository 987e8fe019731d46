-- Which of a few items does each order hold? One row an order and item, orders numbered.
with items as (
  select product_id
  from lines
  where kind = 'sale' and product_id is not null
  group by product_id
  having position('|' || product_id || '|' in $items) > 0
),
sold as (
  select lines.order_id, lines.product_id
  from lines
  join items on items.product_id = lines.product_id
  where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp) and lines.order_id is not null
  group by lines.order_id, lines.product_id
)
select cast(dense_rank() over (order by order_id) as integer) as basket, product_id
from sold
order by 1, 2
