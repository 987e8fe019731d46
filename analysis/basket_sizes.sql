-- How many different products are in an order? Goods only, as they were kept.
with goods as (
  select product_id
  from lines
  where kind = 'sale' and product_id is not null
  group by product_id
  having position('|' || product_id || '|' in $non_products) = 0
),
sold as (
  select lines.order_id, lines.product_id
  from lines
  join goods on goods.product_id = lines.product_id
  where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp) and lines.order_id is not null
  group by lines.order_id, lines.product_id
),
baskets as (
  select order_id, count(*) as products from sold group by order_id
)
select products, count(*) as orders
from baskets
group by products
order by products
