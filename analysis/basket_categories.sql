-- Which categories are in one order? A row of one category twice counts its orders.
with goods as (
  select product_id, category
  from described
  where category is not null and position('|' || product_id || '|' in $non_products) = 0
),
shelves as (
  select category, cast(row_number() over (order by category) as integer) as shelf
  from goods
  group by category
),
shelved as (
  select catalogue.product, shelves.shelf
  from goods
  join shelves on shelves.category = goods.category
  join catalogue on catalogue.product_id = goods.product_id
),
held as (
  select baskets.basket, shelved.shelf
  from baskets
  join shelved on shelved.product = baskets.product
  group by baskets.basket, shelved.shelf
),
together as (
  select one.shelf as a, other.shelf as b, count(*) as orders
  from held as one
  join held as other on other.basket = one.basket and other.shelf >= one.shelf
  group by one.shelf, other.shelf
)
select one.category as a, other.category as b, together.orders
from together
join shelves as one on one.shelf = together.a
join shelves as other on other.shelf = together.b
order by one.category, other.category
