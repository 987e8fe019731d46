-- What will each customer spend in the next ninety days? A dot product of their measures, their country's weight, and the
-- level of the score: straight lines between points.
with measures as (
    select
        customer_id,
        coalesce(country, '') as country,
        recency_days,
        tenure_days,
        orders,
        case when net > 0 then net when net <= 0 then 0 end as net,
        case when units > 0 then units when units <= 0 then 0 end / orders as items,
        case when gross > 0 then case when net > gross then 0 when net < 0 then 1 else (gross - net) / gross end else 0 end
            as returns,
        case when age > 0 then age when age <= 0 then 0 end as age,
        case when income > 0 then income when income <= 0 then 0 end as income,
        case when children > 0 then children when children <= 0 then 0 end as children
    from profiles
),
sums as (
    select
        measures.customer_id,
        model.unit,
        model.intercept
        + model.recency * ln(1 + coalesce(measures.recency_days / model.recency_scale, model.recency_fill))
        + model.tenure * ln(1 + coalesce(measures.tenure_days / model.tenure_scale, model.tenure_fill))
        + model.orders * ln(1 + coalesce(measures.orders / model.orders_scale, model.orders_fill))
        + model.net * ln(1 + coalesce(measures.net / model.net_scale, model.net_fill))
        + model.items * ln(1 + coalesce(measures.items / model.items_scale, model.items_fill))
        + model.returns * coalesce(measures.returns / model.returns_scale, model.returns_fill)
        + model.age * coalesce(measures.age / model.age_scale, model.age_fill)
        + model.income * ln(1 + coalesce(measures.income / model.income_scale, model.income_fill))
        + model.children * coalesce(measures.children / model.children_scale, model.children_fill)
        + coalesce(spend_countries.weight, model.other) as logs
    from measures
    left join spend_countries on spend_countries.country = measures.country
    cross join spend_model as model
),
scores as (
    select
        customer_id,
        unit,
        case
            when logs > 50 then exp(50.0)
            when logs < -700 then 0
            else exp(floor(logs * 1e10 + 0.5) / 1e10)
        end as score
    from sums
)
select
    scores.customer_id,
    cast((spend_level.value + (scores.score - spend_level.anchor) * spend_level.slope) * scores.unit as double) as spend_90d
from scores
inner join spend_level on scores.score >= spend_level.start and scores.score < spend_level.until
