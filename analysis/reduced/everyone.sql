-- Whom do the data name? Each known customer with the place of the id in the order of ids, whenever they bought.
select customer_id, cast(row_number() over (order by customer_id) - 1 as integer) as customer
from order_parts
where customer_id is not null and kind <> 'cancelled'
group by customer_id
