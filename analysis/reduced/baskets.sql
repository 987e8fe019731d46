-- Which products does each order hold, each once?
select basket, product
from sold_lines
where basket is not null
group by basket, product
