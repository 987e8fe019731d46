-- What does each country bring: revenue, units, orders and known customers?
select
    country,
    coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net,
    coalesce(sum(case when kind in ('sale', 'returned') then amount end), 0) as gross,
    coalesce(sum(case when kind = 'sale' then quantity end), 0) as units,
    count(distinct case when kind = 'sale' then order_id end) as orders,
    count(distinct case when kind = 'sale' then customer_id end) as customers,
    sum(case when kind = 'sale' then lines else 0 end) as sale_lines,
    sum(case when kind in ('sale', 'refund') then lines else 0 end) as kept_lines,
    cast(min(ordered_at) as date) as first_day,
    cast(max(ordered_at) as date) as last_day
from order_parts
where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
group by country
order by country nulls last
