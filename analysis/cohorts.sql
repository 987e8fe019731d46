-- What did the customers of each cohort do in each period: how many bought, their orders, and their net revenue.
-- A cohort is the period of the first sale; an order counts where its first sale line lies. Refunds of a person before
-- that period, or of one who never buys, are left out. The customers active in a cohort's own period are its size.
with parts as (
    select
        customer_id,
        order_id,
        cast(
            case
                when $grain = 'quarter' then date_trunc('quarter', ordered_at)
                when $grain = 'week' then date_trunc('week', ordered_at)
                else date_trunc('month', ordered_at)
            end as date
        ) as period,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(amount) as net
    from order_parts
    where customer_id is not null and kind in ('sale', 'refund') and ordered_at < cast($snapshot as timestamp)
    group by 1, 2, 3
),
active as (
    select customer_id, period, max(bought) as bought, sum(net) as net
    from parts
    group by customer_id, period
),
starts as (
    select customer_id, min(period) as cohort
    from active
    where bought = 1
    group by customer_id
),
activity as (
    select
        starts.cohort as cohort,
        active.period as period,
        sum(active.bought) as active,
        sum(active.net) as net
    from active
    inner join starts on starts.customer_id = active.customer_id
    where active.period >= starts.cohort
    group by starts.cohort, active.period
),
placed as (
    select customer_id, order_id, min(period) as period
    from parts
    where bought = 1
    group by customer_id, order_id
),
order_counts as (
    select starts.cohort as cohort, placed.period as period, count(*) as orders
    from placed
    inner join starts on starts.customer_id = placed.customer_id
    group by starts.cohort, placed.period
)
select
    activity.cohort as cohort,
    activity.period as period,
    cast(activity.active as bigint) as active,
    coalesce(order_counts.orders, 0) as orders,
    activity.net as net
from activity
left join order_counts on order_counts.cohort = activity.cohort and order_counts.period = activity.period
order by cohort, period
