"""The data set's own headline figures, as metrics.json's `values` prints them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from dataset.engine import Engine

CENT = Decimal("0.01")

BY_DAY = """
select kind, cast(ordered_at as date), customer_id is null, count(*), coalesce(sum(amount), 0)
from {table} group by all
"""

# Grouping takes half the time of count(distinct).
DISTINCT = "select count(*) from (select {key} from {table} where {kind} = 'sale' and {key} is not null group by {key})"


@dataclass(frozen=True, slots=True)
class Days:
    """All lines by kind, day and whether no customer is known, with count and money: one scan answers many questions."""

    groups: list[tuple[str, date, bool, int, Decimal]] = field(default_factory=list)

    def money(self, *kinds: str, known: bool = False) -> Decimal:
        """The money of the lines of these kinds (known: of those with a customer)."""
        return sum((m for kind, _, no, _, m in self.groups if kind in kinds and not (known and no)), start=Decimal(0))

    def unknown(self) -> tuple[int, Decimal]:
        """How many lines have no customer, and their money."""
        found = [(lines, money) for _, _, unknown, lines, money in self.groups if unknown]
        return sum(lines for lines, _ in found), sum((money for _, money in found), start=Decimal(0))

    def sales(self) -> dict[date, int]:
        """How many lines were sold on each day with sales, the last day first."""
        count: Counter[date] = Counter()
        for kind, day, _, lines, _ in self.groups:
            count[day] += lines if kind == "sale" else 0
        return dict(sorted((+count).items(), reverse=True))


def by_day(engine: Engine, table: str = "lines") -> Days:
    return Days(engine.rows(BY_DAY.format(table=table)))


def headline(engine: Engine, days: Days, numbered: bool = False) -> dict[str, int | str]:
    """orders, buyers, gross, refunds, net, net_known and last_date over the lines; money rounded once, half up.

    numbered: `classified` has the whole numbers that all ids are the text of, order_number and customer_number: counted
    in a quarter of the time.
    """
    values: dict[str, int | str] = {}
    for name, key in (("orders", "order"), ("buyers", "customer")):
        where = (
            {"key": f"{key}_number", "table": "classified", "kind": "fate"}
            if numbered
            else {"key": f"{key}_id", "table": "lines", "kind": "kind"}
        )
        values[name] = engine.value(DISTINCT.format(**where))
    values["gross"] = cents(days.money("sale", "returned"))
    values["refunds"] = cents(days.money("returned") - days.money("refund"))
    values["net"] = cents(days.money("sale", "refund"))
    values["net_known"] = cents(days.money("sale", "refund", known=True))
    sold = days.sales()
    return values | ({"last_date": str(max(sold))} if sold else {})


def cents(amount: Decimal | int) -> str:
    """An amount as decimal text with two places."""
    rounded = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    return str(rounded if rounded else abs(rounded))
