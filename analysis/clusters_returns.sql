-- Where refunds name no customer: how often do the products each customer bought come back? Mean over the units bought
-- of the product's own rate, units given back / units sold, at most one.
with moved as (
    select
        product_id,
        sum(case when kind = 'sale' then quantity else 0 end) as sold,
        -sum(case when kind = 'refund' then quantity else 0 end) as given_back
    from lines
    where product_id is not null and kind in ('sale', 'refund') and ordered_at < cast($snapshot as timestamp)
    group by product_id
),
rates as (
    select
        product_id,
        cast(
            case
                when given_back <= 0 then 0
                when given_back >= sold then 1
                else cast(given_back as double) / cast(sold as double)
            end as decimal(9, 6)
        ) as rate
    from moved
    where sold > 0
),
bought as (
    select customer_id, product_id, cast(sum(quantity) as decimal(18, 3)) as units
    from lines
    where kind = 'sale' and customer_id is not null and product_id is not null
        and ordered_at < cast($snapshot as timestamp)
    group by customer_id, product_id
)
select
    bought.customer_id as customer_id,
    cast(sum(bought.units * rates.rate) as double) / cast(sum(bought.units) as double) as rate
from bought
inner join rates on rates.product_id = bought.product_id
group by bought.customer_id
having sum(bought.units) > 0
order by bought.customer_id nulls last
