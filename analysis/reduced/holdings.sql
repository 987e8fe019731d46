-- What did each known customer buy, and on which days? Each product once a day.
select customer, product, day
from sold_lines
where customer is not null
group by customer, product, day
