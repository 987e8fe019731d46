-- What did each customer bring within so many days of the first sale? Customers of equal day and amount in one row.
with days as (
    select
        customer_id,
        cast(ordered_at as date) as day,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(amount) as net
    from order_parts
    where customer_id is not null and kind in ('sale', 'refund') and ordered_at < cast($snapshot as timestamp)
    group by customer_id, cast(ordered_at as date)
),
starts as (
    select customer_id, min(day) as first_day
    from days
    where bought = 1
    group by customer_id
),
brought as (
    select starts.customer_id as customer_id, starts.first_day as first_day, sum(days.net) as net
    from starts
    inner join days on days.customer_id = starts.customer_id
    where
        starts.first_day between $since and $until
        and days.day >= starts.first_day
        and date_diff('day', starts.first_day, days.day) <= $days
    group by starts.customer_id, starts.first_day
)
select first_day, cast(net as double) as net, count(*) as customers
from brought
where net is not null
group by first_day, cast(net as double)
order by first_day, net nulls last
