-- Of the orders created in each month, how many were shipped, delivered, returned and cancelled?
select
    cast(date_trunc('month', created_at) as date) as start,
    count(*) as orders,
    count(shipped_at) as shipped,
    count(delivered_at) as delivered,
    count(returned_at) as returned,
    sum(case when lower(status) in ('returned', 'refunded') then 1 else 0 end) as called_returned,
    sum(case when lower(status) in ('cancelled', 'canceled') then 1 else 0 end) as cancelled
from orders
where created_at < cast($snapshot as timestamp)
group by cast(date_trunc('month', created_at) as date)
order by start
