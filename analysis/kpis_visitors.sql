-- How many visitors came, when, and how many of them bought?
with visitors as (
    select customer_id, min(events.at) as first_at, max(events.at) as last_at
    from events
    where events.at < cast($until as timestamp) and customer_id is not null
    group by customer_id
),
buyers as (
    select customer_id
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind = 'sale' and customer_id is not null
    group by customer_id
)
select
    count(*) as visitors,
    count(buyers.customer_id) as converted,
    cast(min(visitors.first_at) as date) as first_day,
    cast(max(visitors.last_at) as date) as last_day
from visitors
left join buyers on buyers.customer_id = visitors.customer_id
