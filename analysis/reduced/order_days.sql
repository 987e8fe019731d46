-- On which days did each known customer order and give back, and how much? One row an order, day and kind.
-- earlier: the day before on which lines of that kind were added to the same order; null on its first.
-- Customers are numbered as in everyone. What asks who did what until some day is answered from it.
with parts as (
    select
        everyone.customer as customer,
        order_parts.order_id as order_id,
        cast(order_parts.ordered_at as date) as day,
        order_parts.kind as kind,
        sum(order_parts.quantity) as quantity,
        sum(order_parts.amount) as amount,
        max(order_parts.ordered_at) as last_at,
        min(order_parts.country) as country
    from order_parts
    inner join everyone on everyone.customer_id = order_parts.customer_id
    where order_parts.kind <> 'cancelled'
    group by everyone.customer, order_parts.order_id, cast(order_parts.ordered_at as date), order_parts.kind
)
select
    customer,
    day,
    lag(day) over (partition by customer, order_id, kind order by day nulls last) as earlier,
    kind,
    quantity,
    amount,
    last_at,
    country
from parts
