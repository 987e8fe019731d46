"""What is in one order with what: orders of each frequent product, of each pair of them, and of categories."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.association import Counts, lift_interval, measured
from analysis.finding import Skip
from analysis.longer_rules import Set, bitsets, itemsets, rules
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

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


def together(lines: Relation, sold: pd.DataFrame, dataset: Dataset, settings: Settings) -> Together:
    """The pairs at the highest support that carries enough of them; Skip when there is none.

    sold: as analysis.goods.goods. The support begins at the minimum of the settings and is halved up to four times.
    """
    shares = [Fraction(str(settings.minimum_support)) / 2**k for k in range(HALVINGS + 1)]
    few = len(sold) <= FEW
    counts, items, sizes = _counted(lines, dataset, settings, Fraction(0) if few else shares[0])
    orders = counts.orders
    if not few and _least(shares[0], orders) > LEAST and counts.reached(_least(shares[0], orders)) < ENOUGH:
        counts, items, sizes = _counted(lines, dataset, settings, shares[-1])
    if not (sizes["products"] > 1).any():
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
    single = int(sizes.loc[sizes["products"] == 1, "orders"].sum())
    return Together(pairs, orders, single, float(share), least, counts.family, len(items), HUGE, _capped(sizes))


def _least(share: Fraction, orders: int) -> int:
    """Orders a pair needs at a support, never fewer than LEAST."""
    return max(LEAST, math.ceil(share * orders))


def _capped(sizes: pd.DataFrame) -> int:
    """Orders of which only the best-selling products were looked at."""
    products, orders = (sizes[name].astype("int64") for name in ("products", "orders"))
    whole = int((products * (products - 1) // 2 * orders).sum()) <= WORK
    return 0 if whole else int(orders[products > HUGE].sum())


def bound(dataset: Dataset, settings: Settings) -> dict[str, object]:
    """What every query of baskets is given: the day before which, and what is no product."""
    return {"snapshot": settings.snapshot, "non_products": listed(dataset.non_products)}


def listed(ids: frozenset[str] | list[str]) -> str:
    """Ids as one text in which SQL finds each between bars."""
    return f"|{'|'.join(sorted(ids))}|"


def _counted(
    lines: Relation, dataset: Dataset, settings: Settings, share: Fraction
) -> tuple[Counts, np.ndarray, pd.DataFrame]:
    """The counts of products in that share of orders, their ids, rising, and how many orders hold how many products."""
    given = {"least": LEAST, "share": float(share), "most": HUGE, "work": WORK}
    rows = lines.query("basket.sql", **given, **bound(dataset, settings))
    numbers = {name: rows[name].to_numpy() for name in ("item_b", "orders")}
    item = rows["item_a"].fill_null(0).to_numpy()
    size, same = item == 0, item == numbers["item_b"]
    sizes = pd.DataFrame({"products": numbers["item_b"][size], "orders": numbers["orders"][size]})
    least = _least(share, int(sizes["orders"].sum()))
    often = np.flatnonzero(same & (numbers["orders"] >= least))
    ids = rows["product_id"].take(often).to_numpy(zero_copy_only=False)
    by_id = np.argsort(ids, kind="stable")
    place = np.full(int(item.max(initial=0)) + int(numbers["item_b"].max(initial=0)) + 1, -1)
    place[item[often][by_id]] = np.arange(len(often))
    a, b = place[item], place[numbers["item_b"]]
    kept = ~size & ~same & (a >= 0) & (b >= 0)
    a, b, both = a[kept], b[kept], numbers["orders"][kept]
    bought = numbers["orders"][often][by_id]
    counts = Counts(int(sizes["orders"].sum()), bought, np.minimum(a, b), np.maximum(a, b), both)
    return counts, ids[by_id], sizes


def of_categories(products: Relation | None, orders: int, dataset: Dataset, settings: Settings) -> pd.DataFrame | None:
    """Pairs of categories as the pairs of products, without alike, q and strong; None without two categories."""
    if products is None:
        return None
    rows = products.query("basket_categories.sql", **bound(dataset, settings)).to_pandas()
    alone = rows[rows["a"] == rows["b"]].set_index("a")["orders"]
    pairs = rows[(rows["a"] != rows["b"]) & (rows["orders"] >= LEAST)].reset_index(drop=True)
    if pairs.empty:
        return None
    pairs["orders_a"], pairs["orders_b"] = (alone.reindex(pairs[side]).to_numpy() for side in ("a", "b"))
    both, one, other = (pairs[name].to_numpy() for name in ("orders", "orders_a", "orders_b"))
    pairs["support"] = both / orders
    pairs["confidence_ab"], pairs["confidence_ba"] = both / one, both / other
    pairs["lift"] = both * (orders / (one * other.astype(float)))
    pairs["lift_low"], pairs["lift_high"] = lift_interval(both, one, other, orders)
    pairs["leverage"] = pairs["support"] - one / orders * (other / orders)
    return pairs.sort_values(["lift", "a", "b"], ascending=[False, True, True], ignore_index=True)


def longer(lines: Relation, found: Together, settings: Settings) -> pd.DataFrame:
    """Rules with two or three products of strong pairs on the left: left (tuple of ids), right (id), then as `rules`.

    Each is likelier by BETTER than every shorter rule to the same product. Of more than MOST products the best-selling.
    """
    strong = found.pairs[found.pairs["strong"]]
    sides = (strong.set_index(side)[f"orders_{side}"] for side in ("a", "b"))
    bought = pd.concat(sides).groupby(level=0).first().sort_values(ascending=False, kind="stable")
    ids = np.array(sorted(bought.index[:MOST]), dtype=object)
    rows = lines.query("basket_orders.sql", items=listed(list(ids)), snapshot=settings.snapshot).to_pandas()
    rows = rows[rows["product_id"].isin(ids)]  # an id may hold a bar
    if len(ids) < 3 or rows.empty:
        return rules({}, found.orders, LIKELY)
    basket, item = rows["basket"].to_numpy() - 1, np.searchsorted(ids, rows["product_id"].to_numpy(dtype=object))
    sets = itemsets(bitsets(basket, item, int(basket[-1]) + 1, len(ids)), found.least, LEFT + 1)
    made = rules(sets, found.orders, LIKELY)
    more = [len(left) > 1 and adds(left, right, sets) for left, right in zip(made["left"], made["right"], strict=True)]
    made = made[np.array(more, dtype=bool)].reset_index(drop=True)
    made["left"] = [tuple(ids[list(left)]) for left in made["left"]]
    made["right"] = ids[made["right"].to_numpy(dtype=np.int64)]
    return made


def adds(left: Set, right: int, sets: Mapping[Set, int]) -> bool:
    """Whether the rule is likelier by BETTER than every rule with fewer items on the left (Bayardo and others 2000)."""
    likely = sets[tuple(sorted((*left, right)))] / sets[left]
    fewer = (some for size in range(1, len(left)) for some in combinations(left, size))
    return all(likely >= sets[tuple(sorted((*some, right)))] / sets[some] + BETTER for some in fewer)
