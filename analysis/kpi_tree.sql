-- What was sold in two periods, before and after: revenue, refunds, orders and buyers.
-- An order counts where its first kept sale lies; money counts where its line lies.
with parts as (
    select order_id, customer_id, kind, amount, cast(ordered_at as date) as day
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
),
dated as (
    select
        customer_id,
        kind,
        amount,
        case
            when day >= cast($after_from as date) and day < cast($after_to as date) then 'after'
            when day >= cast($before_from as date) and day < cast($before_to as date) then 'before'
        end as period
    from parts
),
money as (
    select
        period,
        coalesce(sum(case when kind <> 'refund' and customer_id is not null then amount end), 0) as gross_known,
        coalesce(sum(case when kind <> 'refund' and customer_id is null then amount end), 0) as gross_unknown,
        coalesce(sum(case when kind <> 'refund' then amount end), 0)
        - coalesce(sum(case when kind <> 'returned' then amount end), 0) as refunds
    from dated
    where period is not null
    group by period
),
buyers as (
    select period, count(*) as buyers
    from (
        select customer_id, period
        from dated
        where kind = 'sale' and customer_id is not null and period is not null
        group by customer_id, period
    ) as bought
    group by period
),
order_starts as (
    select order_id, min(customer_id) as customer_id, min(day) as day
    from parts
    where kind = 'sale' and order_id is not null
    group by order_id
),
order_counts as (
    select period, count(*) as orders, count(customer_id) as orders_known
    from (
        select
            customer_id,
            case
                when day >= cast($after_from as date) and day < cast($after_to as date) then 'after'
                when day >= cast($before_from as date) and day < cast($before_to as date) then 'before'
            end as period
        from order_starts
    ) as placed
    where period is not null
    group by period
)
select
    money.period as period,
    money.gross_known as gross_known,
    money.gross_unknown as gross_unknown,
    money.refunds as refunds,
    coalesce(order_counts.orders, 0) as orders,
    coalesce(order_counts.orders_known, 0) as orders_known,
    coalesce(buyers.buyers, 0) as buyers
from money
left join order_counts on order_counts.period = money.period
left join buyers on buyers.period = money.period
order by money.period
