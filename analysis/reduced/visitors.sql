-- How many were seen before $until, by what they did? One row for all who did alike, with their first and last day.
-- buyer, early: bought, was seen before $snapshot. Flags are 1 or 0; in order: a cart lies after the first view, and
-- before the last purchase. unclear: the id of whom these times leave open whether one lies between unclear_from and _to.
-- Events of nobody have no first day: left out at the end, for a filter on ids would have them made twice.
with seen as (
    select
        customer_id,
        min(case when customer_id is not null then events.at end) as first_at,
        max(events.at) as last_at,
        min(case when kind = 'view' then events.at end) as first_view,
        min(case when kind = 'cart' then events.at end) as first_cart,
        max(case when kind = 'cart' then events.at end) as last_cart,
        max(case when kind = 'purchase' then events.at end) as last_purchase
    from events
    where events.at < cast($until as timestamp)
    group by customer_id
),
told as (
    select
        case when people.customer is not null then 1 else 0 end as buyer,
        case when seen.first_at < cast($snapshot as timestamp) then 1 else 0 end as early,
        case when seen.first_view is not null then 1 else 0 end as viewed,
        case when seen.first_cart is not null then 1 else 0 end as carted,
        case when seen.last_purchase is not null then 1 else 0 end as purchased,
        case when seen.last_cart >= seen.first_view then 1 else 0 end as carted_in_order,
        case
            when seen.first_cart >= seen.first_view and seen.first_cart <= seen.last_purchase then 1
            when seen.last_cart >= seen.first_view and seen.last_cart <= seen.last_purchase then 1
            else 0
        end as bought_in_order,
        case
            when
                seen.first_cart < seen.first_view
                and seen.first_view <= seen.last_purchase
                and seen.last_purchase < seen.last_cart
                then 1
            else 0
        end as is_open,
        seen.customer_id,
        seen.first_view,
        seen.last_purchase,
        cast(seen.first_at as date) as first_day,
        case when seen.first_at is not null then cast(seen.last_at as date) end as last_day
    from seen
    left join people on people.customer_id = seen.customer_id
)
select
    buyer,
    early,
    viewed,
    carted,
    purchased,
    carted_in_order,
    bought_in_order,
    case when is_open = 1 then customer_id end as unclear,
    case when is_open = 1 then first_view end as unclear_from,
    case when is_open = 1 then last_purchase end as unclear_to,
    count(first_day) as visitors,
    min(first_day) as first_day,
    max(last_day) as last_day
from told
group by
    buyer,
    early,
    viewed,
    carted,
    purchased,
    carted_in_order,
    bought_in_order,
    case when is_open = 1 then customer_id end,
    case when is_open = 1 then first_view end,
    case when is_open = 1 then last_purchase end
having count(first_day) > 0
