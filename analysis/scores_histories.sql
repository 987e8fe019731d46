-- Which pairs of purchase days and days since the first are there? What BG/NBD expects of who still is a customer depends
-- on them alone; there are no more of them than days times purchase days, however many customers.
select frequency, age_days
from profiles
group by frequency, age_days
order by frequency, age_days
