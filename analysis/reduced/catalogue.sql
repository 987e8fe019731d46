-- What was sold before $snapshot? Products, fees and postage among them, with their place in the order of ids.
-- written: the id as it stands in a text of several ids.
select
    product_id,
    replace(replace(product_id, '~', '~0'), '|', '~1') as written,
    cast(row_number() over (order by product_id) - 1 as integer) as product,
    cast(sum(lines) as bigint) as sale_lines
from product_days
where kind = 'sale' and product_id is not null and day < cast($snapshot as date)
group by product_id
