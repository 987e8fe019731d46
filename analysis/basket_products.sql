-- Which products were sold, by id, in how many lines, and in how many orders altogether? goods: fees and postage do not count.
select
    product,
    product_id,
    sale_lines,
    case when position('|' || product_id || '|' in $non_products) = 0 then 1 else 0 end as goods,
    (select coalesce(max(basket), 0) from purchases) as orders
from catalogue
order by product
