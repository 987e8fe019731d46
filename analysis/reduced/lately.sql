-- What did each visitor do from $seen on, and when were they seen before it?
-- product_id: of carts and purchases.
select
    customer_id,
    case when kind <> 'view' then product_id end as product_id,
    kind,
    events.at as happened_at,
    lag(events.at) over (
        partition by customer_id
        order by events.at nulls first, kind nulls first, product_id nulls first
    ) as previous_at
from events
where events.at >= cast($seen as timestamp)
