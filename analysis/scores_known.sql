-- What is known of how many customers? changed: those whose net revenue is not their gross revenue.
select
    count(*) as customers,
    count(country) as country,
    count(age) as age,
    count(income) as income,
    count(children) as children,
    count(net) as net,
    coalesce(sum(case when gross <> net then 1 else 0 end), 0) as changed
from profiles
