-- How many different products has each customer bought? One row a known customer who bought a named product.
with bought as (
    select customer, product
    from purchases
    where customer is not null
    group by customer, product
),
counted as (
    select customer, count(*) as products
    from bought
    group by customer
)
select people.customer_id, counted.products
from counted
inner join people on people.customer = counted.customer
order by people.customer_id
