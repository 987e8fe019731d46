-- How many visitors viewed, carted and bought before $until: in any order, and one after the other?
-- One after the other: a cart lies between the first view and the last purchase, or after the first view.
with between_them as (
    select visitors.unclear
    from visitors
    inner join events on events.customer_id = visitors.unclear
    where
        visitors.unclear is not null
        and events.kind = 'cart'
        and events.at >= visitors.unclear_from
        and events.at <= visitors.unclear_to
    group by visitors.unclear
)
select
    cast(coalesce(sum(visitors), 0) as bigint) as visitors,
    cast(sum(viewed * visitors) as bigint) as viewers,
    cast(sum(carted * visitors) as bigint) as carters,
    cast(sum(purchased * visitors) as bigint) as purchasers,
    cast(sum(viewed * carted * visitors) as bigint) as viewed_and_carted,
    cast(sum(carted * purchased * visitors) as bigint) as carted_and_bought,
    cast(sum(viewed * purchased * visitors) as bigint) as viewed_and_bought,
    cast(sum(carted_in_order * visitors) as bigint) as carted_in_order,
    cast(sum(bought_in_order * visitors) + (select count(*) from between_them) as bigint) as bought_in_order,
    min(first_day) as first_day,
    max(last_day) as last_day
from visitors
