-- How many visitors came before $until, when, and how many of them bought before $snapshot?
select
    cast(coalesce(sum(visitors), 0) as bigint) as visitors,
    cast(coalesce(sum(buyer * visitors), 0) as bigint) as converted,
    min(first_day) as first_day,
    max(last_day) as last_day
from visitors
