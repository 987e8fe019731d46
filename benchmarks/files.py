"""What the timed tasks and their peers both read or write, and what both are asked."""

from __future__ import annotations

import json
from pathlib import Path

MEASURED = "measured/customers.parquet"
BASKETS = "measured/baskets.parquet"
HISTORIES = "measured/histories.parquet"
WEEKS, RATE = 4.345, 0.01  # of a month, as lifetimes counts them; a month


def told(folder: Path, name: str, fit: float, value: float, estimates: list[float], sure: float = 0.0) -> None:
    """Seconds and estimates, for whoever compares them."""
    told = {"fit": fit, "value": value, "sure": sure, "estimates": [float(e) for e in estimates]}
    (folder / "measured" / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    print(told)


def baskets(folder: Path) -> None:
    """A million orders of five lines on average, from five thousand products drawn by Zipf's law: order and product."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    order = np.repeat(np.arange(1_000_000), 1 + rng.poisson(4, 1_000_000))
    shares = np.cumsum(1 / np.arange(1, 5_001))
    product = np.searchsorted(shares / shares[-1], rng.random(len(order)))
    columns = {"order_id": [f"o{i}" for i in order.tolist()], "product_id": [f"p{i}" for i in product.tolist()]}
    (folder / BASKETS).parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / BASKETS)
