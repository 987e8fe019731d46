-- How many visitors came in each of three periods, and how many of the buyers of the same period were among them?
-- A moment in two of them is of the first: after, before, year. One condition on the time bounds what is read: an engine
-- that looks at conditions in the file itself may do so with one, and with several only when all is read.
with visits as (
    select
        customer_id,
        case
            when events.at >= cast($until as timestamp) then null
            when events.at >= cast($after_from as timestamp) and events.at < cast($after_to as timestamp) then 'after'
            when events.at >= cast($before_from as timestamp) and events.at < cast($before_to as timestamp) then 'before'
            when events.at >= cast($year_from as timestamp) and events.at < cast($year_to as timestamp) then 'year'
        end as period
    from events
    where events.at >= cast($year_from as timestamp)
),
came as (
    select customer_id, period
    from visits
    group by customer_id, period
),
sales as (
    select
        customer_id,
        case
            when ordered_at >= cast($after_from as timestamp) and ordered_at < cast($after_to as timestamp) then 'after'
            when ordered_at >= cast($before_from as timestamp) and ordered_at < cast($before_to as timestamp) then 'before'
            when ordered_at >= cast($year_from as timestamp) and ordered_at < cast($year_to as timestamp) then 'year'
        end as period
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind = 'sale' and customer_id is not null
),
buyers as (
    select customer_id, period
    from sales
    where period is not null
    group by customer_id, period
)
select came.period as period, count(came.customer_id) as visitors, count(buyers.customer_id) as seen_buyers
from came
left join buyers on buyers.customer_id = came.customer_id and buyers.period = came.period
where came.period is not null
group by came.period
having count(came.customer_id) > 0
order by came.period
