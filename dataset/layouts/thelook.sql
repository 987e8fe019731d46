-- Each item in its order: the order's time, customer and status where the item names none, and what its status means.
-- A table, for it is read again and again. odd: 1 no such order, 2 another customer than the order's, 4 another status, 8 no
-- such customer, 16 a customer who signed up on a later day; added up.
create table placed as
select
    i.order_id,
    coalesce(i.customer_id, o.customer_id) as customer_id,
    i.product_id,
    coalesce(o.created_at, i.created_at) as ordered_at,
    i.quantity,
    i.amount,
    case when i.status_of_order then o.status else i.status end as status,
    k.kind,
    c.country,
    cast(
        case when o.created_at is null then 1 else 0 end
        + case when i.customer_id <> o.customer_id then 2 else 0 end
        + case when not i.status_of_order and i.status <> o.status then 4 else 0 end
        + case when c.customer_id is null and coalesce(i.customer_id, o.customer_id) is not null then 8 else 0 end
        + case when cast(c.signed_up_at as date) > cast(coalesce(o.created_at, i.created_at) as date) then 16 else 0 end
        as tinyint
    ) as odd
from items as i
left join file_orders as o on o.order_key = i.order_key
left join status_kinds as k on k.status = case when i.status_of_order then o.status else i.status end
left join file_customers as c on c.customer_key = coalesce(i.customer_key, o.customer_key);

create view lines as
select
    order_id,
    customer_id,
    product_id,
    ordered_at,
    quantity,
    case when quantity = 1 then amount when quantity <> 0 then cast(amount / quantity as decimal(18, 6)) end as unit_price,
    amount,
    kind,
    country
from placed
where kind is not null;

create view orders as
select order_id, customer_id, status, created_at, shipped_at, delivered_at, returned_at
from file_orders;

create view customers as
select customer_id, country, first_name, gender, traffic_source, age, income, children, signed_up_at
from file_customers;
