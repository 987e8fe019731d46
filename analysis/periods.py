"""Which calendar periods the data hold, how each is called, and which of them they cover in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

Grain = Literal["quarter", "month", "week", "day"]

NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# The coarsest grain of which the data hold so many complete periods is the one periods are compared by.
LEAST: tuple[tuple[Grain, int], ...] = (("quarter", 4), ("month", 2), ("week", 2))
RULE = "Quarters are compared when the data hold four complete ones, else months when they hold two, else weeks."


def grain_of(first: date, last: date) -> Grain:
    """Months when the data cover about three of them, else weeks, else days."""
    span = (last - first).days + 1
    return "month" if span >= 89 else "week" if span >= 21 else "day"


def comparable(days: Sequence[date], snapshot: date) -> tuple[Grain, list[date]] | None:
    """The grain by which periods are compared, and the first days of its complete ones; None with too few of any.

    days: those with a line, in order. Complete periods follow one another without a gap.
    """
    for grain, least in LEAST:
        starts = complete(days, snapshot, grain)
        if len(starts) >= least:
            return grain, starts
    return None


def complete(days: Sequence[date], snapshot: date, grain: Grain) -> list[date]:
    """The first day of every period that the data cover in full."""
    starts = periods(days[0], days[-1], grain)
    partial = partial_periods(starts, days, snapshot, grain)
    return [start for start in starts if start not in partial]


def periods(first: date, last: date, grain: Grain) -> list[date]:
    """The first day of every period from the one that holds `first` to the one that holds `last`."""
    start = period_start(first, grain)
    found = []
    while start <= last:
        found.append(start)
        start = following(start, grain)
    return found


def period_start(day: date, grain: Grain) -> date:
    """The first day of the period that holds a day."""
    if grain == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    if grain == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday() if grain == "week" else 0)


def following(start: date, grain: Grain) -> date:
    """The first day of the next period."""
    step = {"quarter": 95, "month": 31, "week": 7, "day": 1}[grain]
    return period_start(start + timedelta(days=step), grain)


def year_before(start: date) -> date:
    """The first day of the same month or quarter a year earlier."""
    return start.replace(year=start.year - 1)


def partial_periods(starts: Sequence[date], days: Sequence[date], snapshot: date, grain: Grain) -> set[date]:
    """The edge periods that the data cover only in part.

    A missing day does not count when the shop never trades on that day of the week (told from eight weeks or more).
    """
    shut = set(range(7)) - {d.weekday() for d in days} if (days[-1] - days[0]).days >= 56 else set()

    def open_days(first: date, end: date) -> bool:
        return any((first + timedelta(days=i)).weekday() not in shut for i in range((end - first).days))

    found = {starts[0]} if open_days(starts[0], days[0]) else set()
    covered = max(snapshot, days[-1] + timedelta(days=1))
    return found | ({starts[-1]} if open_days(covered, following(starts[-1], grain)) else set())


def period_key(start: date, grain: Grain) -> str:
    """2024-Q1, 2024-01, 2024-W01 or 2024-01-31."""
    if grain == "quarter":
        return f"{start.year}-Q{quarter(start)}"
    if grain == "month":
        return f"{start:%Y-%m}"
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02d}" if grain == "week" else start.isoformat()


def period_name(start: date, grain: Grain) -> str:
    """As a sentence says it: Q1 2024, January 2024, week of 1 January 2024, 1 January 2024."""
    if grain == "quarter":
        return f"Q{quarter(start)} {start.year}"
    month = f"{NAMES[start.month - 1]} {start.year}"
    return {"month": month, "week": f"week of {start.day} {month}", "day": f"{start.day} {month}"}[grain]


def quarter(start: date) -> int:
    """The number of the quarter a day lies in."""
    return (start.month + 2) // 3
