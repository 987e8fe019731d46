-- What is on file of the customers: where they live, their age, income and children. One row a known customer.
select
    everyone.customer,
    min(customers.country) as country,
    cast(min(customers.age) as double) as age,
    cast(min(customers.income) as double) as income,
    cast(min(customers.children) as double) as children
from customers
inner join everyone on everyone.customer_id = customers.customer_id
group by everyone.customer
order by everyone.customer
