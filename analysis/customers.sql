-- Who are the customers? One row a known customer: orders, first and last sale, units, gross and net revenue.
with orders_of as (
  select
    customer_id,
    order_id,
    max(case when kind = 'sale' then 1 else 0 end) as bought,
    min(case when kind = 'sale' then ordered_at end) as first_at,
    max(case when kind = 'sale' then ordered_at end) as last_at,
    sum(case when kind = 'sale' then quantity end) as units,
    sum(case when kind in ('sale', 'returned') then amount end) as gross,
    sum(case when kind in ('sale', 'refund') then amount end) as net,
    min(country) as country
  from order_parts
  where customer_id is not null and kind <> 'cancelled' and ordered_at < cast($snapshot as timestamp)
  group by customer_id, order_id
)
select
  customer_id,
  cast(sum(bought) as integer) as orders,
  cast(min(first_at) as date) as first_sale,
  cast(max(last_at) as date) as last_sale,
  cast(sum(units) as double) as units,
  cast(sum(gross) as double) as gross,
  cast(sum(net) as double) as net,
  min(country) as country
from orders_of
group by customer_id
order by customer_id nulls last
