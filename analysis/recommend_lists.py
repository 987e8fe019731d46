"""Five products for each customer: due again, similar to what they bought, or what most customers buy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.similar import ONE, Bought, Histories, Similar

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PLACES = 5
MOST_DUE = 2
LEAST_AGAIN = 30  # customers who bought it on several days: fewer tell no rhythm
OFTEN = 1 / 3  # of its buyers who bought it again: a product below it is not bought by rhythm
LATE = 2  # rhythms after which a product counts as given up rather than due
SIMILAR, DUE, OF_CATEGORY, BESTSELLER = "similar", "due again", "bestseller of the category", "bestseller"
KINDS = (DUE, SIMILAR, OF_CATEGORY, BESTSELLER)
NONE = -1
COLUMNS = ("row", "product", "score", "why", "kind")


@dataclass(frozen=True, slots=True)
class Offers:
    """What is offered to whom: row (place of the customer), product, score (float64), why (int64), kind (of KINDS).

    why: the product it goes with or that is due, the category's code, or NONE. Rows in order, the best first, no
    product twice in a row.
    """

    row: np.ndarray
    product: np.ndarray
    score: np.ndarray
    why: np.ndarray
    kind: np.ndarray


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Products bought again and again: product, buyers, again (who bought it on several days), gap (median days)."""

    product: np.ndarray
    buyers: np.ndarray
    again: np.ndarray
    gap: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """Of its buyers, those who bought it on several days."""
        return self.again / self.buyers


@dataclass(frozen=True, slots=True)
class Shelves:
    """Products by how many customers bought them, overall and within each category (codes; NONE: unknown).

    order: products, the bestseller first. place: the inverse. of: category of each product. names: of the categories.
    shelf: products by category, in each the bestseller first. start: where each category's begin (one more at the end).
    seat: place of each product within its category. share: of all customers who bought it.
    """

    order: np.ndarray
    place: np.ndarray
    of: np.ndarray
    names: tuple[str, ...]
    shelf: np.ndarray
    start: np.ndarray
    seat: np.ndarray
    share: np.ndarray


def shelves(model: Similar, products: pd.DataFrame, customers: int) -> Shelves:
    """The bestsellers of the customers a model was made of."""
    of, names = pd.factorize(products["category"], sort=True)
    by_place = of[model.order]
    kept = by_place >= 0
    sort = np.argsort(by_place[kept], kind="stable")
    shelf = model.order[kept][sort]
    start = np.concatenate([[0], np.cumsum(np.bincount(of[of >= 0], minlength=len(names)))])
    seat = np.full(len(of), NONE, dtype=np.int64)
    seat[shelf] = np.arange(len(shelf)) - start[of[shelf]]
    share = np.empty(len(of))
    share[model.order] = model.buyers / max(customers, 1)
    return Shelves(model.order, model.place, of.astype(np.int64), tuple(map(str, names)), shelf, start, seat, share)


def by_similarity(model: Similar, bought: csr_array) -> Offers:
    """The products nearest to what each row bought; why: the one of them that adds most."""
    row, product, score = model.best(bought, PLACES)
    why = model.why(bought, row, product)
    return Offers(row, product, score / ONE, why, np.full(len(row), KINDS.index(SIMILAR), dtype=np.int8))


def rhythm(bought: Histories, seen: Callable[[Bought], tuple[np.ndarray, np.ndarray]]) -> Rhythm:
    """The products that many buy again, and how many days lie between; seen: days and last of each pair of a block.

    The gap of one customer: days from first to last purchase / purchases after the first; of a product: the median of
    its customers.
    """
    buyers, again = np.zeros((2, len(bought.products)), dtype=np.int64)
    for block in bought.blocks():
        days, _ = seen(block)
        buyers += np.bincount(block.product[days >= 1], minlength=len(buyers))
        again += np.bincount(block.product[days >= 2], minlength=len(again))
    often = (again >= LEAST_AGAIN) & (again >= OFTEN * buyers)
    gaps, products = [np.empty(0)], [np.empty(0, dtype=np.int32)]
    for block in bought.blocks() if often.any() else ():
        days, last = seen(block)
        repeated = (days >= 2) & often[block.product]
        gaps.append((last[repeated] - block.first[repeated]) / (days[repeated] - 1))
        products.append(block.product[repeated])
    median = pd.Series(np.concatenate(gaps)).groupby(np.concatenate(products)).median()
    there = np.flatnonzero(often)
    return Rhythm(there, buyers[there], again[there], median.reindex(there).to_numpy(dtype=float))


def due(bought: Bought, found: Rhythm, last: np.ndarray, today: np.ndarray, places: int = MOST_DUE) -> Offers:
    """What is due again: bought last at least one rhythm and at most LATE rhythms before `today`, of each pair.

    last: day of the last purchase of each pair. The product most often bought again first; places: a customer's most.
    """
    size = len(bought.products)
    gap, share = np.full(size, np.inf), np.zeros(size)
    gap[found.product], share[found.product] = found.gap, found.share
    since = today.astype(np.int64) - last
    here = np.flatnonzero(
        (since >= gap[bought.product]) & (since <= LATE * np.nan_to_num(gap, posinf=0)[bought.product])
    )
    row, product = bought.customer[here].astype(np.int64), bought.product[here].astype(np.int64)
    sort = np.lexsort((product, -share[product], row))
    row, product = row[sort], product[sort]
    kept = _number(row) < places
    row, product = row[kept], product[kept]
    return Offers(row, product, share[product], product, np.full(len(row), KINDS.index(DUE), dtype=np.int8))


def bestsellers(bought: csr_array, had: Offers, shelf: Shelves) -> Offers:
    """For each row the bestsellers it has not bought, in the places that `had` left free."""
    rows, free, row, product = _open(bought, had)
    at, place = unbought(row, shelf.place[product], free, np.full(len(rows), len(shelf.order)))
    whom, product = rows[at], shelf.order[place]
    none = np.full(len(whom), NONE, dtype=np.int64)
    return Offers(whom, product, shelf.share[product], none, np.full(len(whom), KINDS.index(BESTSELLER), dtype=np.int8))


def of_category(bought: csr_array, had: Offers, shelf: Shelves) -> Offers:
    """The same of the category each row bought most products of (equal: the one whose best product sells most)."""
    rows, free, row, product = _open(bought, had)
    favourite = favourites(bought[rows], shelf)
    here = (shelf.of[product] == favourite[row]) & (favourite[row] != NONE)
    sizes = np.append(np.diff(shelf.start), 0)[favourite]  # none of no category
    at, seat = unbought(row[here], shelf.seat[product[here]], free, sizes)
    product = shelf.shelf[shelf.start[favourite[at]] + seat]
    kind = np.full(len(at), KINDS.index(OF_CATEGORY), dtype=np.int8)
    return Offers(rows[at], product, shelf.share[product], favourite[at], kind)


def favourites(bought: csr_array, shelf: Shelves) -> np.ndarray:
    """The category of most products bought by each row (NONE: no category is known of any)."""
    rows, count = bought.shape[0], len(shelf.names)
    found = np.full(rows, NONE, dtype=np.int64)
    if not count:
        return found
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((np.arange(count), shelf.place[shelf.shelf[shelf.start[:-1]]]))] = np.arange(count)
    row = np.repeat(np.arange(rows), np.diff(bought.indptr))
    category = shelf.of[bought.indices]
    known = category >= 0
    keys = np.sort(row[known] * count + rank[category[known]])
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    keys, bought_of = keys[starts], np.diff(starts, append=len(keys))
    sort = np.lexsort((keys % count, -bought_of, keys // count))
    first = sort[_number((keys // count)[sort]) == 0]
    found[keys[first] // count] = np.argsort(rank)[keys[first] % count]
    return found


def unbought(row: np.ndarray, place: np.ndarray, free: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first `free` places of each row, below its `size`, that are not among its (row, place): row, place.

    The k-th free place is k plus the taken places before it: those with at most k free ones below.
    """
    sort = np.lexsort((place, row))
    row, place = row[sort], place[sort]
    below = place - _number(row)
    found = []
    for k in range(PLACES):
        at = k + np.bincount(row[below <= k], minlength=len(free))
        whom = np.flatnonzero((k < free) & (at < size))
        found.append((whom, at[whom]))
    whom, at = (np.concatenate(c) for c in zip(*found, strict=True))
    sort = np.argsort(whom, kind="stable")
    return whom[sort], at[sort]


def together(parts: Sequence[Offers]) -> Offers:
    """All of them, each row's in the order of the parts, at most PLACES, no product twice."""
    made = joined(parts)
    if any(len(part.row) == len(made.row) for part in parts):  # there is one alone
        return made
    keys = made.row.astype(np.int64) << 32 | made.product
    by_product = np.argsort(keys, kind="stable")
    first = np.sort(by_product[np.diff(keys[by_product], prepend=-1) > 0])
    sort = first[np.argsort(made.row[first], kind="stable")]
    return chosen(made, sort[_number(made.row[sort]) < PLACES])


def joined(parts: Sequence[Offers]) -> Offers:
    """One after the other."""
    return Offers(*(np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS))


def chosen(made: Offers, kept: np.ndarray) -> Offers:
    """Those of some places."""
    return Offers(*(getattr(made, name)[kept] for name in COLUMNS))


def nothing() -> Offers:
    """No offer at all."""
    empty = np.empty(0, dtype=np.int64)
    return Offers(empty, empty, np.empty(0), empty, np.empty(0, dtype=np.int8))


def _open(bought: csr_array, had: Offers) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The rows with free places, how many, and what they bought or are offered: (place among those rows, product)."""
    free = PLACES - np.bincount(had.row, minlength=bought.shape[0])
    rows = np.flatnonzero(free > 0)
    place = np.full(bought.shape[0], NONE, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    history, theirs = bought[rows], place[had.row] != NONE
    row = np.repeat(np.arange(len(rows)), np.diff(history.indptr)).astype(np.int64)
    offered = place[had.row[theirs]] << 32 | had.product[theirs]
    keys = np.sort(np.concatenate([row << 32 | history.indices, offered]))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    return rows, free[rows], keys >> 32, keys & 0xFFFFFFFF


def _number(row: np.ndarray) -> np.ndarray:
    """How many entries of the same row come before each; rows are sorted."""
    at = np.arange(len(row))
    first = np.diff(row, prepend=-1) != 0
    return at - np.maximum.accumulate(np.where(first, at, 0))
