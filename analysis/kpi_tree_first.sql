-- What did known customers bring in two periods, net, by whether their first purchase lies in it or before it?
-- First: first kept sale ever in the period. Earlier: before it. Other: refunds of who had not bought yet, or never did.
with parts as (
    select
        customer_id,
        cast(ordered_at as date) as day,
        case when kind = 'sale' then 1 else 0 end as bought,
        amount as net
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind in ('sale', 'refund') and customer_id is not null
),
starts as (
    select customer_id, min(day) as first_day
    from parts
    where bought = 1
    group by customer_id
),
dated as (
    select
        customer_id,
        bought,
        net,
        case
            when day >= cast($after_from as date) and day < cast($after_to as date) then 'after'
            when day >= cast($before_from as date) and day < cast($before_to as date) then 'before'
        end as period
    from parts
),
per_customer as (
    select customer_id, period, max(bought) as bought, sum(net) as net
    from dated
    where period is not null
    group by customer_id, period
),
placed as (
    select
        per_customer.period as period,
        per_customer.bought as bought,
        per_customer.net as net,
        case when per_customer.period = 'after' then cast($after_from as date) else cast($before_from as date) end as starts_on,
        case when per_customer.period = 'after' then cast($after_to as date) else cast($before_to as date) end as ends_on,
        starts.first_day as first_day
    from per_customer
    left join starts on starts.customer_id = per_customer.customer_id
),
grouped as (
    select
        case
            when first_day < starts_on then 'earlier'
            when first_day < ends_on then 'first'
            else 'other'
        end as key,
        period,
        bought,
        net
    from placed
)
select key, period, sum(bought) as buyers, sum(net) as net
from grouped
group by key, period
order by key, period
