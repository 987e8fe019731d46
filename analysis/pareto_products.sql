-- What does each product that was sold bring, after refunds?
select
    product_id,
    sum(case when kind in ('sale', 'refund') then amount end) as net
from product_days
where day < cast($snapshot as date) and kind in ('sale', 'refund') and product_id is not null
group by product_id
having sum(case when kind = 'sale' then 1 else 0 end) > 0
order by product_id
