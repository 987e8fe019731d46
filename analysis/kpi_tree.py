"""Why revenue changed between the last two complete periods: traffic, conversion and ticket, or buyers and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.change_by_group import by_category, by_who_bought, said_of_categories, said_of_groups
from analysis.comparison import TREES, Comparison, Measure, compared
from analysis.drivers import UNITS, WORDS, Part, headline, level, matters
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
    categories: category, before, after, volume_change, mix_change, price_change, money_change: sums to that of gross.
    gross: gross revenue by period, with those compared marked. measure: "net", or "orders" without money.
    before, after: how the periods are called. amounts: the measure in the two. leads: drivers the title names.
    """

    findings: Mapping[str, Finding]
    levels: Table
    parts: Table
    year: Table | None
    groups: Table | None
    categories: Table | None
    gross: Table
    grain: Grain
    gross_grain: Grain
    measure: Measure
    before: str
    after: str
    amounts: tuple[Decimal, Decimal]
    leads: tuple[str, ...]


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
    main = compared(lines, events, before, after, grain, settings)
    year = _a_year_before(lines, events, after, grain, starts, settings)
    left_out = [s for s in periods(days[0], days[-1], grain) if s not in starts]
    groups = by_who_bought(lines, main, grain, settings) if main.measure == "net" and main.tree != "orders" else None
    categories = by_category(products, main, grain, dataset, settings) if main.measure == "net" else None
    findings = _findings(main, year, grain, left_out, days) | said_of_groups(groups, main, grain)
    findings |= said_of_categories(categories, main, grain)
    return KpiTree(
        findings=findings,
        levels=_levels(main, year, grain),
        parts=_parts(main, grain, _between(main, grain)),
        year=_parts(year, grain, _between(year, grain)) if year else None,
        groups=groups,
        categories=categories,
        gross=_gross(months, main),
        grain=grain,
        gross_grain=months.grain,
        measure=main.measure,
        before=main.before.name(grain),
        after=main.after.name(grain),
        amounts=(main.amount(main.totals[0]), main.amount(main.totals[1])),
        leads=tuple(p.key for p in _title(main, grain)[1]),
    )


def _a_year_before(
    lines: Relation, events: Relation | None, after: date, grain: Grain, starts: Sequence[date], settings: Settings
) -> Comparison | None:
    """The last period against the same a year before; None where that is not complete, or nothing was sold in it."""
    if grain == "week" or year_before(after) not in starts:
        return None
    try:
        return compared(lines, events, year_before(after), after, grain, settings)
    except Skip:
        return None


def _title(main: Comparison, grain: Grain) -> tuple[str, tuple[Part, ...]]:
    """The headline's sentence and the drivers it names."""
    fewer = min(main.before.orders, main.after.orders)
    return headline(main.what.capitalize(), f"on the {grain} before", main.parts, main.base, fewer)


# Tables


def _levels(main: Comparison, year: Comparison | None, grain: Grain) -> Table:
    """A row a period, oldest first; the columns that the trees of the comparisons speak of."""
    trees = [c for c in (year, main) if c is not None]
    keys = list(dict.fromkeys(k for c in trees for k in TREES[c.measure, c.tree]))
    rows = []
    for c, x in [*([(year, year.before)] if year else []), (main, main.before), (main, main.after)]:
        row: dict[str, Any] = {"period": period_key(x.start, grain)}
        if main.measure == "net":
            row |= {"net": float(x.net), "gross": float(x.gross), "refunds": float(x.refunds)}
            row["unknown"] = float(x.gross_unknown) if any(c.unknown) else None
        else:
            row |= {"orders": x.orders, "unknown_orders": x.orders - x.orders_known if any(c.unknown) else None}
        here = TREES[c.measure, c.tree]
        rows.append(row | {k: x.factor(k) if k in here else None for k in keys})
    labels = {"period": "Period", "net": "Net revenue", "gross": "Gross revenue", "refunds": "Refunds"}
    labels |= {k: WORDS[k][0] for k in ("unknown", "orders", "unknown_orders", *keys)}
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
        f"Log-mean Divisia: each driver’s share of the change of {comparison.what}; as printed, they sum to it. "
        "The parts say which driver moved, not why it did."
    )
    units: dict[str, Unit] = {"relative_change": "ratio", column: _unit(comparison.measure)}
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
    return Table(frame, "Gross revenue over time", labels, months.months.source, months.months.units)


def _between(comparison: Comparison, grain: Grain) -> str:
    the = "the " if grain == "week" else ""
    return f"What changed between {the}{comparison.before.name(grain)} and {the}{comparison.after.name(grain)}"


def _unit(measure: Measure) -> Unit:
    return "money" if measure == "net" else "count"


# Findings


def _findings(
    main: Comparison, year: Comparison | None, grain: Grain, left_out: Sequence[date], days: Sequence[date]
) -> dict[str, Finding]:
    ground = main.ground()
    what, unit = main.what, _unit(main.measure)
    before, after = (main.amount(t) for t in main.totals)
    last_of = f"the last {grain} that the data cover from its first day to its last"
    flat = level(main.change, main.base)
    split = f"split into {_listed([p.label.lower() for p in main.parts])} by log-mean Divisia"
    found = {
        "headline": ground.of(
            after if flat else main.amount(abs(main.change)),
            unit,
            _title(main, grain)[0],
            f"{what} of {last_of}{'' if flat else f', less that of the {grain} before'}; the change is {split}",
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
            _listed([p.label.lower() for p in main.parts]),
            "name",
            "The change is split into {value}.",
            "the finest factors that the data of both periods allow, which multiply to what was sold, and the rest",
        ),
        f"{main.measure}_before": ground.of(
            _plain(before, main),
            unit,
            f"{what.capitalize()} of {{kpi_tree.period_before}}: {{value}}.",
            f"{what} of the {grain} before",
        ),
        f"{main.measure}_after": ground.of(
            _plain(after, main), unit, f"{what.capitalize()} of {{kpi_tree.period}}: {{value}}.", f"{what} of {last_of}"
        ),
    }
    if main.measure == "net":
        for key, period, whole in (("gross_before", "period_before", 0), ("gross", "period", 1)):
            found[key] = ground.of(
                main.amount(main.known[whole] + main.unknown[whole]),
                "money",
                f"Sold in {{kpi_tree.{period}}} before refunds: {{value}}.",
                "sum of all sale amounts of the period, those that came back whole included",
            )
    found |= _changes(main, grain, ground, what, unit, "", f"on the {grain} before", "there was no net revenue before")
    if year is not None:
        found |= _changes(
            year, grain, year.ground(), what, unit, "year_", f"on the same {grain} a year before", "there was none then"
        )
    for part in main.parts:
        found |= _of_part(part, main, grain, ground, what, unit)
    if left_out:
        found["left_out"] = ground.of(
            _listed([period_name(s, grain) for s in left_out]),
            "name",
            "Left out, because the data cover it only in part: {value}.",
            f"the {grain}s at the edges of the data that they do not cover from the first day to the last",
            window=(days[0], days[-1]),
        )
    return found


def _plain(amount: Decimal, comparison: Comparison) -> Decimal | int:
    return amount if comparison.measure == "net" else int(amount)


def _changes(
    c: Comparison, grain: Grain, ground: Ground, what: str, unit: Unit, prefix: str, than: str, why: str
) -> dict[str, Finding]:
    """The change in money (orders) and as a share of the earlier period."""
    definition = f"{what} of the last complete {grain} less that of the earlier one"
    return {
        f"{prefix}change": ground.of(
            _plain(c.amount(c.change), c), unit, f"{what.capitalize()} changed by {{value}} {than}.", definition
        ),
        f"{prefix}relative_change": ground.of(
            over(c.change, c.totals[0]),
            "ratio",
            f"{what.capitalize()} changed by {{value}} {than}.",
            f"({definition}) / that of the earlier one",
            why,
        ),
    }


def _of_part(part: Part, c: Comparison, grain: Grain, ground: Ground, what: str, unit: Unit) -> dict[str, Finding]:
    """A driver's level in both periods, and its part of the change."""
    counts = UNITS[part.key]
    told = matters(part, c.parts, c.base)
    claim = (
        f"{part.words.capitalize()} changed {what} by {{value}}."
        if told
        else f"{part.label}: {{value}}, a part of the change too small to matter."
    )
    found = {
        f"change_by_{part.key}": ground.of(
            _plain(c.amount(part.units), c),
            unit,
            claim,
            f"the log-mean Divisia part of {part.label.lower()} in the change of {what}"
            if part.key not in ("unknown", "unknown_orders", "refunds")
            else f"the change of {part.label.lower()} from the {grain} before",
        )
    }
    for name, value, of in (("_before", part.before, "period_before"), ("", part.after, "period")):
        whole = counts == "count"
        found[f"{part.key}{name}"] = ground.of(
            int(value) if whole else value,
            counts,
            f"{part.label} in {'the ' if grain == 'week' else ''}{{kpi_tree.{of}}}: {{value}}.",
            _DEFINITIONS[part.key],
        )
    return found


_DEFINITIONS = {
    "visitors": "distinct visitors with an event in the period",
    "conversion": "known customers with a kept sale / visitors, both of the period",
    "spend": "sales to known customers before refunds / known customers with a kept sale, both of the period",
    "buyers": "distinct known customers with a kept sale in the period",
    "frequency": "orders of known customers / known customers with a kept sale, both of the period",
    "order_value": "sales before refunds / orders, both of the period; of known customers, where these are told apart",
    "orders": "distinct orders whose first kept sale lies in the period",
    "unknown": "what was sold in the period, before refunds, on lines that name no customer",
    "unknown_orders": "distinct orders that name no customer and whose first kept sale lies in the period",
    "refunds": "money given back in the period, and the amounts of lines that came back whole",
}


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
