-- What each row of a mapped table is: by its own kind where the mapping names one; else a negative amount or quantity is a
-- refund, and a row with a unit price of nothing sells nothing. An order's amount may be nothing: it is a purchase.
create view classified as
select
    *,
    case
        when reject is not null then 'rejected'
        when said is not null and (value >= 0 or known_kind = 'cancelled') then coalesce(known_kind, 'unknown kind')
        when said is not null and known_kind is null then 'unknown kind'
        when quantity < 0 or value < 0 then 'refund'
        when value = 0 and priced_by_unit then 'no price'
        else 'sale'
    end as fate
from typed;

create view lines as
select
    coalesce(order_id, coalesce(customer_id, 'row ' || cast(_row as varchar)) || '@' || cast(cast(ordered_at as date) as varchar)) as order_id,
    customer_id,
    product_id,
    ordered_at,
    quantity,
    case when quantity <> 0 then abs(cast(value / quantity as decimal(18, 6))) end as unit_price,
    case when fate = 'refund' then -abs(value) else value end as amount,
    fate as kind,
    country
from classified
where fate in ('sale', 'refund', 'returned', 'cancelled');

create view products as
select
    product_id,
    max(name) as name,
    max(category) as category,
    cast(null as decimal(18, 6)) as price
from classified
where product_id is not null and fate <> 'rejected'
group by product_id;
