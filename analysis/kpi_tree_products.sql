-- What did each product bring in two periods, before refunds, in how many units, and in which category is it?
with daily as (
    select
        product_id,
        day,
        sum(amount) as gross,
        sum(quantity) as units
    from product_days
    where day < cast($snapshot as date) and kind in ('sale', 'returned')
    group by product_id, day
),
dated as (
    select
        product_id,
        gross,
        units,
        case
            when day >= cast($after_from as date) and day < cast($after_to as date) then 'after'
            when day >= cast($before_from as date) and day < cast($before_to as date) then 'before'
        end as period
    from daily
),
sold as (
    select
        product_id,
        coalesce(sum(case when period = 'before' then gross end), 0) as before,
        coalesce(sum(case when period = 'after' then gross end), 0) as after,
        coalesce(sum(case when period = 'before' then units end), 0) as units_before,
        coalesce(sum(case when period = 'after' then units end), 0) as units_after
    from dated
    where period is not null
    group by product_id
)
select
    sold.product_id as product_id,
    described.category as category,
    sold.before as before,
    sold.after as after,
    sold.units_before as units_before,
    sold.units_after as units_after
from sold
left join described on described.product_id = sold.product_id
order by sold.product_id nulls last
