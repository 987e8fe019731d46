-- What is known of how many customers? changed: those whose net revenue is not their gross revenue. products: sale lines
-- of customers that name one.
select
    count(*) as customers,
    count(country) as country,
    count(age) as age,
    count(income) as income,
    count(children) as children,
    count(net) as net,
    count(units) as units,
    (
        select count(product_id)
        from lines
        where kind = 'sale' and customer_id is not null and ordered_at < cast($snapshot as timestamp)
    ) as products,
    coalesce(sum(case when gross <> net then 1 else 0 end), 0) as changed
from profiles
