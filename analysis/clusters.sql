-- How many different products has each customer bought? One row a known customer who bought a named product.
with bought as (
    select customer_id, product_id
    from lines
    where kind = 'sale' and customer_id is not null and product_id is not null
        and ordered_at < cast($snapshot as timestamp)
    group by customer_id, product_id
)
select customer_id, count(*) as products
from bought
group by customer_id
order by customer_id nulls last
