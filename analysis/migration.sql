-- What did each known customer do in each month: orders begun, day of the last sale, net revenue?
-- The month that holds $since is cut there, so that customers can also be seen as they were on that day.
with dated as (
    select
        customer,
        kind,
        day,
        earlier,
        amount,
        case
            when day >= cast($since as date) and cast(date_trunc('month', day) as date) < cast($since as date)
            then cast($since as date)
            else cast(date_trunc('month', day) as date)
        end as period
    from order_days
    where kind in ('sale', 'refund') and day < cast($snapshot as date)
)
select
    customer,
    period,
    cast(sum(case when kind = 'sale' and earlier is null then 1 else 0 end) as integer) as orders,
    max(case when kind = 'sale' then day end) as last_sale,
    cast(sum(amount) as double) as net
from dated
group by customer, period
order by customer, period
