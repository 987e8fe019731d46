-- What did known customers spend in two periods, by whether they bought in the one before, in the later, or ever before?
-- Both: bought in both. First: first kept sale ever in the later period. Later only: bought in the later and earlier, not
-- in the one before. Earlier only: bought in the one before, not in the later. Other: only goods that all came back.
with parts as (
    select
        customer_id,
        cast(ordered_at as date) as day,
        case when kind = 'sale' then 1 else 0 end as bought,
        amount as gross
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind in ('sale', 'returned') and customer_id is not null
),
dated as (
    select
        customer_id,
        day,
        bought,
        gross,
        case
            when day >= cast($after_from as date) and day < cast($after_to as date) then 'after'
            when day >= cast($before_from as date) and day < cast($before_to as date) then 'before'
        end as period
    from parts
),
per_customer as (
    select
        customer_id,
        min(case when bought = 1 then day end) as first_sale,
        max(case when period = 'before' then bought else 0 end) as bought_before,
        max(case when period = 'after' then bought else 0 end) as bought_after,
        coalesce(sum(case when period = 'before' then gross end), 0) as before,
        coalesce(sum(case when period = 'after' then gross end), 0) as after
    from dated
    group by customer_id
    having count(period) > 0
),
grouped as (
    select
        case
            when bought_after = 1 and bought_before = 1 then 'both'
            when bought_after = 1 and first_sale >= cast($after_from as date) then 'first'
            when bought_after = 1 then 'later_only'
            when bought_before = 1 then 'earlier_only'
            else 'other'
        end as key,
        before,
        after
    from per_customer
)
select key, count(*) as customers, sum(before) as before, sum(after) as after
from grouped
group by key
order by key
