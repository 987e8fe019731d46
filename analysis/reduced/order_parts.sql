-- What was sold and given back in one order, by customer, moment and kind? What asks no product is answered from it.
-- priced: lines whose amount is known.
select
    order_id,
    customer_id,
    ordered_at,
    kind,
    country,
    count(*) as lines,
    count(amount) as priced,
    sum(quantity) as quantity,
    sum(amount) as amount
from lines
group by order_id, customer_id, ordered_at, kind, country
