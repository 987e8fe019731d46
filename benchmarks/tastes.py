"""Sale lines of customers with tastes, as a Parquet file in the generic layout: what recommendations are timed on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PRODUCTS, TASTES, ORDERS, LINES = 5_000, 50, 2.6, 4.5
MAPPING = {
    "file": "lines.parquet",
    "columns": {
        "customer_id": "customer",
        "order_id": "order",
        "timestamp": "when",
        "product_id": "product",
        "quantity": "quantity",
        "unit_price": "unit_price",
    },
    "currency": "EUR",
}


def write(folder: Path, customers: int, seed: int = 1) -> None:
    """`customers` people in TASTES groups, PRODUCTS products by a Zipf law, half of the purchases by taste."""
    rng = np.random.default_rng(seed)
    orders = 1 + rng.poisson(ORDERS - 1, customers)
    of = np.repeat(np.arange(customers, dtype=np.int32), orders)
    lines = 1 + rng.poisson(LINES - 1, len(of))
    order = np.repeat(np.arange(len(of), dtype=np.int32), lines)
    chance = 1 / np.arange(1, PRODUCTS + 1) ** 0.8
    product = rng.choice(PRODUCTS, len(order), p=chance / chance.sum()).astype(np.int32)
    own = rng.random(len(order)) < 0.5
    product[own] = product[own] // TASTES * TASTES + of[order[own]] % TASTES
    day = np.datetime64("2022-01-01", "s") + rng.integers(0, 700, len(of)).astype("timedelta64[D]")
    table = pa.table(
        {
            "customer": _named("c", of, customers).take(pa.array(order)),
            "order": _named("o", np.arange(len(of), dtype=np.int32), len(of)).take(pa.array(order)),
            "when": pa.array(day[order]),
            "product": _named("p", product, PRODUCTS),
            "quantity": pa.array(np.ones(len(order), dtype=np.int32)),
            "unit_price": pa.array(np.round(1 + product % 97 * 0.5, 2)),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "lines.parquet")
    (folder / "mapping.json").write_text(json.dumps(MAPPING), encoding="utf-8")


def _named(letter: str, code: np.ndarray, count: int) -> pa.Array:
    names = pa.array([f"{letter}{at:07d}" for at in range(count)])
    return names.take(pa.array(code))
