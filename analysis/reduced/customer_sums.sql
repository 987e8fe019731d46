-- What did each known customer who bought before $snapshot do? One row a customer; nobody is numbered.
-- lately: orders from $since on. purchase_days: days with a sale; repeat_amount, repeat_priced: sales of those after the
-- first, and how many of these days have an amount.
with orders_of as (
    select
        customer_id,
        order_id,
        kind,
        min(cast(ordered_at as date)) as first_day,
        max(cast(ordered_at as date)) as last_day,
        sum(quantity) as quantity,
        sum(amount) as amount,
        min(country) as country
    from order_parts
    where customer_id is not null and kind <> 'cancelled' and ordered_at < cast($snapshot as timestamp)
    group by customer_id, order_id, kind
),
sums as (
    select
        customer_id,
        min(country) as country,
        min(case when kind = 'sale' then first_day end) as first_sale,
        max(case when kind = 'sale' then last_day end) as last_sale,
        sum(case when kind = 'sale' then 1 else 0 end) as orders,
        sum(case when kind = 'sale' and last_day >= cast($since as date) then 1 else 0 end) as lately,
        sum(case when kind = 'sale' then quantity end) as units,
        sum(case when kind in ('sale', 'returned') then amount end) as gross,
        sum(case when kind in ('sale', 'refund') then amount end) as net
    from orders_of
    group by customer_id
),
sale_days as (
    select customer_id, cast(ordered_at as date) as day, sum(amount) as amount
    from order_parts
    where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
    group by customer_id, cast(ordered_at as date)
),
placed as (
    select customer_id, amount, row_number() over (partition by customer_id order by day) as place
    from sale_days
),
repeats as (
    select
        customer_id,
        count(*) as purchase_days,
        sum(case when place > 1 then amount end) as repeat_amount,
        sum(case when place > 1 and amount is not null then 1 else 0 end) as repeat_priced
    from placed
    group by customer_id
)
select
    sums.customer_id,
    sums.country,
    sums.first_sale,
    sums.last_sale,
    cast(sums.orders as integer) as orders,
    cast(sums.lately as integer) as lately,
    sums.units,
    sums.gross,
    sums.net,
    cast(repeats.purchase_days as integer) as purchase_days,
    repeats.repeat_amount,
    cast(repeats.repeat_priced as integer) as repeat_priced
from sums
inner join repeats on repeats.customer_id = sums.customer_id
