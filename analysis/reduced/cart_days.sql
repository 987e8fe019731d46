-- What did each visitor put in the cart from $seen on, and buy? Only the last on a day, and no cart emptied on its day.
-- A purchase empties a cart of the same product, or any cart where either names no product.
with acts as (
    select customer_id, product_id, kind, cast(events.at as date) as day, max(events.at) as happened_at
    from events
    where events.at >= cast($seen as timestamp) and kind <> 'view' and customer_id is not null
    group by customer_id, product_id, kind, cast(events.at as date)
),
bought as (
    select customer_id, product_id, day, happened_at
    from acts
    where kind = 'purchase'
)
select acts.customer_id, acts.product_id, acts.kind, acts.day, acts.happened_at
from acts
left join bought on
    acts.kind = 'cart'
    and bought.customer_id = acts.customer_id
    and bought.day = acts.day
    and bought.happened_at >= acts.happened_at
    and (bought.product_id = acts.product_id or bought.product_id is null or acts.product_id is null)
where bought.customer_id is null
