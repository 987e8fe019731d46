-- How many visitors are there before the snapshot, since when, and how many of them bought?
select
    cast(coalesce(sum(visitors), 0) as bigint) as visitors,
    cast(coalesce(sum(buyer * visitors), 0) as bigint) as buyers,
    min(first_day) as first_day
from visitors
where early = 1
