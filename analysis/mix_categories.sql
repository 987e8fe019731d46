-- How many orders and known customers does each category reach? ($non_products: ids of fees and postage, a line each)
with described as (
    select product_id, min(category) as category
    from products
    group by product_id
),
goods as (
    select named.product_id, coalesce(described.category, 'Unknown') as category
    from (select product_id from lines where product_id is not null group by product_id) as named
    left join described on described.product_id = named.product_id
    where strpos($non_products, concat(chr(10), named.product_id, chr(10))) = 0
)
select
    goods.category as category,
    count(distinct lines.order_id) as orders,
    count(distinct lines.customer_id) as customers
from lines
inner join goods on goods.product_id = lines.product_id
where lines.ordered_at < cast($snapshot as timestamp) and lines.kind = 'sale'
group by goods.category
order by goods.category
