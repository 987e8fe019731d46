"""Two periods set against each other: what was sold in each, by how many, and the exact parts of the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from babel.numbers import get_currency_precision

from analysis import divisia
from analysis.drivers import Part
from analysis.finding import Skip
from analysis.ground import Ground, until
from analysis.periods import Grain, following, period_name
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/kpi_tree.sql"
SEEN = 0.99  # of the buyers, at least, who are among the visitors of their period
NAMED = 0.5  # of what is sold, at least, that names its customer

Measure = Literal["net", "orders"]
Tree = Literal["visits", "buyers", "orders"]

TREES: dict[tuple[Measure, Tree], tuple[str, ...]] = {
    ("net", "visits"): ("visitors", "conversion", "spend"),
    ("net", "buyers"): ("buyers", "frequency", "order_value"),
    ("net", "orders"): ("orders", "order_value"),
    ("orders", "visits"): ("visitors", "conversion", "frequency"),
    ("orders", "buyers"): ("buyers", "frequency"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """One period: what was sold in it, to how many, and who came. visitors: None without events."""

    start: date
    end: date  # exclusive
    gross_known: Decimal
    gross_unknown: Decimal
    refunds: Decimal
    orders: int
    orders_known: int
    buyers: int
    visitors: int | None
    seen_buyers: int

    @property
    def gross(self) -> Decimal:
        return self.gross_known + self.gross_unknown

    @property
    def net(self) -> Decimal:
        return self.gross - self.refunds

    def name(self, grain: Grain) -> str:
        return period_name(self.start, grain)

    @property
    def nobody_named(self) -> Level:
        """The same with every sale counted as if it named its customer, for the tree that needs none."""
        return replace(self, gross_known=self.gross, gross_unknown=Decimal(0), orders_known=self.orders)

    def factor(self, key: str) -> float:
        """A driver's level; the factors of a tree multiply to the sales of known customers."""
        return {
            "visitors": lambda: float(self.visitors or 0),
            "conversion": lambda: self.buyers / (self.visitors or 1),
            "spend": lambda: float(self.gross_known / self.buyers),
            "buyers": lambda: float(self.buyers),
            "frequency": lambda: self.orders_known / self.buyers,
            "order_value": lambda: float(self.gross_known / self.orders_known),
            "orders": lambda: float(self.orders),
            "unknown": lambda: float(self.gross_unknown),
            "unknown_orders": lambda: float(self.orders - self.orders_known),
            "refunds": lambda: float(self.refunds),
        }[key]()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two periods and the parts of their difference; amounts in whole units of `unit` (a cent, an order).

    known, unknown, refunds: before and after; refunds negative. why: why the tree is not a finer one, or "".
    """

    before: Level
    after: Level
    measure: Measure
    tree: Tree
    why: str
    unit: Decimal
    known: tuple[int, int]
    unknown: tuple[int, int]
    refunds: tuple[int, int]
    parts: tuple[Part, ...]

    @property
    def totals(self) -> tuple[int, int]:
        return tuple(sum(amounts) for amounts in zip(self.known, self.unknown, self.refunds, strict=True))  # type: ignore[return-value]

    @property
    def what(self) -> str:
        """The measure as sentences call it."""
        return "net revenue" if self.measure == "net" else "orders"

    @property
    def change(self) -> int:
        return self.totals[1] - self.totals[0]

    @property
    def base(self) -> int:
        """What was sold in the period before, before refunds."""
        return self.known[0] + self.unknown[0]

    @property
    def when(self) -> dict[str, date]:
        """The two periods as the SQL files ask for them; ends exclusive."""
        return {
            "before_from": self.before.start,
            "before_to": self.before.end,
            "after_from": self.after.start,
            "after_to": self.after.end,
        }

    def names(self, grain: Grain) -> dict[str, str]:
        """How the two periods are called."""
        return {"before": self.before.name(grain), "after": self.after.name(grain)}

    def ground(self) -> Ground:
        """What findings on both periods stand on."""
        window = (self.before.start, self.after.end - timedelta(days=1))
        return Ground("orders of the two periods", self.before.orders + self.after.orders, window, SOURCE)

    def amount(self, units: int) -> Decimal:
        return units * self.unit


def compared(
    lines: Relation, events: Relation | None, before: date, after: date, grain: Grain, settings: Settings
) -> Comparison:
    """The comparison of two periods; raises Skip when nothing was sold in one of them, or what changed is unknown."""
    when = {
        "before_from": before,
        "before_to": following(before, grain),
        "after_from": after,
        "after_to": following(after, grain),
    }
    sold = {r["period"]: r for r in lines.query("kpi_tree.sql", snapshot=settings.snapshot, **when).to_pylist()}
    came: dict[str, dict[str, Any]] = {}
    if events is not None:
        visits = events.query(
            "kpi_tree_visitors.sql", snapshot=settings.snapshot, until=until(settings), **when
        ).to_pylist()
        came = {r["period"]: r for r in visits}
    if sold.keys() != {"before", "after"} or not all(r["orders"] for r in sold.values()):
        raise Skip(f"nothing was sold in one of the last two complete {grain}s")
    first, last = (
        Level(
            start=when[f"{name}_from"],
            end=when[f"{name}_to"],
            **{k: v for k, v in sold[name].items() if k != "period"},
            visitors=came.get(name, {}).get("visitors") if events is not None else None,
            seen_buyers=came.get(name, {}).get("seen_buyers", 0),
        )
        for name in ("before", "after")
    )
    measure: Measure = "orders" if settings.no_money else "net"
    if measure == "net" and min(first.gross, last.gross) <= 0:
        raise Skip(f"nothing was sold for money in one of the last two complete {grain}s")
    tree, why = _tree(first, last, measure)
    if (measure, tree) not in TREES:
        raise Skip(settings.no_money)
    if tree == "orders":
        first, last = first.nobody_named, last.nobody_named
    return _split(first, last, measure, tree, why, settings)


def _tree(first: Level, last: Level, measure: Measure) -> tuple[Tree, str]:
    """The finest tree the two periods allow, and why it is not a finer one."""
    both = (first, last)
    if measure == "net" and any(x.gross_known < Decimal(str(NAMED)) * x.gross or x.gross_known <= 0 for x in both):
        return "orders", "Most sales of one of the periods name no customer, so orders stand for buyers."
    if not all(x.buyers and x.orders_known for x in both):
        return "orders", "No sale of one of the periods names its customer."
    if any(x.visitors is None for x in both):
        return "buyers", "" if all(x.visitors is None for x in both) else "No visit is recorded in one of the periods."
    if any(x.seen_buyers < SEEN * x.buyers or x.buyers > (x.visitors or 0) for x in both):
        return "buyers", "Visits are left aside: buyers of the periods are missing among their visitors."
    return "visits", ""


def _split(first: Level, last: Level, measure: Measure, tree: Tree, why: str, settings: Settings) -> Comparison:
    """The parts of the change: the factors by log-mean Divisia, anonymous sales and refunds as they are."""
    places = (get_currency_precision(settings.currency) if settings.currency else 2) if measure == "net" else 0
    exact = [_amounts(x, measure, 10**places) for x in (first, last)]
    whole = [divisia.apportion(amounts, rounded(sum(amounts, Decimal(0)))) for amounts in exact]
    known, unknown, refunds = ((before, after) for before, after in zip(*whole, strict=True))
    keys = TREES[measure, tree]
    before, after = ([x.factor(key) for key in keys] for x in (first, last))
    split = divisia.apportion(divisia.parts(before, after, exact[0][0], exact[1][0]), known[1] - known[0])
    parts = [Part(key, b, a, units) for key, b, a, units in zip(keys, before, after, split, strict=True)]
    nameless = "unknown" if measure == "net" else "unknown_orders"
    for key, amounts in ((nameless, unknown), ("refunds", refunds)):
        if any(amounts):
            parts.append(Part(key, first.factor(key), last.factor(key), amounts[1] - amounts[0]))
    unit = Decimal(1) / 10**places
    return Comparison(first, last, measure, tree, why, unit, known, unknown, refunds, tuple(parts))


def _amounts(x: Level, measure: Measure, scale: int) -> list[Decimal]:
    """Sales to known customers, anonymous ones and refunds (negative), in units that need not be whole yet."""
    if measure == "orders":
        return [Decimal(x.orders_known), Decimal(x.orders - x.orders_known), Decimal(0)]
    return [x.gross_known * scale, x.gross_unknown * scale, -x.refunds * scale]


def rounded(units: Decimal) -> int:
    """To the next whole unit, half away from nothing, as money is printed."""
    return int(units.quantize(Decimal(1), ROUND_HALF_UP))
