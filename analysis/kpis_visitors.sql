-- How many visitors came before $until, when, and how many of them bought before $snapshot?
select
    count(*) as visitors,
    count(customer) as converted,
    cast(min(first_at) as date) as first_day,
    cast(max(last_at) as date) as last_day
from visitors
