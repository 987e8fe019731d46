-- Of the buyers of a product, how many bought a dearer one of its category, then or later? (itself: how many buyers)
-- Who holds more than $most products of a category tells little of any of them and is left out of that category.
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
        catalogue.product as good,
        catalogue.product_id,
        priced.price,
        cast(dense_rank() over (order by described.category) as integer) as shelf
    from priced
    inner join catalogue on priced.product_id = catalogue.product_id
    inner join described on priced.product_id = described.product_id
    where
        described.category is not null
        and priced.price > 0
        and position('|' || catalogue.written || '|' in $non_products) = 0
),
steps as (
    select a.good as has, b.good as offer
    from goods as a
    inner join goods as b on a.shelf = b.shelf
    where a.good = b.good or (b.price > a.price * (1 + $low) and b.price < a.price * (1 + $high))
),
held as (
    select
        purchases.customer,
        goods.shelf,
        goods.good,
        min(purchases.day) as first_day
    from purchases
    inner join goods on purchases.product = goods.good
    where purchases.customer is not null
    group by purchases.customer, goods.shelf, goods.good
),
shelves as (
    select customer, shelf, count(*) as goods
    from held
    group by customer, shelf
    having count(*) <= $most
),
kept as (
    select held.customer, held.shelf, held.good, held.first_day, shelves.goods
    from held
    inner join shelves on held.customer = shelves.customer and held.shelf = shelves.shelf
),
several as (
    select customer, shelf, good, first_day
    from kept
    where goods > 1
),
counted as (
    select good as has, good as offer, count(*) as customers, 0 as later
    from kept
    group by good
    union all
    select
        a.good as has,
        b.good as offer,
        count(*) as customers,
        sum(case when b.first_day > a.first_day then 1 else 0 end) as later
    from several as a
    inner join several as b on a.customer = b.customer and a.shelf = b.shelf
    where b.first_day >= a.first_day and b.good <> a.good
    group by a.good, b.good
)
select
    a.product_id as has,
    b.product_id as offer,
    counted.customers,
    cast(counted.later as integer) as later
from counted
inner join steps on counted.has = steps.has and counted.offer = steps.offer
inner join goods as a on counted.has = a.good
inner join goods as b on counted.offer = b.good
order by a.product_id, b.product_id
