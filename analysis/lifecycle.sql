-- How far do orders get (created, shipped, delivered, returned), and how many arrive after more than five days?
with timed as (
    select
        created_at,
        shipped_at,
        delivered_at,
        returned_at,
        case when status is not null then 1 else 0 end as named,
        case when lower(status) in ('cancelled', 'canceled') then 1 else 0 end as cancelled,
        case when lower(status) in ('returned', 'refunded') then 1 else 0 end as called_returned,
        date_diff('second', created_at, shipped_at) as to_ship,
        date_diff('second', shipped_at, delivered_at) as in_transit,
        date_diff('second', created_at, delivered_at) as to_deliver,
        date_diff('second', delivered_at, returned_at) as to_return
    from orders
    where created_at < cast($snapshot as timestamp)
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
    count(case when to_ship < 0 or in_transit < 0 or to_deliver < 0 or to_return < 0 then 1 end) as out_of_order,
    count(case when to_deliver > 5 * 86400 then 1 end) as slow,
    count(case when to_deliver >= 0 then 1 end) as to_deliver_orders,
    cast(min(created_at) as date) as first_day,
    cast(max(created_at) as date) as last_day
from timed
