-- Which share of their gross revenue did customers get back? One row a customer; unknown without gross revenue.
select
    customer_id,
    case when gross > 0 then case when net > gross then 0 when net < 0 then 1 else (gross - net) / gross end end as rate
from profiles
