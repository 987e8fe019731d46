-- What is on file of the customers: where they live, their age, income and children. One row a customer.
select
    customer_id,
    min(country) as country,
    cast(min(age) as double) as age,
    cast(min(income) as double) as income,
    cast(min(children) as double) as children
from customers
where customer_id is not null
group by customer_id
order by customer_id nulls last
