-- Which product did each line before $snapshot sell: in which order, to whom, and on which day? One row a line.
-- Orders are numbered, customers as in people (null: not known), products as in catalogue.
with orders as (
    select order_id, cast(row_number() over (order by order_id) as integer) as basket
    from order_parts
    where kind = 'sale' and order_id is not null and ordered_at < cast($snapshot as timestamp)
    group by order_id
)
select orders.basket, people.customer, catalogue.product, cast(lines.ordered_at as date) as day
from lines
inner join catalogue on catalogue.product_id = lines.product_id
left join orders on orders.order_id = lines.order_id
left join people on people.customer_id = lines.customer_id
where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp)
