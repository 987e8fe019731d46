-- How many different products are in an order? Goods only, as they were kept.
with sold as (
  select order_id, product_id
  from lines
  where
    kind = 'sale'
    and ordered_at < cast($snapshot as timestamp)
    and order_id is not null
    and product_id is not null
    and position('|' || product_id || '|' in $non_products) = 0
  group by order_id, product_id
),
baskets as (
  select order_id, count(*) as products from sold group by order_id
)
select products, count(*) as orders
from baskets
group by products
order by products
