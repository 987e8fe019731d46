-- What are the ids of the customers, by number?
select customer_id
from everyone
order by customer
