-- What does each product sell, and what is paid for a unit of it?
select
    product_id,
    count(*) as sale_lines,
    sum(quantity) as units,
    sum(case when amount is not null and quantity > 0 then amount end) as paid,
    sum(case when amount is not null and quantity > 0 then quantity end) as paid_units
from lines
where ordered_at < cast($snapshot as timestamp) and kind = 'sale' and product_id is not null
group by product_id
order by product_id
