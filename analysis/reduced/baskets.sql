-- Which products does each order before $snapshot hold, each once? Orders are numbered, products as in catalogue.
with orders as (
    select order_id, cast(row_number() over (order by order_id) as integer) as basket
    from order_parts
    where kind = 'sale' and order_id is not null and ordered_at < cast($snapshot as timestamp)
    group by order_id
)
select orders.basket, catalogue.product
from lines
inner join orders on orders.order_id = lines.order_id
inner join catalogue on catalogue.product_id = lines.product_id
where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp)
group by orders.basket, catalogue.product
