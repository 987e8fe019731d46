-- How much of the money ordered, before refunds, is of orders that were not earned?
select
    cast(coalesce(sum(lines), 0) as bigint) as lines,
    coalesce(sum(case when kind = 'cancelled' then amount end), 0) as not_earned,
    coalesce(sum(amount), 0) as ordered
from order_parts
where ordered_at < cast($snapshot as timestamp) and kind <> 'refund'
