-- How many visitors are there before the snapshot, since when, and how many of them bought?
with visitors as (
    select customer_id, min(events.at) as first_at
    from events
    where customer_id is not null and events.at < cast($snapshot as timestamp)
    group by customer_id
),
buyers as (
    select customer_id
    from order_parts
    where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
    group by customer_id
)
select
    count(*) as visitors,
    count(buyers.customer_id) as buyers,
    cast(min(visitors.first_at) as date) as first_day
from visitors
left join buyers on buyers.customer_id = visitors.customer_id
