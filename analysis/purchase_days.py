"""Every purchase day of every known customer, from which the state of the customers on any day is read at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis.customers import SCALE
from analysis.order_days import SALE, OrderDays, sums
from analysis.order_days import number as number_of
from dataset.engine import Relation

SOURCE = "analysis/outcomes.sql"
WEEK = 7.0  # days


@dataclass(frozen=True, slots=True)
class Days:
    """Purchase days, customer by customer and in order of time.

    day: days since 1970 (int64). start: where each customer begins. first: their first day. money: sales of the day in
    whole units of customers.SCALE (int64; 0 where unknown). known: whether an amount of the day is known.
    """

    day: np.ndarray
    start: np.ndarray
    first: np.ndarray
    money: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, lines: Relation, until: date) -> Days:
        """The purchase days of known customers before `until`."""
        rows = OrderDays.of(lines)
        sold = np.flatnonzero((rows.kind == SALE) & (rows.day < number_of(until)))
        customer, day = rows.customer[sold], rows.day[sold]
        begins = np.append(True, customer[1:] != customer[:-1])[: len(sold)]
        another = np.flatnonzero(begins | np.append(True, day[1:] != day[:-1])[: len(sold)])
        money = sums(rows.money[sold], another)
        known = np.ones(len(another), dtype=bool)
        if rows.priced is not None and len(sold):
            known = np.logical_or.reduceat(rows.priced[sold], another)
        day, start = day[another].astype(np.int64), np.flatnonzero(begins[another])
        return cls(day, start, day[start], money, known)

    def histories(self, until: int) -> pd.DataFrame:
        """What btyd.purchases says of those who bought before the day `until`, in the same order, without their ids."""
        there = self.first < until
        before = self._per_customer(self.day < until)[there]
        start = self.start[there]
        repeat = (self.day < until) & (self.day > np.repeat(self.first, self._counts))
        amount, known = (self._per_customer(v * repeat)[there] for v in (self.money, self.known))
        last = self.day[start + before - 1]
        return pd.DataFrame(
            {
                "frequency": (before - 1).astype(np.int32),
                "recency": (last - self.first[there]) / WEEK,
                "T": (until - 1 - self.first[there]) / WEEK,
                "spend": np.divide(amount / SCALE, known, out=np.full(len(known), np.nan), where=known > 0),
            },
            copy=False,
        )

    def afterwards(self, since: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        """Purchase days (int64) and sales (whole units of SCALE) from `since` until before `until`, a customer of
        those who had bought before `since`."""
        there, within = self.first < since, (self.day >= since) & (self.day < until)
        return (
            self._per_customer(within)[there],
            self._per_customer(self.money * within)[there],
        )

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
