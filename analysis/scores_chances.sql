-- With what chance does each customer order no more, or order soon? Logistic regressions on what they ordered; of each model
-- a dot product, set to the chances that were seen by straight lines.
with measures as (
    select
        customer_id,
        cast(recency_days as double) as recency,
        cast(tenure_days as double) as tenure,
        cast(orders as double) as orders,
        cast(lately as double) as lately,
        cast(case when orders > 1 then 1 else 0 end as double) as again,
        case when orders > 1 then cast(tenure_days - recency_days as double) / (orders - 1) end as gap,
        case when order_value > 0 then order_value when order_value <= 0 then 0 end as order_value
    from profiles
),
seen as (
    select
        measures.customer_id,
        model.name,
        floor(ln(1 + measures.recency / model.recency_scale) * 1e10 + 0.5) / 1e10 as recency,
        floor(ln(1 + measures.tenure / model.tenure_scale) * 1e10 + 0.5) / 1e10 as tenure,
        floor(ln(1 + measures.orders / model.orders_scale) * 1e10 + 0.5) / 1e10 as orders,
        floor(ln(1 + measures.lately / model.lately_scale) * 1e10 + 0.5) / 1e10 as lately,
        measures.again / model.again_scale as again,
        floor(ln(1 + measures.gap / model.gap_scale) * 1e10 + 0.5) / 1e10 as gap,
        floor(ln(1 + measures.recency / (measures.gap + 1) / model.overdue_scale) * 1e10 + 0.5) / 1e10 as overdue,
        floor(ln(1 + measures.order_value / model.order_value_scale) * 1e10 + 0.5) / 1e10 as order_value
    from measures
    cross join chance_models as model
    where measures.recency <= model.within
),
sums as (
    select
        seen.customer_id,
        seen.name,
        floor((
            model.intercept
            + model.recency * coalesce(seen.recency - model.recency_mean, 0)
            + model.tenure * coalesce(seen.tenure - model.tenure_mean, 0)
            + model.orders * coalesce(seen.orders - model.orders_mean, 0)
            + model.lately * coalesce(seen.lately - model.lately_mean, 0)
            + model.again * coalesce(seen.again - model.again_mean, 0)
            + model.gap * coalesce(seen.gap - model.gap_mean, 0)
            + model.overdue * coalesce(seen.overdue - model.overdue_mean, 0)
            + model.order_value * coalesce(seen.order_value - model.order_value_mean, 0)
        ) * 1e10 + 0.5) / 1e10 as score
    from seen
    inner join chance_models as model on model.name = seen.name
),
logits as (
    select
        sums.customer_id,
        sums.name,
        chance_lines.value + (sums.score - chance_lines.anchor) * chance_lines.slope as logit
    from sums
    inner join chance_lines
        on chance_lines.name = sums.name and sums.score >= chance_lines.start and sums.score < chance_lines.until
),
chances as (
    select
        customer_id,
        name,
        1 / (1 + exp(case when logit > 30 then -30 when logit < -30 then 30 else -logit end)) as chance
    from logits
)
select
    customer_id,
    cast(max(case when name = 'propensity' then floor(chance * 1e12 + 0.5) / 1e12 end) as double) as propensity_7d,
    cast(max(case when name = 'churn' then floor(chance * 1e12 + 0.5) / 1e12 end) as double) as churn_90d
from chances
group by customer_id
