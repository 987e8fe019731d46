-- How many visitors looked but never bought, and when? Visitors in events with neither a purchase event nor a sale.
with visitors as (
  select
    customer_id,
    max(case when kind = 'purchase' then 1 else 0 end) as bought,
    min("at") as first_at,
    max("at") as last_at
  from events
  where customer_id is not null and "at" < cast($until as timestamp)
  group by customer_id
),
buyers as (
  select customer_id
  from order_parts
  where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
  group by customer_id
)
select
  count(case when visitors.bought = 0 and buyers.customer_id is null then visitors.customer_id end) as visitors,
  cast(min(visitors.first_at) as date) as first_day,
  cast(max(visitors.last_at) as date) as last_day
from visitors
left join buyers on buyers.customer_id = visitors.customer_id
