-- Who are the customers? One row a known customer: orders, first and last sale, units, gross and net revenue.
with sums as (
    select
        customer,
        sum(case when kind = 'sale' and earlier is null then 1 else 0 end) as orders,
        min(case when kind = 'sale' then day end) as first_sale,
        max(case when kind = 'sale' then day end) as last_sale,
        sum(case when kind = 'sale' then quantity end) as units,
        sum(case when kind in ('sale', 'returned') then amount end) as gross,
        sum(case when kind in ('sale', 'refund') then amount end) as net,
        min(country) as country
    from order_days
    where day < cast($snapshot as date)
    group by customer
)
select
    everyone.customer_id,
    everyone.customer,
    cast(sums.orders as integer) as orders,
    sums.first_sale,
    sums.last_sale,
    cast(sums.units as double) as units,
    cast(sums.gross as double) as gross,
    cast(sums.net as double) as net,
    sums.country
from sums
inner join everyone on everyone.customer = sums.customer
order by sums.customer
