"""Pairs held against chance and pairs of like prices: formulas by hand, by simulation, by other libraries."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import poisson
from statsmodels.stats.multitest import multipletests

from analysis.association import (
    ALIKE,
    FALSE,
    MARGIN,
    PRIOR,
    STEP,
    Counts,
    false_discovery,
    lift_interval,
    lift_of_alike,
    measured,
)  # fmt: skip


def counted(orders: int, bought: list[int], pairs: dict[tuple[int, int], int]) -> Counts:
    a, b = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    return Counts(orders, np.array(bought), a, b, np.array(list(pairs.values())))


def random_counts(seed: int, items: int = 12) -> Counts:
    rng = np.random.default_rng(seed)
    holds = rng.random((3000, items)) < rng.uniform(0.05, 0.4, items)
    both = holds.T.astype(int) @ holds
    pairs = {(a, b): int(both[a, b]) for a, b in combinations(range(items), 2) if both[a, b]}
    return counted(3000, list(both.diagonal()), pairs)


def test_measures_by_hand():
    found = measured(counted(1000, [100, 50], {(0, 1): 20}), np.array([np.nan, np.nan]), 20).iloc[0]
    assert (found.orders, found.orders_a, found.orders_b) == (20, 100, 50)
    assert (found.support, found.confidence_ab, found.confidence_ba) == (0.02, 0.2, 0.4)
    assert found.lift == pytest.approx(4)
    assert found.leverage == pytest.approx(0.02 - 0.1 * 0.05)
    spread = (1 / 20 - 1 / 100 - 1 / 50 + (2 * 4 - 1) / 1000) ** 0.5
    assert np.log(found.lift_high / 4) == pytest.approx(1.959964 * spread, rel=1e-6)
    assert np.log(4 / found.lift_low) == pytest.approx(1.959964 * spread, rel=1e-6)


def test_the_interval_is_as_wide_as_lift_scatters():
    rng, orders = np.random.default_rng(4), 5000
    cells = rng.multinomial(orders, [0.02, 0.08, 0.03, 0.87], 40_000)
    both, one, other = cells[:, 0], cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2]
    logs = np.log(both * orders / (one * other))
    low, high = lift_interval(np.array([100]), np.array([500]), np.array([250]), orders)
    assert np.log(high / low)[0] / 2 / 1.959964 == pytest.approx(logs.std(), rel=0.02)
    lows, highs = lift_interval(both, one, other, orders)
    assert np.mean((lows <= 4) & (highs >= 4)) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_probabilities_are_those_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    chances = rng.random(30) ** 4
    looked = rng.random(30) < 0.8
    whole = np.concatenate([np.where(looked, chances, 1.0), np.ones(470)])
    expected = multipletests(whole, method="fdr_bh")[1][:30]
    assert false_discovery(chances, 500, looked) == pytest.approx(expected, rel=1e-12)


def test_the_probability_is_poissons():
    counts = counted(10_000, [400, 300, 500], {(0, 1): 30, (0, 2): 50, (1, 2): 31})
    found = measured(counts, np.array([1.0, 1.0, 1.0]), 20)
    expected = MARGIN * counts.expected * np.maximum(lift_of_alike(counts, np.ones(3)), 1)
    chances = poisson.sf(counts.together - 1, expected)
    assert list(found["q"]) == pytest.approx(multipletests(chances, method="fdr_bh")[1], abs=1e-6)
    assert list(found["strong"]) == list(multipletests(chances, FALSE, method="fdr_bh")[0])


@pytest.mark.parametrize("seed", range(5))
def test_lift_of_pairs_alike_is_the_sum_over_all_other_pairs(seed):
    counts = random_counts(seed)
    rng = np.random.default_rng(seed)
    logs = rng.integers(0, 20, len(counts.bought)) * STEP  # in the middle of nothing: exactly on cells
    both = {(a, b): n for a, b, n in zip(counts.a, counts.b, counts.together, strict=True)}
    pairs = list(combinations(range(len(counts.bought)), 2))
    chance = {(a, b): counts.bought[a] * counts.bought[b] / counts.orders for a, b in pairs}
    overall = sum(both.values()) / sum(chance.values())

    def near(one: float, other: float) -> float:
        return float(np.exp(-0.5 * ((one - other) / ALIKE) ** 2))

    expected = []
    for a, b in zip(counts.a, counts.b, strict=True):
        found = around = 0.0
        for c, d in pairs:
            if (c, d) != (a, b):
                weight = near(logs[a], logs[c]) * near(logs[b], logs[d]) + near(logs[a], logs[d]) * near(
                    logs[b], logs[c]
                )
                found, around = found + weight * both.get((c, d), 0), around + weight * chance[(c, d)]
        expected.append((found + PRIOR * overall) / (around + PRIOR))
    assert lift_of_alike(counts, np.exp(logs - logs.min()) * 7.3) == pytest.approx(expected, rel=1e-9)


def test_the_unit_of_money_does_not_matter():
    counts, price = random_counts(1), np.random.default_rng(1).uniform(1, 90, 12)
    assert lift_of_alike(counts, price * 1000) == pytest.approx(lift_of_alike(counts, price), rel=1e-9)


def test_products_without_a_price_are_compared_with_each_other():
    counts = random_counts(2)
    none = lift_of_alike(counts, np.full(12, np.nan))
    assert none == pytest.approx(lift_of_alike(counts, np.ones(12)))
    some = np.array([1.0] * 6 + [np.nan] * 6)
    apart = lift_of_alike(counts, np.array([1.0] * 6 + [1e4] * 6))
    assert lift_of_alike(counts, some) == pytest.approx(apart, rel=1e-3)


def test_dear_with_dear_is_no_affinity_but_one_pair_of_many_is():
    """Six dear products share dear orders: every pair of them is far above chance, none above its like."""
    rng = np.random.default_rng(3)
    dear = rng.random(40_000) < 0.1
    holds = np.where(dear[:, None], rng.random((40_000, 6)) < 0.3, rng.random((40_000, 6)) < 0.01)
    holds = np.hstack([holds, rng.random((40_000, 6)) < 0.05])
    holds[:, 11] |= holds[:, 10] & (rng.random(40_000) < 0.4)
    both = holds.T.astype(int) @ holds
    pairs = {(a, b): int(both[a, b]) for a, b in combinations(range(12), 2)}
    found = measured(counted(40_000, list(both.diagonal()), pairs), np.array([90.0] * 6 + [3.0] * 6), 20)
    assert (found[(found["a"] < 6) & (found["b"] < 6)]["lift_low"] > 3).all()
    assert found[found["strong"]][["a", "b"]].to_numpy().tolist() == [[10, 11]]


def test_only_pairs_that_reach_the_least_are_told():
    counts = counted(1000, [100, 50, 60], {(0, 1): 20, (0, 2): 19})
    assert measured(counts, np.ones(3), 20)[["a", "b"]].to_numpy().tolist() == [[0, 1]]


def test_leaving_out_items_leaves_out_their_pairs():
    counts = counted(1000, [100, 5, 60, 70], {(0, 1): 4, (0, 2): 30, (2, 3): 25})
    kept = counts.of(np.array([True, False, True, True]))
    assert (list(kept.bought), list(kept.a), list(kept.b)) == ([100, 60, 70], [0, 1], [1, 2])
    assert (list(kept.together), kept.family) == ([30, 25], 3)
