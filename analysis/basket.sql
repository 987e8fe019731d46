-- Which products are in one order? Frequent items first, numbered by how often they sell; then the join with itself.
-- A row of one item twice counts its orders and names it; a row without item_a counts the orders of item_b products.
-- Where all orders hold too many pairs, only the best-selling products of huge ones are looked at.
with items as (
  select
    product_id,
    product,
    sale_lines,
    cast(row_number() over (order by sale_lines desc, product_id) as integer) as item
  from catalogue
  where position('|' || product_id || '|' in $non_products) = 0
),
held as (
  select baskets.basket, items.item
  from baskets
  join items on items.product = baskets.product
),
filled as (
  select basket, count(*) as products from held group by basket
),
frequent as (
  select coalesce(max(item), 0) as last_item
  from items
  where sale_lines >= $least and sale_lines >= $share * (select count(*) from filled) - 1
),
sizes as (
  select products, count(*) as orders from filled group by products
),
work as (
  select sum(products * (products - 1) / 2 * orders) as pairs from sizes
),
huge as (
  select filled.basket
  from filled
  cross join work
  where filled.products > $most and work.pairs > $work
),
kept as (
  select held.basket, held.item
  from held
  cross join frequent
  left join huge on huge.basket = held.basket
  where held.item <= frequent.last_item and (huge.basket is null or held.item <= $most)
),
together as (
  select one.item as item_a, other.item as item_b, count(*) as orders
  from kept as one
  join kept as other on other.basket = one.basket and other.item >= one.item
  group by one.item, other.item
)
select together.item_a, together.item_b, together.orders, items.product_id
from together
left join items on items.item = together.item_a and together.item_a = together.item_b
union all
select null as item_a, products as item_b, orders, null as product_id
from sizes
order by 1 nulls first, 2
