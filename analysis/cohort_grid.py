"""Which periods the cohorts fall in, and which of their ages the data cover from the first day to the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import median
from typing import Literal

from analysis import months

Grain = Literal["week", "month", "quarter"]

WEEKS_BELOW = 89  # days; as the months are chosen
MONTHS_AT_MOST = 30
FEW = 20  # new customers of the median month, below which a year and more of data is shown by quarter
RUN_IN = timedelta(days=90)
YEAR = 365  # days of data, from which a run-in is left out
BANDS = 6
BY: dict[str, tuple[Callable[[date], str], ...]] = {
    "week": (lambda day: months.period_name(day, "month"),),
    "month": (
        lambda day: f"Q{_quarter(day)} {day.year}",
        lambda day: f"H{(day.month + 5) // 6} {day.year}",
        lambda day: str(day.year),
    ),
}
RULE = (
    "Cohorts are months of first sale; quarters when the data touch more than thirty months, or cover a year and bring "
    "fewer than twenty new customers in the median month; weeks below three months of data."
)


@dataclass(frozen=True, slots=True)
class Grid:
    """The periods from the first day of the data to the last, both inclusive.

    starts: the first day of each period. whole: whether the data cover all its days.
    since: the day from which a first sale is taken for a new customer's; earlier ones may be of customers who bought
    before the data begin. None where the data are shorter than a year, or most customers come in the first ninety days.
    """

    grain: Grain
    starts: tuple[date, ...]
    whole: tuple[bool, ...]
    since: date | None = None

    @property
    def run_in(self) -> int:
        """So many first periods begin before that day."""
        return sum(start < self.since for start in self.starts) if self.since else 0

    def observed(self, cohort: int, age: int) -> bool:
        """Whether the data cover the whole period in which a cohort has this age."""
        return cohort + age < len(self.whole) and self.whole[cohort + age]

    def end(self, place: int) -> date:
        """The last day of a period."""
        return following(self.starts[place], self.grain) - timedelta(days=1)

    def key(self, place: int) -> str:
        """2024-01, 2024-Q1 or 2024-W01."""
        start = self.starts[place]
        if self.grain == "quarter":
            return f"{start.year}-Q{_quarter(start)}"
        return months.period_key(start, self.grain)

    def name(self, first: int, last: int | None = None) -> str:
        """As a sentence says it, one period or a row of them: January 2024, January–March 2024, Q4 2023–Q1 2024."""
        start = self.starts[first]
        if last is not None and last != first:
            begun, ended = self.name(first), self.name(last)
            if self.grain == "week":
                return f"{begun} to {ended}"
            same = start.year == self.starts[last].year
            return f"{begun.removesuffix(f' {start.year}') if same else begun}–{ended}"
        if self.grain == "quarter":
            return f"Q{_quarter(start)} {start.year}"
        return f"{'the ' if self.grain == 'week' else ''}{months.period_name(start, self.grain)}"

    def bands(self) -> list[tuple[str, tuple[int, ...]]]:
        """The cohorts in at most six groups of time, the oldest first: as they are, quarters, halves or years."""
        if len(self.starts) <= BANDS:
            return [(self.name(i), (i,)) for i in range(len(self.starts))]
        for name in BY["week" if self.grain == "week" else "month"]:
            found = _grouped([name(start) for start in self.starts])
            if len(found) <= BANDS:
                return found
        older = [i for _, places in found[: 1 - BANDS] for i in places]
        return [(f"{found[-BANDS][0]} and before", tuple(older)), *found[1 - BANDS :]]


def grid(days: Sequence[date], firsts: Sequence[tuple[date, int]], snapshot: date) -> Grid:
    """The periods of data with sales or refunds on `days` (sorted), looked at from the snapshot.

    firsts: day of the first sale, number of customers, ordered by day.
    """
    last = max(snapshot - timedelta(days=1), days[-1])
    grain = _grain(days[0], last, firsts)
    fine: months.Grain = "week" if grain == "week" else "month"
    starts = months.periods(days[0], last, fine)
    partial = months.partial_periods(starts, days, snapshot, fine)
    covered = set(starts) - partial
    if grain == "quarter":
        opening = starts[0].replace(month=3 * _quarter(starts[0]) - 2)
        starts = [s for s in months.periods(opening, last, "month") if s.month % 3 == 1]
    whole = [all(p in covered for p in months.periods(s, _last(s, grain), fine)) for s in starts]
    return Grid(grain, tuple(starts), tuple(whole), _since(days[0], last, firsts))


def following(start: date, grain: Grain) -> date:
    """The first day of the next period."""
    if grain != "quarter":
        return months.following(start, grain)
    return start.replace(year=start.year + start.month // 10, month=(start.month + 2) % 12 + 1)


def _last(start: date, grain: Grain) -> date:
    return following(start, grain) - timedelta(days=1)


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _grain(first: date, last: date, firsts: Sequence[tuple[date, int]]) -> Grain:
    if (last - first).days + 1 < WEEKS_BELOW:
        return "week"
    starts = months.periods(first, last, "month")
    new = dict.fromkeys(starts, 0)
    for day, customers in firsts:
        new[day.replace(day=1)] += customers
    few = (last - first).days >= 365 and median(new.values()) < FEW
    return "quarter" if few or len(starts) > MONTHS_AT_MOST else "month"


def _since(first: date, last: date, firsts: Sequence[tuple[date, int]]) -> date | None:
    later = sum(n for day, n in firsts if day >= first + RUN_IN)
    most = 2 * later >= sum(n for _, n in firsts)
    return first + RUN_IN if most and (last - first).days + 1 >= YEAR else None


def _grouped(names: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Equal neighbours together, with their places."""
    return [(name, tuple(i for i, _ in group)) for name, group in groupby(enumerate(names), key=lambda pair: pair[1])]
