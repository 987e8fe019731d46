-- How many refunds are there, and how many of them name their customer?
select count(*) as refunds, count(customer_id) as named
from order_parts
where ordered_at < cast($snapshot as timestamp) and kind = 'refund'
