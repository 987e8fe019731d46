-- Who bought before $snapshot? Customers with their place in the order of ids.
select customer_id, cast(row_number() over (order by customer_id) - 1 as integer) as customer
from order_parts
where kind = 'sale' and customer_id is not null and ordered_at < cast($snapshot as timestamp)
group by customer_id
