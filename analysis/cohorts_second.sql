-- On which day did customers order first, and on which a second time? An order lies on the day of its first sale line;
-- two orders of one day are two.
with placed as (
    select customer, day, count(*) as orders
    from order_days
    where kind = 'sale' and earlier is null and day < cast($snapshot as date)
    group by customer, day
),
numbered as (
    select customer, day, orders, row_number() over (partition by customer order by day) as place
    from placed
),
customers as (
    select
        customer,
        min(case when place = 1 then day end) as first_day,
        min(case when place = 2 or orders > 1 then day end) as second_day
    from numbered
    where place <= 2
    group by customer
)
select first_day, second_day, count(*) as customers
from customers
group by first_day, second_day
order by first_day, second_day nulls last
