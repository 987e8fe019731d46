-- How many known customers bought both products of each pair in $pairs, and how many of them the second one later?
-- (itself: how many bought it)
with paired as (
    select product, product_id, written
    from catalogue
    where position('|' || written || '|' in $products) > 0
),
ways as (
    select
        a.product as has,
        b.product as offer,
        position('|' || a.written || '~>' || b.written || '|' in $pairs) as place
    from paired as a
    cross join paired as b
),
pairs as (
    select has, offer
    from ways
    where place > 0
),
bought as (
    select purchases.customer, purchases.product, min(purchases.day) as first_day
    from purchases
    inner join paired on purchases.product = paired.product
    where purchases.customer is not null
    group by purchases.customer, purchases.product
),
counted as (
    select product as has, product as offer, count(*) as customers, 0 as later
    from bought
    group by product
    union all
    select
        pairs.has,
        pairs.offer,
        count(*) as customers,
        sum(case when b.first_day > a.first_day then 1 else 0 end) as later
    from bought as a
    inner join pairs on a.product = pairs.has
    inner join bought as b on a.customer = b.customer and pairs.offer = b.product
    group by pairs.has, pairs.offer
)
select has.product_id as has, offer.product_id as offer, counted.customers, cast(counted.later as integer) as later
from counted
inner join paired as has on counted.has = has.product
inner join paired as offer on counted.offer = offer.product
order by has.product_id, offer.product_id
