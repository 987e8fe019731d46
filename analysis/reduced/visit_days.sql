-- What did each visitor do on a day, from $seen on? One row a visitor and day: views, and sessions that began.
-- A session ends where half an hour passes without an event: the events of one half hour by the clock are of one session,
-- which goes on in the next half hour or ends. carried_over: 1 where the day began within a session of the day before.
-- Customers are numbered as in everyone.
with halves as (
    select
        customer_id,
        date_trunc('hour', events.at) as hour_of,
        case when extract(minute from events.at) >= 30 then 1 else 0 end as half,
        min(events.at) as first_at,
        max(events.at) as last_at,
        max(case when kind = 'view' then events.at end) as last_view,
        count(case when kind = 'view' then 1 end) as views
    from events
    where events.at >= cast($seen as timestamp)
    group by customer_id, date_trunc('hour', events.at), case when extract(minute from events.at) >= 30 then 1 else 0 end
),
followed as (
    select
        halves.customer_id,
        cast(halves.hour_of as date) as day,
        halves.last_view,
        halves.views,
        case when earlier.customer_id is null then 1 else 0 end as begins,
        case when cast(earlier.hour_of as date) < cast(halves.hour_of as date) then 1 else 0 end as carried_over
    from halves
    left join halves as earlier on
        earlier.customer_id = halves.customer_id
        and earlier.hour_of = case when halves.half = 1 then halves.hour_of else halves.hour_of - interval '1' hour end
        and earlier.half = 1 - halves.half
        and earlier.last_at >= halves.first_at - interval '30' minute
    where halves.customer_id is not null
),
days as (
    select
        customer_id,
        day,
        max(last_view) as last_view,
        sum(views) as views,
        sum(begins) as sessions,
        max(carried_over) as carried_over
    from followed
    group by customer_id, day
)
select
    days.customer_id,
    everyone.customer,
    days.day,
    days.last_view,
    cast(days.views as integer) as views,
    cast(days.sessions as integer) as sessions,
    days.carried_over
from days
left join everyone on everyone.customer_id = days.customer_id
