"""Sets and rules of plain baskets: the Groceries of arules, mlxtend, and counting by hand."""

from __future__ import annotations

import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.longer_rules import bitsets, itemsets, rules_of

GROCERIES = Path(__file__).resolve().parents[3] / "shared/data/groceries/groceries.csv"
# Hahsler and others, Introduction to arules; the counts are those the R package prints.
PUBLISHED = ((0.001, 0.5, 5668), (0.006, 0.25, 463), (0.01, 0.5, 15), (0.01, 0.25, 170))


@pytest.fixture(scope="module")
def groceries() -> list[list[str]]:
    if not GROCERIES.exists():
        pytest.skip("the Groceries are not here")
    with GROCERIES.open(encoding="utf-8") as file:
        return [[item.strip() for item in line.split(",")] for line in file]


def by_mlxtend(baskets: list[list[str]], support: float, confidence: float) -> pd.DataFrame:
    from mlxtend.frequent_patterns import association_rules, fpgrowth
    from mlxtend.preprocessing import TransactionEncoder

    encoder = TransactionEncoder()
    table = pd.DataFrame(encoder.fit(baskets).transform(baskets), columns=encoder.columns_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sets = fpgrowth(table, support, use_colnames=True)
        found = association_rules(sets, metric="confidence", min_threshold=confidence)
    found = found[found["consequents"].map(len) == 1]
    found["left"] = found["antecedents"].map(lambda items: tuple(sorted(items)))
    found["right"] = found["consequents"].map(lambda items: next(iter(items)))
    return found.set_index(["left", "right"])[["support", "confidence", "lift"]].sort_index()


@pytest.mark.parametrize(("support", "confidence", "rules"), PUBLISHED)
def test_groceries_give_the_published_rules_and_mlxtends_figures(groceries, support, confidence, rules):
    ours = rules_of(groceries, support, confidence)
    theirs = by_mlxtend(groceries, support, confidence)
    assert len(ours) == len(theirs) == rules
    ours = ours.set_index(["left", "right"])[["support", "confidence", "lift"]].sort_index()
    assert ours.index.tolist() == theirs.index.tolist()
    assert np.abs(ours.to_numpy() - theirs.to_numpy()).max() < 1e-9


def test_the_top_rule_of_groceries(groceries):
    top = rules_of(groceries, 0.006, 0.25).iloc[0]
    assert (top["left"], top["right"]) == (("herbs",), "root vegetables")
    assert top["lift"] == pytest.approx(3.9565, abs=5e-5)


def test_three_on_the_left_at_most(groceries):
    rules = rules_of(groceries, 0.001, 0.5, left=3)
    every = rules_of(groceries, 0.001, 0.5)
    assert set(rules["left"].map(len)) == {1, 2, 3}
    assert rules[["left", "right", "orders"]].equals(
        every[every["left"].map(len) <= 3].reset_index(drop=True)[["left", "right", "orders"]]
    )


@pytest.mark.parametrize("baskets", [1, 63, 64, 65, 200])
def test_sets_are_those_counted_one_by_one(baskets):
    rng = np.random.default_rng(baskets)
    holds = rng.random((baskets, 7)) < 0.4
    basket, item = np.nonzero(holds)
    least = max(1, baskets // 20)
    expected = {}
    for size in range(1, 8):
        for some in combinations(range(7), size):
            count = int(holds[:, some].all(axis=1).sum())
            if count >= least:
                expected[some] = count
    assert itemsets(bitsets(basket, item, baskets, 7), least) == expected
    assert itemsets(bitsets(basket, item, baskets, 7), least, 2) == {s: n for s, n in expected.items() if len(s) < 3}


def test_an_item_twice_in_a_basket_counts_once():
    once, twice = ([["a", "b"], ["a"], ["b", "c"]], [["a", "b", "a"], ["a"], ["b", "c", "c"]])
    assert rules_of(once, 0.3, 0.1).equals(rules_of(twice, 0.3, 0.1))


def test_a_rule_by_hand():
    baskets = [["a", "b", "c"], ["a", "b", "c"], ["a", "b"], ["c"], ["d"]]
    rule = rules_of(baskets, 0.4, 0.6).set_index(["left", "right"]).loc[[(("a", "b"), "c")]].iloc[0]
    assert (rule["orders"], rule["orders_left"], rule["orders_right"]) == (2, 3, 3)
    assert (rule["support"], rule["confidence"]) == (0.4, pytest.approx(2 / 3))
    assert rule["lift"] == pytest.approx((2 / 3) / (3 / 5))


def test_the_order_of_baskets_does_not_matter():
    rng = np.random.default_rng(0)
    baskets = [[f"i{i}" for i in np.flatnonzero(rng.random(8) < 0.4)] for _ in range(300)]
    baskets = [basket for basket in baskets if basket]
    again = [baskets[i][::-1] for i in rng.permutation(len(baskets))]
    assert rules_of(baskets, 0.02, 0.1).equals(rules_of(again, 0.02, 0.1))
