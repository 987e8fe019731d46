-- How long did each step take, in days? Median and ninetieth percentile: p lies p * (orders - 1) orders above the least,
-- between two orders in a straight line. A row a step; steps dated before the one above them are left out.
with steps as (
    select 'to_ship' as step, date_diff('second', created_at, shipped_at) as seconds
    from orders
    where created_at < cast($snapshot as timestamp)
    union all
    select 'in_transit' as step, date_diff('second', shipped_at, delivered_at) as seconds
    from orders
    where created_at < cast($snapshot as timestamp)
    union all
    select 'to_deliver' as step, date_diff('second', created_at, delivered_at) as seconds
    from orders
    where created_at < cast($snapshot as timestamp)
    union all
    select 'to_return' as step, date_diff('second', delivered_at, returned_at) as seconds
    from orders
    where created_at < cast($snapshot as timestamp)
),
counted as (
    select step, seconds, count(*) as orders
    from steps
    where seconds >= 0
    group by step, seconds
),
ranked as (
    select
        step,
        cast(seconds as double) / 86400 as days,
        sum(orders) over (
            partition by step order by seconds desc rows between unbounded preceding and current row
        ) - orders as longer
    from counted
),
sizes as (
    select
        step,
        sum(orders) as orders,
        cast(0.5 as double) * (sum(orders) - 1) as median_at,
        cast(0.9 as double) * (sum(orders) - 1) as p90_at
    from counted
    group by step
),
around as (
    select
        sizes.step as step,
        sizes.orders as orders,
        sizes.median_at - floor(sizes.median_at) as median_part,
        sizes.p90_at - floor(sizes.p90_at) as p90_part,
        min(case when sizes.orders - ranked.longer > floor(sizes.median_at) then ranked.days end) as median_below,
        min(case when sizes.orders - ranked.longer > ceil(sizes.median_at) then ranked.days end) as median_above,
        min(case when sizes.orders - ranked.longer > floor(sizes.p90_at) then ranked.days end) as p90_below,
        min(case when sizes.orders - ranked.longer > ceil(sizes.p90_at) then ranked.days end) as p90_above
    from sizes
    inner join ranked on ranked.step = sizes.step
    group by sizes.step, sizes.orders, sizes.median_at, sizes.p90_at
)
select
    step,
    cast(orders as bigint) as orders,
    median_below + (median_above - median_below) * median_part as median,
    p90_below + (p90_above - p90_below) * p90_part as p90
from around
order by step
