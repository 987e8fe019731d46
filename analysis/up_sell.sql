-- Which customers are to be offered something dearer? One row each: the dearest product they hold in a category, the
-- one whose offer stands first in $offers where that is so in several categories.
with priced as (
    select
        product_id,
        round(cast(sum(amount) as double) / cast(sum(quantity) as double), 6) as price
    from product_days
    where day < cast($snapshot as date) and kind = 'sale' and paid = 1
    group by product_id
),
goods as (
    select
        catalogue.product,
        catalogue.product_id,
        priced.price,
        described.category,
        position('|' || catalogue.written || '|' in $offers) as place
    from priced
    inner join catalogue on priced.product_id = catalogue.product_id
    inner join described on priced.product_id = described.product_id
    where
        described.category is not null
        and priced.price > 0
        and position('|' || catalogue.written || '|' in $non_products) = 0
),
ranked as (
    select
        product,
        product_id,
        category,
        place,
        row_number() over (
            order by price, case when place > 0 then 1 else 0 end, place desc, product_id
        ) as rung
    from goods
),
dearest as (
    select purchases.customer, max(ranked.rung) as rung
    from purchases
    inner join ranked on purchases.product = ranked.product
    where purchases.customer is not null
    group by purchases.customer, ranked.category
),
best as (
    select dearest.customer, min(ranked.place) as place
    from dearest
    inner join ranked on dearest.rung = ranked.rung
    where ranked.place > 0
    group by dearest.customer
)
select people.customer_id, ranked.product_id
from best
inner join ranked on best.place = ranked.place
inner join people on best.customer = people.customer
order by people.customer_id
