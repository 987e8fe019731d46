-- How often do customers come back? One row a known customer: repeat purchase days, first and last day, spend of a day.
with days as (
  select customer_id, cast(ordered_at as date) as day, sum(amount) as amount
  from order_parts
  where customer_id is not null and kind = 'sale' and ordered_at < cast($until as timestamp)
  group by customer_id, cast(ordered_at as date)
),
numbered as (
  select customer_id, day, amount, row_number() over (partition by customer_id order by day nulls last) as place
  from days
)
select
  customer_id,
  cast(count(*) - 1 as integer) as frequency,
  min(day) as first_day,
  max(day) as last_day,
  cast(sum(case when place > 1 then amount end) as double) as repeat_amount,
  cast(count(case when place > 1 then amount end) as integer) as repeat_known
from numbered
group by customer_id
order by customer_id nulls last
