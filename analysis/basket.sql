-- Which products are in one order? Frequent items first, numbered by how often they sell; then the join with itself.
-- A row of one item twice counts its orders and names it. Of a huge order, only the best-selling products are looked at.
with sold_lines as (
  select product_id, count(*) as sale_lines
  from lines
  where kind = 'sale' and ordered_at < cast($snapshot as timestamp) and order_id is not null and product_id is not null
  group by product_id
),
items as (
  select product_id, cast(row_number() over (order by sale_lines desc, product_id) as integer) as item
  from sold_lines
  where sale_lines >= $least and position('|' || product_id || '|' in $non_products) = 0
),
many_lines as (
  select order_id
  from lines
  where kind = 'sale' and ordered_at < cast($snapshot as timestamp) and order_id is not null and product_id is not null
  group by order_id
  having count(*) > $most
),
huge as (
  select lines.order_id
  from lines
  join many_lines on many_lines.order_id = lines.order_id
  where
    lines.kind = 'sale'
    and lines.ordered_at < cast($snapshot as timestamp)
    and lines.product_id is not null
    and position('|' || lines.product_id || '|' in $non_products) = 0
  group by lines.order_id
  having count(distinct lines.product_id) > $most
),
sold as (
  select lines.order_id, items.item
  from lines
  join items on items.product_id = lines.product_id
  left join huge on huge.order_id = lines.order_id
  where
    lines.kind = 'sale'
    and lines.ordered_at < cast($snapshot as timestamp)
    and lines.order_id is not null
    and (huge.order_id is null or items.item <= $most)
  group by lines.order_id, items.item
),
together as (
  select one.item as item_a, other.item as item_b, count(*) as orders
  from sold as one
  join sold as other on other.order_id = one.order_id and other.item >= one.item
  group by one.item, other.item
)
select together.item_a, together.item_b, together.orders, items.product_id
from together
left join items on items.item = together.item_a and together.item_a = together.item_b
order by together.item_a, together.item_b
