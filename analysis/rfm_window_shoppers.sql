-- How many visitors looked but never bought, and when? Visitors in events with neither a purchase event nor a sale.
select
    cast(coalesce(sum(case when purchased = 0 and buyer = 0 then visitors end), 0) as bigint) as visitors,
    min(first_day) as first_day,
    max(last_day) as last_day
from visitors
