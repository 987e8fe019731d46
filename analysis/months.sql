-- Revenue, orders and buyers of each month (week, day), from new and from returning buyers.
-- An order counts where its first kept sale lies; a buyer is new in the period of the first sale, returning later.
-- Refunds of a person before that period, or of one who never buys, are early: neither new nor returning.
with dated as (
    select
        order_id,
        customer_id,
        kind,
        amount,
        case
            when $grain = 'month' then cast(date_trunc('month', ordered_at) as date)
            when $grain = 'week' then cast(date_trunc('week', ordered_at) as date)
            else cast(ordered_at as date)
        end as period
    from lines
    where ordered_at < cast($snapshot as timestamp) and kind <> 'cancelled'
),
parts as (
    select
        order_id,
        customer_id,
        period,
        max(case when kind = 'sale' then 1 else 0 end) as bought,
        sum(case when kind = 'sale' then amount end) as sold,
        sum(case when kind = 'returned' then amount end) as came_back,
        sum(case when kind = 'refund' then amount end) as given_back
    from dated
    group by order_id, customer_id, period
),
money as (
    select
        period,
        coalesce(sum(sold), 0) + coalesce(sum(came_back), 0) as gross,
        coalesce(sum(came_back), 0) - coalesce(sum(given_back), 0) as refunds,
        coalesce(sum(sold), 0) + coalesce(sum(given_back), 0) as net
    from parts
    group by period
),
order_starts as (
    select order_id, min(period) as period, max(case when sold is not null then 1 else 0 end) as priced, sum(sold) as sold
    from parts
    where bought = 1 and order_id is not null
    group by order_id
),
order_counts as (
    select period, count(*) as orders, sum(priced) as priced_orders, sum(sold) as sold
    from order_starts
    group by period
),
customer_starts as (
    select customer_id, min(period) as period
    from parts
    where bought = 1 and customer_id is not null
    group by customer_id
),
customer_orders as (
    select customer_id, order_id, min(period) as period
    from parts
    where bought = 1 and customer_id is not null
    group by customer_id, order_id
),
customer_order_counts as (
    select customer_id, period, count(order_id) as orders
    from customer_orders
    group by customer_id, period
),
customer_money as (
    select
        customer_id,
        period,
        max(bought) as bought,
        coalesce(sum(sold), 0) + coalesce(sum(given_back), 0) as net
    from parts
    where customer_id is not null
    group by customer_id, period
),
buyers as (
    select
        customer_money.period as period,
        sum(customer_money.bought) as buyers,
        sum(case when customer_starts.period = customer_money.period then customer_money.bought else 0 end) as new_buyers,
        sum(customer_money.net) as known_net,
        sum(case when customer_starts.period = customer_money.period then customer_money.net else 0 end) as new_net,
        sum(case when customer_starts.period < customer_money.period then customer_money.net else 0 end) as returning_net,
        sum(coalesce(customer_order_counts.orders, 0)) as known_orders,
        sum(
            case when customer_starts.period = customer_money.period then coalesce(customer_order_counts.orders, 0) else 0 end
        ) as new_orders
    from customer_money
    left join customer_starts on customer_starts.customer_id = customer_money.customer_id
    left join customer_order_counts
        on customer_order_counts.customer_id = customer_money.customer_id
        and customer_order_counts.period = customer_money.period
    group by customer_money.period
)
select
    money.period as start,
    money.gross as gross,
    money.refunds as refunds,
    money.net as net,
    coalesce(order_counts.orders, 0) as orders,
    coalesce(buyers.buyers, 0) as buyers,
    coalesce(buyers.new_buyers, 0) as new_buyers,
    coalesce(buyers.buyers, 0) - coalesce(buyers.new_buyers, 0) as returning_buyers,
    coalesce(buyers.new_orders, 0) as new_orders,
    coalesce(buyers.known_orders, 0) - coalesce(buyers.new_orders, 0) as returning_orders,
    coalesce(buyers.new_net, 0) as new_net,
    coalesce(buyers.returning_net, 0) as returning_net,
    coalesce(buyers.known_net, 0) - coalesce(buyers.new_net, 0) - coalesce(buyers.returning_net, 0) as early_net,
    money.net - coalesce(buyers.known_net, 0) as unknown_net,
    coalesce(order_counts.priced_orders, 0) as priced_orders,
    coalesce(order_counts.sold, 0) as sold
from money
left join order_counts on order_counts.period = money.period
left join buyers on buyers.period = money.period
order by money.period
