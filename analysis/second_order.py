"""When customers order a second time, with those still young counted only for as long as they were seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.finding import Finding, Table, Unit
from analysis.ground import Ground, over
from analysis.intervals import CONFIDENCE, wilson
from analysis.threads import heard

SECOND = "analysis/cohorts_second.sql"
HORIZONS = {30: "thirty days", 90: "ninety days", 180: "half a year", 365: "a year"}
LEAST = 30  # customers, below which no share is estimated
TRUNCATED = (
    "A customer belongs to the period of the first sale in the data. Who bought before the data begin is new at the "
    "first sale after: the first cohorts may hold older customers."
)


ALIKE = "It takes all cohorts to be alike; the share of those followed that long lies within its limits."
UNLIKE = (
    "It takes all cohorts to be alike. Here they differ: where the share of those followed that long lies outside the "
    "limits, the report says that share and not the estimate."
)
SLACK = 1e-12  # of rounding, where the limits are the share itself


@dataclass(frozen=True, slots=True)
class Firsts:
    """Customers by day of first and second order, in days since 1970; one row a pair of days.

    second: -1 where there is none. customers: how many. last: the last day the data cover.
    """

    first: np.ndarray
    second: np.ndarray
    customers: np.ndarray
    last: int

    @classmethod
    def of(cls, pairs: pa.Table, last: date) -> Firsts:
        """From first_day, second_day (null: not yet) and customers."""
        first, second = (pairs[c].to_numpy().astype("datetime64[D]") for c in ("first_day", "second_day"))
        later = np.where(np.isnat(second), -1, second.astype(np.int64))
        return cls(first.astype(np.int64), later, pairs["customers"].to_numpy().astype(np.int64), day_number(last))

    def by_day(self) -> list[tuple[date, int]]:
        """Days of first orders with their customers, in order."""
        days, place = np.unique(self.first, return_inverse=True)
        customers = np.zeros(len(days), dtype=np.int64)
        np.add.at(customers, place, self.customers)
        return list(zip(days.astype("datetime64[D]").tolist(), customers.tolist(), strict=True))

    @property
    def days(self) -> int:
        """On how many days anybody ordered first or second."""
        return len(np.unique(np.concatenate([self.first, self.second[self.second >= 0]])))

    @property
    def total(self) -> int:
        return int(self.customers.sum())

    def between(self, since: date, until: date) -> Firsts:
        """Those whose first order lies between two days, both inclusive."""
        kept = (self.first >= day_number(since)) & (self.first <= day_number(until))
        return Firsts(self.first[kept], self.second[kept], self.customers[kept], self.last)

    def followed(self, days: int) -> int:
        """How many customers the data follow for so many days after their first order."""
        return int(self.customers[self.last - self.first >= days].sum())

    def long_enough(self, days: int) -> Firsts:
        """Those whom the data follow for so many days after their first order."""
        kept = self.last - self.first >= days
        return Firsts(self.first[kept], self.second[kept], self.customers[kept], self.last)

    def again(self, days: int) -> int:
        """How many customers ordered a second time within so many days."""
        return int(self.customers[(self.second >= 0) & (self.second - self.first <= days)].sum())


@dataclass(frozen=True, slots=True)
class Curve:
    """The share with a second order by days since the first; low and high: its pointwise 95 % interval.

    days: the distinct durations, ordered, from nought; each value holds from its day on.
    """

    days: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def at(self, day: int) -> tuple[float, float, float]:
        """Share, low and high at a day."""
        place = int(np.searchsorted(self.days, day, side="right")) - 1
        return float(self.share[place]), float(self.low[place]), float(self.high[place])

    def reached(self, share: float) -> tuple[int | None, int | None, int | None]:
        """The first day at which the share is reached, and the first days at which its upper and lower limits are."""

        def first(values: np.ndarray) -> int | None:
            found = np.flatnonzero(values >= share)
            return int(self.days[found[0]]) if len(found) else None

        return first(self.share), first(self.high), first(self.low)


def curve(firsts: Firsts) -> Curve:
    """Kaplan and Meier's estimate of the share with a second order, with log-log (exponential Greenwood) limits.

    A customer without a second order is censored on the last day of the data. Where the limits are undefined, because
    nobody or everybody at risk has ordered again, they are Wilson's over those at risk on that day.
    """
    from scipy.stats import CensoredData, ecdf

    censored = firsts.second < 0
    days = np.repeat(np.where(censored, firsts.last, firsts.second) - firsts.first, firsts.customers)
    found = ecdf(CensoredData.right_censored(days, np.repeat(censored, firsts.customers))).sf
    with heard(RuntimeWarning):  # where the interval is undefined
        limits = found.confidence_interval(confidence_level=CONFIDENCE, method="log-log")
    share, low, high = (1 - s.probabilities for s in (found, limits.high, limits.low))
    at_risk = len(days) - np.searchsorted(np.sort(days), found.quantiles)
    for place in np.flatnonzero(np.isnan(low) | np.isnan(high)):
        low[place], high[place] = wilson(round(float(share[place])) * int(at_risk[place]), int(at_risk[place]))
    before = found.quantiles[:1] > 0  # until the first day at which anything is seen
    none = wilson(0, len(days))
    shares = (
        np.concatenate([[value], of][not before[0] :])
        for value, of in zip((0.0, *none), (share, low, high), strict=True)
    )
    return Curve(np.concatenate([[0], found.quantiles][not before[0] :]).astype(np.int64), *shares)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def observed(new: Firsts, days: int) -> float:
    """The share with a second order within so many days among those followed at least so long; NaN of nobody."""
    of = new.long_enough(days)
    return of.again(days) / of.total if of.total else float("nan")


def differs(new: Firsts, estimate: Curve, days: int) -> bool:
    """Whether what is known of those followed so long lies outside the limits of the estimate.

    Kaplan and Meier take the young to go on as the old did; where cohorts differ, the curve describes none of them.
    """
    _, low, high = estimate.at(days)
    return new.followed(days) >= LEAST and not low - SLACK <= observed(new, days) <= high + SLACK


def unlike(new: Firsts, estimate: Curve) -> tuple[int, ...]:
    """The horizons at which the estimate does not hold."""
    return tuple(days for days in HORIZONS if differs(new, estimate, days))


def findings(new: Firsts, estimate: Curve, who: str, ground: Ground) -> dict[str, Finding]:
    made = {
        f"second_{days}": (_observed if differs(new, estimate, days) else _within)(new, estimate, days, who, ground)
        for days in HORIZONS
    }
    return made | {"second_median": _median(new, estimate, who, ground), "same_day_share": _same_day(new, ground)}


def _within(new: Firsts, estimate: Curve, days: int, who: str, ground: Ground) -> Finding:
    share, low, high = estimate.at(days)
    enough, words = new.followed(days) >= LEAST, HORIZONS[days]
    return Finding(
        value=share if enough else None,
        unit="share",
        claim=f"{{value}} of {who} order a second time within {words} of the first.",
        definition=f"customers with a second order within {words} of the first / customers, by Kaplan and Meier: "
        "censored on the last day of the data; two orders of one day are two",
        population=ground.population,
        n=ground.n,
        window=ground.window,
        source=SECOND,
        kind="estimated",
        interval=(low, high) if enough else None,
        reason="" if enough else "the data follow fewer than thirty customers that long",
    )


def _observed(new: Firsts, estimate: Curve, days: int, who: str, ground: Ground) -> Finding:
    """What is known of those followed so long, where the estimate over all of them does not hold."""
    of, words = new.long_enough(days), HORIZONS[days]
    events = of.again(days)
    return Finding(
        value=events / of.total,
        unit="share",
        claim=f"{{value}} of {who} followed that long ordered a second time within {words} of the first.",
        definition=f"customers with a second order within {words} of the first / customers followed at least that "
        "long; two orders of one day are two; interval by Wilson. Cohorts differ: Kaplan and Meier’s estimate over all "
        "customers misses this share",
        population=f"{ground.population}, first seen at least {words} before the end of the data",
        n=of.total,
        window=ground.window,
        source=SECOND,
        kind="estimated",
        interval=wilson(events, of.total),
    )


def _median(new: Firsts, estimate: Curve, who: str, ground: Ground) -> Finding:
    day, low, high = estimate.reached(0.5)
    known = day is not None and low is not None and high is not None and new.followed(high) >= LEAST
    why = "fewer than half have ordered again as far as the data follow them"
    apart = known and any(differs(new, estimate, days) for days in _around(day or 0))
    if apart:
        known, why = False, "cohorts differ: the estimate misses what is known of customers followed about that long"
    return Finding(
        value=day if known else None,
        unit="days",
        claim=f"Half of {who} have ordered again {{value}} after their first order.",
        definition="first day at which half of the customers have a second order, by Kaplan and Meier; interval from "
        "the limits of the curve",
        population=ground.population,
        n=ground.n,
        window=ground.window,
        source=SECOND,
        kind="estimated",
        interval=(float(low), float(high)) if known else None,  # type: ignore[arg-type]
        reason=""
        if known
        else why
        if apart or day is None
        else "too few customers are followed long enough to bound it",
    )


def _around(day: int) -> tuple[int, ...]:
    """A day, and the horizons next to it."""
    return (*[h for h in HORIZONS if h <= day][-1:], day, *[h for h in HORIZONS if h > day][:1])


def _same_day(new: Firsts, ground: Ground) -> Finding:
    again = new.again(new.last)
    return ground.of(
        over(new.again(0), again) if again else None,
        "share",
        "{value} of second orders were placed on the day of the first.",
        "customers whose second order has the day of the first / customers with a second order",
        "no customer has ordered twice yet",
        population=f"customers with a second order, of {ground.population}",
        n=again,
    )


def table(firsts: Firsts, new: Firsts, estimate: Curve) -> Table:
    everyone = curve(firsts)
    rows = [
        (days, new.followed(days), observed(new, days), *estimate.at(days), everyone.at(days)[0])
        for days in HORIZONS
        if new.followed(days) >= LEAST
    ]
    labels = {
        "days": "Days since the first",
        "followed": "Customers followed that long",
        "observed": "Of those, with a second order",
        "share": "Estimate",
        "low": "Lower limit",
        "high": "Upper limit",
        "share_all": "Estimate for all customers",
    }
    units: dict[str, Unit] = {"days": "count", "followed": "count"} | dict.fromkeys(  # type: ignore[assignment]
        ("observed", "share", "low", "high", "share_all"), "share"
    )
    return Table(
        pd.DataFrame(rows, columns=list(labels)),
        "Share with a second order",
        labels,
        SECOND,
        units,
        f"The estimate is Kaplan and Meier’s: who has not ordered again counts as long as the data go on, not as lost. "
        f"Limits: 95 % interval of each day (log-log). Horizons that fewer than thirty customers reach are left out. "
        f"{UNLIKE if unlike(new, estimate) else ALIKE} {TRUNCATED}",
    )


def curves(new: Firsts, estimate: Curve, groups: Mapping[str, tuple[Firsts, int]]) -> Table:
    """The estimate of all and of each group by day: group, day, share, low, high.

    That of all goes to a year at most; where it does not hold, it is that of the customers followed to the longest
    horizon, which is known and not estimated. Those of groups go to their own last day.
    """
    if unlike(new, estimate):
        longest = max(days for days in HORIZONS if new.followed(days) >= LEAST)
        new = new.long_enough(longest)
        estimate = curve(new)
    else:
        longest = min(365, int(estimate.days[-1]))
    while longest and new.followed(longest) < LEAST:
        longest -= 1
    rows = _points("all", estimate, longest)
    for group, (of, days) in groups.items():
        rows += _points(group, curve(of), days)
    labels = {
        "group": "Customers",
        "day": "Days since the first order",
        "share": "With a second order",
        "low": "Lower limit",
        "high": "Upper limit",
    }
    units: dict[str, Unit] = {"day": "count", "share": "share", "low": "share", "high": "share"}
    return Table(pd.DataFrame(rows, columns=list(labels)), "When customers order a second time", labels, SECOND, units)


def _points(group: str, estimate: Curve, longest: int) -> list[tuple[str, int, float, float, float]]:
    return [(group, day, *estimate.at(day)) for day in range(longest + 1)]
