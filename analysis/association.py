"""Which pairs belong together: how much oftener than chance, how sure that is, and oftener than pairs of like price.

What two products share merely by costing alike (dear goods are in dear orders) does not make them belong together, so
a pair is held against chance and against other pairs of like prices; see docs/decisions/16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MARGIN = 2.0  # times as often as chance, and as pairs of like prices: less is not worth an offer
FALSE = 0.05  # share of the pairs called strong that may be so by luck (Benjamini and Hochberg 1995)
NORMAL = 1.959963984540054  # of a 95 % interval
ALIKE = 0.2  # standard deviation of the weight of a pair of other prices, in natural logarithms of price
STEP = 0.05  # width of a cell of prices, in the same
CELLS = 200
PRIOR = 1.0  # orders expected of all pairs, which stand beside those of like prices


@dataclass(frozen=True, slots=True)
class Counts:
    """Frequent items and what is bought together: bought (orders an item, int64), a, b (places in bought, a < b),
    together (orders with both, int64), orders (all orders with an item, frequent or not)."""

    orders: int
    bought: np.ndarray
    a: np.ndarray
    b: np.ndarray
    together: np.ndarray

    def of(self, kept: np.ndarray) -> Counts:
        """Only the items kept (bool), and the pairs of them."""
        place = np.cumsum(kept) - 1
        pairs = kept[self.a] & kept[self.b]
        return Counts(self.orders, self.bought[kept], place[self.a[pairs]], place[self.b[pairs]], self.together[pairs])

    def reached(self, least: int) -> int:
        """Pairs in so many orders."""
        return int((self.together >= least).sum())

    @property
    def expected(self) -> np.ndarray:
        """Orders with both of each pair, did chance alone bring them together."""
        return self.bought[self.a] * (self.bought[self.b] / self.orders)

    @property
    def family(self) -> int:
        """Pairs of frequent items that were looked at, found together or not."""
        return len(self.bought) * (len(self.bought) - 1) // 2


def measured(counts: Counts, price: np.ndarray, least: int) -> pd.DataFrame:
    """The pairs with at least `least` orders, as they stand in counts: orders, orders_a, orders_b, support,
    confidence_ab (of orders with a, those with b), confidence_ba, lift, lift_low, lift_high, leverage, alike (lift of
    pairs of like prices), q, strong. price: of a unit of each item; NaN where unknown."""
    together, one, other, n = counts.together, counts.bought[counts.a], counts.bought[counts.b], counts.orders
    lift = together / counts.expected
    low, high = lift_interval(together, one, other, n)
    alike = lift_of_alike(counts, price)
    q = false_discovery(
        _by_luck(together, MARGIN * counts.expected * np.maximum(alike, 1)), counts.family, least <= together
    )
    found = pd.DataFrame(
        {
            "a": counts.a,
            "b": counts.b,
            "orders": together,
            "orders_a": one,
            "orders_b": other,
            "support": together / n,
            "confidence_ab": together / one,
            "confidence_ba": together / other,
            "lift": lift,
            "lift_low": low,
            "lift_high": high,
            "leverage": together / n - (one / n) * (other / n),
            "alike": alike,
            "q": q.round(6),
            "strong": q <= FALSE,
        }
    )
    return found[together >= least].reset_index(drop=True)


def lift_interval(
    together: np.ndarray, one: np.ndarray, other: np.ndarray, orders: int
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of lift from the standard error of its logarithm (delta method, orders drawn at random).

    The variance is 1/together - 1/one - 1/other + (2 lift - 1)/orders: at a lift of one, that of a log ratio of rates.
    """
    lift = together * (orders / (one * other.astype(float)))
    spread = np.sqrt(np.maximum(1 / together - 1 / one - 1 / other + (2 * lift - 1) / orders, 0))
    return lift * np.exp(-NORMAL * spread), lift * np.exp(NORMAL * spread)


def lift_of_alike(counts: Counts, price: np.ndarray) -> np.ndarray:
    """The lift of the other pairs whose prices are like those of each pair: orders found over orders expected.

    Pairs count the more the nearer both prices are in logarithm (Gaussian, ALIKE); the pair itself is left out, and
    PRIOR orders at the lift of all pairs stand beside them. Products without a price are alike.
    """
    cell = _cells(price)
    size = int(cell.max()) + 1
    near = np.exp(-0.5 * ((np.arange(size)[:, None] - np.arange(size)) * STEP / ALIKE) ** 2)
    one, other = cell[counts.a], cell[counts.b]
    found = np.bincount(one * size + other, counts.together, size * size).reshape(size, size)
    bought = np.bincount(cell, counts.bought, size)
    squares = np.bincount(cell, counts.bought.astype(float) ** 2, size)
    found = found + found.T  # each pair both ways round
    chance = (np.outer(bought, bought) - np.diag(squares)) / counts.orders
    overall = found.sum() / chance.sum()
    own = 1 + near[one, other] ** 2  # the weight of the pair itself, both ways round
    around = _smoothed(near, found)[one, other] - own * counts.together
    expected = _smoothed(near, chance)[one, other] - own * counts.expected
    return (np.maximum(around, 0) + PRIOR * overall) / (np.maximum(expected, 0) + PRIOR)


def _cells(price: np.ndarray) -> np.ndarray:
    """The cell of each price, by its logarithm; those unknown together in one far from all others."""
    known = np.isfinite(price) & (price > 0)
    cells = np.zeros(len(price), dtype=np.int64)
    if known.any():
        log = np.log(price[known])
        cells[known] = np.minimum(np.floor((log - log.min()) / STEP + 1e-9), CELLS)
    far = int(5 * ALIKE / STEP)
    cells[~known] = cells.max() + far if known.any() else 0
    return cells


def _smoothed(near: np.ndarray, values: np.ndarray) -> np.ndarray:
    """near x values x near, summed in one order whatever the machine's threads."""
    return np.einsum("ij,jk->ik", np.einsum("ij,jk->ik", near, values), near)


def _by_luck(together: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The probability of so many orders or more, were so many expected (Poisson, which errs on the careful side)."""
    from scipy.special import gammainc

    return gammainc(together, expected)


def false_discovery(chances: np.ndarray, family: int, looked: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted probabilities in a family of so many tests; not `looked` at counts as one."""
    chances = np.where(looked, chances, 1.0)
    order = np.argsort(chances, kind="stable")
    scaled = chances[order] * family / np.arange(1, len(chances) + 1)
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
