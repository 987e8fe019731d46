"""Two periods set against each other: what was sold in each, by how many, the exact parts, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from babel.numbers import get_currency_precision

from analysis import divisia
from analysis.drivers import OF_KNOWN, UNITS, Part, matters
from analysis.finding import Finding, Skip, Unit
from analysis.ground import Ground, until
from analysis.periods import Grain, following, period_name
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/kpi_tree.sql"
SEEN = 0.99  # of the buyers, at least, who are among the visitors of their period
NAMED = 0.9  # of what is sold, at least, that names its customer; below, orders stand for buyers

Measure = Literal["net", "orders"]
Tree = Literal["visits", "buyers", "orders"]
Came = Mapping[date, tuple[int, int]]  # first day of a period -> visitors, buyers among them

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

    def over(self, key: str) -> tuple[str, int]:
        """Whom or what a driver's level is measured over, and how many of them there are."""
        return {
            "visitors": ("visitors of the period", self.visitors or 0),
            "conversion": ("visitors of the period", self.visitors or 0),
            "spend": ("known customers with a kept sale in the period", self.buyers),
            "buyers": ("known customers with a kept sale in the period", self.buyers),
            "frequency": ("known customers with a kept sale in the period", self.buyers),
            "order_value": (f"orders of the period{self._whose}", self.orders_known),
            "unknown": ("orders of the period that name no customer", self.orders - self.orders_known),
            "unknown_orders": ("orders of the period that name no customer", self.orders - self.orders_known),
        }.get(key, ("orders of the period", self.orders))

    @property
    def window(self) -> tuple[date, date]:
        """First and last day."""
        return self.start, self.end - timedelta(days=1)

    @property
    def _whose(self) -> str:
        return OF_KNOWN if self.orders_known < self.orders else ""

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
    def counted(self) -> Unit:
        """The unit of the measure."""
        return "money" if self.measure == "net" else "count"

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
        window = (self.before.start, self.after.window[1])
        return Ground("orders of the two periods", self.before.orders + self.after.orders, window, SOURCE)

    def orders_of(self, key: str) -> tuple[str, int]:
        """The orders whose sales a driver's part of the change is about, and how many they are."""
        known, every = (sum(getattr(x, f) for x in (self.before, self.after)) for f in ("orders_known", "orders"))
        if key in ("unknown", "unknown_orders"):
            return "orders of the two periods that name no customer", every - known
        if key in TREES[self.measure, self.tree] and known < every:
            return f"orders of the two periods{OF_KNOWN}", known
        return "orders of the two periods", every

    def amount(self, units: int) -> Decimal:
        return units * self.unit

    def plain(self, amount: Decimal) -> Decimal | int:
        """An amount as a finding's value: orders are counted."""
        return amount if self.measure == "net" else int(amount)


def who_came(events: Relation, year: date | None, before: date, after: date, grain: Grain, settings: Settings) -> Came:
    """Visitors and buyers among them by first day of the period, of up to three periods, from one look at the events.

    year: the first day of a third, earlier period.
    """
    starts = {"year": year or before, "before": before, "after": after}
    when = {f"{name}_from": start for name, start in starts.items()}
    when |= {f"{name}_to": following(start, grain) for name, start in starts.items()}
    asked = {"snapshot": settings.snapshot, "until": until(settings), **when}
    rows = events.query("kpi_tree_visitors.sql", **asked).to_pylist()
    return {starts[row["period"]]: (row["visitors"], row["seen_buyers"]) for row in rows}


def compared(
    lines: Relation, came: Came | None, before: date, after: date, grain: Grain, settings: Settings
) -> Comparison:
    """The comparison of two periods; raises Skip when nothing was sold in one of them, or what changed is unknown.

    came: None without events.
    """
    when = {
        "before_from": before,
        "before_to": following(before, grain),
        "after_from": after,
        "after_to": following(after, grain),
    }
    sold = {r["period"]: r for r in lines.query("kpi_tree.sql", snapshot=settings.snapshot, **when).to_pylist()}
    if sold.keys() != {"before", "after"} or not all(r["orders"] for r in sold.values()):
        raise Skip(f"nothing was sold in one of the last two complete {grain}s")
    first, last = (
        Level(
            start=when[f"{name}_from"],
            end=when[f"{name}_to"],
            **{k: v for k, v in sold[name].items() if k != "period"},
            visitors=seen[0],
            seen_buyers=seen[1],
        )
        for name in ("before", "after")
        for seen in [(came or {}).get(when[f"{name}_from"], (None, 0))]
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
    """The finest tree the two periods allow, and why it is not a finer one.

    Where more than a tenth of the sales names no customer, orders x order value over all orders: a split of the known
    customers' sales would print an order value that is not the shop's (known customers order less than the others), and
    leave as a driver what is only a gap in the customer numbers.
    """
    both = (first, last)
    if measure == "net" and any(x.gross_known < Decimal(str(NAMED)) * x.gross or x.gross_known <= 0 for x in both):
        return (
            "orders",
            "More than a tenth of the sales of one of the periods names no customer, so orders stand for buyers.",
        )
    if not all(x.buyers and x.orders_known for x in both):
        return "orders", "No sale of one of the periods names its customer."
    if any(x.visitors is None for x in both):
        return "buyers", "" if all(x.visitors is None for x in both) else "No visit is recorded in one of the periods."
    if any(x.seen_buyers < SEEN * x.buyers or x.buyers > (x.visitors or 0) for x in both):
        return "buyers", "Visits are left aside: buyers of the periods are missing among their visitors."
    return "visits", ""


def _split(first: Level, last: Level, measure: Measure, tree: Tree, why: str, settings: Settings) -> Comparison:
    """The parts of the change: the factors by log-mean Divisia, sales without a customer and refunds as they are."""
    places = (get_currency_precision(settings.currency) if settings.currency else 2) if measure == "net" else 0
    exact = [_amounts(x, measure, 10**places) for x in (first, last)]
    whole = [divisia.apportion(amounts, rounded(sum(amounts, Decimal(0)))) for amounts in exact]
    known, unknown, refunds = ((before, after) for before, after in zip(*whole, strict=True))
    keys = TREES[measure, tree]
    before, after = ([x.factor(key) for key in keys] for x in (first, last))
    split = divisia.apportion(divisia.parts(before, after, exact[0][0], exact[1][0]), known[1] - known[0])
    some = any(unknown)
    parts = [Part(key, b, a, units, some) for key, b, a, units in zip(keys, before, after, split, strict=True)]
    nameless = "unknown" if measure == "net" else "unknown_orders"
    for key, amounts in ((nameless, unknown), ("refunds", refunds)):
        if any(amounts):
            parts.append(Part(key, first.factor(key), last.factor(key), amounts[1] - amounts[0]))
    unit = Decimal(1) / 10**places
    return Comparison(first, last, measure, tree, why, unit, known, unknown, refunds, tuple(parts))


def _amounts(x: Level, measure: Measure, scale: int) -> list[Decimal]:
    """Sales to known customers, those without one and refunds (negative), in units that need not be whole yet."""
    if measure == "orders":
        return [Decimal(x.orders_known), Decimal(x.orders - x.orders_known), Decimal(0)]
    return [x.gross_known * scale, x.gross_unknown * scale, -x.refunds * scale]


def rounded(units: Decimal) -> int:
    """To the next whole unit, half away from nothing, as money is printed."""
    return int(units.quantize(Decimal(1), ROUND_HALF_UP))


# Findings


def said_of(part: Part, c: Comparison, grain: Grain) -> dict[str, Finding]:
    """A driver's level in both periods, and its part of the change."""
    what, ground = c.what, c.ground()
    told = matters(part, c.parts, c.base)
    claim = (
        f"{part.words.capitalize()} changed {what} by {{value}}."
        if told
        else f"{part.label}: {{value}}, a part of the change too small to matter."
    )
    how = (
        "the logarithmic mean of what was sold before refunds in the two periods x the logarithm of "
        f"({lowered(part.label)} in the later / in the earlier)"
        if part.key in TREES[c.measure, c.tree]
        else f"{lowered(part.label)} of the {grain} before less those of the last complete {grain}"
        if part.key == "refunds"
        else f"{lowered(part.label)} of the last complete {grain} less those of the {grain} before"
    )
    population, n = c.orders_of(part.key)
    found = {
        f"change_by_{part.key}": ground.of(
            c.plain(c.amount(part.units)),
            c.counted,
            claim,
            how,
            population=population,
            n=n,
        )
    }
    return found | _levels_of(part, c, grain, ground)


def _levels_of(part: Part, c: Comparison, grain: Grain, ground: Ground) -> dict[str, Finding]:
    """A driver in each of the two periods, over whom it is measured in that one."""
    the = "the " if grain == "week" else ""
    than = f", after {{kpi_tree.{part.key}_before}} in {the}{{kpi_tree.period_before}}"
    levels: tuple[tuple[str, float, Level, str, str], ...] = (
        ("_before", part.before, c.before, "period_before", ""),
        ("", part.after, c.after, "period", than),
    )
    counts, found = UNITS[part.key], {}
    for name, value, x, of, beside in levels:
        population, n = x.over(part.key)
        found[f"{part.key}{name}"] = ground.of(
            int(value) if counts == "count" else value,
            counts,
            f"{part.label} in {the}{{kpi_tree.{of}}}: {{value}}{beside}.",
            f"of known customers: {_DEFINITIONS[part.key]}"
            if part.label.endswith(OF_KNOWN)
            else _DEFINITIONS[part.key],
            population=population,
            n=n,
            window=x.window,
        )
    return found


_DEFINITIONS = {
    "visitors": "distinct visitors with an event in the period",
    "conversion": "known customers with a kept sale / visitors, both of the period",
    "spend": "sales to known customers before refunds / known customers with a kept sale, both of the period",
    "buyers": "distinct known customers with a kept sale in the period",
    "frequency": "orders of known customers / known customers with a kept sale, both of the period",
    "order_value": "sales before refunds / orders, both of the period; what came back whole is in the sales",
    "orders": "distinct orders whose first kept sale lies in the period",
    "unknown": "what was sold in the period, before refunds, on lines that name no customer",
    "unknown_orders": "distinct orders that name no customer and whose first kept sale lies in the period",
    "refunds": "money given back in the period, and the amounts of lines that came back whole",
}


def lowered(words: str) -> str:
    """With a small first letter, as within a sentence."""
    return words[:1].lower() + words[1:]
