-- Who bought before $snapshot? Customers with their place in the order of ids.
with bought as (
    select customer
    from order_days
    where kind = 'sale' and day < cast($snapshot as date)
    group by customer
)
select everyone.customer_id, cast(row_number() over (order by everyone.customer) - 1 as integer) as customer
from everyone
inner join bought on bought.customer = everyone.customer
