-- What net revenue lies on or after the snapshot, and so is in the data but not in the report?
select coalesce(sum(amount), 0) as net, count(*) as kept_lines
from lines
where ordered_at >= cast($snapshot as timestamp) and kind in ('sale', 'refund')
