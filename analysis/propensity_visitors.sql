-- How many visitors are there before the snapshot, since when, and how many of them bought?
select
    count(*) as visitors,
    count(customer) as buyers,
    cast(min(first_at) as date) as first_day
from visitors
where first_at < cast($snapshot as timestamp)
