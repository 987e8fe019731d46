-- What does each country bring: revenue, units, orders and known customers?
with parts as (
    select
        country,
        order_id,
        customer_id,
        sum(case when kind = 'sale' then 1 else 0 end) as sale_lines,
        sum(case when kind in ('sale', 'refund') then amount end) as net,
        sum(case when kind in ('sale', 'returned') then amount end) as gross,
        sum(case when kind = 'sale' then quantity end) as units,
        min(ordered_at) as first_at,
        max(ordered_at) as last_at
    from lines
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
    group by country, order_id, customer_id
)
select
    country,
    coalesce(sum(net), 0) as net,
    coalesce(sum(gross), 0) as gross,
    coalesce(sum(units), 0) as units,
    count(distinct case when sale_lines > 0 then order_id end) as orders,
    count(distinct case when sale_lines > 0 then customer_id end) as customers,
    coalesce(sum(sale_lines), 0) as sale_lines,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day
from parts
group by country
order by country nulls last
