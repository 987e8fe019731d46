"""Whether customers stay: cohorts of first sale at equal age, when they order again, and what they bring over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from analysis import newest_cohorts, second_order
from analysis.cohort_grid import RULE, Grid, grid
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import Ground, over
from analysis.newest_cohorts import Proof, Versus
from analysis.second_order import LEAST, SECOND, TRUNCATED, Curve, Firsts, curve
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/cohorts.sql"
FEWEST = 5
PAGE_AGES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 18, 21, 24, 30, 36, 48, 60)
VALUE_AGES = (0, 1, 2, 3, 6, 9, 12, 18, 24, 36)
IMMATURE = "A cell is left out until the data cover the whole period in which the cohort has that age."
EARLY = "Refunds before the period of the first sale, and of people who never buy, are left out."


@dataclass(frozen=True, slots=True)
class Cohorts(Result):
    """Cohorts of first sale by week, month or quarter (`grid.grain`), those of the run-in included.

    cells: cohort, start, age (periods since), customers, active, share, orders, net, cumulative_net (a customer, from
    age 0 on); only cells whose period the data cover. net columns are absent without money.
    retention, value: a row a cohort, a column an age ("age_1"), for pages. base: period, start, band, net, partial.
    second: days, followed, share, low, high, share_all. curves: group, day, share, low, high. compared: a row a group.
    worth: group, day, value; only when `proof`, what the headline rests on, is value and not second (or nothing).
    life: the cells of one cohort, that of `life_of`.
    """

    findings: Mapping[str, Finding]
    retention: Table
    value: Table | None
    second: Table
    compared: Table | None
    worth: Table | None
    base: Table | None
    cells: Table
    curves: Table
    life: Table | None
    life_of: str
    grid: Grid
    proof: Proof


@dataclass(frozen=True, slots=True)
class Counts:
    """Cohort x age, square; below the first row's diagonal nothing. net: Decimals, None without money."""

    active: np.ndarray
    orders: np.ndarray
    net: np.ndarray | None

    @property
    def size(self) -> np.ndarray:
        """Customers of each cohort: all of them buy in its own period."""
        return self.active[:, 0]


def compute(lines: Relation, settings: Settings) -> Cohorts:
    """Follow the cohorts; raises Skip with fewer than five known customers, or when all buy on a single day."""
    seen = lines.query("cohorts_second.sql", snapshot=settings.snapshot)
    if not seen.num_rows:
        raise Skip("no sale names its customer")
    days = [row["day"] for row in lines.query("months_days.sql", snapshot=settings.snapshot).to_pylist()]
    last = max(settings.snapshot - timedelta(days=1), days[-1])
    firsts = Firsts.of(seen, last)
    if firsts.total < FEWEST or firsts.days == 1:
        raise Skip(
            "every purchase falls on one day" if firsts.days == 1 else "fewer than five customers make no cohort"
        )
    over_time = grid(days, firsts.by_day(), settings.snapshot)
    counts = _counts(lines, over_time, settings)
    new = firsts.between(over_time.since or days[0], last)
    found = newest_cohorts.versus(over_time, new, lines, settings)
    ground = Ground(_population(over_time), new.total, (days[0], last), SECOND, settings.no_money)
    estimate = curve(new)
    cells = _cells(counts, over_time)
    life, life_of = _life(cells, counts, over_time)
    groups = {"older": (found.of_older, found.days), "newest": (found.of_newest, found.days)} if found else {}
    return Cohorts(
        findings=_findings(counts, over_time, new, estimate, found, ground),
        retention=_retention(cells, counts, over_time),
        value=_value(cells, counts, over_time),
        second=second_order.table(firsts, new, estimate),
        compared=newest_cohorts.compared(found),
        worth=newest_cohorts.worth(found, lines, settings),
        base=_base(counts, over_time),
        cells=cells,
        curves=second_order.curves(new, estimate, groups),
        life=life,
        life_of=life_of,
        grid=over_time,
        proof=found.proof if found else "",
    )


def _population(over_time: Grid) -> str:
    if not over_time.since:
        return "known customers with at least one sale"
    return "known customers whose first sale lies after the first ninety days of the data"


def _counts(lines: Relation, over_time: Grid, settings: Settings) -> Counts:
    rows = lines.query("cohorts.sql", snapshot=settings.snapshot, grain=over_time.grain).to_pylist()
    n = len(over_time.starts)
    active, orders = (np.zeros((n, n), dtype=np.int64) for _ in range(2))
    net = np.full((n, n), Decimal(0), dtype=object)
    place = {start: i for i, start in enumerate(over_time.starts)}
    known = False
    for row in rows:
        cohort = place[row["cohort"]]
        age = place[row["period"]] - cohort
        active[cohort, age], orders[cohort, age] = row["active"], row["orders"]
        if row["net"] is not None:
            known, net[cohort, age] = True, row["net"]
    return Counts(active, orders, net if known and not settings.no_money else None)


def _cells(counts: Counts, over_time: Grid) -> Table:
    rows = []
    for cohort in np.flatnonzero(counts.size).tolist():
        size, so_far = int(counts.size[cohort]), Decimal(0)
        from_start = over_time.whole[cohort]
        for age in range(len(over_time.starts) - cohort):
            if counts.net is not None:
                so_far += counts.net[cohort, age]
            if not over_time.observed(cohort, age):
                continue
            row = {
                "cohort": over_time.key(cohort),
                "start": over_time.starts[cohort],
                "age": age,
                "customers": size,
                "active": int(counts.active[cohort, age]),
                "share": int(counts.active[cohort, age]) / size,
                "orders": int(counts.orders[cohort, age]),
            }
            if counts.net is not None:
                row["net"] = float(counts.net[cohort, age])
                row["cumulative_net"] = float(so_far / size) if from_start else float("nan")
            rows.append(row)
    labels = {
        "cohort": "Cohort",
        "start": "First day",
        "age": f"{over_time.grain.capitalize()}s since",
        "customers": "Customers",
        "active": "Buyers",
        "share": "Share of the cohort",
        "orders": "Orders",
        "net": "Net revenue",
        "cumulative_net": "Net revenue so far, a customer",
    }
    columns = [c for c in labels if counts.net is not None or "net" not in c]
    units: dict[str, Unit] = {
        "start": "date",
        "age": "count",
        "customers": "count",
        "active": "count",
        "share": "share",
        "orders": "count",
        "net": "money",
        "cumulative_net": "money",
    }
    frame = pd.DataFrame(rows, columns=columns)
    title = f"Cohorts by {over_time.grain} of first sale"
    return Table(frame, title, {c: labels[c] for c in columns}, SOURCE, units, f"{IMMATURE} {EARLY}")


def _wide(cells: Table, over_time: Grid, column: str, unit: Unit, ages: Sequence[int], title: str, note: str) -> Table:
    """One row a cohort, a column for each of the ages that any cohort has."""
    frame = cells.frame
    wide = frame.pivot(index=["start", "cohort", "customers"], columns="age", values=column)
    ages = [a for a in ages if a in wide.columns and wide[a].notna().any()]
    wide = wide[ages].dropna(how="all").reset_index().drop(columns="start")
    wide.columns = pd.Index(["cohort", "customers", *(f"age_{a}" for a in ages)])
    labels = {"cohort": "Cohort", "customers": "Customers"} | {f"age_{a}": str(a) for a in ages}
    units: dict[str, Unit] = {"customers": "count"} | {f"age_{a}": unit for a in ages}  # type: ignore[assignment]
    return Table(wide, f"{title}, by {over_time.grain}s since the first sale", labels, SOURCE, units, note)


def _retention(cells: Table, counts: Counts, over_time: Grid) -> Table:
    title = "Share of each cohort that bought again"
    note = f"{RULE} {IMMATURE} {TRUNCATED}{_first(over_time)}"
    return _wide(cells, over_time, "share", "share", PAGE_AGES[1:], title, note)


def _value(cells: Table, counts: Counts, over_time: Grid) -> Table | None:
    if counts.net is None:
        return None
    title = "Net revenue so far a customer of each cohort"
    note = f"{EARLY} {IMMATURE}{_first(over_time)}"
    made = _wide(cells, over_time, "cumulative_net", "money", VALUE_AGES, title, note)
    return made if len(made.frame) else None


def _first(over_time: Grid) -> str:
    """What is to be said of a first period that the data cover in part."""
    if over_time.whole[0]:
        return ""
    return f" The data cover the first {over_time.grain} in part: that cohort lacks its first days."


def _base(counts: Counts, over_time: Grid) -> Table | None:
    if counts.net is None:
        return None
    rows = []
    bands = [(band, cohorts) for band, cohorts in over_time.bands() if counts.size[list(cohorts)].any()]
    for place, start in enumerate(over_time.starts):
        for band, cohorts in bands:
            net = sum((counts.net[c, place - c] for c in cohorts if c <= place), Decimal(0))
            if any(c <= place for c in cohorts):
                partial = not over_time.whole[place]
                rows.append((over_time.key(place), start, band, float(net), partial))
    labels = {
        "period": over_time.grain.capitalize(),
        "start": "First day",
        "band": "First sale in",
        "net": "Net revenue",
        "partial": "Partial",
    }
    return Table(
        pd.DataFrame(rows, columns=list(labels)),
        "Net revenue of known customers by time of first sale",
        labels,
        SOURCE,
        {"start": "date", "net": "money"},
        f"{EARLY} A partial period is not covered by the data from its first day to its last.",
    )


def _life(cells: Table, counts: Counts, over_time: Grid) -> tuple[Table | None, str]:
    """The first whole cohort after the run-in that the data follow for four periods and more."""
    frame = cells.frame
    for cohort in range(over_time.run_in, len(over_time.starts)):
        of = frame[frame["cohort"] == over_time.key(cohort)].reset_index(drop=True)
        if over_time.whole[cohort] and counts.size[cohort] >= LEAST and len(of) >= 4:
            each = of["orders"] / of["active"].where(of["active"] > 0)
            made = of.assign(orders_each=each)
            columns = ["age", "active", "share", "orders", "orders_each", *(c for c in ("net",) if c in made)]
            labels = {c: cells.labels[c] for c in columns if c in cells.labels}
            labels = {c: labels.get(c, "Orders a buyer") for c in columns}
            units: dict[str, Unit] = {c: cells.units[c] for c in columns if c in cells.units} | {"orders_each": "ratio"}
            name = over_time.name(cohort)
            return Table(made[columns], f"One cohort over its life: {name}", labels, SOURCE, units, EARLY), name
    return None, ""


def _findings(
    counts: Counts, over_time: Grid, new: Firsts, estimate: Curve, found: Versus | None, ground: Ground
) -> dict[str, Finding]:
    who = "new customers" if over_time.run_in else "customers"
    made = (
        second_order.findings(new, estimate, who, ground)
        | newest_cohorts.findings(found, ground)
        | _retained(counts, over_time, who, replace(ground, source=SOURCE))
        | _of_the_base(counts, over_time, replace(ground, source=SOURCE))
    )
    return made | {"headline": _headline(made, found, new, who, ground)}


def _headline(made: Mapping[str, Finding], found: Versus | None, new: Firsts, who: str, ground: Ground) -> Finding:
    """The newest customers against those before; else the share that orders again as far as it can be told."""
    if found:
        return newest_cohorts.headline(found, ground)
    for days in (90, 30):
        if made[f"second_{days}"].value is not None:
            return made[f"second_{days}"]
    return ground.of(
        over(new.again(new.last), new.total),
        "share",
        f"{{value}} of {who} have ordered a second time so far.",
        "customers with two orders or more / customers; the data are too short for more",
    )


def _retained(counts: Counts, over_time: Grid, who: str, ground: Ground) -> dict[str, Finding]:
    """How many of a cohort buy in a later period, over all cohorts that the data follow so far."""
    grain, periods = over_time.grain, len(over_time.starts)
    year = {"week": periods, "month": 12, "quarter": 4}[grain]
    made = {}
    for key, age, words in (
        ("active_next", 1, f"the {grain} after"),
        ("active_year", year, f"the {grain} a year after"),
    ):
        seen = [c for c in range(over_time.run_in, periods) if over_time.observed(c, age)]
        size = int(counts.size[seen].sum())
        made[key] = ground.of(
            over(int(counts.active[seen, age].sum()), size) if size >= LEAST else None,
            "share",
            f"{{value}} of {who} bought in {words} that of their first purchase.",
            f"customers with a sale in {words} that of the first / customers of the cohorts followed that far",
            "the data follow fewer than thirty customers that long",
            population=f"{ground.population}, cohorts that the data follow that far",
            n=size,
        )
    return made


def _of_the_base(counts: Counts, over_time: Grid, ground: Ground) -> dict[str, Finding]:
    """What the customers of earlier cohorts bring in the last whole period, and how the first cohort stands out."""
    whole = [i for i in range(len(over_time.starts)) if over_time.whole[i]]
    rest = [int(counts.size[i]) for i in whole if i > 0]
    typical = float(np.median(rest)) if len(rest) >= 3 else None
    times = over(int(counts.size[0]), typical) if typical else None
    part = times is not None and times < 1.5 and not over_time.whole[0]
    old = "; it may hold customers who bought before the data begin" if times and times >= 1.5 else ""
    made = {
        "first_size": ground.of(
            None if part else times,
            "ratio",
            f"The first cohort has {{value}} times the customers of the median later one{old}.",
            "customers of the first cohort / median over the later cohorts whose period the data cover",
            "the data cover the first cohort in part" if part else "the data hold too few cohorts",
            population="known customers with at least one sale",
            n=int(counts.size.sum()),
        )
    }
    last = whole[-1] if whole else None
    if counts.net is None or last is None or last < 2:
        return made
    enough = counts.size.sum() / 20
    band, cohorts = next(b for b in over_time.bands() if counts.size[list(b[1])].sum() >= enough)
    nets = [counts.net[c, last - c] for c in range(last + 1)]
    window = (over_time.starts[last], over_time.end(last))
    return made | {
        "last_period": ground.of(
            over_time.name(last),
            "name",
            f"The last complete {over_time.grain} is {{value}}.",
            f"the last {over_time.grain} that the data cover from its first day to its last",
            window=window,
        ),
        "first_band": ground.of(
            band,
            "name",
            "The first large group of cohorts is that of {value}.",
            "the first group of cohorts with at least a twentieth of the customers",
        ),
        "first_band_share": ground.of(
            over(sum(nets[c] for c in cohorts if c <= last), sum(nets)),
            "share",
            "Customers first seen in {cohorts.first_band} brought {value} of known customers’ net revenue in "
            "{cohorts.last_period}.",
            "net revenue of the first large group of cohorts / that of known customers, last complete period",
            "refunds outweigh the sales",
            money=True,
            population="customers who bought in the last complete period",
            n=int(sum(counts.active[c, last - c] for c in range(last + 1))),
            window=window,
        ),
    }
