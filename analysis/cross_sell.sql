-- Which customers bought one product of a pair and not the other? One row each, with the pair that stands first in
-- $offers of those open to them.
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
        case when count(*) > 0 then position('|' || a.written || '~>' || b.written || '|' in $offers) end as place
    from paired as a
    cross join paired as b
    group by a.product_id, b.product_id, a.written, b.written
),
offers as (
    select has, offer, place
    from ways
    where place > 0
),
bought as (
    select lines.customer_id, lines.product_id
    from lines
    inner join paired on lines.product_id = paired.product_id
    where
        lines.ordered_at < cast($snapshot as timestamp)
        and lines.kind = 'sale'
        and lines.customer_id is not null
    group by lines.customer_id, lines.product_id
),
best as (
    select a.customer_id, min(offers.place) as place
    from bought as a
    inner join offers on a.product_id = offers.has
    left join bought as b on a.customer_id = b.customer_id and offers.offer = b.product_id
    where b.customer_id is null
    group by a.customer_id
)
select best.customer_id, offers.has, offers.offer
from best
inner join offers on best.place = offers.place
order by best.customer_id nulls last
