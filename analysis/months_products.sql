-- Net revenue and units of each product in each month (week, day), with its name and category.
with daily as (
    select
        product_id,
        day,
        sum(case when kind in ('sale', 'refund') then amount end) as net,
        sum(case when kind = 'sale' then quantity end) as units
    from product_days
    where day < cast($snapshot as date) and kind <> 'cancelled' and product_id is not null
    group by product_id, day
),
dated as (
    select
        product_id,
        net,
        units,
        case
            when $grain = 'month' then cast(date_trunc('month', day) as date)
            when $grain = 'week' then cast(date_trunc('week', day) as date)
            else day
        end as period
    from daily
),
sold as (
    select product_id, period, coalesce(sum(net), 0) as net, coalesce(sum(units), 0) as units
    from dated
    group by product_id, period
)
select
    sold.period as start,
    sold.product_id as product_id,
    described.name as name,
    described.category as category,
    sold.net as net,
    sold.units as units
from sold
left join described on described.product_id = sold.product_id
order by sold.period, sold.product_id
