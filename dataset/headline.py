"""The data set's own headline figures, as metrics.json's `values` prints them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from dataset.engine import Engine

CENT = Decimal("0.01")

# One scan of all lines, a few thousand rows: what needs no ids is answered from it.
BY_DAY = """
select kind, cast(ordered_at as date) as day, customer_id is null as unknown, count(*) as lines, sum(amount) as amount
from lines
group by kind, cast(ordered_at as date), customer_id is null
"""

HEADLINE = """
select
    coalesce(sum(case when kind in ('sale', 'returned') then amount end), 0) as gross,
    coalesce(sum(case when kind = 'refund' then -amount when kind = 'returned' then amount end), 0) as refunds,
    coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net,
    coalesce(sum(case when kind in ('sale', 'refund') and not unknown then amount end), 0) as net_known,
    cast(max(case when kind = 'sale' then day end) as varchar) as last_date
from days
"""


# Grouping takes half the time of count(distinct).
DISTINCT = """
select count(*) from (select {key} from {table} where {kind} = 'sale' and {key} is not null group by {key}) as found
"""


def by_day(engine: Engine) -> None:
    """Create `days`: count and money of the lines by kind, day and whether no customer is known."""
    engine.keep("days", BY_DAY)


def headline(engine: Engine, numbered: bool = False) -> dict[str, int | str]:
    """orders, buyers, gross, refunds, net, net_known and last_date over the lines (by_day has been run).

    Money is rounded once, half up.
    numbered: `classified` has the whole numbers that all ids are the text of, order_number and customer_number: counted
    in a quarter of the time.
    """
    row: dict[str, int | Decimal | str | None] = {}
    for name, key in (("orders", "order"), ("buyers", "customer")):
        where = (
            {"key": f"{key}_number", "table": "classified", "kind": "fate"}
            if numbered
            else {"key": f"{key}_id", "table": "lines", "kind": "kind"}
        )
        row[name] = engine.value(DISTINCT.format(**where))
    row |= engine.arrow(HEADLINE).to_pylist()[0]
    return {k: cents(v) if isinstance(v, Decimal) else v for k, v in row.items() if v is not None}


def cents(amount: Decimal | int) -> str:
    """An amount as decimal text with two places."""
    rounded = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    return str(rounded if rounded else abs(rounded))
