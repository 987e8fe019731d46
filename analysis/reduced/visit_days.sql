-- What did each visitor do on a day, from $seen on? One row a visitor and day: views, and sessions that began.
-- A session ends where half an hour passes without an event: the events of one half hour by the clock are of one session.
-- carried_over: 1 where the day began within a session of the day before. Customers are numbered as in everyone.
with halves as (
    select
        customer_id,
        cast(events.at as date) as day,
        2 * extract(hour from events.at) + case when extract(minute from events.at) >= 30 then 1 else 0 end as half,
        min(events.at) as first_at,
        max(events.at) as last_at,
        max(case when kind = 'view' then events.at end) as last_view,
        count(case when kind = 'view' then 1 end) as views
    from events
    where events.at >= cast($seen as timestamp) and customer_id is not null
    group by
        customer_id,
        cast(events.at as date),
        2 * extract(hour from events.at) + case when extract(minute from events.at) >= 30 then 1 else 0 end
),
in_order as (
    select
        customer_id,
        day,
        first_at,
        last_view,
        views,
        lag(last_at) over (partition by customer_id order by day nulls last, half nulls last) as previous_at
    from halves
),
days as (
    select
        customer_id,
        day,
        max(last_view) as last_view,
        cast(sum(views) as integer) as views,
        sum(case when previous_at >= first_at - interval '30' minute then 0 else 1 end) as sessions,
        max(case
            when previous_at >= first_at - interval '30' minute and previous_at < cast(day as timestamp) then 1
            else 0
        end) as carried_over
    from in_order
    group by customer_id, day
)
select
    days.customer_id,
    everyone.customer,
    days.day,
    days.last_view,
    days.views,
    cast(days.sessions as integer) as sessions,
    days.carried_over
from days
left join everyone on everyone.customer_id = days.customer_id
