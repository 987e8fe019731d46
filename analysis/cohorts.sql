-- What did the customers of each cohort do in each period: how many bought, their orders, and their net revenue.
-- A cohort is the period of the first sale; an order counts where its first sale line lies. Refunds of a person before
-- that period, or of one who never buys, are left out. The customers active in a cohort's own period are its size.
with active as (
    select
        customer,
        cast(
            case
                when $grain = 'quarter' then date_trunc('quarter', day)
                when $grain = 'week' then date_trunc('week', day)
                else date_trunc('month', day)
            end as date
        ) as period,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(case when kind = 'sale' and earlier is null then 1 else 0 end) as orders,
        sum(amount) as net
    from order_days
    where kind in ('sale', 'refund') and day < cast($snapshot as date)
    group by 1, 2
),
starts as (
    select customer, min(period) as cohort
    from active
    where bought = 1
    group by customer
)
select
    starts.cohort as cohort,
    active.period as period,
    cast(sum(active.bought) as bigint) as active,
    cast(sum(active.orders) as bigint) as orders,
    sum(active.net) as net
from active
inner join starts on starts.customer = active.customer
where active.period >= starts.cohort
group by starts.cohort, active.period
order by cohort, period
