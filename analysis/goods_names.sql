-- What is each product called, and which category is it in?
select product_id, min(name) as name, min(category) as category
from products
group by product_id
order by product_id
