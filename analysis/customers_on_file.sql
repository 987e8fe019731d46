-- Where do the customers on file live? One row a customer.
select customer_id, min(country) as country
from customers
where customer_id is not null
group by customer_id
order by customer_id nulls last
