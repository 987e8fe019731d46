-- Which customers bought one product of a pair and not the other? One row each, with the pair that stands first in
-- $offers of those open to them.
with paired as (
    select product, product_id, written
    from catalogue
    where position('|' || written || '|' in $products) > 0
),
ways as (
    select
        a.product as has,
        b.product as offer,
        position('|' || a.written || '~>' || b.written || '|' in $offers) as place
    from paired as a
    cross join paired as b
),
offers as (
    select has, offer, place
    from ways
    where place > 0
),
bought as (
    select purchases.customer, purchases.product
    from purchases
    inner join paired on purchases.product = paired.product
    where purchases.customer is not null
    group by purchases.customer, purchases.product
),
best as (
    select a.customer, min(offers.place) as place
    from bought as a
    inner join offers on a.product = offers.has
    left join bought as b on a.customer = b.customer and offers.offer = b.product
    where b.customer is null
    group by a.customer
)
select people.customer_id, has.product_id as has, offer.product_id as offer
from best
inner join offers on best.place = offers.place
inner join paired as has on offers.has = has.product
inner join paired as offer on offers.offer = offer.product
inner join people on best.customer = people.customer
order by people.customer_id
