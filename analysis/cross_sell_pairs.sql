-- How many known customers bought both products of each pair in $pairs, and how many of them the second one later?
-- (itself: how many bought it)
-- The places are looked up once a product: they wait for the count, or an engine would search them line by line.
with sold as (
    select product_id, replace(replace(product_id, '~', '~0'), '|', '~1') as written, count(*) as sale_lines
    from lines
    where ordered_at < cast($snapshot as timestamp) and kind = 'sale' and product_id is not null
    group by product_id
),
goods as (
    select
        product_id,
        written,
        case when sale_lines > 0 then position('|' || written || '|' in $products) end as place
    from sold
),
paired as (
    select product_id, written
    from goods
    where place > 0
),
ways as (
    select
        a.product_id as has,
        b.product_id as offer,
        case when count(*) > 0 then position('|' || a.written || '~>' || b.written || '|' in $pairs) end as place
    from paired as a
    cross join paired as b
    group by a.product_id, b.product_id, a.written, b.written
),
pairs as (
    select has, offer
    from ways
    where place > 0
),
bought as (
    select lines.customer_id, lines.product_id, min(cast(lines.ordered_at as date)) as first_day
    from lines
    inner join paired on lines.product_id = paired.product_id
    where
        lines.ordered_at < cast($snapshot as timestamp)
        and lines.kind = 'sale'
        and lines.customer_id is not null
    group by lines.customer_id, lines.product_id
),
counted as (
    select product_id as has, product_id as offer, count(*) as customers, 0 as later
    from bought
    group by product_id
    union all
    select
        pairs.has,
        pairs.offer,
        count(*) as customers,
        sum(case when b.first_day > a.first_day then 1 else 0 end) as later
    from bought as a
    inner join pairs on a.product_id = pairs.has
    inner join bought as b on a.customer_id = b.customer_id and pairs.offer = b.product_id
    group by pairs.has, pairs.offer
)
select has, offer, customers, cast(later as integer) as later
from counted
order by has, offer
