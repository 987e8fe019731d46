-- What net revenue lies on or after the snapshot, and so is in the data but not in the report?
select coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net
from lines
where ordered_at >= cast($snapshot as timestamp)
