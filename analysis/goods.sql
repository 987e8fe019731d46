-- What does each product sell, and what is paid for a unit of it?
select
    product_id,
    cast(sum(lines) as bigint) as sale_lines,
    sum(quantity) as units,
    sum(case when paid = 1 then amount end) as paid,
    sum(case when paid = 1 then quantity end) as paid_units
from product_days
where day < cast($snapshot as date) and kind = 'sale' and product_id is not null
group by product_id
order by product_id
