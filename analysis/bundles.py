"""Which two products to offer as one: strong pairs with many orders beyond chance and many to be won."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from analysis.intervals import wilson

MOST = 10
TIMES = 2  # a product is in so many bundles at most


def bundles(pairs: pd.DataFrame, price: pd.Series, orders: int) -> pd.DataFrame:
    """Up to ten bundles of strong pairs: those first that bring many orders beyond chance and leave many to be won.

    The order is by `beyond` times `room`. first, second: names; who buys the first adds the second oftener
    than the other way round. first_id, second_id. orders: with both. orders_first. room: of them, without the second.
    beyond: orders more than chance would bring. attach, attach_low, attach_high: share of orders with the first that
    hold the second, and its 95 % interval (Wilson): what a bundle must beat. lift. price_first, price_second, price:
    paid for a unit of each, and for both; NaN where unknown.
    """
    beyond = pairs["leverage"] * orders
    room = pairs[["orders_a", "orders_b"]].min(axis=1) - pairs["orders"]
    ranked = pairs.assign(gain=beyond * room)
    ranked = ranked.sort_values(["gain", "leverage", "a", "b"], ascending=[False, False, True, True])
    chosen = varied(ranked, MOST)
    return pd.DataFrame([_bundle(pair, price, orders) for pair in chosen.to_dict("records")], columns=COLUMNS)


def varied(pairs: pd.DataFrame, most: int) -> pd.DataFrame:
    """The first strong pairs in their order that name no product more than TIMES."""
    used: Counter[str] = Counter()
    rows: list[int] = []
    for row, pair in enumerate(pairs.itertuples(index=False)):
        if pair.strong and len(rows) < most and max(used[pair.a], used[pair.b]) < TIMES:
            used.update((pair.a, pair.b))
            rows.append(row)
    return pairs.iloc[rows].reset_index(drop=True)


COLUMNS = (
    "first", "second", "first_id", "second_id", "orders", "orders_first", "room", "beyond", "attach",
    "attach_low", "attach_high", "lift", "price_first", "price_second", "price",
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
        "room": bought - both,
        "beyond": round(float(pair["leverage"]) * orders),
        "attach": both / bought,
        "attach_low": low,
        "attach_high": high,
        "lift": pair["lift"],
        "price_first": paid[0],
        "price_second": paid[1],
        "price": sum(paid),
    }
