-- Who is still a customer, how often will they order, and for how much? BG/NBD and Gamma-Gamma at the parameters of the
-- release: P(alive) here, what is expected of who is still a customer from lifetimes_ahead. To the millionth.
with odds_of as (
    select
        profiles.customer_id,
        profiles.frequency,
        profiles.spend,
        ahead.orders_90,
        ahead.orders_365,
        ahead.orders_year,
        model.p,
        model.q,
        model.v,
        ln(model.a / (model.b + greatest(profiles.frequency, 1) - 1))
        + (model.r + profiles.frequency) * (
            ln(model.alpha + cast(profiles.age_days as double) / 7)
            - ln(model.alpha + cast(profiles.tenure_days - profiles.recency_days as double) / 7)
        ) as odds
    from profiles
    inner join lifetimes_ahead as ahead
        on ahead.frequency = profiles.frequency and ahead.age_days = profiles.age_days
    cross join lifetime_model as model
),
expected as (
    select
        customer_id,
        orders_90,
        orders_365,
        orders_year,
        case
            when frequency = 0 then 1
            when odds > 700 then 0
            when odds < -700 then 1
            else 1 / (1 + exp(odds))
        end as alive,
        case
            when spend is null then p * v / (q - 1)
            else p * (v + frequency * spend) / (p * frequency + q - 1)
        end as each
    from odds_of
)
select
    customer_id,
    cast(floor(alive * 1000000 + 0.5) / 1000000 as double) as p_alive,
    cast(floor(orders_90 * alive * 1000000 + 0.5) / 1000000 as double) as orders_90,
    cast(floor(orders_365 * alive * 1000000 + 0.5) / 1000000 as double) as orders_365,
    cast(floor(orders_90 * alive * each * 1000000 + 0.5) / 1000000 as double) as value_90,
    cast(floor(orders_year * alive * each * 1000000 + 0.5) / 1000000 as double) as value_365
from expected
