-- The price of each purchase: the latest price property of the item at or before the purchase; unknown without one.
create view priced as
select
    t._row,
    max_by(p.price, p."at") as price
from acts as t
join prices as p on p.product_id = t.product_id and p."at" <= t."at"
where t.kind = 'purchase'
group by t._row;

create view events as
select customer_id, kind, product_id, "at"
from acts;

-- One transaction row is one unit. Without a transaction id, a visitor's purchases of one second are one order.
create view lines as
select
    coalesce(t.transaction_id, t.customer_id || '@' || cast(date_trunc('second', t."at") as varchar)) as order_id,
    t.customer_id,
    t.product_id,
    t."at" as ordered_at,
    cast(1 as decimal(18, 3)) as quantity,
    p.price as unit_price,
    p.price as amount,
    'sale' as kind,
    cast(null as varchar) as country
from acts as t
left join priced as p on p._row = t._row
where t.kind = 'purchase';
