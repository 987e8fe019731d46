-- Which categories are in one order? A row of one category twice counts its orders.
with goods as (
  select product_id, min(category) as category
  from products
  where category is not null and position('|' || product_id || '|' in $non_products) = 0
  group by product_id
),
sold as (
  select lines.order_id, goods.category
  from lines
  join goods on goods.product_id = lines.product_id
  where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp) and lines.order_id is not null
  group by lines.order_id, goods.category
)
select one.category as a, other.category as b, count(*) as orders
from sold as one
join sold as other on other.order_id = one.order_id and other.category >= one.category
group by one.category, other.category
order by one.category, other.category
