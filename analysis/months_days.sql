-- On which days was anything sold or given back?
select
    cast(ordered_at as date) as day,
    max(case when kind = 'sale' then 1 else 0 end) as sold
from order_parts
where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
group by cast(ordered_at as date)
order by day
