"""Which two products to offer as one: the strong pairs that bring most orders beyond chance, no product too often."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.intervals import wilson

MOST = 10
TIMES = 2  # a product is in so many bundles at most


def bundles(pairs: pd.DataFrame, price: pd.Series, orders: int) -> pd.DataFrame:
    """Up to ten bundles of strong pairs, most orders beyond chance first.

    first, second: names; who buys the first adds the second oftener than the other way round. first_id, second_id.
    orders: with both. orders_first. beyond: orders more than chance would bring. attach, attach_low, attach_high: share
    of orders with the first that hold the second, and its 95 % interval (Wilson): what a bundle must beat. lift.
    price_first, price_second, price: paid for a unit of each, and of both; NaN where unknown.
    """
    strong = pairs[pairs["strong"]].sort_values(["leverage", "a", "b"], ascending=[False, True, True])
    used: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for pair in strong.itertuples(index=False):
        if len(rows) < MOST and max(used.get(pair.a, 0), used.get(pair.b, 0)) < TIMES:
            used |= {item: used.get(item, 0) + 1 for item in (pair.a, pair.b)}
            rows.append(_bundle(pair._asdict(), price, orders))
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = (
    "first", "second", "first_id", "second_id", "orders", "orders_first", "beyond", "attach", "attach_low",
    "attach_high", "lift", "price_first", "price_second", "price",
)  # fmt: skip


def _bundle(pair: dict[str, Any], price: pd.Series, orders: int) -> dict[str, Any]:
    one, other = ("a", "b") if pair["confidence_ab"] >= pair["confidence_ba"] else ("b", "a")
    both, bought = int(pair["orders"]), int(pair[f"orders_{one}"])
    low, high = wilson(both, bought)
    paid = [float(price.get(pair[side], float("nan"))) for side in (one, other)]
    return {
        "first": pair[f"name_{one}"],
        "second": pair[f"name_{other}"],
        "first_id": pair[one],
        "second_id": pair[other],
        "orders": both,
        "orders_first": bought,
        "beyond": round(float(pair["leverage"]) * orders),
        "attach": both / bought,
        "attach_low": low,
        "attach_high": high,
        "lift": pair["lift"],
        "price_first": paid[0],
        "price_second": paid[1],
        "price": sum(paid),
    }
