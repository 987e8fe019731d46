-- What is each product on file called, and which category is it in? One row a product.
select product_id, min(name) as name, min(category) as category
from products
where product_id is not null
group by product_id
