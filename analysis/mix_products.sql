-- What does each product bring: revenue and units, before and after refunds?
with sold as (
    select
        product_id,
        coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net,
        coalesce(sum(case when kind in ('sale', 'returned') then amount end), 0) as gross,
        coalesce(sum(case when kind = 'sale' then quantity end), 0) as units,
        sum(case when kind = 'sale' then lines else 0 end) as sale_lines,
        sum(case when kind in ('sale', 'refund') then lines else 0 end) as kept_lines
    from product_days
    where day < cast($snapshot as date) and kind <> 'cancelled' and product_id is not null
    group by product_id
)
select *
from sold
order by product_id
