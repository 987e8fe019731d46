-- Which scores and which segment has each customer by the steps of the release? A score is had from where it began there:
-- at most so many days, at least so many orders and so much net revenue (in millionths).
with scored as (
    select
        profiles.customer_id,
        case
            when profiles.recency_days <= rfm_steps.r5 then 5
            when profiles.recency_days <= rfm_steps.r4 then 4
            when profiles.recency_days <= rfm_steps.r3 then 3
            when profiles.recency_days <= rfm_steps.r2 then 2
            else rfm_steps.r1
        end as r,
        case
            when profiles.orders >= rfm_steps.f5 then 5
            when profiles.orders >= rfm_steps.f4 then 4
            when profiles.orders >= rfm_steps.f3 then 3
            when profiles.orders >= rfm_steps.f2 then 2
            else rfm_steps.f1
        end as f,
        case
            when floor(coalesce(profiles.net, 0) * 1000000 + 0.5) >= rfm_steps.m5 then 5
            when floor(coalesce(profiles.net, 0) * 1000000 + 0.5) >= rfm_steps.m4 then 4
            when floor(coalesce(profiles.net, 0) * 1000000 + 0.5) >= rfm_steps.m3 then 3
            when floor(coalesce(profiles.net, 0) * 1000000 + 0.5) >= rfm_steps.m2 then 2
            else rfm_steps.m1
        end as m
    from profiles
    cross join rfm_steps
)
select
    scored.customer_id,
    cast(scored.r as smallint) as r,
    cast(scored.f as smallint) as f,
    cast(scored.m as smallint) as m,
    rfm_segments.segment
from scored
inner join rfm_segments on rfm_segments.r = scored.r and rfm_segments.f = scored.f and rfm_segments.m = scored.m
