-- What did customers bring on each day after the first sale, those first seen from a day on (newest) and those before?
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
aged as (
    select
        case when starts.first_day >= $split then 1 else 0 end as newest,
        date_diff('day', starts.first_day, days.day) as day,
        days.net as net
    from starts
    inner join days on days.customer = starts.customer
    where starts.first_day between $since and $until and days.day >= starts.first_day
)
select newest, day, sum(net) as net
from aged
where day <= $days and net is not null
group by newest, day
order by newest, day
