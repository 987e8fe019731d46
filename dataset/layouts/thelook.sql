-- Each item in its order: the order's time, customer and status where the item names none, and what its status means.
create view placed as
select
    i.item_id,
    i.order_id,
    coalesce(i.customer_id, o.customer_id) as customer_id,
    i.product_id,
    i.quantity,
    i.amount,
    i.created_at,
    o.created_at as order_created_at,
    case when i.status_of_order then o.status else i.status end as status,
    k.kind
from items as i
left join file_orders as o on o.order_id = i.order_id
left join status_kinds as k on k.status = case when i.status_of_order then o.status else i.status end;

-- A table: read again and again, and each time three files would be joined.
create table lines as
select
    p.order_id,
    p.customer_id,
    p.product_id,
    coalesce(p.order_created_at, p.created_at) as ordered_at,
    p.quantity,
    case when p.quantity <> 0 then cast(p.amount / p.quantity as decimal(18, 6)) end as unit_price,
    p.amount,
    p.kind,
    c.country
from placed as p
left join customers as c on c.customer_id = p.customer_id
where p.kind is not null;

create view orders as
select order_id, customer_id, status, created_at, shipped_at, delivered_at, returned_at
from file_orders;
