-- Each sales line at its product's list price, with the country of its territory.
create view sold as
select
    s.order_id,
    s.customer_id,
    s.product_id,
    s.ordered_at,
    s.quantity,
    p.price as unit_price,
    cast(s.quantity * p.price as decimal(18, 6)) as amount,
    case when s.quantity > 0 then 'sale' else 'refund' end as kind,
    t.country
from sales as s
left join products as p on p.product_id = s.product_id
left join territories as t on t.territory_id = s.territory_id;

-- A return names product, territory and day, but neither order nor customer.
create view given_back as
select
    cast(null as varchar) as order_id,
    cast(null as varchar) as customer_id,
    r.product_id,
    r.returned_at as ordered_at,
    -r.quantity as quantity,
    p.price as unit_price,
    -cast(r.quantity * p.price as decimal(18, 6)) as amount,
    'refund' as kind,
    t.country
from returns as r
left join products as p on p.product_id = r.product_id
left join territories as t on t.territory_id = r.territory_id;

create view lines as
select * from sold
union all
select * from given_back;
