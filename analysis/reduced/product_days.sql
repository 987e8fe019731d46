-- What was sold and given back of one product on a day, by kind? What asks no order is answered from it.
-- paid: whether the lines tell what a unit costs.
with dated as (
    select
        product_id,
        cast(ordered_at as date) as day,
        kind,
        case when amount is not null and quantity > 0 then 1 else 0 end as paid,
        quantity,
        amount
    from lines
)
select product_id, day, kind, paid, count(*) as lines, sum(quantity) as quantity, sum(amount) as amount
from dated
group by product_id, day, kind, paid
