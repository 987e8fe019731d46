-- What did each known customer spend, and how often did they buy, from $first (a day) until before $until?
with orders_of as (
    select
        customer_id,
        order_id,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(amount) as net
    from order_parts
    where
        customer_id is not null
        and kind in ('sale', 'refund')
        and ordered_at >= cast($first as timestamp)
        and ordered_at < cast($until as timestamp)
    group by customer_id, order_id
)
select
    customer_id,
    cast(sum(bought) as integer) as orders,
    cast(sum(net) as double) as net
from orders_of
group by customer_id
order by customer_id nulls last
