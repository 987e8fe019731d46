-- How much was sold, given back and kept, in how many orders, by how many known customers?
with parts as (
    select order_id, customer_id, ordered_at, kind, lines, quantity, amount
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
),
totals as (
    select
        sum(lines) as lines,
        sum(case when customer_id is not null then lines else 0 end) as lines_known,
        sum(case when kind = 'sale' then lines else 0 end) as sale_lines,
        sum(case when kind = 'refund' then lines else 0 end) as refund_lines,
        sum(case when kind = 'refund' and customer_id is not null then lines else 0 end) as refund_lines_known,
        sum(case when kind = 'sale' then quantity end) as units,
        coalesce(sum(case when kind = 'sale' then amount end), 0) as sold,
        coalesce(sum(case when kind = 'returned' then amount end), 0) as came_back,
        coalesce(sum(case when kind = 'refund' then amount end), 0) as given_back,
        coalesce(sum(case when kind = 'sale' and customer_id is not null then amount end), 0) as sold_known,
        coalesce(sum(case when kind = 'refund' and customer_id is not null then amount end), 0) as given_back_known,
        cast(min(ordered_at) as date) as first_day,
        cast(max(ordered_at) as date) as last_day,
        cast(min(case when kind = 'sale' then ordered_at end) as date) as first_sale_day,
        cast(max(case when kind = 'sale' then ordered_at end) as date) as last_sale_day
    from parts
),
per_order as (
    select order_id, max(case when amount is not null then 1 else 0 end) as priced
    from parts
    where kind = 'sale' and order_id is not null
    group by order_id
),
order_totals as (
    select count(*) as orders, coalesce(sum(priced), 0) as priced_orders
    from per_order
),
bought as (
    select
        customer_id,
        order_id,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        max(case when kind = 'sale' and amount is not null then 1 else 0 end) as priced,
        sum(amount) as net,
        min(case when kind = 'sale' then ordered_at end) as first_sale,
        max(case when kind = 'sale' then ordered_at end) as last_sale
    from parts
    where customer_id is not null and kind in ('sale', 'refund')
    group by customer_id, order_id
),
per_customer as (
    select
        customer_id,
        count(case when bought = 1 then order_id end) as orders,
        max(priced) as priced,
        coalesce(sum(net), 0) as net,
        min(first_sale) as first_sale,
        max(last_sale) as last_sale
    from bought
    group by customer_id
    having max(bought) = 1
),
customer_totals as (
    select
        count(*) as buyers,
        coalesce(sum(priced), 0) as priced_buyers,
        coalesce(sum(case when priced = 1 then net end), 0) as priced_net,
        coalesce(sum(orders), 0) as buyer_orders,
        coalesce(sum(case when orders >= 2 then 1 else 0 end), 0) as repeat_buyers,
        coalesce(sum(case when last_sale >= cast($since as timestamp) then 1 else 0 end), 0) as active_buyers,
        coalesce(sum(case when first_sale >= cast($since as timestamp) then 1 else 0 end), 0) as new_buyers
    from per_customer
)
select *
from totals
cross join order_totals
cross join customer_totals
