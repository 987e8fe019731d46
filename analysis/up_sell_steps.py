"""Of the buyers of a product, how many bought another one of its kind, then or later?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.similar import Bought

BLOCK = 1 << 18  # products held looked at at once


def then_or_later(blocks: Iterable[Bought], shelf: np.ndarray, most: int) -> tuple[pd.DataFrame, np.ndarray]:
    """has, offer (places of products), bought (customers who bought it then or later), later; and buyers of each.

    blocks: of all customers. shelf: the kind of each product, -1: none. Who holds more than `most` products of a kind
    tells little of any of them and is left out of that kind.
    """
    size, codes, counts = len(shelf), [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    buyers = np.zeros(size, dtype=np.int64)
    for bought in blocks:
        for part in _blocks(bought.customer):
            customer, product, day = _by_shelf(bought, part, shelf)
            starts = np.flatnonzero(np.diff(customer, prepend=-1) | np.diff(shelf[product], prepend=-1))
            sizes = np.diff(starts, append=len(product))
            kept = np.repeat(sizes <= most, sizes)
            product, day, sizes = product[kept], day[kept], sizes[sizes <= most]
            buyers += np.bincount(product, minlength=size)
            for found in _pairs(product, day, np.repeat(np.arange(len(sizes)), sizes), size):
                code, count = np.unique(found, return_counts=True)
                codes.append(code)
                counts.append(count)
    code, at = np.unique(np.concatenate(codes), return_inverse=True)
    count = np.bincount(at, np.concatenate(counts), len(code)).astype(np.int64)
    pairs = pd.DataFrame({"pair": code >> 1, "bought": count, "later": count * (code & 1)})
    pairs = pairs.groupby("pair", as_index=False).sum()
    pairs["has"], pairs["offer"] = pairs["pair"] // size, pairs["pair"] % size
    return pairs[["has", "offer", "bought", "later"]], buyers


def _blocks(customer: np.ndarray) -> Iterator[slice]:
    """Some of the sorted entries at once, all of a customer in one."""
    start = 0
    while start < len(customer):
        last = customer[min(start + BLOCK, len(customer)) - 1]
        end = int(np.searchsorted(customer, last, side="right"))
        yield slice(start, end)
        start = end


def _by_shelf(bought: Bought, part: slice, shelf: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, product and first day of what was bought, by customer and shelf: one sort of whole numbers."""
    order = np.argsort(shelf, kind="stable")
    place = np.empty(len(shelf), dtype=np.int64)
    place[order] = np.arange(len(shelf))
    customer, product, day = bought.customer[part], bought.product[part], bought.first[part]
    kept = shelf[product] >= 0
    customer, product, day = customer[kept], product[kept], day[kept]
    first_day = day.min(initial=day[0] if len(day) else 0)
    days, goods = (int(n).bit_length() for n in (day.max(initial=first_day) - first_day, len(shelf)))
    keys = (customer.astype(np.int64) << goods | place[product]) << days | (day - first_day)
    keys.sort()
    held = keys >> days
    return held >> goods, order[held & ((1 << goods) - 1)], (keys & ((1 << days) - 1)).astype(np.int32)


def _pairs(product: np.ndarray, day: np.ndarray, group: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Of each two of a group: the earlier product x size + the other (both ways if of one day), x 2 + if later."""
    left, step = np.arange(len(product)), 1
    while True:
        left = left[left + step < len(product)]
        left = left[group[left + step] == group[left]]
        if not len(left):
            return
        right = left + step
        for one, other in ((left, right), (right, left)):
            here = day[other] >= day[one]
            one, other = one[here], other[here]
            yield (product[one] * size + product[other]) << 1 | (day[other] > day[one])
        step += 1
