-- Which cluster's centre is nearest to each customer? The squared distance but for what all centres have in common is a
-- constant and a dot product with the customer's measures; of two as near it is the first.
with bought as (
    select customer_id, product_id
    from lines
    where kind = 'sale' and customer_id is not null and product_id is not null
        and ordered_at < cast($snapshot as timestamp)
    group by customer_id, product_id
),
counted as (
    select customer_id, count(*) as products
    from bought
    group by customer_id
),
measures as (
    select
        profiles.customer_id,
        ln(1 + greatest(coalesce(profiles.recency_days, recency_fill), 0) / recency_scale) as recency,
        ln(1 + greatest(coalesce(profiles.orders, frequency_fill), 0) / frequency_scale) as frequency,
        ln(1 + greatest(coalesce(profiles.net, monetary_fill), 0) / monetary_scale) as monetary,
        ln(1 + greatest(coalesce(profiles.order_value, order_value_fill), 0) / order_value_scale) as order_value,
        ln(1 + greatest(coalesce(profiles.tenure_days, tenure_fill), 0) / tenure_scale) as tenure,
        ln(
            1 + greatest(
                coalesce(profiles.orders * profiles.net / (profiles.recency_days + 1), engagement_fill), 0
            ) / engagement_scale
        ) as engagement,
        ln(1 + greatest(coalesce(profiles.units / profiles.orders, items_fill), 0) / items_scale) as items,
        ln(1 + greatest(coalesce(counted.products, products_fill), 0) / products_scale) as products,
        ln(1 + greatest(coalesce(returned.rate, returns_fill), 0) / returns_scale) as returns,
        ln(1 + greatest(coalesce(profiles.age, age_fill), 0) / age_scale) as age,
        ln(1 + greatest(coalesce(profiles.income, income_fill), 0) / income_scale) as income,
        ln(1 + greatest(coalesce(profiles.children, children_fill), 0) / children_scale) as children
    from profiles
    left join counted on counted.customer_id = profiles.customer_id
    left join returned on returned.customer_id = profiles.customer_id
    cross join cluster_scales
),
distances as (
    select
        measures.customer_id,
        cluster_centres.cluster,
        cluster_centres.name,
        cluster_centres.constant
        + measures.recency * cluster_centres.recency
        + measures.frequency * cluster_centres.frequency
        + measures.monetary * cluster_centres.monetary
        + measures.order_value * cluster_centres.order_value
        + measures.tenure * cluster_centres.tenure
        + measures.engagement * cluster_centres.engagement
        + measures.items * cluster_centres.items
        + measures.products * cluster_centres.products
        + measures.returns * cluster_centres.returns
        + measures.age * cluster_centres.age
        + measures.income * cluster_centres.income
        + measures.children * cluster_centres.children as distance
    from measures
    cross join cluster_centres
),
nearest as (
    select
        customer_id,
        name,
        row_number() over (partition by customer_id order by floor(distance * 1e11 + 0.5), cluster) as place
    from distances
)
select customer_id, name as cluster
from nearest
where place = 1
