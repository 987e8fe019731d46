"""How did the business move over time: revenue, orders, buyers, new and returning, by month, week or day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import Ground, frame, over, small
from analysis.periods import (
    Grain,
    following,
    grain_of,
    partial_periods,
    period_key,
    period_name,
    periods,
    year_before,
)
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

SOURCE = "analysis/months.sql"
TOP_CATEGORIES = 6
TOP_PRODUCTS = 5
UNKNOWN, OTHER = "Unknown", "Other"
LEVEL = 0.005  # a smaller relative change is called level
FEW = 30  # orders of a period; below, a change is no title and its claim says so

LABELS = {
    "period": "Period",
    "start": "First day",
    "gross": "Gross revenue",
    "refunds": "Refunds",
    "net": "Net revenue",
    "orders": "Orders",
    "buyers": "Buyers",
    "new_buyers": "New buyers",
    "returning_buyers": "Returning buyers",
    "new_orders": "Orders of new buyers",
    "returning_orders": "Orders of returning buyers",
    "new_net": "Net revenue from new buyers",
    "returning_net": "Net revenue from returning buyers",
    "unknown_net": "Net revenue without a customer",
    "early_net": "Refunds before a first purchase",
    "order_value": "Average order value",
    "partial": "Partial",
}
MONEY = ("gross", "refunds", "net", "new_net", "returning_net", "unknown_net", "early_net", "order_value")
COUNTS = ("orders", "buyers", "new_buyers", "returning_buyers", "new_orders", "returning_orders")
UNITS: dict[str, Unit] = {**dict.fromkeys(MONEY, "money"), **dict.fromkeys(COUNTS, "count"), "start": "date"}


@dataclass(frozen=True, slots=True)
class Months(Result):
    """months: one row a period, none left out. categories, products: one row a period and group; or None.

    grain: month (period 2024-01), week (2024-W01) or day. measure: what moves, net revenue or (without money) orders.
    """

    months: Table
    categories: Table | None
    products: Table | None
    grain: Grain
    measure: Literal["net", "orders"]
    findings: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class Period:
    """One period with the measure in it, exact; window: the days of it that the data cover."""

    start: date
    name: str
    measure: Decimal
    row: dict[str, Any]
    partial: bool
    window: tuple[date, date]

    @property
    def orders(self) -> int:
        return int(self.row.get("orders", 0))


def compute(lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings) -> Months:
    """The periods of the data up to the snapshot, and what the last complete one says. Skips without a sale."""
    days = lines.query("months_days.sql", snapshot=settings.snapshot).to_pylist()
    if not any(d["sold"] for d in days):
        raise Skip("there is no sale before the report's last day")
    window = (days[0]["day"], days[-1]["day"])
    grain = grain_of(*window)
    measure: Literal["net", "orders"] = "orders" if settings.no_money else "net"
    rows = lines.query("months.sql", snapshot=settings.snapshot, grain=grain)
    starts = periods(*window, grain)
    partial = partial_periods(starts, [d["day"] for d in days], settings.snapshot, grain)
    table = _table(frame(rows), starts, partial, grain, bool(settings.no_money))
    exact = _exact(rows.to_pylist(), starts, partial, grain, measure, window)
    categories, top = _goods(products, dataset, settings, grain)
    placed = int(table.frame["orders"].sum())
    ground = Ground("orders with at least one kept sale", placed, window, SOURCE, settings.no_money)
    return Months(table, categories, top, grain, measure, _findings(exact, grain, measure, ground))


def _table(found: pd.DataFrame, starts: list[date], partial: set[date], grain: Grain, no_money: bool) -> Table:
    whole = found.set_index("start").reindex(pd.Index(starts, name="start", dtype=object)).fillna(0.0).reset_index()
    whole["period"] = [period_key(s, grain) for s in starts]
    whole["order_value"] = whole["sold"] / whole["priced_orders"].where(whole["priced_orders"] > 0)
    whole["partial"] = [s in partial for s in starts]
    whole = whole.astype(dict.fromkeys(COUNTS, "int64"))
    if no_money:
        whole[list(MONEY)] = float("nan")
    return Table(
        whole[list(LABELS)],
        {"month": "Month by month", "week": "Week by week", "day": "Day by day"}[grain],
        LABELS,
        SOURCE,
        UNITS,
        "A partial period is not covered by the data from its first day to its last.",
    )


def _exact(
    rows: list[dict[str, Any]],
    starts: list[date],
    partial: set[date],
    grain: Grain,
    measure: str,
    window: tuple[date, date],
) -> list[Period]:
    by_start = {r["start"]: r for r in rows}

    def period(start: date) -> Period:
        row = by_start.get(start, {})
        end = following(start, grain) - timedelta(days=1)
        covered = (max(start, window[0]), min(end, window[1])) if start in partial else (start, end)
        return Period(start, period_name(start, grain), Decimal(row.get(measure, 0)), row, start in partial, covered)

    return [period(start) for start in starts]


def _findings(exact: list[Period], grain: Grain, measure: str, ground: Ground) -> dict[str, Finding]:
    whole = [p for p in exact if not p.partial]
    best = max(exact, key=lambda p: (p.measure, -p.start.toordinal()))
    last = whole[-1] if whole else None
    before = next((p for p in whole if last and following(p.start, grain) == last.start), None)
    year = next((p for p in whole if last and grain == "month" and p.start == year_before(last.start)), None)
    by_previous, by_year = _relative(last, before), _relative(last, year)
    money = measure == "net"
    what, unit = "Net revenue" if money else "The number of orders", _unit(measure)
    most = f", the most of all {grain}s" if len(exact) > 1 else ""
    of_last = _about(ground, last)
    on, no_last = _on(grain), f"the data hold no complete {grain}"

    def amount(period: Period | None) -> Decimal | int | None:
        return None if period is None else period.measure if money else int(period.measure)

    return {
        "best_month": ground.of(
            best.name,
            "name",
            f"{what} was highest {on} {{value}}." if len(exact) > 1 else f"All sales fall {on} {{value}}.",
            f"the {grain} with the most {'net revenue' if money else 'orders'}, partial ones included",
        ),
        "best_month_net": _about(ground, best).of(
            amount(best),
            unit,
            f"{what} {on} {{months.best_month}} was {{value}}{most}.",
            f"{'net revenue' if money else 'orders'} of the best {grain}",
        ),
        "last_complete_month": of_last.of(
            last.name if last else None,
            "name",
            f"The last complete {grain} is {{value}}." if grain != "week" else "The last complete week is the {value}.",
            f"the last {grain} that the data cover from its first day to its last",
            no_last,
        ),
        "last_complete_net": of_last.of(
            amount(last),
            unit,
            f"{what} {on} {{months.last_complete_month}} was {{value}}.",
            f"{'net revenue' if money else 'orders'} of the last complete {grain}",
            no_last,
        ),
        "change_previous": _about(ground, before, last).of(
            by_previous,
            "ratio",
            f"{what} {on} {{months.last_complete_month}} {_moved(by_previous)} the {grain} before ({{value}})"
            f"{_from_few(last, before)}.",
            f"(last complete {grain} - the {grain} before) / the {grain} before",
            f"there is no complete {grain} before it with sales above zero",
        ),
        "change_year": _about(ground, year, last).of(
            by_year,
            "ratio",
            f"{what} {on} {{months.last_complete_month}} {_moved(by_year)} the same month a year before ({{value}})"
            f"{_from_few(last, year)}.",
            "(last complete month - the same month a year before) / the same month a year before",
            "the data hold no complete month a year earlier with sales above zero"
            if grain == "month"
            else "the data cover too short a time",
        ),
        "returning_share": _returning(whole, grain, measure, ground),
        "headline": _headline(last, best, before, year, grain, measure, ground, only=len(exact) == 1),
    }


def _about(ground: Ground, *periods: Period | None) -> Ground:
    """The ground of what is said of some periods only: their days and their orders."""
    there = [p for p in periods if p]
    if not there:
        return ground
    window = (min(p.window[0] for p in there), max(p.window[1] for p in there))
    population = f"{ground.population}, the two periods" if len(periods) == 2 else ground.population
    return replace(ground, population=population, n=sum(p.orders for p in there), window=window)


def _few(*periods: Period | None) -> bool:
    return any(p.orders < FEW for p in periods if p)


def _from_few(*periods: Period | None) -> str:
    return ", from few orders" if _few(*periods) else ""


def _returning(whole: list[Period], grain: Grain, measure: str, ground: Ground) -> Finding:
    """Revenue (or orders) of buyers whose first sale lies in an earlier period, over the last twelve complete ones.

    Refunds of people who had not bought yet are in the whole and in neither part.
    """
    used = whole[-12:]
    new = sum((Decimal(p.row.get(f"new_{measure}", 0)) for p in used), Decimal(0))
    returning = sum((Decimal(p.row.get(f"returning_{measure}", 0)) for p in used), Decimal(0))
    early = sum((Decimal(p.row.get(f"early_{measure}", 0)) for p in used), Decimal(0))
    over_time = f"over the last {small(len(used))} complete {grain}s" if used else f"over complete {grain}s"
    of = "net revenue from known customers" if measure == "net" else "orders of known customers"
    return _about(ground, *used).of(
        over(returning, new + returning + early) if len(used) > 1 else None,
        "share",
        f"Returning buyers account for {{value}} of {of} {over_time}.",
        f"{of} whose first purchase lies in an earlier {grain} / {of}, last complete {grain}s, at most twelve",
        f"the data hold fewer than two complete {grain}s"
        if len(used) < 2
        else "no sale of these periods names its customer, or refunds outweigh the sales",
        population=f"orders of known customers {over_time}",
        n=sum(int(p.row.get("new_orders", 0)) + int(p.row.get("returning_orders", 0)) for p in used),
    )


def _headline(
    last: Period | None,
    best: Period,
    before: Period | None,
    year: Period | None,
    grain: Grain,
    measure: str,
    ground: Ground,
    only: bool,
) -> Finding:
    """The title: where the last complete period stands against the year before, else the one before, else the best.

    A change from few orders is no title.
    """
    what, unit = "Net revenue" if measure == "net" else "Orders", _unit(measure)
    on, was = _on(grain), "was" if measure == "net" else "numbered"
    when = f"{on} {{months.last_complete_month}}"
    shown = last or best
    value = shown.measure if measure == "net" else int(shown.measure)
    definition = (
        f"{'net revenue' if measure == 'net' else 'orders'} of the last complete {grain}, or of the best without one"
    )
    if last is None:
        claim = f"{what} {was} {{value}} {on} {{months.best_month}}; no {grain} is covered in full."
    elif last.measure < 0:
        claim = f"Refunds exceeded sales {when}: net revenue was {{value}}."
    elif not _few(last, year) and (change := _relative(last, year)) is not None:
        claim = f"{what} {_verb(change)} {{value}} {when}, {{months.change_year}} on the same month a year before."
    elif not _few(last, before) and (change := _relative(last, before)) is not None:
        claim = f"{what} {_verb(change)} {{value}} {when}, {{months.change_previous}} on the {grain} before."
    else:
        which = f"the only {grain} in the data" if only else f"the last complete {grain}"
        claim = f"{what} {was} {{value}} {when}, {which}."
    return _about(ground, shown).of(value, unit, claim, definition)


def _unit(measure: str) -> Unit:
    return "money" if measure == "net" else "count"


def _on(grain: Grain) -> str:
    return {"month": "in", "week": "in the", "day": "on"}[grain]


def _relative(now: Period | None, then: Period | None) -> float | None:
    """The change from one period to another as a share of the earlier; None when that is not above zero."""
    return over(now.measure - then.measure, then.measure) if now and then else None


def _moved(change: float | None) -> str:
    if change is None or abs(change) < LEVEL:
        return "was level with" if change is not None else "cannot be set against"
    return "was above" if change > 0 else "was below"


def _verb(change: float) -> str:
    return "held at" if abs(change) < LEVEL else "rose to" if change > 0 else "fell to"


def _goods(
    products: Relation | None, dataset: Dataset, settings: Settings, grain: Grain
) -> tuple[Table | None, Table | None]:
    """The largest categories (the others together) and the largest products by net revenue, period by period."""
    if products is None or settings.no_money:
        return None, None
    sold = frame(products.query("months_products.sql", snapshot=settings.snapshot, grain=grain))
    sold = sold[~sold["product_id"].isin(dataset.non_products)].copy()
    if sold.empty:
        return None, None
    sold["name"] = _apart(sold["name"].where(sold["name"].notna(), sold["product_id"]), sold["product_id"])
    best = _largest(sold, "product_id", TOP_PRODUCTS)
    goods = _long(
        sold[sold["product_id"].isin(best)], ["product_id", "name"], best, "Largest products over time", grain
    )
    if not sold["category"].notna().any():
        return None, goods
    sold["category"] = sold["category"].where(sold["category"].notna(), UNKNOWN)
    top = _largest(sold, "category", TOP_CATEGORIES)
    sold["category"] = sold["category"].where(sold["category"].isin(top), OTHER)
    return _long(sold, ["category"], [*top, OTHER], "Categories over time", grain), goods


def _apart(names: pd.Series, ids: pd.Series) -> pd.Series:
    """Names with the id after those that several products share."""
    shared = ids.groupby(names).transform("nunique") > 1
    return names.where(~shared, names + " (" + ids + ")")


def _largest(sold: pd.DataFrame, by: str, most: int) -> list[str]:
    totals = sold.groupby(by, as_index=False).agg(net=("net", "sum"))
    return list(totals.sort_values(["net", by], ascending=[False, True])[by].head(most))


def _long(sold: pd.DataFrame, by: list[str], order: list[str], title: str, grain: Grain) -> Table:
    """One row a period and group, groups in the given order."""
    long = sold.groupby(["start", *by], as_index=False).agg(net=("net", "sum"), units=("units", "sum"))
    long["place"] = long[by[0]].map({name: i for i, name in enumerate(order)})
    long = long.sort_values(["start", "place"]).drop(columns="place").reset_index(drop=True)
    long.insert(0, "period", [period_key(s, grain) for s in long["start"]])
    labels = {"period": "Period", "start": "First day", "category": "Category", "product_id": "Product", "name": "Name"}
    labels |= {"net": "Net revenue", "units": "Units"}
    return Table(
        long,
        title,
        {c: labels[c] for c in long.columns},
        "analysis/months_products.sql",
        {"start": "date", "net": "money", "units": "count"},
    )
