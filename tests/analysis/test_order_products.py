"""What orders hold together and what buyers bought next, against counting one by one."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

from analysis import order_products, up_sell_steps
from analysis.order_products import both, ones
from analysis.similar import Bought
from analysis.up_sell_steps import then_or_later
from tests.analysis.test_basket import HAND, orders_of


@pytest.mark.parametrize("few", [0, order_products.FEW])
@pytest.mark.parametrize("size", [7, 100])
def test_pairs_of_columns_are_those_counted_one_by_one(monkeypatch, few, size):
    monkeypatch.setattr(order_products, "FEW", few)
    rng = np.random.default_rng(3)
    row, column = rng.integers(0, 60, 300), rng.integers(0, 9, 300)
    sets = [set(column[row == at].tolist()) for at in range(60)]
    wanted = {(a, b): n for a, b in combinations(range(9), 2) if (n := sum({a, b} <= one for one in sets))}
    blocks = [(row >= at) & (row < at + size) for at in range(0, 60, size)]
    parts = (ones(row[here], column[here], (60, 9)) for here in blocks)
    assert {(int(a), int(b)): int(n) for a, b, n in zip(*both(parts, 9)[:3], strict=True)} == wanted


@pytest.mark.parametrize("kept", [0, order_products.KEPT])
def test_orders_looked_at_some_at_once_change_nothing(shop, computed, monkeypatch, kept):
    whole = computed("basket", shop(orders_of(HAND)))
    monkeypatch.setattr(order_products, "LINES", 17)
    monkeypatch.setattr(order_products, "KEPT", kept)
    parts = computed("basket", shop(orders_of(HAND)))
    assert parts.pairs.frame.equals(whole.pairs.frame) and parts.findings == whole.findings


@pytest.mark.parametrize("customers", [50, 17, 1])
@pytest.mark.parametrize("most", [50, 3])
def test_what_buyers_bought_next_is_counted_one_by_one(monkeypatch, most, customers):
    monkeypatch.setattr(up_sell_steps, "BLOCK", 40)
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"customer": rng.integers(0, 50, 300), "product": rng.integers(0, 8, 300)}).drop_duplicates()
    rows = rows.sort_values(["customer", "product"]).astype(np.int32)
    first = rng.integers(19_000, 19_004, len(rows)).astype(np.int32)
    customer, product = rows["customer"].to_numpy(), rows["product"].to_numpy()
    shelf = np.array([0, 1, 0, -1, 1, 0, 0, 1])
    blocks = []
    for start in range(0, 50, customers):
        here = (customer >= start) & (customer < start + customers)
        columns = (each[here] for each in (customer - np.int32(start), product, first * 0 + 1, first, first, first))
        blocks.append(Bought(start, min(customers, 50 - start), pd.DataFrame(index=range(8)), *columns))
    pairs, buyers = then_or_later(blocks, shelf, most)
    wanted, each = {}, [0] * 8
    for one in range(50):
        days = dict(zip(product[customer == one].tolist(), first[customer == one].tolist(), strict=True))
        for kind in (0, 1):
            own = [p for p in days if shelf[p] == kind]
            if len(own) > most:
                continue
            for p in own:
                each[p] += 1
            for a, b in permutations(own, 2):
                then, later = wanted.get((a, b), (0, 0))
                wanted[a, b] = then + (days[b] >= days[a]), later + (days[b] > days[a])
    found = {(int(r.has), int(r.offer)): (int(r.bought), int(r.later)) for r in pairs.itertuples()}
    assert found == {pair: counts for pair, counts in wanted.items() if counts[0]} and buyers.tolist() == each
