-- On which day did customers order first, and on which a second time? An order lies on the day of its first sale line;
-- two orders of one day are two.
with placed as (
    select customer, day
    from order_days
    where kind = 'sale' and earlier is null and day < cast($snapshot as date)
),
firsts as (
    select customer, min(day) as first_day
    from placed
    group by customer
),
customers as (
    select
        firsts.customer as customer,
        firsts.first_day as first_day,
        case
            when sum(case when placed.day = firsts.first_day then 1 else 0 end) > 1 then firsts.first_day
            else min(case when placed.day > firsts.first_day then placed.day end)
        end as second_day
    from firsts
    inner join placed on placed.customer = firsts.customer
    group by firsts.customer, firsts.first_day
)
select first_day, second_day, count(*) as customers
from customers
group by first_day, second_day
order by first_day, second_day nulls last
