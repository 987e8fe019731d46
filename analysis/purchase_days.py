"""Every purchase day of every known customer, from which the state of the customers on any day is read at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis.customers import SCALE
from analysis.order_days import BLOCK, SALE, OrderDays, narrow, stretches, sums
from analysis.order_days import number as number_of
from dataset.engine import Relation

SOURCE = "analysis/outcomes.sql"
WEEK = 7.0  # days


@dataclass(frozen=True, slots=True)
class Days:
    """Purchase days, customer by customer and in order of time.

    day: days since 1970 (int32). start: where each customer begins. first: their first day. money: sales of the day, in
    whole `coin` of 1 / customers.SCALE (0 where unknown). known: whether an amount of the day is known.
    """

    day: np.ndarray
    start: np.ndarray
    first: np.ndarray
    money: np.ndarray
    known: np.ndarray
    coin: int = 1

    @classmethod
    def of(cls, lines: Relation, until: date) -> Days:
        """The purchase days of known customers before `until`."""
        rows = OrderDays.of(lines)
        parts = [_bought(block, number_of(until)) for block in rows.blocks()]
        before = np.cumsum([0, *(len(part["day"]) for part in parts)])
        for part, count in zip(parts, before, strict=False):
            part["start"] += count
        found = {name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}
        return cls(first=found["day"][found["start"]], coin=rows.coin, **found)

    def histories(self, until: int) -> pd.DataFrame:
        """What btyd.purchases says of those who bought before the day `until`, in the same order, without their ids."""
        parts = [block._histories(until) for block in self._blocks()]
        return pd.DataFrame({c: np.concatenate([part.pop(c) for part in parts]) for c in list(parts[0])}, copy=False)

    def _histories(self, until: int) -> dict[str, np.ndarray]:
        there = self.first < until
        before = self._per_customer(self.day < until)[there]
        start = self.start[there]
        repeat = (self.day < until) & (self.day > np.repeat(self.first, self._counts))
        amount, known = (self._per_customer(v * repeat)[there] for v in (self.money, self.known))
        last = self.day[start + before - 1]
        return {
            "frequency": (before - 1).astype(np.int32),
            "recency": (last - self.first[there]) / WEEK,
            "T": (until - 1 - self.first[there]) / WEEK,
            "spend": np.divide(amount * self.coin / SCALE, known, out=np.full(len(known), np.nan), where=known > 0),
        }

    def _blocks(self) -> Iterator[Days]:
        """The same of so many customers at a time."""
        for first, low, high in stretches(self.start, len(self.day), BLOCK):
            theirs, rows = slice(first, first + BLOCK), slice(low, high)
            start = self.start[theirs] - low
            yield Days(self.day[rows], start, self.first[theirs], self.money[rows], self.known[rows], self.coin)

    def afterwards(self, since: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        """Purchase days (int64) and sales (whole units of SCALE) from `since` until before `until`, a customer of
        those who had bought before `since`."""
        parts = [block._afterwards(since, until) for block in self._blocks()]
        bought, brought = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        return bought, brought

    def _afterwards(self, since: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        there, within = self.first < since, (self.day >= since) & (self.day < until)
        return self._per_customer(within)[there], self._per_customer(self.money * within)[there] * self.coin

    def repeats(self, since: int) -> np.ndarray:
        """The days of all repeat purchases of those who first bought before `since`."""
        first = np.repeat(self.first, self._counts)
        return self.day[(first < since) & (self.day > first)]

    def first_gaps(self) -> tuple[np.ndarray, np.ndarray]:
        """Days from the first purchase to the second and on to the third, of all who came at least so often."""
        begin = self.start[self._counts >= 3]
        return self.day[begin + 1] - self.day[begin], self.day[begin + 2] - self.day[begin + 1]

    @property
    def _counts(self) -> np.ndarray:
        return np.diff(np.append(self.start, len(self.day)))

    def _per_customer(self, values: np.ndarray) -> np.ndarray:
        return sums(values, self.start)


def _bought(rows: OrderDays, until: int) -> dict[str, np.ndarray]:
    """The purchase days of some customers before `until`: day, start, money, known."""
    sold = np.flatnonzero((rows.kind == SALE) & (rows.day < until))
    customer, day = rows.customer[sold], rows.day[sold]
    begins = np.append(True, customer[1:] != customer[:-1])[: len(sold)]
    another = np.flatnonzero(begins | np.append(True, day[1:] != day[:-1])[: len(sold)])
    known = np.ones(len(another), dtype=bool)
    if rows.priced is not None and len(sold):
        known = np.logical_or.reduceat(rows.priced[sold], another)
    start = np.flatnonzero(begins[another])
    money = narrow(sums(rows.money[sold], another))
    return {"day": day[another].astype(np.int32), "start": start, "money": money, "known": known}
