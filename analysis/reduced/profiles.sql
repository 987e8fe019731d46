-- What is known of each customer on $snapshot, by the lines and on file? One row a customer who bought before it.
-- Amounts are the nearest double of their millionths. frequency, age_days, spend: purchase days after the first, days
-- since the first, and mean sales of one of these days.
with on_file as (
    select
        customer_id,
        min(country) as country,
        cast(min(age) as double) as age,
        cast(min(income) as double) as income,
        cast(min(children) as double) as children
    from customers
    where customer_id is not null
    group by customer_id
),
doubles as (
    select
        customer_id,
        country,
        first_sale,
        last_sale,
        date_diff('day', last_sale, cast($snapshot as date)) as recency_days,
        date_diff('day', first_sale, cast($snapshot as date)) as tenure_days,
        orders,
        lately,
        cast(units as double) as units,
        floor(cast(gross as double) * 1000000 + 0.5) / 1000000 as gross,
        floor(cast(net as double) * 1000000 + 0.5) / 1000000 as net,
        purchase_days - 1 as frequency,
        case
            when repeat_priced > 0 then floor(cast(repeat_amount as double) * 1000000 + 0.5) / 1000000 / repeat_priced
        end as spend
    from customer_sums
)
select
    doubles.customer_id,
    case when (select count(country) from customer_sums) > 0 then doubles.country else on_file.country end as country,
    doubles.first_sale,
    doubles.last_sale,
    cast(doubles.recency_days as integer) as recency_days,
    cast(doubles.tenure_days as integer) as tenure_days,
    doubles.orders,
    doubles.lately,
    doubles.units,
    cast(doubles.gross as double) as gross,
    cast(doubles.net as double) as net,
    cast(doubles.net / doubles.orders as double) as order_value,
    on_file.age,
    on_file.income,
    on_file.children,
    cast(doubles.frequency as integer) as frequency,
    cast(doubles.tenure_days - 1 as integer) as age_days,
    cast(doubles.spend as double) as spend
from doubles
left join on_file on on_file.customer_id = doubles.customer_id
