"""What is bought together: pairs of products in one order, how surely they belong together, and bundles of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.association import lift_interval
from analysis.basket_findings import findings
from analysis.bundles import TIMES, bundles, varied
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import goods
from analysis.kpis import Kpis
from analysis.together import LEAST, Together, longer, of_categories, order_products, together
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset, Note

SOURCE = "analysis/basket.sql"
TOP = 15
UNITS: Mapping[str, Unit] = {
    "items": "count",
    "orders": "count",
    "orders_a": "count",
    "orders_b": "count",
    "orders_left": "count",
    "orders_right": "count",
    "orders_first": "count",
    "beyond": "count",
    "room": "count",
    "support": "share",
    "confidence": "share",
    "confidence_ab": "share",
    "confidence_ba": "share",
    "attach": "share",
    "attach_low": "share",
    "attach_high": "share",
    "lift": "ratio",
    "lift_low": "ratio",
    "lift_high": "ratio",
    "alike": "ratio",
    "leverage": "ratio",
    "q": "ratio",
    "price_first": "money",
    "price_second": "money",
    "price": "money",
}


@dataclass(frozen=True, slots=True)
class Basket(Result):
    """Products bought together in one order.

    pairs: a, b (ids, a < b), name_a, name_b, category_a, category_b (None: unknown), orders (with both), orders_a,
    orders_b, support, confidence_ab, confidence_ba, lift, lift_low, lift_high, leverage, alike (lift of pairs of like
    prices), q (false-discovery adjusted), strong (bool); the strong first, then by lift.
    rules: left, right (names), items (on the left), left_id, right_id, orders, orders_left, orders_right, support,
    confidence, lift, lift_low, lift_high, q (NaN on longer ones), strong (of the pair); both ways of each pair, then
    longer ones. longer: those of them with more than one item on the left. categories: pairs of categories. top: the
    strong pairs with the highest lift that name no product more than twice, the first bundle's among them. bundles: as
    analysis.bundles. longer, categories and bundles may be None.
    """

    findings: Mapping[str, Finding]
    pairs: Table
    rules: Table
    top: Table
    longer: Table | None
    categories: Table | None
    bundles: Table | None
    notes: tuple[Note, ...] = ()


def compute(lines: Relation, products: Relation | None, kpis: Kpis, dataset: Dataset, settings: Settings) -> Basket:
    """Pairs, rules and bundles up to the snapshot; raises Skip when no two products were bought together often."""
    sold = goods(lines, products, dataset, settings)
    if sold.empty:
        raise Skip("no sale names a product")
    orders_of = order_products(lines, dataset, settings)
    found = together(orders_of, sold, settings)
    pairs = _named(found.pairs, sold)
    names = sold.set_index("product_id")["name"]
    more = _told(longer(orders_of, found), names, found.orders)
    offers = bundles(pairs, sold.set_index("product_id")["price"], found.orders)
    categories = of_categories(products, orders_of)
    window = kpis.findings["first_day"].window
    return Basket(
        findings=findings(found, pairs, offers, window),
        pairs=_pairs(pairs, "Products bought together"),
        top=_pairs(_top(pairs, offers), "Pairs that belong together"),
        rules=_rules(pd.concat([_both_ways(pairs), more], ignore_index=True), "Rules with one product on the right"),
        longer=_rules(more, "Longer rules") if len(more) else None,
        categories=None if categories is None else _categories(categories),
        bundles=_bundles(offers) if len(offers) else None,
        notes=_notes(found),
    )


def _top(pairs: pd.DataFrame, bundles: pd.DataFrame) -> pd.DataFrame:
    """The strong pairs with the highest lift; that of the first bundle in the place of the last where it is not one."""
    top = varied(pairs, TOP)
    if bundles.empty:
        return top
    one, other = sorted((bundles.iloc[0]["first_id"], bundles.iloc[0]["second_id"]))
    if ((top["a"] == one) & (top["b"] == other)).any():
        return top
    led = pairs[(pairs["a"] == one) & (pairs["b"] == other)]
    return pd.concat([top.head(TOP - 1), led], ignore_index=True)


def _named(found: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    """With names and categories; the strong first, then by lift, then by ids."""
    by_id = sold.set_index("product_id")
    told = {
        f"{what}_{side}": by_id[what].reindex(found[side]).to_numpy()
        for what in ("name", "category")
        for side in ("a", "b")
    }
    made = pd.concat([found[["a", "b"]], pd.DataFrame(told), found.drop(columns=["a", "b"])], axis=1)
    return made.sort_values(["strong", "lift", "a", "b"], ascending=[False, False, True, True], ignore_index=True)


def _both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """Each pair as two rules, the likelier confidence first within a pair."""
    ways = []
    for left, right in (("a", "b"), ("b", "a")):
        way = pairs[["orders", "support", "lift", "lift_low", "lift_high", "q", "strong"]].copy()
        way["left"], way["right"] = pairs[f"name_{left}"], pairs[f"name_{right}"]
        way["left_id"], way["right_id"], way["items"] = pairs[left], pairs[right], 1
        way["orders_left"], way["orders_right"] = pairs[f"orders_{left}"], pairs[f"orders_{right}"]
        way["confidence"] = pairs[f"confidence_{left}{right}"]
        ways.append(way)
    return pd.concat(ways).sort_index(kind="stable")[list(RULES)]


def _told(rules: pd.DataFrame, names: pd.Series, orders: int) -> pd.DataFrame:
    """Longer rules with names and the interval of lift; strong is not asked of them."""
    both, left, right = (rules[name].to_numpy(dtype=np.int64) for name in ("orders", "orders_left", "orders_right"))
    low, high = lift_interval(both, left, right, orders)
    return rules.assign(
        items=[len(left) for left in rules["left"]],
        left_id=[" + ".join(left) for left in rules["left"]],
        left=[" + ".join(names[list(left)]) for left in rules["left"]],
        right_id=rules["right"],
        right=names.reindex(rules["right"]).to_numpy(),
        lift_low=low,
        lift_high=high,
        q=np.nan,
        strong=False,
    )[list(RULES)]


def _pairs(pairs: pd.DataFrame, title: str) -> Table:
    note = (
        "Lift: orders with both over those that chance would bring; its interval is of 95 %, from the standard error "
        "of its logarithm. Alike: lift of the other pairs whose prices are like theirs. q: the least rate of false "
        "discoveries at which the pair is found to come more than twice as often as chance, and as pairs of like "
        "prices, would have it (Benjamini and Hochberg); a pair is strong at 0.05 or less."
    )
    return Table(pairs, title, PAIRS, SOURCE, UNITS, note)


def _rules(rules: pd.DataFrame, title: str) -> Table:
    return Table(rules, title, RULES, SOURCE, UNITS)


def _categories(pairs: pd.DataFrame) -> Table:
    note = f"Pairs of categories that {LEAST} orders or more hold. A category is in an order when any product of it is."
    return Table(pairs, "Categories bought together", CATEGORIES, "analysis/basket_categories.sql", UNITS, note)


def _bundles(offers: pd.DataFrame) -> Table:
    note = (
        "Of orders with the first product, the share that hold the second already is what a bundle must beat: it pays "
        "when clearly more than the upper end take both. Whether it does, only a trial tells. First those with many "
        "orders beyond chance and many without the second (one times the other); no product is named more than "
        f"{TIMES} times. The price is what was paid for one of each."
    )
    return Table(offers, "Bundles to try", BUNDLES, "analysis/bundles.py", UNITS, note)


def _notes(found: Together) -> tuple[Note, ...]:
    if not found.capped:
        return ()
    text = (
        f"orders with more than {found.most} different products: of them only the {found.most} best-selling products "
        "are looked at when pairs are counted"
    )
    return (Note("W_HUGE_ORDERS", found.capped, text),)


PAIRS = {
    "name_a": "A",
    "name_b": "B",
    "orders": "Orders",
    "confidence_ab": "A adds B",
    "confidence_ba": "B adds A",
    "lift": "Lift",
    "lift_low": "From",
    "lift_high": "To",
    "alike": "Alike",
    "q": "q",
    "strong": "Strong",
}
RULES = {
    "left": "Who buys",
    "right": "Adds",
    "items": "Items",
    "left_id": "Ids",
    "right_id": "Id",
    "orders": "Orders",
    "orders_left": "Orders with the left",
    "orders_right": "Orders with the right",
    "support": "Support",
    "confidence": "Confidence",
    "lift": "Lift",
    "lift_low": "From",
    "lift_high": "To",
    "q": "q",
    "strong": "Strong",
}
CATEGORIES = {
    "a": "A",
    "b": "B",
    "orders": "Orders",
    "confidence_ab": "A adds B",
    "confidence_ba": "B adds A",
    "lift": "Lift",
    "lift_low": "From",
    "lift_high": "To",
}
BUNDLES = {
    "first": "Who buys",
    "second": "Is offered",
    "orders": "Orders with both",
    "beyond": "Beyond chance",
    "room": "Without it",
    "attach": "Add it today",
    "attach_low": "From",
    "attach_high": "To",
    "price": "Price of both",
}
