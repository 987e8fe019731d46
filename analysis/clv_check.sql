-- On which days did each known customer buy, and for how much? One row a purchase day, customer by customer.
with days as (
  select customer_id, cast(ordered_at as date) as day, sum(amount) as amount
  from order_parts
  where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
  group by customer_id, cast(ordered_at as date)
)
select
  day,
  row_number() over (partition by customer_id order by day nulls last) as place,
  cast(amount as double) as amount
from days
order by customer_id nulls last, day nulls last
