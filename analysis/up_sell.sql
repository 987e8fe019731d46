-- Which customers are to be offered something dearer? One row each: the dearest product they hold in a category, the
-- one whose offer stands first in $offers where that is so in several categories.
-- Who is a fee is looked up once a product: it waits for the count, or an engine would search it line by line.
with priced as (
    select
        product_id,
        case when count(*) > 0 then position('|' || replace(replace(product_id, '~', '~0'), '|', '~1') || '|' in $non_products) end as fee,
        round(cast(sum(amount) as double) / cast(sum(quantity) as double), 6) as price
    from lines
    where
        ordered_at < cast($snapshot as timestamp)
        and kind = 'sale'
        and product_id is not null
        and amount is not null
        and quantity > 0
    group by product_id
),
categories as (
    select product_id, min(category) as category
    from products
    group by product_id
),
goods as (
    select
        priced.product_id,
        priced.price,
        categories.category,
        position('|' || replace(replace(priced.product_id, '~', '~0'), '|', '~1') || '|' in $offers) as place
    from priced
    inner join categories on priced.product_id = categories.product_id
    where
        categories.category is not null
        and priced.price > 0
        and priced.fee = 0
),
ranked as (
    select
        product_id,
        category,
        place,
        row_number() over (
            order by price, case when place > 0 then 1 else 0 end, place desc, product_id
        ) as rung
    from goods
),
dearest as (
    select lines.customer_id, max(ranked.rung) as rung
    from lines
    inner join ranked on lines.product_id = ranked.product_id
    where
        lines.ordered_at < cast($snapshot as timestamp)
        and lines.kind = 'sale'
        and lines.customer_id is not null
    group by lines.customer_id, ranked.category
),
best as (
    select dearest.customer_id, min(ranked.place) as place
    from dearest
    inner join ranked on dearest.rung = ranked.rung
    where ranked.place > 0
    group by dearest.customer_id
)
select best.customer_id, ranked.product_id
from best
inner join ranked on best.place = ranked.place
order by best.customer_id nulls last
