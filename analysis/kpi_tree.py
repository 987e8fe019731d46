"""Why revenue changed between the last two complete periods: traffic, conversion and ticket, or buyers and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.change_by_group import (
    by_category,
    by_newness,
    by_who_bought,
    said_of_categories,
    said_of_groups,
    said_of_newness,
)
from analysis.comparison import TREES, Came, Comparison, Measure, compared, lowered, said_of, who_came
from analysis.drivers import FEW, OF_KNOWN, UNITS, WORDS, Part, headline, level, listed, matters
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import Ground, over
from analysis.months import Months
from analysis.periods import RULE, Grain, comparable, period_key, period_name, periods, year_before
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

SOURCE = "analysis/kpi_tree.sql"


@dataclass(frozen=True, slots=True)
class KpiTree(Result):
    """Why the measure changed; every part in whole cents (orders), so that what is printed adds up.

    levels: a row a period (the year before when there, the one before, the last): net, gross, the factors.
    parts, year: key, driver, before, after, relative_change (of the driver), money_change (orders_change), weight; the
    last row is the whole. year: against the same period a year before, or None.
    groups: key, group, customers, before, after, money_change: sums to the change of known customers' sales.
    newness: key, group, buyers_before, buyers_after, before, after (net), money_change: first-time buyers of each.
    categories: category, before, after, volume_change, mix_change, price_change, money_change: sums to that of gross.
    gross: gross revenue by period, with those compared marked. measure: "net", or "orders" without money.
    before, after: how the periods are called. amounts: the measure in the two. leads: drivers the title names.
    few: too few orders in one of the periods to say why, so that no slide argues with the parts.
    """

    findings: Mapping[str, Finding]
    levels: Table
    parts: Table
    year: Table | None
    groups: Table | None
    newness: Table | None
    categories: Table | None
    gross: Table
    grain: Grain
    gross_grain: Grain
    measure: Measure
    before: str
    after: str
    amounts: tuple[Decimal, Decimal]
    leads: tuple[str, ...]
    few: bool


def compute(
    lines: Relation,
    events: Relation | None,
    products: Relation | None,
    months: Months,
    dataset: Dataset,
    settings: Settings,
) -> KpiTree:
    """Compare the last two complete periods, and the last with the same a year before.

    Skips with fewer than two complete weeks, when one of the two has no sale, without money unless buyers are known.
    """
    days = [d["day"] for d in lines.query("months_days.sql", snapshot=settings.snapshot).to_pylist()]
    found = comparable(days, settings.snapshot)
    if found is None:
        raise Skip("the data hold no two complete weeks to compare")
    grain, starts = found
    before, after = starts[-2:]
    earlier = year_before(after) if grain != "week" and year_before(after) in starts else None
    came = None if events is None else who_came(events, earlier, before, after, grain, settings)
    main = compared(lines, came, before, after, grain, settings)
    year = _a_year_before(lines, came, earlier, after, grain, settings)
    left_out = [s for s in periods(days[0], days[-1], grain) if s not in starts]
    groups = by_who_bought(lines, main, grain, settings) if main.measure == "net" else None
    newness = by_newness(lines, main, grain, settings) if groups is not None else None
    categories = by_category(products, main, grain, dataset, settings) if main.measure == "net" else None
    findings = _findings(main, year, grain, left_out, days) | said_of_groups(groups, main, grain)
    findings |= said_of_newness(newness, main, grain) | said_of_categories(categories, main, grain)
    return KpiTree(
        findings=findings,
        levels=_levels(main, year, grain),
        parts=_parts(main, grain, _between(main, grain)),
        year=_parts(year, grain, _between(year, grain)) if year else None,
        groups=groups,
        newness=newness,
        categories=categories,
        gross=_gross(months, main),
        grain=grain,
        gross_grain=months.grain,
        measure=main.measure,
        before=main.before.name(grain),
        after=main.after.name(grain),
        amounts=(main.amount(main.totals[0]), main.amount(main.totals[1])),
        leads=tuple(p.key for p in _title(main, grain)[1]),
        few=_fewer(main) < FEW,
    )


def _a_year_before(
    lines: Relation, came: Came | None, earlier: date | None, after: date, grain: Grain, settings: Settings
) -> Comparison | None:
    """The last period against the same a year before; None where that is not complete, or nothing was sold in it."""
    if earlier is None:
        return None
    try:
        return compared(lines, came, earlier, after, grain, settings)
    except Skip:
        return None


def _title(main: Comparison, grain: Grain) -> tuple[str, tuple[Part, ...]]:
    """The headline's sentence and the drivers it names."""
    return headline(main.what.capitalize(), grain, main.parts, main.base, _fewer(main))


def _fewer(main: Comparison) -> int:
    """The orders of the period with fewer."""
    return min(main.before.orders, main.after.orders)


# Tables


def _levels(main: Comparison, year: Comparison | None, grain: Grain) -> Table:
    """A row a period, oldest first, with the drivers of the last two, and of a year before where they are the same."""
    keys = TREES[main.measure, main.tree]
    rows = []
    for c, x in [*([(year, year.before)] if year else []), (main, main.before), (main, main.after)]:
        row: dict[str, Any] = {"period": period_key(x.start, grain)}
        if main.measure == "net":
            row |= {"net": float(x.net), "gross": float(x.gross), "refunds": float(x.refunds)}
            row["unknown"] = float(x.gross_unknown) if any(c.unknown) else None
        else:
            row |= {"orders": x.orders, "unknown_orders": x.orders - x.orders_known if any(c.unknown) else None}
        rows.append(row | {k: x.factor(k) if c.tree == main.tree else None for k in keys})
    labels = {"period": "Period", "net": "Net revenue", "gross": "Gross revenue", "refunds": "Refunds"}
    labels |= {k: WORDS[k][0] for k in ("unknown", "orders", "unknown_orders", *keys)}
    if "order_value" in keys and any(main.unknown):
        labels["order_value"] += OF_KNOWN
    frame = pd.DataFrame(rows)
    notes = [RULE, main.why, "A period that the data do not cover from its first day to its last is left out."]
    return Table(
        frame,
        "The periods compared",
        {k: v for k, v in labels.items() if k in frame},
        SOURCE,
        {"net": "money", "gross": "money", "refunds": "money", **UNITS},
        " ".join(n for n in notes if n),
    )


def _parts(comparison: Comparison, grain: Grain, title: str) -> Table:
    """A row a driver with its part of the change, and the whole below."""
    column = "money_change" if comparison.measure == "net" else "orders_change"
    told = [p for p in comparison.parts if matters(p, comparison.parts, comparison.base)]
    rows = [
        {
            "key": p.key,
            "driver": p.label,
            "before": p.before,
            "after": p.after,
            "relative_change": over(p.after - p.before, p.before),
            column: float(comparison.amount(p.units)),
            "weight": "" if p in told else "too small to matter",
        }
        for p in comparison.parts
    ]
    before, after = comparison.totals
    whole = {
        "key": "total",
        "driver": "Net revenue" if comparison.measure == "net" else "Orders",
        "before": float(comparison.amount(before)),
        "after": float(comparison.amount(after)),
        "relative_change": over(after - before, before),
        column: float(comparison.amount(after - before)),
        "weight": "",
    }
    labels = {"driver": "Driver", "relative_change": "Its own change", column: "Part of the change", "weight": "Weight"}
    note = (
        f"Each driver’s part of the change of {comparison.what}: they sum to it as printed. Log-mean Divisia: what was "
        "sold is the product of the factors; the logarithm of how each one changed is weighted by the logarithmic mean "
        "of what was sold in the two periods. The parts say which driver moved, not why it did."
    )
    units: dict[str, Unit] = {"relative_change": "ratio", column: comparison.counted}
    frame = pd.DataFrame([*rows, whole])
    if len(told) == len(rows):
        frame["weight"] = None
    return Table(frame, title, labels, SOURCE, units, note)


def _gross(months: Months, main: Comparison) -> Table:
    """Gross revenue (orders) by period, as the months have it; compared: those that lie in the periods compared."""
    column = "gross" if main.measure == "net" else "orders"
    frame = months.months.frame[["period", "start", column, "partial"]].copy()
    frame["compared"] = [
        "before"
        if main.before.start <= s < main.before.end
        else "after"
        if main.after.start <= s < main.after.end
        else ""
        for s in frame["start"]
    ]
    labels = {k: months.months.labels[k] for k in ("period", column)}
    title = "Gross revenue over time" if main.measure == "net" else "Orders over time"
    return Table(frame, title, labels, months.months.source, months.months.units)


def _between(comparison: Comparison, grain: Grain) -> str:
    the = "the " if grain == "week" else ""
    return f"What changed between {the}{comparison.before.name(grain)} and {the}{comparison.after.name(grain)}"


# Findings


def _findings(
    main: Comparison, year: Comparison | None, grain: Grain, left_out: Sequence[date], days: Sequence[date]
) -> dict[str, Finding]:
    ground = main.ground()
    what, unit = main.what, main.counted
    before, after = (main.amount(t) for t in main.totals)
    last_of = f"the last {grain} that the data cover from its first day to its last"
    flat = level(main.change, main.base)
    less = "" if flat else " less that of the one before"
    split = f"split into {listed([lowered(p.label) for p in main.parts])}, whose parts add up to it"
    found = {
        "headline": ground.of(
            after if flat else main.amount(abs(main.change)),
            unit,
            _title(main, grain)[0],
            f"{what} of the last complete {grain}{less}; the change is {split}",
        ),
        "period": ground.of(
            main.after.name(grain),
            "name",
            f"The last complete {grain} is {'the ' if grain == 'week' else ''}{{value}}.",
            last_of,
        ),
        "period_before": ground.of(
            main.before.name(grain),
            "name",
            f"It is compared with {'the ' if grain == 'week' else ''}{{value}}.",
            f"the {grain} before the last complete one",
        ),
        "tree": ground.of(
            listed([WORDS[k][0].lower() for k in TREES[main.measure, main.tree]]),
            "name",
            f"What was sold{' to known customers' if any(main.unknown) else ''} is split into {{value}}.",
            "the finest factors that the data of both periods allow, which multiply to what was sold before refunds",
        ),
        f"{main.measure}_before": ground.of(
            main.plain(before),
            unit,
            f"{what.capitalize()} of {{kpi_tree.period_before}}: {{value}}.",
            f"{what} of the {grain} before",
            n=main.before.orders,
            population="orders of the period",
            window=main.before.window,
        ),
        f"{main.measure}_after": ground.of(
            main.plain(after),
            unit,
            f"{what.capitalize()} of {{kpi_tree.period}}: {{value}}.",
            f"{what} of {last_of}",
            n=main.after.orders,
            population="orders of the period",
            window=main.after.window,
        ),
    }
    if main.measure == "net":
        for key, period, x in (("gross_before", "period_before", main.before), ("gross", "period", main.after)):
            whole = int(x is main.after)
            found[key] = ground.of(
                main.amount(main.known[whole] + main.unknown[whole]),
                "money",
                f"Sold in {{kpi_tree.{period}}} before refunds: {{value}}.",
                "sum of all sale amounts of the period, those that came back whole included",
                n=x.orders,
                population="orders of the period",
                window=x.window,
            )
    found |= _changes(main, grain, ground, what, unit, "", f"on the {grain} before", "there was no net revenue before")
    if year is not None:
        found |= _changes(
            year,
            grain,
            year.ground(),
            what,
            unit,
            "year_",
            f"on the same {grain} a year before",
            "there was nothing then",
        )
    for part in main.parts:
        found |= said_of(part, main, grain)
    if left_out:
        found["left_out"] = ground.of(
            listed([period_name(s, grain) for s in left_out]),
            "name",
            f"Left out, because the data cover {'it' if len(left_out) == 1 else 'them'} only in part: {{value}}.",
            f"the {grain}s at the edges of the data that they do not cover from the first day to the last",
            window=(days[0], days[-1]),
        )
    return found


def _changes(
    c: Comparison, grain: Grain, ground: Ground, what: str, unit: Unit, prefix: str, than: str, why: str
) -> dict[str, Finding]:
    """The change in money (orders) and as a share of the earlier period."""
    definition = f"{what} of the last complete {grain} less that of the earlier one"
    return {
        f"{prefix}change": ground.of(
            c.plain(c.amount(c.change)), unit, f"{what.capitalize()} changed by {{value}} {than}.", definition
        ),
        f"{prefix}relative_change": ground.of(
            over(c.change, c.totals[0]),
            "ratio",
            f"{what.capitalize()} changed by {{value}} {than}.",
            f"({definition}) / that of the earlier one",
            why,
        ),
    }
