-- What does each product bring: revenue and units, before and after refunds?
with sold as (
    select
        product_id,
        coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net,
        coalesce(sum(case when kind in ('sale', 'returned') then amount end), 0) as gross,
        coalesce(sum(case when kind = 'sale' then quantity end), 0) as units,
        sum(case when kind = 'sale' then 1 else 0 end) as sale_lines,
        sum(case when kind in ('sale', 'refund') then 1 else 0 end) as kept_lines
    from lines
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled' and product_id is not null
    group by product_id
)
select *
from sold
order by product_id
