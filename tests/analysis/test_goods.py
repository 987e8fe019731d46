"""Goods: what is paid for a unit, and what a product without a name is called."""

from __future__ import annotations

import math
from pathlib import Path

import analysis
from analysis.goods import goods
from dataset.engine import Relation

ROOT = Path(analysis.__file__).parent
LINES = [
    ("o1", "a", "2024-01-01", 60, "sale", "p", 3, "FR"),
    ("o2", "b", "2024-01-02", 30, "sale", "p", 2, "DE"),
    ("o2", "b", "2024-01-02", None, "sale", "p", 5, "DE"),
    ("o3", None, "2024-01-03", None, "sale", "q", 2, "DE"),
    ("o3", None, "2024-01-03", 200, "sale", "POST", 1, "DE"),
    ("c1", "b", "2024-01-03", -5, "refund", "r", -1, "DE"),
    ("o4", "b", "2024-01-03", 9, "cancelled", "r", 1, "DE"),
]


def test_by_hand(shop) -> None:
    """Sixty and thirty for five units of p; the line without an amount counts as a sale, not in the price."""
    dataset, settings = shop(
        LINES, products=[("p", "Pen", "Paper", 1), ("q", None, None, None)], non_products=frozenset({"POST"})
    )
    lines, products = (Relation(dataset.engine, name, ROOT) for name in ("lines", "products"))
    found = goods(lines, products, dataset, settings)
    assert found[["product_id", "name", "sale_lines"]].to_numpy().tolist() == [["p", "Pen", 3], ["q", "q", 1]]
    assert found["category"].iloc[0] == "Paper" and found["category"].isna().iloc[1]
    assert found["price"].iloc[0] == 18 and math.isnan(found["price"].iloc[1])
    assert [float(u) for u in found["units"]] == [10, 2]
    assert list(goods(lines, None, dataset, settings)["name"]) == ["p", "q"]
