-- With what chance does each customer who visited order soon? A logistic regression on what they looked at: a dot product, set
-- to the chances that were seen by straight lines. visits: analysis/propensity.sql up to the day.
with measures as (
    select
        everyone.customer_id,
        cast(date_diff('microsecond', last_view, cast($snapshot as timestamp)) as double) / 86400000000 as view_days,
        cast(views_1 as double) as views_1,
        cast(views_7 as double) as views_7,
        cast(views_30 as double) as views_30,
        cast(sessions as double) as sessions,
        cast(carts_left as double) as carts_left,
        cast(date_diff('microsecond', last_cart, cast($snapshot as timestamp)) as double) / 86400000000 as cart_days,
        cast(orders as double) as orders,
        cast(date_diff('microsecond', last_sale, cast($snapshot as timestamp)) as double) / 86400000000 as sale_days
    from visits
    inner join everyone on everyone.customer = visits.customer
),
seen as (
    select
        measures.customer_id,
        floor(ln(1 + measures.view_days / model.view_days_scale) * 1e10 + 0.5) / 1e10 as view_days,
        floor(ln(1 + measures.views_1 / model.views_1_scale) * 1e10 + 0.5) / 1e10 as views_1,
        floor(ln(1 + measures.views_7 / model.views_7_scale) * 1e10 + 0.5) / 1e10 as views_7,
        floor(ln(1 + measures.views_30 / model.views_30_scale) * 1e10 + 0.5) / 1e10 as views_30,
        floor(ln(1 + measures.sessions / model.sessions_scale) * 1e10 + 0.5) / 1e10 as sessions,
        floor(ln(1 + measures.carts_left / model.carts_left_scale) * 1e10 + 0.5) / 1e10 as carts_left,
        floor(ln(1 + measures.cart_days / model.cart_days_scale) * 1e10 + 0.5) / 1e10 as cart_days,
        floor(ln(1 + measures.orders / model.orders_scale) * 1e10 + 0.5) / 1e10 as orders,
        floor(ln(1 + measures.sale_days / model.sale_days_scale) * 1e10 + 0.5) / 1e10 as sale_days
    from measures
    cross join visit_model as model
),
scores as (
    select
        seen.customer_id,
        floor((
            model.intercept
            + model.view_days * coalesce(seen.view_days - model.view_days_mean, 0)
            + model.views_1 * coalesce(seen.views_1 - model.views_1_mean, 0)
            + model.views_7 * coalesce(seen.views_7 - model.views_7_mean, 0)
            + model.views_30 * coalesce(seen.views_30 - model.views_30_mean, 0)
            + model.sessions * coalesce(seen.sessions - model.sessions_mean, 0)
            + model.carts_left * coalesce(seen.carts_left - model.carts_left_mean, 0)
            + model.cart_days * coalesce(seen.cart_days - model.cart_days_mean, 0)
            + model.orders * coalesce(seen.orders - model.orders_mean, 0)
            + model.sale_days * coalesce(seen.sale_days - model.sale_days_mean, 0)
        ) * 1e10 + 0.5) / 1e10 as score
    from seen
    cross join visit_model as model
),
logits as (
    select scores.customer_id, visit_lines.value + (scores.score - visit_lines.anchor) * visit_lines.slope as logit
    from scores
    inner join visit_lines on scores.score >= visit_lines.start and scores.score < visit_lines.until
)
select
    customer_id,
    cast(floor(
        1 / (1 + exp(case when logit > 30 then -30 when logit < -30 then 30 else -logit end)) * 1e12 + 0.5
    ) / 1e12 as double) as propensity_7d
from logits
