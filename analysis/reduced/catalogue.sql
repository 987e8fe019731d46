-- What was sold before $snapshot? Products, fees and postage among them, with their place in the order of ids.
select product_id, cast(row_number() over (order by product_id) - 1 as integer) as product, cast(sum(lines) as bigint) as sale_lines
from product_days
where kind = 'sale' and product_id is not null and day < cast($snapshot as date)
group by product_id
