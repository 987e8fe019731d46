-- Which lines of a transactions table are sales and refunds: a C invoice or a negative quantity is a refund, a sale has
-- a positive quantity and price; what is neither (no price, bad debt) is named in `fate` and is no line.
create view classified as
select
    *,
    case
        when reject is not null then 'rejected'
        when upper(order_id) like 'C%' or quantity < 0 then 'refund'
        when unit_price < 0 then 'negative price'
        when unit_price = 0 or quantity = 0 then 'no price'
        else 'sale'
    end as fate
from typed;

create view lines as
select
    order_id,
    customer_id,
    product_id,
    ordered_at,
    quantity,
    unit_price,
    case when fate = 'refund' then -abs(value) else value end as amount,
    fate as kind,
    country
from classified
where fate in ('sale', 'refund');

-- A product's name is the description most of its sales carry.
create view products as
select
    product_id,
    max_by(name, sold) as name,
    cast(null as varchar) as category,
    cast(null as decimal(18, 6)) as price
from (
    select product_id, name, count(*) * 1000000 - row_number() over (partition by product_id order by name) as sold
    from classified
    where fate = 'sale' and name is not null and product_id is not null
    group by product_id, name
)
group by product_id;
