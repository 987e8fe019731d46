-- What did each known customer do in each month: orders begun, day of the last sale, net revenue?
-- The month that holds $since is cut there, so that customers can also be seen as they were on that day.
with dated as (
    select
        customer_id,
        order_id,
        kind,
        ordered_at,
        amount,
        case
            when ordered_at >= cast($since as timestamp) and date_trunc('month', ordered_at) < cast($since as timestamp)
            then cast($since as date)
            else cast(date_trunc('month', ordered_at) as date)
        end as period
    from order_parts
    where customer_id is not null and kind in ('sale', 'refund') and ordered_at < cast($snapshot as timestamp)
),
parts as (
    select
        customer_id,
        order_id,
        period,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        max(case when kind = 'sale' then ordered_at end) as last_at,
        sum(amount) as net
    from dated
    group by customer_id, order_id, period
),
begun as (
    select customer_id, order_id, min(period) as period
    from parts
    where bought = 1
    group by customer_id, order_id
),
facts as (
    select customer_id, period, 0 as orders, last_at, net
    from parts
    union all
    select customer_id, period, 1 as orders, cast(null as timestamp) as last_at, cast(null as decimal(38, 6)) as net
    from begun
)
select
    customer_id,
    period,
    cast(sum(orders) as integer) as orders,
    cast(max(last_at) as date) as last_sale,
    cast(sum(net) as double) as net
from facts
group by customer_id, period
order by customer_id nulls last, period nulls last
