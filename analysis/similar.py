"""Which products are bought by the same customers: who bought what as a sparse matrix, and its item-item cosine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.goods import goods
from dataset.engine import Relation
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
ENTRIES = 1 << 23  # scores looked at at once
ROOM = 1 << 63  # what one sort can tell apart
FEW = 256  # products: among so few each sum is made, in a table of customers by products


@dataclass(frozen=True, slots=True)
class Bought:
    """Which known customer bought which product: each pair once, whatever the quantity or the number of orders.

    customers: how many there are (those of Customers.frame, in its order). products: as analysis.goods, by id.
    customer, product: places in the two (int32), sorted by both. days: distinct days of purchase (int32).
    first, last: first and last of them (int32, days since 1970). before: the last one before the customer's last day
    of any purchase (NEVER_BEFORE: none).
    """

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
        return self._of_each(np.maximum, self.last)

    def first_day(self) -> np.ndarray:
        """The first one."""
        return self._of_each(np.minimum, self.first)

    def _of_each(self, best: np.ufunc, days: np.ndarray) -> np.ndarray:
        found, starts = np.zeros(self.customers, dtype=np.int64), _starts(self.customer)
        found[self.customer[starts]] = best.reduceat(days, starts) if len(starts) else 0
        return found


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
        worth, tie = self.to.toarray() * float(size), np.arange(size - 1, -1, -1.0)
        step, found = max(1, ENTRIES // max(size, 1)), []
        for start in range(0, bought.shape[0], step):
            block = _permuted(bought[start : start + step], self.place)
            sums = block @ worth + tie
            sums[np.repeat(np.arange(len(sums)), np.diff(block.indptr)), block.indices] = -1
            found.append(_largest(sums, most, start))
        row, column, score = (np.concatenate(c) if c else np.empty(0, np.int64) for c in _columns(found))
        return row, self.order[column], score

    def why(self, bought: csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """The column of `bought` that adds most to the score of each (row, column) of `best`; equal: more buyers."""
        permuted, wanted = _permuted(bought, self.place), self.place[column]
        to = self.to.toarray() if len(self.order) <= FEW else self.to
        found = np.empty(len(row), dtype=np.int64)
        for at in range(0, len(row), ENTRIES // 16):
            here = slice(at, at + ENTRIES // 16)
            found[here] = self._why(to, permuted, row[here], wanted[here])
        return self.order[found]

    def _why(self, to: csr_array | np.ndarray, permuted: csr_array, row: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        counts = np.diff(permuted.indptr)[row]
        starts = np.cumsum(counts) - counts
        at = np.repeat(permuted.indptr[row] - starts, counts) + np.arange(counts.sum())
        items, size = permuted.indices[at].astype(np.int64), len(self.order)
        similarity = values(to, items, np.repeat(wanted, counts))
        return size - 1 - np.maximum.reduceat(similarity * size + (size - 1 - items), starts) % size


def bought(lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings, known: int) -> Bought:
    """Reduce the sale lines of the `known` customers to who bought what; fees and postage left out."""
    catalogue = goods(lines, products, dataset, settings)
    without = MARK + "".join(f"{p}{MARK}" for p in sorted(dataset.non_products))
    asked = {"snapshot": settings.snapshot, "non_products": without, "mark": MARK}
    return Bought(known, catalogue, *_reduced(lines.query("recommend.sql", **asked), len(catalogue)))


def _reduced(rows: pa.Table, products: int) -> tuple[np.ndarray, ...]:
    """The columns of Bought from customer, product and day of each purchase: one sort of whole numbers.

    A number holds all three in 63 bits: 33 M customers x 4 M products x 179 years.
    """
    import pyarrow as pa

    day = rows["day"].cast(pa.int32()).to_numpy()
    first_day = day.min(initial=day[0] if len(day) else 0)
    days, goods = (int(n).bit_length() for n in (day.max(initial=first_day) - first_day, products))
    keys = rows["customer"].to_numpy().astype(np.int64)
    keys <<= goods
    keys |= rows["product"].to_numpy()
    keys <<= days
    keys |= day - first_day
    del rows, day
    keys.sort()
    keys = keys[_starts(keys)]
    pair, day = keys >> days, (keys & ((1 << days) - 1)).astype(np.int32) + first_day
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


def _starts(sorted_keys: np.ndarray) -> np.ndarray:
    """Where each run of equal ones begins."""
    begins = np.ones(len(sorted_keys), dtype=bool)
    np.not_equal(sorted_keys[1:], sorted_keys[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def sparse(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Ones at (row, column), which are sorted and distinct."""
    from scipy.sparse import csr_array

    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    return csr_array((np.ones(len(row), dtype=np.int32), column.astype(np.int32), starts), shape=shape)


def values(matrix: csr_array | np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """What stands at each (row, column) of a matrix (int64)."""
    return np.asarray(matrix[row, column]).ravel().astype(np.int64) if len(row) else np.empty(0, dtype=np.int64)


def similar(matrix: csr_array, least: int = 1, most: int = NEIGHBOURS) -> Similar:
    """The cosine of each product with its nearest: buyers of both / root(buyers of one x buyers of the other).

    least: customers who bought both, fewer count as none. In blocks: never more than CELLS products x products.
    """
    from scipy.sparse import csr_array

    size = matrix.shape[1]
    counts = np.bincount(matrix.indices, minlength=size)
    order = np.lexsort((np.arange(size), -counts))
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    buyers, found = counts[order], []
    for start, both in _together(matrix, order, place):
        found.append(_top(_cosines(both, buyers, start, least), most, start))
    row, column, value = (np.concatenate(c) if c else np.empty(0, np.int64) for c in _columns(found))
    sort = np.lexsort((column, row))
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))])
    return Similar(order, place, csr_array((value[sort], column[sort], starts), shape=(size, size)), buyers)


def _together(matrix: csr_array, order: np.ndarray, place: np.ndarray) -> Iterator[tuple[int, csr_array]]:
    """Buyers of both of each two products in that order, some rows at once: the first of them, and the rows."""
    from scipy.sparse import csr_array

    size = matrix.shape[1]
    if size <= FEW:
        yield 0, csr_array(together_of_few(matrix)[np.ix_(order, order)])
        return
    permuted = _permuted(matrix, place)
    across, step = csr_array(permuted.T.tocsr()), max(1, CELLS // max(size, 1))
    for start in range(0, size, step):
        yield start, across[start : start + step] @ permuted


def together_of_few(matrix: csr_array) -> np.ndarray:
    """Buyers of both of each two products, as they stand in the matrix."""
    size = matrix.shape[1]
    both, step = np.zeros((size, size), dtype=np.int64), max(1, ENTRIES // max(size, 1))
    for start in range(0, matrix.shape[0], step):
        block = matrix[start : start + step]
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
