-- How far do orders get (created, shipped, delivered, returned), and how long does each step take, in days?
with timed as (
    select
        created_at,
        shipped_at,
        delivered_at,
        returned_at,
        case when status is not null then 1 else 0 end as named,
        case when lower(status) in ('cancelled', 'canceled') then 1 else 0 end as cancelled,
        case when lower(status) in ('returned', 'refunded') then 1 else 0 end as called_returned,
        cast(date_diff('second', created_at, shipped_at) as double) / 86400 as to_ship,
        cast(date_diff('second', shipped_at, delivered_at) as double) / 86400 as in_transit,
        cast(date_diff('second', created_at, delivered_at) as double) / 86400 as to_deliver,
        cast(date_diff('second', delivered_at, returned_at) as double) / 86400 as to_return
    from orders
    where created_at < cast($snapshot as timestamp)
),
valid as (
    select
        created_at,
        shipped_at,
        delivered_at,
        returned_at,
        named,
        cancelled,
        called_returned,
        case when to_ship >= 0 then to_ship end as to_ship,
        case when in_transit >= 0 then in_transit end as in_transit,
        case when to_deliver >= 0 then to_deliver end as to_deliver,
        case when to_return >= 0 then to_return end as to_return,
        case when to_ship < 0 or in_transit < 0 or to_deliver < 0 or to_return < 0 then 1 else 0 end as out_of_order
    from timed
)
select
    count(*) as created,
    count(shipped_at) as shipped,
    count(delivered_at) as delivered,
    count(returned_at) as returned,
    count(case when returned_at is not null then delivered_at end) as delivered_and_returned,
    coalesce(sum(called_returned), 0) as called_returned,
    count(case when called_returned = 1 then delivered_at end) as delivered_and_called_returned,
    coalesce(sum(named), 0) as named,
    coalesce(sum(cancelled), 0) as cancelled,
    coalesce(sum(out_of_order), 0) as out_of_order,
    count(case when to_deliver > 5 then 1 end) as slow,
    count(to_ship) as to_ship_orders,
    count(in_transit) as in_transit_orders,
    count(to_deliver) as to_deliver_orders,
    count(to_return) as to_return_orders,
    percentile_cont(0.5) within group (order by to_ship) as to_ship_median,
    percentile_cont(0.9) within group (order by to_ship) as to_ship_p90,
    percentile_cont(0.5) within group (order by in_transit) as in_transit_median,
    percentile_cont(0.9) within group (order by in_transit) as in_transit_p90,
    percentile_cont(0.5) within group (order by to_deliver) as to_deliver_median,
    percentile_cont(0.9) within group (order by to_deliver) as to_deliver_p90,
    percentile_cont(0.5) within group (order by to_return) as to_return_median,
    percentile_cont(0.9) within group (order by to_return) as to_return_p90,
    cast(min(created_at) as date) as first_day,
    cast(max(created_at) as date) as last_day
from valid
