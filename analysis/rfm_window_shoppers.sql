-- How many visitors looked but never bought? Visitors in events with neither a purchase event nor a sale.
with visitors as (
  select customer_id
  from events
  where customer_id is not null and "at" < cast($snapshot as timestamp)
  group by customer_id
  having max(case when kind = 'purchase' then 1 else 0 end) = 0
),
buyers as (
  select customer_id
  from lines
  where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
  group by customer_id
)
select count(*) as visitors
from visitors
left join buyers on buyers.customer_id = visitors.customer_id
where buyers.customer_id is null
