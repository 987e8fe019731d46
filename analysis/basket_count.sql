-- How many orders hold a product? Fees are none.
with goods as (
  select product_id
  from lines
  where kind = 'sale' and product_id is not null
  group by product_id
  having position('|' || product_id || '|' in $non_products) = 0
)
select count(distinct lines.order_id) as orders
from lines
join goods on goods.product_id = lines.product_id
where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp)
