-- Which products are in one order? Frequent items first, numbered by how often they sell; then the join with itself.
-- A row of one item twice counts its orders and names it; a row without item_a counts the orders of item_b products.
-- Where all orders hold too many pairs, only the best-selling products of huge ones are looked at.
with sold_lines as (
  select product_id, count(*) as sale_lines
  from lines
  where kind = 'sale' and ordered_at < cast($snapshot as timestamp) and order_id is not null and product_id is not null
  group by product_id
),
items as (
  select product_id, sale_lines, cast(row_number() over (order by sale_lines desc, product_id) as integer) as item
  from sold_lines
  where position('|' || product_id || '|' in $non_products) = 0
),
sold as (
  select lines.order_id, items.item
  from lines
  join items on items.product_id = lines.product_id
  where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp) and lines.order_id is not null
  group by lines.order_id, items.item
),
baskets as (
  select order_id, count(*) as products from sold group by order_id
),
frequent as (
  select coalesce(max(item), 0) as last_item
  from items
  where sale_lines >= $least and sale_lines >= $share * (select count(*) from baskets) - 1
),
sizes as (
  select products, count(*) as orders from baskets group by products
),
work as (
  select sum(products * (products - 1) / 2 * orders) as pairs from sizes
),
huge as (
  select baskets.order_id
  from baskets
  cross join work
  where baskets.products > $most and work.pairs > $work
),
kept as (
  select sold.order_id, sold.item
  from sold
  cross join frequent
  left join huge on huge.order_id = sold.order_id
  where sold.item <= frequent.last_item and (huge.order_id is null or sold.item <= $most)
),
together as (
  select one.item as item_a, other.item as item_b, count(*) as orders
  from kept as one
  join kept as other on other.order_id = one.order_id and other.item >= one.item
  group by one.item, other.item
)
select together.item_a, together.item_b, together.orders, items.product_id
from together
left join items on items.item = together.item_a and together.item_a = together.item_b
union all
select null as item_a, products as item_b, orders, null as product_id
from sizes
order by 1 nulls first, 2
