-- Which products do the orders numbered above $above up to $until hold? One row a line; products as in basket_products.
select basket - $above as basket, product
from purchases
where basket > $above and basket <= $until
