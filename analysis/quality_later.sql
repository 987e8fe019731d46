-- What net revenue lies on or after the snapshot, and so is in the data but not in the report?
select coalesce(sum(amount), 0) as net, cast(coalesce(sum(lines), 0) as bigint) as kept_lines
from order_parts
where ordered_at >= cast($snapshot as timestamp) and kind in ('sale', 'refund')
