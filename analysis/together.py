"""What is in one order with what: orders of each frequent product, of each pair of them, and of categories."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.association import Counts, lift_interval, measured
from analysis.finding import Skip
from analysis.longer_rules import Set, bitsets, itemsets, rules
from analysis.order_products import OrderProducts, both, ones
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LEAST = 20  # orders that hold both: nothing is said of fewer
ENOUGH = 100  # pairs; with fewer, the minimum support is halved
HALVINGS = 4
FEW = 1000  # products: with more, only those frequent enough are counted at first
WORK = 50_000_000  # pairs of products within orders, beyond which huge orders are not looked at whole
HUGE = 400  # best-selling products that are looked at in an order with more
LEFT = 3  # items on the left of a longer rule
MOST = 300  # products of strong pairs that longer rules are looked for among
LIKELY = 0.5  # of a longer rule: the least confidence
BETTER = 0.05  # and by how much it must be above that of every shorter rule to the same product


@dataclass(frozen=True, slots=True)
class Together:
    """What was bought in one order.

    pairs: as association.measured, a and b as product ids, a < b. orders: all with a product. single: of them, with
    one product only. support, least: share and number of orders that a pair needed. family: pairs looked at. items:
    frequent products. most: products of a
    huge order that are looked at. capped: orders with more, where they were cut.
    """

    pairs: pd.DataFrame
    orders: int
    single: int
    support: float
    least: int
    family: int
    items: int
    most: int
    capped: int


def order_products(lines: Relation, dataset: Dataset, settings: Settings) -> OrderProducts:
    """The orders up to the snapshot, by what they hold; fees and postage left out."""
    return OrderProducts(lines, bound(dataset, settings))


def together(orders_of: OrderProducts, sold: pd.DataFrame, settings: Settings) -> Together:
    """The pairs at the highest support that carries enough of them; Skip when there is none.

    sold: as analysis.goods.goods. The support begins at the minimum of the settings and is halved up to four times.
    """
    shares = [Fraction(str(settings.minimum_support)) / 2**k for k in range(HALVINGS + 1)]
    few, orders = len(sold) <= FEW, int(orders_of.sizes.sum())
    counts, items = _counted(orders_of, LEAST if few else _least(shares[0], orders))
    if not few and _least(shares[0], orders) > LEAST and counts.reached(_least(shares[0], orders)) < ENOUGH:
        counts, items = _counted(orders_of, _least(shares[-1], orders))
    if not orders_of.sizes[2:].any():
        raise Skip("no order holds two different products")
    carried = [share for share in shares if counts.reached(_least(share, orders)) >= ENOUGH]
    share = carried[0] if carried else shares[-1]
    least = _least(share, orders)
    if not counts.reached(least):
        raise Skip("no two products were bought together in enough orders")
    often = counts.bought >= least
    counts, items = counts.of(often), items[often]
    pairs = measured(counts, sold.set_index("product_id")["price"].reindex(items).to_numpy(), least)
    pairs["a"], pairs["b"] = items[pairs["a"]], items[pairs["b"]]
    capped = int(orders_of.sizes[HUGE + 1 :].sum()) if _cut(orders_of.sizes) else 0
    single = int(orders_of.sizes[1:2].sum())
    return Together(pairs, orders, single, float(share), least, counts.family, len(items), HUGE, capped)


def _least(share: Fraction, orders: int) -> int:
    """Orders a pair needs at a support, never fewer than LEAST."""
    return max(LEAST, math.ceil(share * orders))


def _cut(sizes: np.ndarray) -> bool:
    """Whether all orders hold too many pairs, so that of huge ones only the best-selling products are looked at."""
    products = np.arange(len(sizes))
    return int((products * (products - 1) // 2 * sizes).sum()) > WORK


def bound(dataset: Dataset, settings: Settings) -> dict[str, object]:
    """What every query of baskets is given: the day before which, and what is no product."""
    return {"snapshot": settings.snapshot, "non_products": listed(dataset.non_products)}


def listed(ids: frozenset[str] | list[str]) -> str:
    """Ids as one text in which SQL finds each between bars."""
    return f"|{'|'.join(sorted(ids))}|"


def _counted(orders_of: OrderProducts, least: int) -> tuple[Counts, np.ndarray]:
    """The counts of products in so many orders, and their ids, rising."""
    bought = np.zeros(len(orders_of.ids), dtype=np.int64)
    for block in _looked_at(orders_of):
        bought += np.bincount(block.indices, minlength=len(bought))
    often = np.flatnonzero(bought >= least)
    some = (block if len(often) == block.shape[1] else block[:, often] for block in _looked_at(orders_of))
    a, b, orders, _ = both(some, len(often))
    return Counts(int(orders_of.sizes.sum()), bought[often], a, b, orders), orders_of.ids[often]


def _looked_at(orders_of: OrderProducts) -> Iterator[csr_array]:
    """The orders, of huge ones only the best-selling products where all hold too many pairs."""
    if not _cut(orders_of.sizes):
        yield from orders_of.blocks()
        return
    sells = np.empty(len(orders_of.ids), dtype=np.int64)
    goods = np.flatnonzero(orders_of.goods)
    sells[goods[np.lexsort((goods, -orders_of.sale_lines[goods]))]] = np.arange(len(goods))
    for block in orders_of.blocks():
        row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        kept = (np.diff(block.indptr)[row] <= HUGE) | (sells[block.indices] < HUGE)
        yield ones(row[kept], block.indices[kept], block.shape)


def of_categories(products: Relation | None, orders_of: OrderProducts) -> pd.DataFrame | None:
    """Pairs of categories as the pairs of products, without alike, q and strong; None without two categories."""
    if products is None:
        return None
    rows = products.query("basket_categories.sql", **orders_of.given)
    shelf_of = np.full(len(orders_of.ids), -1)
    names, shelf_of[rows["product"].to_numpy()] = np.unique(
        rows["category"].to_numpy(zero_copy_only=False).astype(object), return_inverse=True
    )
    a, b, orders, alone = both(_shelves(orders_of, shelf_of, len(names)), len(names))
    pairs = pd.DataFrame({"a": names[a], "b": names[b], "orders": orders, "orders_a": alone[a], "orders_b": alone[b]})
    pairs = pairs[pairs["orders"] >= LEAST].reset_index(drop=True)
    if pairs.empty:
        return None
    whole = int(orders_of.sizes.sum())
    both_of, one, other = (pairs[name].to_numpy() for name in ("orders", "orders_a", "orders_b"))
    pairs["support"] = both_of / whole
    pairs["confidence_ab"], pairs["confidence_ba"] = both_of / one, both_of / other
    pairs["lift"] = both_of * (whole / (one * other.astype(float)))
    pairs["lift_low"], pairs["lift_high"] = lift_interval(both_of, one, other, whole)
    pairs["leverage"] = pairs["support"] - one / whole * (other / whole)
    return pairs.sort_values(["lift", "a", "b"], ascending=[False, True, True], ignore_index=True)


def _shelves(orders_of: OrderProducts, shelf_of: np.ndarray, shelves: int) -> Iterator[csr_array]:
    """Orders x categories, one where the order holds a product of it."""
    for block in orders_of.blocks():
        row, shelf = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)), shelf_of[block.indices]
        yield ones(row[shelf >= 0], shelf[shelf >= 0], (block.shape[0], shelves))


def longer(orders_of: OrderProducts, found: Together) -> pd.DataFrame:
    """Rules with two or three products of strong pairs on the left: left (tuple of ids), right (id), then as `rules`.

    Each is likelier by BETTER than every shorter rule to the same product. Of more than MOST products the best-selling.
    """
    strong = found.pairs[found.pairs["strong"]]
    sides = (strong.set_index(side)[f"orders_{side}"] for side in ("a", "b"))
    bought = pd.concat(sides).groupby(level=0).first().sort_values(ascending=False, kind="stable")
    ids = np.array(sorted(bought.index[:MOST]), dtype=object)
    if len(ids) < 3:
        return rules({}, found.orders, LIKELY)
    sets = itemsets(_holding(orders_of, np.flatnonzero(np.isin(orders_of.ids, ids))), found.least, LEFT + 1)
    made = rules(sets, found.orders, LIKELY)
    more = [len(left) > 1 and adds(left, right, sets) for left, right in zip(made["left"], made["right"], strict=True)]
    made = made[np.array(more, dtype=bool)].reset_index(drop=True)
    made["left"] = [tuple(ids[list(left)]) for left in made["left"]]
    made["right"] = ids[made["right"].to_numpy(dtype=np.int64)]
    return made


def _holding(orders_of: OrderProducts, items: np.ndarray) -> np.ndarray:
    """The bits of the orders that hold any of the items, as longer_rules.bitsets; and of some that do not exist."""
    found = []
    for block in orders_of.blocks():
        some = block[:, items]
        count = np.diff(some.indptr)
        number = (np.cumsum(count > 0) - 1).astype(np.int32)
        found.append(bitsets(np.repeat(number, count), some.indices, int(np.count_nonzero(count)), len(items)))
    return np.concatenate(found, axis=1)


def adds(left: Set, right: int, sets: Mapping[Set, int]) -> bool:
    """Whether the rule is likelier by BETTER than every rule with fewer items on the left (Bayardo and others 2000)."""
    likely = sets[tuple(sorted((*left, right)))] / sets[left]
    fewer = (some for size in range(1, len(left)) for some in combinations(left, size))
    return all(likely >= sets[tuple(sorted((*some, right)))] / sets[some] + BETTER for some in fewer)
