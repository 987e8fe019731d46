"""Which products are bought by the same customers: who bought what as a sparse matrix, and its item-item cosine."""

from __future__ import annotations

import itertools
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from analysis import memory
from dataset.engine import Engine, Relation
from dataset.settings import Settings
from dataset.tables import Dataset

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_array

NEIGHBOURS = 50
ONE = 1 << 20  # a cosine of one: similarities are whole numbers, so that sums are exact in any order
NEVER = -(1 << 44)  # added to what was bought: no sum of similarities makes up for it
NEVER_BEFORE = np.iinfo(np.int32).min
MARK = "\x1f"  # between ids: no id holds it
CELLS = 1 << 24  # products x products looked at at once
ENTRIES = 1 << 18  # scores looked at at once
LINES = 1 << 18  # purchases looked at at once
ASKED = 8  # times as many are asked of the engine at once
PAIR = ("customer", "product", "days", "first", "last", "before")
ROOM = 1 << 63  # what one sort can tell apart
FEW = 256  # products: among so few each sum is made, in a table of customers by products


@dataclass(frozen=True, slots=True)
class Bought:
    """Which of some customers bought which product: each pair once, whatever the quantity or the number of orders.

    start: the place of the first of these customers (in Customers.frame). customers: how many they are. products: as
    analysis.goods, by id. customer (from `start` on), product: places (int32), sorted by both. days: distinct days of
    purchase (int32). first, last: first and last of them (int32, days since 1970). before: the last one before the
    customer's last day of any purchase (NEVER_BEFORE: none).
    """

    start: int
    customers: int
    products: pd.DataFrame
    customer: np.ndarray
    product: np.ndarray
    days: np.ndarray
    first: np.ndarray
    last: np.ndarray
    before: np.ndarray

    def matrix(self, kept: np.ndarray | None = None) -> csr_array:
        """Customers x products, one where bought (int32); of the pairs `kept` (bool), or of all."""
        customer, product = (c if kept is None else c[kept] for c in (self.customer, self.product))
        return sparse(customer, product, (self.customers, len(self.products)))

    def last_day(self) -> np.ndarray:
        """The last day on which each customer bought anything (int64; zero for who bought no goods)."""
        found, starts = np.zeros(self.customers, dtype=np.int64), _starts(self.customer)
        found[self.customer[starts]] = np.maximum.reduceat(self.last, starts) if len(starts) else 0
        return found


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Histories:
    """What all customers bought, in blocks that lie in a file: it goes when nobody holds this any more.

    customers: how many there are. sizes: of each block its first customer, how many follow, and pairs.
    """

    customers: int
    products: pd.DataFrame
    path: Path
    sizes: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, lines: Relation, products: pd.DataFrame, dataset: Dataset, settings: Settings, known: int) -> Histories:
        """Those of a shop, read (as `bought`) when first asked for and kept as long as its engine."""
        asked = settings.snapshot, dataset.non_products
        with _reading:
            read = _read.setdefault(lines.engine, {})
            if asked not in read:
                read[asked] = histories(bought(lines, products, dataset, settings, known), products)
            return read[asked]

    def blocks(self) -> Iterator[Bought]:
        """All blocks again, customers rising."""
        with self.path.open("rb") as file:
            for start, customers, pairs in self.sizes:
                columns = np.fromfile(file, np.int32, len(PAIR) * pairs).reshape(len(PAIR), pairs)
                yield Bought(start, customers, self.products, *columns)

    @property
    def pairs(self) -> int:
        return sum(pairs for *_, pairs in self.sizes)


_read: WeakKeyDictionary[Engine, dict[tuple[date, frozenset[str]], Histories]] = WeakKeyDictionary()
_reading = Lock()


def histories(blocks: Iterable[Bought], products: pd.DataFrame) -> Histories:
    """Write the blocks to a temporary file, to be read several times."""
    handle, name = tempfile.mkstemp(prefix="bought-")
    path, sizes, customers = Path(name), [], 0
    try:
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                for column in PAIR:
                    file.write(np.ascontiguousarray(getattr(block, column)).data)  # `tofile` hides that a disk is full
                sizes.append((block.start, block.customers, len(block.customer)))
                customers = block.start + block.customers
        made = Histories(customers, products, path, tuple(sizes))
    except BaseException:
        path.unlink()
        raise
    weakref.finalize(made, path.unlink, missing_ok=True)
    return made


@dataclass(frozen=True, slots=True)
class Similar:
    """Item-item cosine of a matrix. `order`: its columns, the one with most buyers first; `place`: the inverse.

    to: products x products in that order (int64, cosine x ONE), of each row the NEIGHBOURS largest; none with itself.
    buyers: of each product, in that order.
    """

    order: np.ndarray
    place: np.ndarray
    to: csr_array
    buyers: np.ndarray

    def best(self, bought: csr_array, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each row of `bought` the `most` products not in it with the largest sum of cosines: row, column, score.

        Rows in order, the best first; equal scores go to the product with more buyers. score: int64, cosine x ONE.
        """
        from scipy.sparse import csr_array, eye_array

        if len(self.order) <= FEW:
            return self._best_of_few(bought, most)
        masked = csr_array(self.to + NEVER * eye_array(self.to.shape[0], dtype=np.int64, format="csr"))
        permuted = _permuted(bought, self.place)
        found = [_top(permuted[rows] @ masked, most, rows.start) for rows in _blocks(permuted, masked)]
        row, column, score = (np.concatenate(c) if c else np.empty(0, np.int64) for c in _columns(found))
        return row, self.order[column], score

    def _best_of_few(self, bought: csr_array, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same from all sums, which are whole numbers below 2^53: score x products + what equal ones go by."""
        size = len(self.order)
        worth, tie = self.to.toarray()[self.place] * float(size), np.arange(size - 1, -1, -1.0)
        step, found = max(1, ENTRIES // max(size, 1)), []
        for start in range(0, bought.shape[0], step):
            block = bought[start : start + step]
            sums = block @ worth
            sums += tie
            sums[np.repeat(np.arange(len(sums)), np.diff(block.indptr)), self.place[block.indices]] = -1
            found.append(_largest(sums, most, start))
        row, column, score = (np.concatenate(c) if c else np.empty(0, np.int64) for c in _columns(found))
        return row, self.order[column], score

    def why(self, bought: csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """The column of `bought` that adds most to the score of each (row, column) of `best`; equal: more buyers."""
        wanted, items = self.place[column], self.place[bought.indices]
        to = self.to.toarray() if len(self.order) <= FEW else self.to
        found = np.empty(len(row), dtype=np.int64)
        for at in range(0, len(row), ENTRIES // 8):
            here = slice(at, at + ENTRIES // 8)
            found[here] = self._why(to, bought.indptr, items, row[here], wanted[here])
        return self.order[found]

    def _why(
        self, to: csr_array | np.ndarray, begin: np.ndarray, items: np.ndarray, row: np.ndarray, wanted: np.ndarray
    ) -> np.ndarray:
        counts = np.diff(begin)[row]
        starts = np.cumsum(counts) - counts
        at = np.repeat(begin[row] - starts, counts) + np.arange(counts.sum())
        items, size = items[at], len(self.order)
        similarity = values(to, items, np.repeat(wanted, counts))
        return size - 1 - np.maximum.reduceat(similarity * size + (size - 1 - items), starts) % size


def bought(
    lines: Relation, products: pd.DataFrame, dataset: Dataset, settings: Settings, known: int
) -> Iterator[Bought]:
    """Reduce the sale lines of the `known` customers to who bought what, some customers at once; no fees and postage.

    products: the goods. Blocks have about LINES lines each; the engine is asked for several at once.
    """
    without = MARK + "".join(f"{p}{MARK}" for p in sorted(dataset.non_products))
    asked = {"snapshot": settings.snapshot, "non_products": without, "mark": MARK}
    step = max(1, known * LINES // max(int(products["sale_lines"].sum()), LINES))
    for first in range(0, known, step * ASKED):
        until = min(first + step * ASKED, known)
        keys, start, bits = _keys(lines.query("recommend.sql", first=first, until=until, **asked), len(products), first)
        memory.given_back()
        for block in range(first, until, step):
            ends = np.array([block, min(block + step, until)]) - first
            here = keys[slice(*np.searchsorted(keys, ends << sum(bits)))] - (int(ends[0]) << sum(bits))
            yield Bought(block, int(ends[1] - ends[0]), products, *_reduced(here, start, *bits))
        del keys, here


def _keys(rows: pa.Table, products: int, first: int) -> tuple[np.ndarray, int, tuple[int, int]]:
    """Customer (from `first` on), product and day of each purchase as one number, sorted, each once; the first day,
    and the bits of product and day: in 63 bits go 33 M customers x 4 M products x 179 years."""
    import pyarrow as pa

    day = rows["day"].cast(pa.int32()).to_numpy()
    start = int(day.min()) if len(day) else 0
    goods, days = (int(n).bit_length() for n in (products, day.max(initial=start) - start))
    keys = rows["customer"].to_numpy().astype(np.int64)
    keys -= first
    keys <<= goods
    keys |= rows["product"].to_numpy()
    del rows
    keys <<= days
    keys |= day - start
    del day
    keys.sort()
    return keys[_begins(keys)], start, (goods, days)


def _reduced(keys: np.ndarray, first_day: int, goods: int, days: int) -> tuple[np.ndarray, ...]:
    """The columns PAIR of Bought from such numbers."""
    pair, day = keys >> days, (keys & ((1 << days) - 1)).astype(np.int32) + np.int32(first_day)
    starts = _starts(pair)
    pair = pair[starts]
    customer, product = (pair >> goods).astype(np.int32), (pair & ((1 << goods) - 1)).astype(np.int32)
    ends = np.append(starts, len(keys))[1:] - 1
    last, several = day[ends], ends > starts
    whose = _starts(customer)
    latest = np.repeat(np.maximum.reduceat(last, whose), np.diff(whose, append=len(last))) if len(whose) else last
    earlier = np.where(several, day[ends - several], NEVER_BEFORE)
    before = np.where(last < latest, last, earlier).astype(np.int32)
    return customer, product, (ends - starts + 1).astype(np.int32), day[starts], last, before


def _begins(sorted_keys: np.ndarray) -> np.ndarray:
    """Whether a run of equal ones begins at each."""
    begins = np.ones(len(sorted_keys), dtype=bool)
    np.not_equal(sorted_keys[1:], sorted_keys[:-1], out=begins[1:])
    return begins


def _starts(sorted_keys: np.ndarray) -> np.ndarray:
    """Where each run of equal ones begins."""
    return np.flatnonzero(_begins(sorted_keys))


def sparse(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Ones at (row, column), which are sorted and distinct: fewer than 2^31."""
    from scipy.sparse import csr_array

    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))]).astype(np.int32)
    return csr_array((np.ones(len(row), dtype=np.int32), column.astype(np.int32), starts), shape=shape)


def values(matrix: csr_array | np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """What stands at each (row, column) of a matrix (int64)."""
    return np.asarray(matrix[row, column]).ravel().astype(np.int64) if len(row) else np.empty(0, dtype=np.int64)


def similar(blocks: Iterable[csr_array], least: int = 1, most: int = NEIGHBOURS) -> Similar:
    """The cosine of each product with its nearest: buyers of both / root(buyers of one x buyers of the other).

    blocks: customers x products, some customers each. least: customers who bought both, fewer count as none. Among many
    products never more than CELLS products x products are looked at.
    """
    from scipy.sparse import csr_array, vstack

    both: np.ndarray = np.zeros((0, 0), dtype=np.int64)
    parts = []
    for block in blocks:
        if block.shape[1] > FEW:
            parts.append(block)
        else:
            both = together_of_few(block) + (both if len(both) else 0)
    matrix = vstack(parts, format="csr") if parts else None
    del parts
    counts = np.diag(both) if matrix is None else np.bincount(matrix.indices, minlength=matrix.shape[1])
    size = len(counts)
    order = np.lexsort((np.arange(size), -counts))
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    buyers, found = counts[order], []
    rows = [(0, csr_array(both[np.ix_(order, order)]))] if matrix is None else _together(matrix, place)
    for start, part in rows:
        found.append(_top(_cosines(part, buyers, start, least), most, start))
    row, column, value = (np.concatenate(c) if c else np.empty(0, np.int64) for c in _columns(found))
    sort = np.lexsort((column, row))
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))])
    return Similar(order, place, csr_array((value[sort], column[sort], starts), shape=(size, size)), buyers)


def _together(matrix: csr_array, place: np.ndarray) -> Iterator[tuple[int, csr_array]]:
    """Buyers of both of each two products in that order, some rows at once: the first of them, and the rows."""
    from scipy.sparse import csr_array

    size = matrix.shape[1]
    permuted = _permuted(matrix, place)
    across, step = csr_array(permuted.T.tocsr()), max(1, CELLS // max(size, 1))
    for start in range(0, size, step):
        yield start, across[start : start + step] @ permuted


def together_of_few(matrix: csr_array) -> np.ndarray:
    """Buyers of both of each two products, as they stand in the matrix of ones."""
    size, ones = matrix.shape[1], matrix.astype(np.uint16)  # short numbers are quick to add
    both, step = np.zeros((size, size), dtype=np.int64), max(1, min(ENTRIES // max(size, 1), 65_535))
    for start in range(0, matrix.shape[0], step):
        block = ones[start : start + step]
        both += block.T @ block.toarray()
    return both


def _cosines(both: csr_array, buyers: np.ndarray, start: int, least: int) -> csr_array:
    """Buyers of both as whole cosines, in place; with itself, and below `least`, none."""
    row = np.repeat(np.arange(start, start + both.shape[0]), np.diff(both.indptr))
    root = np.sqrt(buyers[row].astype(np.float64) * buyers[both.indices])
    both.data = np.where((both.data >= least) & (row != both.indices), np.rint(both.data / root * ONE), 0).astype(
        np.int64
    )
    return both


def _permuted(matrix: csr_array, place: np.ndarray) -> csr_array:
    """The same rows with each column at its place."""
    from scipy.sparse import csr_array

    made = csr_array((matrix.data, place[matrix.indices].astype(np.int32), matrix.indptr), shape=matrix.shape)
    made.sort_indices()
    return made


def _blocks(bought: csr_array, to: csr_array) -> list[slice]:
    """Slices of the rows, none with more than ENTRIES products looked at (a row alone may have more)."""
    work = np.concatenate([[0], np.cumsum(np.diff(to.indptr)[bought.indices])])[bought.indptr]
    edges, rows = [0], bought.shape[0]
    while edges[-1] < rows:
        after = int(np.searchsorted(work, work[edges[-1]] + ENTRIES, side="right")) - 1
        edges.append(min(max(after, edges[-1] + 1), rows))
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def _top(scores: csr_array, most: int, start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `most` largest positive scores of each row, the largest first, equal ones by column: row, column, score.

    One sort of whole numbers: row, then score falling, then column.
    """
    good = scores.data > 0
    row = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))[good]
    column, score = scores.indices[good].astype(np.int64), scores.data[good]
    if not len(row):
        return row, column, score
    highest, wide = int(score.max()) + 1, scores.shape[1]
    if scores.shape[0] * highest * wide >= ROOM:
        half = scores.shape[0] // 2
        parts = _columns([_top(scores[:half], most, start), _top(scores[half:], most, start + half)])
        return tuple(np.concatenate(c) for c in parts)  # type: ignore[return-value]
    keys = (row * highest + (highest - 1 - score)) * wide + column
    keys.sort()
    row = keys // (highest * wide)
    starts = np.searchsorted(row, np.arange(scores.shape[0]))
    kept = keys[np.arange(len(row)) - starts[row] < most]
    rest = kept % (highest * wide)
    return start + kept // (highest * wide), rest % wide, highest - 1 - rest // wide


def _largest(sums: np.ndarray, most: int, start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As _top, of all sums, which it sorts: float64, score x columns + columns after it, negative where not wanted."""
    size = sums.shape[1]
    sums.sort(axis=1)
    best = sums[:, : -most - 1 : -1]
    row, place = np.nonzero(best >= size)
    value = best[row, place].astype(np.int64)
    return start + row, size - 1 - value % size, value // size


def _columns(found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> list[list[np.ndarray]]:
    return [[each[at] for each in found] for at in range(3)]
