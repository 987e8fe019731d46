-- How many different products has each customer bought? One row a known customer who bought a named product, numbered as
-- in people.
with bought as (
    select customer, product
    from purchases
    where customer is not null
    group by customer, product
)
select customer, cast(count(*) as integer) as products
from bought
group by customer
order by customer
