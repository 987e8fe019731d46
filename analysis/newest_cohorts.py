"""Whether the newest customers come back and spend as those before them did in the same days of their life."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd

from analysis.cohort_grid import Grain, Grid
from analysis.customers import SCALE, whole
from analysis.finding import Finding, Table, Unit
from analysis.ground import Ground
from analysis.intervals import newcombe, welch
from analysis.second_order import HORIZONS, LEAST, SECOND, Firsts
from dataset.engine import Relation
from dataset.settings import Settings

COMPARED = (90, 30)  # the first at which both groups are large enough
NEWEST: dict[Grain, int] = {"week": 4, "month": 3, "quarter": 2}
LEAST_FOR_MEANS = 100  # customers, below which no interval of mean revenue is given

THINNING = 1.5  # times as many customers a cohort before as in the newest ones
VALUE = "analysis/cohorts_value.sql"

Proof = Literal["second", "value", ""]


@dataclass(frozen=True, slots=True)
class Versus:
    """The newest cohorts that the data follow for `days` after the first sale of every customer, and those before.

    newest, older: places in the grid. Amounts (whole millionths) of each customer within these days; None when
    money is unknown.
    """

    grid: Grid
    days: int
    newest: tuple[int, ...]
    older: tuple[int, ...]
    of_newest: Firsts
    of_older: Firsts
    newest_net: np.ndarray | None = None
    older_net: np.ndarray | None = None

    @property
    def words(self) -> str:
        return HORIZONS[self.days]

    @property
    def span(self) -> dict[str, date | int]:
        """The days of first sale and of following, as the queries name them."""
        return {
            "since": self.grid.starts[self.older[0]],
            "split": self.grid.starts[self.newest[0]],
            "until": self.grid.end(self.newest[-1]),
            "days": self.days,
        }

    @property
    def second_interval(self) -> tuple[float, float]:
        """Of the newest customers' share with a second order less that of those before."""
        new, old = self.of_newest, self.of_older
        return newcombe(new.again(self.days), new.total, old.again(self.days), old.total)

    @property
    def value_interval(self) -> tuple[float, float] | None:
        """Of the newest customers' mean revenue less that of those before, in units of money."""
        if self.newest_net is None or self.older_net is None:
            return None
        if min(len(self.newest_net), len(self.older_net)) < LEAST_FOR_MEANS:
            return None
        return welch(self.newest_net / SCALE, self.older_net / SCALE)

    @property
    def thinning(self) -> bool:
        """Whether cohorts shrink, as where an old base comes to light bit by bit: those before may hold some of it."""
        new, old = (
            of.total / len(places) for of, places in ((self.of_newest, self.newest), (self.of_older, self.older))
        )
        return old >= THINNING * new

    @property
    def proof(self) -> Proof:
        """What clearly differs, the larger change relative to before when both do; "" for neither."""
        changes: dict[Proof, float] = {}
        if _clear(self.second_interval):
            new, old = self.of_newest.again(self.days) / self.of_newest.total, self.of_older.again(self.days)
            changes["second"] = _relative(new, old / self.of_older.total)
        interval = self.value_interval
        if interval and _clear(interval) and self.newest_net is not None and self.older_net is not None:
            changes["value"] = _relative(float(self.newest_net.mean()), float(self.older_net.mean()))
        return max(changes, key=lambda what: changes[what], default="")


def versus(grid: Grid, firsts: Firsts, lines: Relation, settings: Settings) -> Versus | None:
    """The comparison at the first horizon that leaves both groups large enough; None where none does."""
    for days in COMPARED:
        found = _split(grid, firsts, days)
        if found and min(found.of_newest.total, found.of_older.total) >= LEAST:
            return found if settings.no_money else _with_money(found, lines, settings)
    return None


def findings(found: Versus | None, ground: Ground) -> dict[str, Finding]:
    """The two shares, the two means and their differences with intervals; nothing when there is no comparison."""
    if found is None:
        return {}
    new, old = found.of_newest, found.of_older
    made = {
        "newest": ground.of(
            found.grid.name(found.newest[0], found.newest[-1]),
            "name",
            f"The newest cohorts followed for {found.words} are those of {{value}}.",
            f"the last cohorts all of whose customers the data follow for {found.words}",
            n=new.total,
        ),
        "older": ground.of(
            found.grid.name(found.older[0], found.older[-1]),
            "name",
            "The cohorts before them are those of {value}.",
            "the cohorts before the newest, without those that may hold older customers",
            n=old.total,
        ),
    }
    return made | _second(found, ground) | _value(found, replace(ground, source=VALUE))


def _second(found: Versus, ground: Ground) -> dict[str, Finding]:
    new, old = found.of_newest, found.of_older
    shares = [f.again(found.days) / f.total for f in (new, old)]
    low, high = found.second_interval
    definition = f"customers with a second order within {found.words} of the first / customers of these cohorts"
    ends = _ends(shares[0] < shares[1], (low, high), found)
    return {
        "second_newest": ground.of(
            shares[0],
            "share",
            f"{{value}} of the customers of {{cohorts.newest}} ordered again within {found.words}.",
            definition,
            population="customers of the newest cohorts followed that long",
            n=new.total,
        ),
        "second_older": ground.of(
            shares[1],
            "share",
            f"{{value}} of the customers of {{cohorts.older}} ordered again within {found.words}.",
            definition,
            population="customers of the cohorts before",
            n=old.total,
        ),
        "second_gap": _estimated(
            100 * (shares[0] - shares[1]),
            "ratio",
            f"Second orders: {{cohorts.newest}} differs from {{cohorts.older}} by {{value}} percentage points{ends}.",
            "share with a second order of the newest cohorts - that of the cohorts before, in percentage points; "
            "interval by Newcombe; the season is not taken out",
            found,
            ground,
            (100 * low, 100 * high),
        ),
    }


def _value(found: Versus, ground: Ground) -> dict[str, Finding]:
    if found.newest_net is None or found.older_net is None:
        return {}
    means = [_mean(net) for net in (found.newest_net, found.older_net)]
    definition = f"sales + refunds (which are negative) within {found.words} of the first sale / customers"
    interval = found.value_interval
    ends = _ends(None not in means and means[0] < means[1], interval, found)  # type: ignore[operator]
    whom = {"newest": "newest cohorts", "older": "cohorts before"}
    made = {
        f"value_{key}": ground.of(
            mean,
            "money",
            f"A customer of {{cohorts.{key}}} brought {{value}} within {found.words}.",
            definition,
            "no amount of these customers is known",
            population=f"customers of the {whom[key]} with known amounts",
            n=len(net),
        )
        for key, mean, net in zip(("newest", "older"), means, (found.newest_net, found.older_net), strict=True)
    }
    gap = None if None in means or interval is None else means[0] - means[1]  # type: ignore[operator]
    made["value_gap"] = _estimated(
        gap,
        "money",
        f"Revenue a customer: {{cohorts.newest}} differs from {{cohorts.older}} by {{value}}{ends}.",
        "mean of the newest cohorts - mean of the cohorts before; interval by Welch; the season is not taken out",
        found,
        ground,
        interval,
        "fewer than a hundred customers in a group, or all of them alike",
    )
    return made


def _ends(less: bool, interval: tuple[float, float] | None, found: Versus) -> str:
    """What else may be behind a difference."""
    if interval is None or not _clear(interval):
        return "; that may be chance"
    return "; those before may hold older customers" if less and found.thinning else ""


def headline(found: Versus, ground: Ground) -> Finding:
    """The title: what clearly differs between the newest customers and those before, or that nothing does."""
    made = findings(found, ground)
    if not found.proof:
        rest = f"{{value}} order again within {found.words}, {{cohorts.second_older}} did before."
        return replace(made["second_newest"], claim=f"No clear change in new customers: {rest}")
    new, old = made[f"{found.proof}_newest"], made[f"{found.proof}_older"]
    less = new.value < old.value  # type: ignore[operator]
    verb, adverb = ("bring", "") if found.proof == "value" else ("come back", " often")
    does = f"{verb} {'less' if less else 'more'}{adverb}"
    if less and found.thinning:
        rest = f"{{value}} within {found.words}; {{cohorts.{found.proof}_older}} before, perhaps of older customers."
        return replace(new, claim=f"Later cohorts {does}: {rest}")
    each = f"each within {found.words}" if found.proof == "value" else f"order again within {found.words}"
    did = "before" if found.proof == "value" else "did before"
    return replace(new, claim=f"New customers {does}: {{value}} {each}, {{cohorts.{found.proof}_older}} {did}.")


def worth(found: Versus | None, lines: Relation, settings: Settings) -> Table | None:
    """Net revenue so far a customer by day since the first sale, when that is what clearly differs."""
    if found is None or found.proof != "value" or found.newest_net is None or found.older_net is None:
        return None
    rows = []
    daily = lines.query("cohorts_value_days.sql", **found.span, snapshot=settings.snapshot).to_pylist()
    for group, newest, customers in (("older", 0, len(found.older_net)), ("newest", 1, len(found.newest_net))):
        brought = {row["day"]: row["net"] for row in daily if row["newest"] == newest}
        so_far = Decimal(0)
        for day in range(found.days + 1):
            so_far += brought.get(day, 0)
            rows.append((group, day, float(so_far / customers)))
    labels = {"group": "Cohorts", "day": "Days since the first sale", "value": "Net revenue so far, a customer"}
    return Table(
        pd.DataFrame(rows, columns=list(labels)),
        "What customers bring",
        labels,
        "analysis/cohorts_value_days.sql",
        {"day": "count", "value": "money"},
    )


def _clear(interval: tuple[float, float]) -> bool:
    """Whether a difference is not nought as far as its interval tells."""
    return not interval[0] <= 0 <= interval[1]


def _relative(now: float, before: float) -> float:
    return abs(now - before) / abs(before) if before else math.inf


def _mean(net: np.ndarray) -> Decimal | None:
    return Decimal(int(net.sum())) / SCALE / len(net) if len(net) else None


def _estimated(
    value: float | Decimal | None,
    unit: Literal["ratio", "money"],
    claim: str,
    definition: str,
    found: Versus,
    ground: Ground,
    interval: tuple[float, float] | None,
    why: str = "",
) -> Finding:
    return Finding(
        value=value,
        unit=unit,
        claim=claim,
        definition=definition,
        population="customers of the newest cohorts and of those before",
        n=found.of_newest.total + found.of_older.total,
        window=ground.window,
        source=ground.source,
        kind="estimated",
        interval=interval if value is not None else None,
        reason=why if value is None else "",
    )


def _split(grid: Grid, firsts: Firsts, days: int) -> Versus | None:
    """The cohorts that are followed for so many days in two groups; None with fewer than two."""
    last = date(1970, 1, 1) + timedelta(days=firsts.last)
    seen = [i for i in range(grid.run_in, len(grid.starts)) if grid.end(i) + timedelta(days=days) <= last]
    newest = min(NEWEST[grid.grain], len(seen) // 2)
    if not newest:
        return None
    groups = tuple(seen[-newest:]), tuple(seen[:-newest])
    new, old = (firsts.between(grid.starts[g[0]], grid.end(g[-1])) for g in groups)
    return Versus(grid, days, *groups, new, old)


def _with_money(found: Versus, lines: Relation, settings: Settings) -> Versus:
    brought = lines.query("cohorts_value.sql", **found.span, snapshot=settings.snapshot)
    net = np.repeat(whole(brought["net"].to_numpy()), brought["customers"].to_numpy())
    first = np.repeat(brought["first_day"].to_numpy().astype("datetime64[D]"), brought["customers"].to_numpy())
    new = first >= np.datetime64(found.span["split"], "D")
    return replace(found, newest_net=net[new], older_net=net[~new])


def compared(found: Versus | None) -> Table | None:
    if found is None:
        return None
    rows = []
    for name, places, of, net in (
        ("Newest", found.newest, found.of_newest, found.newest_net),
        ("Before", found.older, found.of_older, found.older_net),
    ):
        mean = float(net.sum()) / SCALE / len(net) if net is not None and len(net) else float("nan")
        again = of.again(found.days) / of.total
        rows.append((name, found.grid.name(places[0], places[-1]), of.total, found.days, again, mean))
    labels = {
        "group": "Cohorts",
        "cohorts": "First sale in",
        "customers": "Customers",
        "days": "Days followed",
        "share": "With a second order",
        "value": "Net revenue a customer",
    }
    units: dict[str, Unit] = {"customers": "count", "days": "count", "share": "share", "value": "money"}
    return Table(
        pd.DataFrame(rows, columns=list(labels)),
        "The newest cohorts and those before, over the same days of their life",
        labels,
        SECOND,
        units,
        "Only cohorts all of whose customers the data follow that long. The season is not taken out.",
    )
