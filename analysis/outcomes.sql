-- What did each known customer buy and give back, order by order and day by day? Customer by customer, in order of time.
-- What was known of customers on any day, and what they did afterwards, is read from it at once.
-- kind: 0 sold, 1 sold and given back whole, 2 refunded.
select
    customer,
    day,
    earlier,
    case when kind = 'sale' then 0 when kind = 'returned' then 1 else 2 end as kind,
    cast(quantity as double) as quantity,
    cast(amount as double) as amount,
    country
from order_days
order by customer, day
