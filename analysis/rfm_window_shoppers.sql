-- How many visitors looked but never bought, and when? Visitors in events with neither a purchase event nor a sale.
select
    count(case when last_purchase is null and customer is null then 1 end) as visitors,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day
from visitors
