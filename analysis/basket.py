"""What is bought together: pairs of products in one order, how surely they belong together, and bundles of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from analysis.association import Counts, measured
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import goods
from analysis.ground import Ground, noun
from analysis.kpis import Kpis
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset, Note

SOURCE = "analysis/basket.sql"
LEAST = 20  # orders that hold both: nothing is said of fewer
ENOUGH = 100  # pairs: with fewer the minimum support is halved
HALVINGS = 4
HUGE = 400  # products in an order beyond which only the best-selling are looked at
WORK = 50_000_000  # pairs of lines up to which huge orders are looked at whole
PAIRS = {
    "name_a": "Product",
    "name_b": "and",
    "orders": "Orders with both",
    "support": "Share of orders",
    "confidence_ab": "Of first's orders",
    "confidence_ba": "Of second's orders",
    "lift": "Lift",
    "lift_low": "from",
    "lift_high": "to",
    "strong": "Strong",
}
UNITS: Mapping[str, Unit] = {
    "orders": "count",
    "orders_a": "count",
    "orders_b": "count",
    "support": "share",
    "confidence_ab": "share",
    "confidence_ba": "share",
    "lift": "ratio",
    "lift_low": "ratio",
    "lift_high": "ratio",
    "leverage": "ratio",
    "alike": "ratio",
    "q": "ratio",
}


@dataclass(frozen=True, slots=True)
class Basket(Result):
    """Products bought together in one order.

    pairs: a, b (ids, a < b), name_a, name_b, category_a, category_b (None: unknown), orders (with both), orders_a,
    orders_b, support, confidence_ab, confidence_ba, lift, lift_low, lift_high, leverage, alike, q, strong; the strong
    first, then by lift.
    """

    findings: Mapping[str, Finding]
    pairs: Table
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs of frequent items at the support that was used. least: orders a pair needs; capped: orders cut short."""

    pairs: pd.DataFrame
    counts: Counts
    support: float
    least: int
    capped: int


def compute(lines: Relation, products: Relation | None, kpis: Kpis, dataset: Dataset, settings: Settings) -> Basket:
    """Pairs and bundles up to the snapshot; raises Skip when no two products were bought together often enough."""
    sold = goods(lines, products, dataset, settings)
    if sold.empty:
        raise Skip("no sale names a product")
    found = _found(lines, sold, dataset, settings)
    pairs = _named(found.pairs, sold)
    strong = int(pairs["strong"].sum())
    window = kpis.findings["first_day"].window
    ground = Ground("orders with at least one product that is no fee", found.counts.orders, window, SOURCE)
    findings = {
        "headline": ground.of(
            strong,
            "count",
            f"{{value}} {noun(strong, 'pair')} of products {noun(strong, 'is', 'are')} bought together clearly more "
            "often than chance.",
            "strong pairs",
        )
    }
    table = Table(pairs, "Products bought together", PAIRS, SOURCE, UNITS)
    return Basket(findings, table)


def _found(lines: Relation, sold: pd.DataFrame, dataset: Dataset, settings: Settings) -> Found:
    """The pairs at the highest support that carries enough of them."""
    text = f"|{'|'.join(sorted(dataset.non_products))}|"
    sizes = lines.query("basket_sizes.sql", snapshot=settings.snapshot, non_products=text).to_pandas()
    orders = int(sizes["orders"].sum())
    if not (sizes["products"] > 1).any():
        raise Skip("no order holds two different products")
    most = _most(sizes)
    wanted = [Fraction(str(settings.minimum_support)) / 2**k for k in range(HALVINGS + 1)]
    levels = [(share, max(LEAST, math.ceil(share * orders))) for share in wanted]
    found = pd.DataFrame()
    for share, least in (levels[0], levels[-1]):
        counts, items = _counted(lines, settings, text, least, most, orders)
        price = sold.set_index("product_id")["price"].reindex(items).to_numpy()
        if (counts.together >= least).sum() >= ENOUGH or least == LEAST:
            break
    reached = [(share, least) for share, least in levels if (counts.together >= least).sum() >= ENOUGH]
    share, least = reached[0] if reached else levels[-1]
    kept = counts.bought >= least
    counts, items = counts.of(kept), items[kept]
    found = measured(counts, price[kept], least)
    if found.empty:
        raise Skip("no two products were bought together in twenty orders or more")
    found["a"], found["b"] = items[found["a"]], items[found["b"]]
    capped = int(sizes.loc[sizes["products"] > most, "orders"].sum())
    return Found(found, counts, float(share), least, capped)


def _most(sizes: pd.DataFrame) -> int:
    """How many products of an order are looked at: all, unless the pairs of all orders would be too many."""
    products, orders = sizes["products"].to_numpy(), sizes["orders"].to_numpy()
    if (products * (products - 1) // 2 * orders).sum() <= WORK:
        return int(products.max())
    return HUGE


def _counted(
    lines: Relation, settings: Settings, non_products: str, least: int, most: int, orders: int
) -> tuple[Counts, np.ndarray]:
    """Items with so many orders, by id, and what is bought together of them."""
    rows = lines.query(
        "basket.sql", snapshot=settings.snapshot, non_products=non_products, least=least, most=most
    ).to_pandas()
    alone = rows["item_a"] == rows["item_b"]
    items = rows[alone & (rows["orders"] >= least)].sort_values("product_id")
    place = np.full(int(rows["item_b"].max()) + 1 if len(rows) else 1, -1)
    place[items["item_a"]] = np.arange(len(items))
    a, b = place[rows["item_a"]], place[rows["item_b"]]
    kept = (~alone & (a >= 0) & (b >= 0)).to_numpy()
    a, b, together = a[kept], b[kept], rows["orders"].to_numpy()[kept]
    counts = Counts(orders, items["orders"].to_numpy(), np.minimum(a, b), np.maximum(a, b), together)
    return counts, items["product_id"].to_numpy()


def _named(found: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    """With names and categories; the strong first, then by lift, then by ids."""
    by_id = sold.set_index("product_id")
    for side in ("a", "b"):
        for what in ("name", "category"):
            found[f"{what}_{side}"] = by_id[what].reindex(found[side]).to_numpy()
    columns = ["a", "b", "name_a", "name_b", "category_a", "category_b"]
    found = found[columns + [c for c in found if c not in columns]]
    return found.sort_values(["strong", "lift", "a", "b"], ascending=[False, False, True, True], ignore_index=True)
