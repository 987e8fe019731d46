-- What did each visitor put in the cart from $seen on, and buy? Carts emptied on their day are left out.
-- A purchase empties a cart of the same product, or any cart where either names no product; the last of a day counts.
with acts as (
    select customer_id, product_id, kind, cast(events.at as date) as day, events.at as happened_at
    from events
    where events.at >= cast($seen as timestamp) and kind <> 'view'
),
bought as (
    select customer_id, product_id, day, max(happened_at) as happened_at
    from acts
    where kind = 'purchase'
    group by customer_id, product_id, day
)
select acts.customer_id, acts.product_id, acts.kind, acts.day, acts.happened_at
from acts
left join bought on
    acts.kind = 'cart'
    and bought.customer_id = acts.customer_id
    and bought.day = acts.day
    and bought.happened_at >= acts.happened_at
    and (bought.product_id = acts.product_id or bought.product_id is null or acts.product_id is null)
where bought.customer_id is null and acts.customer_id is not null
