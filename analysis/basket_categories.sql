-- Which category is each product in, by its number in basket_products? Without fees and postage.
select catalogue.product, described.category
from described
inner join catalogue on catalogue.product_id = described.product_id
where described.category is not null and position('|' || described.product_id || '|' in $non_products) = 0
order by catalogue.product
