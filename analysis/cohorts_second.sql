-- On which day did customers order first, and on which a second time? An order lies on the day of its first sale line;
-- two orders of one day are two.
with placed as (
    select customer_id, order_id, cast(min(ordered_at) as date) as day
    from order_parts
    where customer_id is not null and kind = 'sale' and ordered_at < cast($snapshot as timestamp)
    group by customer_id, order_id
),
numbered as (
    select customer_id, day, row_number() over (partition by customer_id order by day, order_id nulls last) as place
    from placed
),
customers as (
    select
        customer_id,
        min(case when place = 1 then day end) as first_day,
        min(case when place = 2 then day end) as second_day
    from numbered
    where place <= 2
    group by customer_id
)
select first_day, second_day, count(*) as customers
from customers
group by first_day, second_day
order by first_day, second_day nulls last
