-- How many visitors came, and how many of them bought?
with visitors as (
    select customer_id
    from events
    where events.at < cast($snapshot as timestamp) and customer_id is not null
    group by customer_id
),
buyers as (
    select customer_id
    from lines
    where ordered_at < cast($snapshot as timestamp) and kind = 'sale' and customer_id is not null
    group by customer_id
)
select
    count(*) as visitors,
    count(buyers.customer_id) as converted
from visitors
left join buyers on buyers.customer_id = visitors.customer_id
