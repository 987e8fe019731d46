"""Which sets of items come together often, and what they lead to: Eclat on bits, a bit for each basket.

Zaki (2000), Scalable algorithms for association mining, IEEE TKDE 12, 372-390.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

WORD = 64
Set = tuple[int, ...]


def rules_of(
    baskets: Sequence[Iterable[str]], support: float, confidence: float, left: int | None = None
) -> pd.DataFrame:
    """Rules of plain baskets of items: left (tuple of names), right (name), and the measures of `rules`.

    support, confidence: the least share of baskets, and of those with the left side. left: the most items on it.
    """
    names = sorted({item for basket in baskets for item in basket})
    place = {name: i for i, name in enumerate(names)}
    pairs = np.array([(b, place[item]) for b, basket in enumerate(baskets) for item in set(basket)])
    bits = bitsets(pairs[:, 0], pairs[:, 1], len(baskets), len(names))
    least = max(1, int(np.ceil(support * len(baskets) - 1e-9)))
    found = rules(itemsets(bits, least, None if left is None else left + 1), len(baskets), confidence)
    found["left"] = [tuple(names[i] for i in items) for items in found["left"]]
    found["right"] = [names[i] for i in found["right"]]
    return found


def bitsets(basket: np.ndarray, item: np.ndarray, baskets: int, items: int) -> np.ndarray:
    """(items, words) of uint64: the bit of each basket that holds the item; basket, item: one row a line."""
    by_item = np.argsort(item, kind="stable")
    ends = np.searchsorted(item[by_item], np.arange(items + 1))
    bits = np.zeros((items, -(-baskets // WORD)), dtype=np.uint64)
    for i in range(items):
        holds = np.zeros(bits.shape[1] * WORD, dtype=bool)
        holds[basket[by_item[ends[i] : ends[i + 1]]]] = True
        bits[i] = np.packbits(holds).view(np.uint64)
    return bits


def itemsets(bits: np.ndarray, least: int, longest: int | None = None) -> dict[Set, int]:
    """Every set of items (rising) that at least `least` baskets hold, of at most `longest` items: its baskets."""
    counts = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    kept = np.flatnonzero(counts >= least)
    return dict(_extended((), kept, bits[kept], counts[kept], least, longest or len(bits)))


def _extended(
    prefix: Set, items: np.ndarray, bits: np.ndarray, counts: np.ndarray, least: int, longest: int
) -> Iterator[tuple[Set, int]]:
    """The sets that begin with `prefix` and go on with one or more of items; bits: of the prefix with each item."""
    for i, item in enumerate(items.tolist()):
        found = (*prefix, item)
        yield found, int(counts[i])
        if len(found) == longest or i + 1 == len(items):
            continue
        both = bits[i + 1 :] & bits[i]
        held = np.bitwise_count(both).sum(axis=1, dtype=np.int64)
        often = np.flatnonzero(held >= least)
        if len(often):
            yield from _extended(found, items[i + 1 :][often], both[often], held[often], least, longest)


def rules(sets: Mapping[Set, int], baskets: int, confidence: float) -> pd.DataFrame:
    """Rules with one item on the right: left (tuple), right, orders, orders_left, orders_right, support, confidence,
    lift; by lift, then by items. sets: all frequent ones, with every set inside them."""
    rows = [
        (left, right, count, sets[left], sets[(right,)])
        for found, count in sets.items()
        if len(found) > 1
        for left, right in _splits(found)
        if count >= confidence * sets[left]
    ]
    made = pd.DataFrame(rows, columns=["left", "right", "orders", "orders_left", "orders_right"])
    made["support"] = made["orders"] / baskets
    made["confidence"] = made["orders"] / made["orders_left"]
    made["lift"] = made["confidence"] * baskets / made["orders_right"]
    return made.sort_values(["lift", "left", "right"], ascending=[False, True, True], ignore_index=True)


def _splits(found: Set) -> Iterator[tuple[Set, int]]:
    return ((found[:i] + found[i + 1 :], item) for i, item in enumerate(found))
