"""Who the customers were on an earlier day: the segments of then, by what was known then."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from analysis import pieces
from analysis.customers import SCALE, whole
from analysis.rfm import refusal, scored
from analysis.total_order import stable
from dataset.engine import Relation

NOT_YET = -1  # the code of who had not bought yet
HIGH = 4  # the score that VIP and Loyal customers need
EXACT = 2**53 / SCALE  # below it a float64 holds six decimals


@dataclass(frozen=True, slots=True)
class State:
    """All customers as they were at the start of `day`, one place each in the order of customer_id.

    code: the place in rfm.SEGMENTS (int8), or NOT_YET. money: net revenue by then, whole millionths (int64).
    frequent: the fewest orders that score HIGH in frequency; None where nobody does.
    """

    day: date
    code: np.ndarray
    money: np.ndarray
    frequent: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What each customer added in each period, periods in order; one row a customer and period.

    periods: their first days. edges: period i is the rows edges[i] to edges[i + 1]. place: the customer's place.
    last: the last sale as days since `first`, the first sale of all. net: float64, NaN where no amount is known.
    """

    first: date
    customers: int
    periods: Sequence[date]
    edges: Sequence[int]
    place: np.ndarray
    orders: np.ndarray
    last: np.ndarray
    net: np.ndarray


def days_of(first: date, snapshot: date) -> list[date]:
    """The days to look at: the first of each month after `first` (its eve is a month end), and the snapshot."""
    days, day = [], _next_month(first)
    while day < snapshot:
        days.append(day)
        day = _next_month(day)
    return [*days, snapshot]


def months_before(day: date, months: int) -> date:
    """The same day some months earlier, or the last day of that month where it has no such day."""
    month = day.year * 12 + day.month - 1 - months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def facts(lines: Relation, snapshot: date, since: date, first: date) -> Facts:
    """The rows of migration.sql (ordered by customer, then period) of those who bought, by period."""

    def made(piece: pa.RecordBatch) -> dict[str, np.ndarray]:
        last = piece["last_sale"].to_numpy(zero_copy_only=False) - np.datetime64(first, "D")
        return {
            "place": piece["customer"].to_numpy(),
            "period": piece["period"].cast(pa.int32()).to_numpy(),
            "orders": piece["orders"].to_numpy(),
            "last": np.maximum(last.astype(np.int64), 0).astype(np.int32),  # no sale in that period: the least integer
            "net": piece["net"].to_numpy(zero_copy_only=False),
        }

    found = pieces.read(lines.query("migration.sql", snapshot=snapshot, since=since), made)
    place, period = found.pop("place"), found.pop("period")
    bought = np.bincount(place, weights=found["orders"]) > 0 if len(place) else np.zeros(0, dtype=bool)
    kept = np.flatnonzero(bought[place])
    day = period[kept]
    low = int(day.min()) if len(day) else 0
    sizes = np.bincount(day - low)
    starts = np.flatnonzero(sizes)
    at = kept[stable(day - low)].astype(np.int32)  # period by period
    del period, day, kept
    columns = {name: found.pop(name)[at] for name in list(found)}
    return Facts(
        first=first,
        customers=int(bought.sum()),
        periods=(starts + low).astype("datetime64[D]").tolist(),
        edges=[0, *np.cumsum(sizes[starts]).tolist()],
        place=(np.cumsum(bought, dtype=np.int32) - 1)[place[at]],
        **columns,
    )


def states(known: Facts, days: Sequence[date]) -> Iterator[State]:
    """The customers on each of the days, given in order; a day on which they cannot be scored is left out."""
    orders, last = np.zeros(known.customers, dtype=np.int32), np.zeros(known.customers, dtype=np.int32)
    net, priced = np.zeros(known.customers), np.zeros(known.customers, dtype=bool)
    done = 0
    for day in days:
        while done < len(known.periods) and known.periods[done] < day:
            rows = slice(known.edges[done], known.edges[done + 1])
            place = known.place[rows]
            orders[place] += known.orders[rows]
            last[place] = np.maximum(last[place], known.last[rows])
            net[place] = _added(net[place], np.nan_to_num(known.net[rows]))
            priced[place] |= ~np.isnan(known.net[rows])
            done += 1
        there = orders > 0
        if refusal(int(there.sum()), not last[there].any(), bool(priced[there].any())):
            continue
        money, code = np.where(there, whole(net), 0), np.full(known.customers, NOT_YET, dtype=np.int8)
        made = scored((day - known.first).days - last[there], orders[there], money[there])
        code[there] = made.code
        high = made.frequency.lowest[HIGH - 1 :]
        yield State(day, code, money, None if np.isnan(high).all() else int(np.nanmin(high)))


def _added(net: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Sums of amounts, each the float64 nearest to the exact sum while six decimals fit."""
    total = net + more
    return np.where(np.abs(total) < EXACT, np.rint(total * SCALE) / SCALE, total)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
