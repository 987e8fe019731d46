-- What did each customer bring within so many days of the first sale? Customers of equal day and amount in one row.
with days as (
    select
        customer,
        day,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(amount) as net
    from order_days
    where kind in ('sale', 'refund') and day < cast($snapshot as date)
    group by customer, day
),
starts as (
    select customer, min(day) as first_day
    from days
    where bought = 1
    group by customer
),
brought as (
    select starts.customer as customer, starts.first_day as first_day, sum(days.net) as net
    from starts
    inner join days on days.customer = starts.customer
    where
        starts.first_day between $since and $until
        and days.day >= starts.first_day
        and date_diff('day', starts.first_day, days.day) <= $days
    group by starts.customer, starts.first_day
)
select first_day, cast(net as double) as net, count(*) as customers
from brought
where net is not null
group by first_day, cast(net as double)
order by first_day, net nulls last
