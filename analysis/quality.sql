-- What do the lines cover: days, orders and revenue with and without a known customer, sales without a price?
with parts as (
    select
        order_id,
        max(customer_id) as customer_id,
        sum(case when kind = 'sale' then lines else 0 end) as sale_lines,
        sum(case when kind in ('sale', 'returned') then lines else 0 end) as gross_lines,
        sum(case when kind in ('sale', 'refund') then lines else 0 end) as kept_lines,
        sum(case when kind in ('sale', 'returned') then amount end) as gross,
        sum(case when kind in ('sale', 'returned') and customer_id is null then amount end) as unknown_gross,
        sum(case when kind in ('sale', 'refund') then amount end) as net,
        sum(case when kind = 'sale' then lines - priced else 0 end) as unpriced,
        min(ordered_at) as first_at,
        max(ordered_at) as last_at,
        min(case when kind = 'sale' then ordered_at end) as first_sale,
        max(case when kind = 'sale' then ordered_at end) as last_sale
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
    group by order_id
)
select
    count(case when sale_lines > 0 then order_id end) as orders,
    count(case when sale_lines > 0 and customer_id is null then order_id end) as unknown_orders,
    coalesce(sum(sale_lines), 0) as sale_lines,
    coalesce(sum(gross_lines), 0) as gross_lines,
    coalesce(sum(kept_lines), 0) as kept_lines,
    coalesce(sum(unpriced), 0) as unpriced,
    coalesce(sum(gross), 0) as gross,
    coalesce(sum(unknown_gross), 0) as unknown_gross,
    coalesce(sum(net), 0) as net,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day,
    cast(min(first_sale) as date) as first_sale_day,
    cast(max(last_sale) as date) as last_sale_day
from parts
