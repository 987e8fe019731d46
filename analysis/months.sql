-- Revenue, orders and buyers of each month (week, day), from new and from returning buyers.
-- An order counts where its first kept sale lies; a buyer is new in the period of the first sale, returning later.
-- Refunds of a person before that period, or of one who never buys, are early: neither new nor returning.
with parts as (
    select order_id, customer_id, kind, amount, cast(ordered_at as date) as day
    from order_parts
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
),
dated as (
    select
        order_id,
        customer_id,
        kind,
        amount,
        case
            when $grain = 'month' then cast(date_trunc('month', day) as date)
            when $grain = 'week' then cast(date_trunc('week', day) as date)
            else day
        end as period
    from parts
),
bought as (
    select customer_id, period
    from dated
    where kind = 'sale' and customer_id is not null
    group by customer_id, period
),
customer_starts as (
    select customer_id, min(period) as period
    from bought
    group by customer_id
),
money as (
    select
        dated.period as period,
        coalesce(sum(case when dated.kind = 'sale' then dated.amount end), 0) as sold,
        coalesce(sum(case when dated.kind = 'returned' then dated.amount end), 0) as came_back,
        coalesce(sum(case when dated.kind = 'refund' then dated.amount end), 0) as given_back,
        coalesce(sum(case when dated.kind <> 'returned' and dated.customer_id is null then dated.amount end), 0)
            as unknown_net,
        coalesce(
            sum(case when dated.kind <> 'returned' and customer_starts.period = dated.period then dated.amount end), 0
        ) as new_net,
        coalesce(
            sum(case when dated.kind <> 'returned' and customer_starts.period < dated.period then dated.amount end), 0
        ) as returning_net
    from dated
    left join customer_starts on customer_starts.customer_id = dated.customer_id
    group by dated.period
),
order_starts as (
    select
        order_id,
        min(customer_id) as customer_id,
        min(period) as period,
        max(case when amount is not null then 1 else 0 end) as priced,
        sum(amount) as sold
    from dated
    where kind = 'sale' and order_id is not null
    group by order_id
),
order_counts as (
    select
        order_starts.period as period,
        count(*) as orders,
        sum(order_starts.priced) as priced_orders,
        sum(order_starts.sold) as sold,
        sum(case when customer_starts.period = order_starts.period then 1 else 0 end) as new_orders,
        sum(case when customer_starts.period < order_starts.period then 1 else 0 end) as returning_orders
    from order_starts
    left join customer_starts on customer_starts.customer_id = order_starts.customer_id
    group by order_starts.period
),
buyers as (
    select period, count(*) as buyers
    from bought
    group by period
),
new_buyers as (
    select period, count(*) as new_buyers
    from customer_starts
    group by period
)
select
    money.period as start,
    money.sold + money.came_back as gross,
    money.came_back - money.given_back as refunds,
    money.sold + money.given_back as net,
    coalesce(order_counts.orders, 0) as orders,
    coalesce(buyers.buyers, 0) as buyers,
    coalesce(new_buyers.new_buyers, 0) as new_buyers,
    coalesce(buyers.buyers, 0) - coalesce(new_buyers.new_buyers, 0) as returning_buyers,
    coalesce(order_counts.new_orders, 0) as new_orders,
    coalesce(order_counts.returning_orders, 0) as returning_orders,
    money.new_net as new_net,
    money.returning_net as returning_net,
    money.sold + money.given_back - money.unknown_net - money.new_net - money.returning_net as early_net,
    money.unknown_net as unknown_net,
    coalesce(order_counts.priced_orders, 0) as priced_orders,
    coalesce(order_counts.sold, 0) as sold
from money
left join order_counts on order_counts.period = money.period
left join buyers on buyers.period = money.period
left join new_buyers on new_buyers.period = money.period
order by money.period
