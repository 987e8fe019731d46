-- What is each product called, and which category is it in?
select product_id, name, category
from described
order by product_id
