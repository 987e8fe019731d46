"""What every known customer did on every day, read once: who they were on any day, and what they did afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import memory, pieces
from analysis.customers import SCALE, texts, whole
from analysis.mapped import mapped
from dataset.engine import Engine, Relation

SALE, RETURNED, REFUND = range(3)
NEVER = np.iinfo(np.int32).min  # the day before all days
THOUSAND = 1000  # units are counted in whole thousandths
BLOCK = 100_000  # customers looked at together
WIDE = 2**31 - 2**20  # rows
EPOCH = date(1970, 1, 1).toordinal()

_read: WeakKeyDictionary[Engine, OrderDays] = WeakKeyDictionary()
_reading = Lock()


@dataclass(frozen=True, slots=True)
class OrderDays:
    """Rows of outcomes.sql, customer by customer and in order of time; a row an order, day and kind.

    ids: of all customers, sorted; a customer's number is the place among them. start: where each begins (int32). day:
    days since 1970. added: the few rows that add to an order of an earlier day (rising), earlier: that day (int32).
    kind: int8. units, money: how many times `unit` thousandths, and `coin` of 1 / SCALE (nought where unknown, which
    `counted` and `priced` tell; None where all is known). country: place in `countries`, which is sorted (-1 unknown);
    settled: each customer's rows all name the same, or none. As narrow as can be: all of it is held as long as
    customers are looked at.
    """

    ids: pa.Array
    start: np.ndarray
    day: np.ndarray
    added: np.ndarray
    earlier: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    unit: int
    money: np.ndarray
    coin: int
    counted: np.ndarray | None
    priced: np.ndarray | None
    country: np.ndarray
    countries: pa.Array
    settled: bool

    @classmethod
    def of(cls, lines: Relation) -> OrderDays:
        """Those of a shop, read when first asked for and kept as long as its engine."""
        with _reading:
            if lines.engine not in _read:
                _read[lines.engine] = mapped(cls.read(lines))
            return _read[lines.engine]

    @classmethod
    def read(cls, lines: Relation) -> OrderDays:
        """Those of a shop, read afresh."""
        before, rows = -1, 0  # the last piece's last customer; rows so far

        def made(piece: pa.RecordBatch) -> dict[str, Any]:
            nonlocal before, rows
            customer = piece["customer"].to_numpy()
            begins = np.diff(customer, prepend=np.int32(before)) > 0
            units, money = (piece[name].to_numpy(zero_copy_only=False).astype(float) for name in ("quantity", "amount"))
            added = np.flatnonzero(piece["earlier"].is_valid().to_numpy(zero_copy_only=False))
            found = {
                "start": (np.flatnonzero(begins) + rows).astype(np.int32 if rows < WIDE else np.int64),
                "day": narrow(_days(piece["day"])),
                "added": added + rows,
                "earlier": _days(piece["earlier"].take(pa.array(added))),
                "kind": piece["kind"].to_numpy().astype(np.int8),
                "units": narrow(np.rint(np.nan_to_num(units) * THOUSAND).astype(np.int64)),
                "money": narrow(whole(money)),
                "counted": ~np.isnan(units),
                "priced": ~np.isnan(money),
                "country": piece["country"].dictionary_encode(),
            }
            before, rows = int(customer[-1]) if len(customer) else before, rows + len(customer)
            return found

        found = pieces.read(lines.query("outcomes.sql"), made)
        ids = lines.query("outcomes_ids.sql")["customer_id"].combine_chunks()
        country, countries = _coded(found.pop("country"))
        settled = country[1:] == country[:-1]
        settled[found["start"][1:] - 1] = True
        counted, priced = (None if (known := found.pop(name)).all() else known for name in ("counted", "priced"))
        units, unit = _coarse(found.pop("units"), THOUSAND)
        money, coin = _coarse(found.pop("money"), SCALE // 100)
        return cls(
            ids=ids,
            units=units,
            unit=unit,
            money=money,
            coin=coin,
            counted=counted,
            priced=priced,
            country=country,
            countries=countries,
            settled=bool(settled.all()),
            **found,
        )

    def blocks(self, most: int = BLOCK) -> Iterator[OrderDays]:
        """The same of so many customers at a time, who are numbered from nought in each."""
        for first, low, high in stretches(self.start, len(self.day), most):
            added, rows = slice(*np.searchsorted(self.added, (low, high))), slice(low, high)
            yield replace(
                self,
                ids=self.ids.slice(first, most),
                start=self.start[first : first + most] - low,
                day=self.day[rows],
                added=self.added[added] - low,
                earlier=self.earlier[added],
                kind=self.kind[rows],
                units=self.units[rows],
                money=self.money[rows],
                counted=None if self.counted is None else self.counted[rows],
                priced=None if self.priced is None else self.priced[rows],
                country=self.country[rows],
            )

    def features(self, day: date, named: bool = True, most: int = BLOCK) -> pd.DataFrame:
        """Who bought before `day`, as Customers.frame without what is on file; and `customer` (int32), the number.

        named: with their ids. most: how many customers are looked at together.
        """
        found = _one_by_one([block._features(number(day)) for block in self.blocks(most)], most)
        there, code = found.pop("customer"), found.pop("country")
        columns: dict[str, object] = {"customer_id": texts(self.ids.take(pa.array(there)))} if named else {}
        columns |= {"country": self._countries(code), **found, "customer": there}
        return _laid(pd.DataFrame(columns, copy=False))

    def _features(self, at: int) -> dict[str, np.ndarray]:
        """The columns of `features`; country as its place in `countries`."""
        before = self.day < at
        sold = before & (self.kind == SALE)
        begun = sold.copy()
        begun[self.added] = False
        orders = self.sums(begun)
        there = np.flatnonzero(orders)
        days, count = self.day[sold], self.sums(sold)
        until = np.cumsum(count)[there]  # a customer's days of sale are those of `days` before here, the earliest first
        first, last = days[until - count[there]].astype(np.int32), days[until - 1].astype(np.int32)
        return {
            "customer": there.astype(np.int32),
            "country": self._country(before)[there],
            "recency_days": at - last,
            "tenure_days": at - first,
            "orders": orders[there].astype(np.int32),
            "units": self._total("units", sold)[there],
            "gross": self._total("money", before & (self.kind != REFUND))[there],
            "net": self._total("money", before & (self.kind != RETURNED))[there],
        }

    def outcome(self, first: date, until: date, named: bool = True, most: int = BLOCK) -> pd.DataFrame:
        """What each customer did from `first` until before `until`; who did nothing has no row.

        Columns: customer (int32), customer_id (str, sorted) if named, net (float64, NaN: no amount is known), orders
        (int32).
        """
        found = _one_by_one([block._outcome(number(first), number(until)) for block in self.blocks(most)], most)
        columns: dict[str, object] = {"customer": found.pop("customer")}
        if named:
            columns["customer_id"] = texts(self.ids.take(pa.array(columns["customer"])))
        return _laid(pd.DataFrame(columns | found, copy=False))

    def _outcome(self, first: int, until: int) -> dict[str, np.ndarray]:
        within = self._within(first, until) & (self.kind != RETURNED)
        there = np.flatnonzero(self.sums(within))
        return {
            "customer": there.astype(np.int32),
            "net": self._total("money", within)[there],
            "orders": self._ordered(first, until)[there].astype(np.int32),
        }

    def ordered(self, first: date, until: date) -> np.ndarray:
        """How many orders each customer placed from `first` until before `until` (int32), by number."""
        found = [block._ordered(number(first), number(until)).astype(np.int32) for block in self.blocks()]
        return np.concatenate([np.zeros(0, dtype=np.int32), *found])

    def _ordered(self, first: int, until: int) -> np.ndarray:
        begun = self._within(first, until) & (self.kind == SALE)
        begun[self.added[self.earlier >= first]] = False  # counted on that earlier day
        return self.sums(begun)

    def _within(self, first: int, until: int) -> np.ndarray:
        return (self.day >= first) & (self.day < until)

    def buyers(self, day: date) -> pa.Array:
        """The ids of who bought before `day`, in order."""
        return self.ids.take(pa.array(np.flatnonzero(self.sums((self.day < number(day)) & (self.kind == SALE)))))

    @property
    def customer(self) -> np.ndarray:
        """The number of each row's customer (int32)."""
        return np.repeat(np.arange(len(self.ids), dtype=np.int32), np.diff(np.append(self.start, len(self.day))))

    def numbers(self, ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
        """The numbers of customers by id (int32); -1 of who is not among them."""
        import pyarrow.compute as pc

        return pc.index_in(ids, value_set=self.ids).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of each customer's rows (int64), by number."""
        return sums(values, self.start)

    def _total(self, what: Literal["units", "money"], rows: np.ndarray) -> np.ndarray:
        """The sum of some rows of each customer who has such (float64); NaN where nothing is known of any of them."""
        if what == "units":
            total, known = self.sums(self.units * rows) * self.unit / THOUSAND, self.counted
        else:
            total, known = self.sums(self.money * rows) * self.coin / SCALE, self.priced
        return total if known is None else np.where(self.sums(rows & known) > 0, total, np.nan)

    def _country(self, rows: np.ndarray) -> np.ndarray:
        """The first country of each customer in the order of names, as its place; -1 of none."""
        if self.settled:
            return self.country[self.start]
        none = np.int32(len(self.countries))
        least = np.minimum.reduceat(np.where(rows & (self.country >= 0), self.country, none), self.start)
        return np.where(least == none, -1, least).astype(self.country.dtype)

    def _countries(self, code: np.ndarray) -> pd.Series:
        """Places of countries as names; categories by first appearance."""
        import pyarrow.compute as pc

        seen = pd.unique(code)
        seen = seen[seen >= 0]
        place = np.full(len(self.countries) + 1, -1, dtype=np.int32)  # the last is that of -1
        place[seen] = np.arange(len(seen))
        names = pc.take(self.countries, pa.array(seen, pa.int64()))
        kind = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), names).to_pandas().dtype
        return pd.Series(pd.Categorical.from_codes(place[code], dtype=kind))


def _one_by_one(blocks: list[dict[str, np.ndarray]], most: int) -> dict[str, np.ndarray]:
    """The columns of blocks of so many customers as one, each block's numbers raised by those before."""
    for at, block in enumerate(blocks):
        block["customer"] += np.int32(at * most)
    return {name: np.concatenate([block.pop(name) for block in blocks]) for name in list(blocks[0])}


def stretches(start: np.ndarray, rows: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Of so many customers at a time: the first, their first row, the first row of the next; once where nobody is."""
    for first in range(0, max(len(start), 1), most):
        here, after = start[first : first + 1], start[first + most : first + most + 1]
        yield first, int(here[0]) if len(here) else 0, int(after[0]) if len(after) else rows


def sums(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The sum of each stretch of whole numbers or truths (int64); start: where each begins, rising, from nought.

    By a running total, several times as fast as np.add.reduceat where stretches are short.
    """
    if not len(start):
        return np.zeros(0, dtype=np.int64)
    kind = np.int32 if values.dtype == bool and len(values) < 2**31 else np.int64
    until = np.cumsum(values, dtype=kind)[np.append(start[1:], len(values)) - 1]
    return np.diff(until, prepend=kind(0)).astype(np.int64, copy=False)


def _laid(frame: pd.DataFrame) -> pd.DataFrame:
    """The same on disk: several days' customers are held at once."""
    made = mapped(frame)
    del frame
    memory.given_back()
    return made


def number(day: date) -> int:
    """A day as days since 1970."""
    return day.toordinal() - EPOCH


def _days(column: pa.Array) -> np.ndarray:
    return column.cast(pa.int32()).fill_null(int(NEVER)).to_numpy(zero_copy_only=False)


def narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers in as few bytes as hold them all."""
    low, high = values.min(initial=0), values.max(initial=0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def _coarse(values: np.ndarray, step: int) -> tuple[np.ndarray, int]:
    """Whole numbers as multiples of `step`, if all are such, else of one; and of what they are multiples."""
    if values.dtype == np.int8 or (values % step).any():
        return values, 1
    return narrow(values // step), step


def _coded(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Texts in a dictionary as places among the distinct ones, which are sorted; -1 of none."""
    import pyarrow.compute as pc

    coded = column.unify_dictionaries()
    names = coded.chunk(0).dictionary
    order = pc.sort_indices(names)
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order.to_numpy()], place[-1] = np.arange(len(order)), -1
    place = narrow(place)
    codes = [chunk.indices.fill_null(len(order)).to_numpy(zero_copy_only=False) for chunk in coded.chunks]
    return np.concatenate([place[code] for code in codes]), names.take(order)
