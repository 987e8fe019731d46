"""What every known customer did on every day, read once: who they were on any day, and what they did afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.customers import SCALE, framed, whole
from analysis.mapped import mapped
from dataset.engine import Engine, Relation

SALE, RETURNED, REFUND = range(3)
NEVER = np.iinfo(np.int32).min  # the day before all days
THOUSAND = 1000  # units are counted in whole thousandths
EPOCH = date(1970, 1, 1).toordinal()

_read: WeakKeyDictionary[Engine, OrderDays] = WeakKeyDictionary()
_reading = Lock()


@dataclass(frozen=True, slots=True)
class OrderDays:
    """Rows of outcomes.sql, customer by customer and in order of time; a row an order, day and kind.

    ids: of all customers, sorted; a customer's number is the place among them. start: where each begins. day: days
    since 1970 (int32). added: the few rows that add to an order of an earlier day (rising), earlier: that day. kind:
    int8. units: whole thousandths, money: whole units of SCALE (int32 where all fit, else int64; nought where
    unknown, which `counted` and `priced` tell; None where all is known). country: place in `countries`, which is
    sorted (-1 unknown); settled: each customer's rows all name the same, or none. As narrow as can be: all of it is
    held as long as the shop is looked at.
    """

    ids: pa.Array
    start: np.ndarray
    day: np.ndarray
    added: np.ndarray
    earlier: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    money: np.ndarray
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
        rows = lines.query("outcomes.sql")
        ids = lines.query("outcomes_ids.sql")["customer_id"].combine_chunks()
        columns = {name: rows[name] for name in rows.column_names}
        del rows  # each column goes as soon as it is read
        country, countries = _coded(columns.pop("country"))
        begins = np.diff(columns.pop("customer").to_numpy(), prepend=-1) > 0
        units, money = (columns.pop(c).to_numpy(zero_copy_only=False).astype(float) for c in ("quantity", "amount"))
        earlier = columns.pop("earlier").combine_chunks()
        added = np.flatnonzero(earlier.is_valid().to_numpy(zero_copy_only=False))
        return cls(
            ids=ids,
            start=_narrow(np.flatnonzero(begins)),
            day=_days(columns.pop("day").combine_chunks()),
            added=added,
            earlier=_days(earlier.take(pa.array(added))),
            kind=columns.pop("kind").to_numpy().astype(np.int8),
            units=_narrow(np.rint(np.nan_to_num(units) * THOUSAND).astype(np.int64)),
            money=_narrow(whole(money)),
            counted=_known(units),
            priced=_known(money),
            country=country,
            countries=countries,
            settled=bool((begins[1:] | (country[1:] == country[:-1])).all()),
        )

    def features(self, day: date, named: bool = True) -> pd.DataFrame:
        """Who bought before `day`, as Customers.frame without what is on file; and `customer` (int32), the number.

        named: with their ids and the days of their first and last sale.
        """
        at = number(day)
        before = self.day < at
        sold = before & (self.kind == SALE)
        begun = sold.copy()
        begun[self.added] = False
        orders = self.sums(begun)
        there = np.flatnonzero(orders)
        days, count = self.day[sold], self.sums(sold)
        until = np.cumsum(count)[there]  # a customer's days of sale are those of `days` before here, the earliest first
        first, last = days[until - count[there]], days[until - 1]
        frame = framed(
            day,
            ids=self.ids.take(pa.array(there)) if named else None,
            country=self._countries(before, there),
            first=first.astype("datetime64[D]"),
            last=last.astype("datetime64[D]"),
            orders=orders[there].astype(np.int32),
            units=self._total(self.units, THOUSAND, sold, self.counted)[there],
            gross=self._total(self.money, SCALE, before & (self.kind != REFUND), self.priced)[there],
            net=self._total(self.money, SCALE, before & (self.kind != RETURNED), self.priced)[there],
        )
        return frame.assign(customer=there.astype(np.int32))

    def outcome(self, first: date, until: date, named: bool = True) -> pd.DataFrame:
        """What each customer did from `first` until before `until`; who did nothing has no row.

        Columns: customer (int32), customer_id (str, sorted) if named, net (float64, NaN: no amount is known), orders
        (int32).
        """
        within = self._within(first, until) & (self.kind != RETURNED)
        there = np.flatnonzero(self.sums(within))
        ids = {"customer_id": pd.Series(self.ids.take(pa.array(there)).to_pandas(), dtype="str")} if named else {}
        columns = {
            "customer": there.astype(np.int32),
            **ids,
            "net": self._total(self.money, SCALE, within, self.priced)[there],
            "orders": self.ordered(first, until)[there].astype(np.int32),
        }
        return pd.DataFrame(columns, copy=False)

    def ordered(self, first: date, until: date) -> np.ndarray:
        """How many orders each customer placed from `first` until before `until` (int64), by number."""
        begun = self._within(first, until) & (self.kind == SALE)
        begun[self.added[self.earlier >= number(first)]] = False  # counted on that earlier day
        return self.sums(begun)

    def _within(self, first: date, until: date) -> np.ndarray:
        return (self.day >= number(first)) & (self.day < number(until))

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

    def _total(self, values: np.ndarray, scale: int, rows: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        """The sum of some rows of each customer who has such (float64); NaN where nothing is known of any of them."""
        total = self.sums(values * rows) / scale
        return total if known is None else np.where(self.sums(rows & known) > 0, total, np.nan)

    def _countries(self, rows: np.ndarray, there: np.ndarray) -> pd.Series:
        """The first country of some customers in the order of names; categories by first appearance."""
        import pyarrow.compute as pc

        if not len(self.countries) or not len(there):
            code = np.full(len(there), -1, dtype=np.int32)
        elif self.settled:
            code = self.country[self.start[there]]
        else:
            least = np.where(rows & (self.country >= 0), self.country, len(self.countries))
            code = np.minimum.reduceat(least, self.start)[there]
        place, seen = pd.factorize(np.where(code == len(self.countries), -1, code))
        kept = seen >= 0
        place = np.where(kept[place], np.cumsum(kept)[place] - 1, -1) if len(place) else place
        coded = pa.array(np.where(place < 0, 0, place).astype(np.int32), mask=place < 0)
        names = pc.take(self.countries, pa.array(seen[kept], pa.int64()))
        return pa.DictionaryArray.from_arrays(coded, names).to_pandas()


def sums(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The sum of each stretch of whole numbers or truths (int64); start: where each begins, rising, from nought.

    By a running total, several times as fast as np.add.reduceat where stretches are short.
    """
    if not len(start):
        return np.zeros(0, dtype=np.int64)
    kind = np.int32 if values.dtype == bool and len(values) < 2**31 else np.int64
    until = np.cumsum(values, dtype=kind)[np.append(start[1:], len(values)) - 1]
    return np.diff(until, prepend=kind(0)).astype(np.int64, copy=False)


def number(day: date) -> int:
    """A day as days since 1970."""
    return day.toordinal() - EPOCH


def _days(column: pa.Array) -> np.ndarray:
    return column.cast(pa.int32()).fill_null(int(NEVER)).to_numpy(zero_copy_only=False)


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers as int32 where all fit."""
    limits = np.iinfo(np.int32)
    return (
        values.astype(np.int32)
        if limits.min <= values.min(initial=0) <= values.max(initial=0) <= limits.max
        else values
    )


def _known(values: np.ndarray) -> np.ndarray | None:
    known = ~np.isnan(values)
    return None if known.all() else known


def _coded(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Texts as places among the distinct ones, which are sorted; -1 of none."""
    import pyarrow.compute as pc

    coded = column.combine_chunks().dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    place = np.empty(len(order) + 1, dtype=np.int16 if len(order) < 2**15 else np.int32)
    place[order.to_numpy()], place[-1] = np.arange(len(order)), -1
    return place[coded.indices.fill_null(len(order)).to_numpy(zero_copy_only=False)], coded.dictionary.take(order)
