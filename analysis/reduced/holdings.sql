-- What did each known customer buy before $snapshot, and on which days? Each product once a day.
-- Customers are numbered as in people, products as in catalogue.
select people.customer, catalogue.product, cast(lines.ordered_at as date) as day
from lines
inner join people on people.customer_id = lines.customer_id
inner join catalogue on catalogue.product_id = lines.product_id
where lines.kind = 'sale' and lines.ordered_at < cast($snapshot as timestamp)
group by people.customer, catalogue.product, cast(lines.ordered_at as date)
