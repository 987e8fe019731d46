"""A shop made of a few rows: the canonical tables on a real engine, for hand-solved and random cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis.finding import Result
from analysis.run import run
from dataset.engine import Engine, identifier
from dataset.settings import Settings
from dataset.tables import TABLES, Dataset

# How a short tuple is read; what is left out is filled by `_complete`.
SHORT = {
    "lines": ("order_id", "customer_id", "ordered_at", "amount", "kind", "product_id", "quantity", "country"),
    "orders": ("order_id", "customer_id", "created_at", "shipped_at", "delivered_at", "returned_at", "status"),
    "customers": ("customer_id", "country"),
    "products": ("product_id", "name", "category", "price"),
    "events": ("customer_id", "kind", "at", "product_id"),
}

Rows = pd.DataFrame | Sequence[tuple[Any, ...]] | Sequence[dict[str, Any]]
Shop = Callable[..., tuple[Dataset, Settings]]


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    """make_dataset(lines=..., events=..., orders=..., products=..., customers=...) -> (Dataset, Settings).

    Each table: a frame, dicts, or tuples in the order of SHORT. `settings`: replacements (snapshot, no_money, ...);
    any further keyword is a field of Dataset (accounts, reconciliation, non_products, ...).
    """
    engines: list[Engine] = []

    def make(
        lines: Rows,
        events: Rows | None = None,
        orders: Rows | None = None,
        products: Rows | None = None,
        customers: Rows | None = None,
        settings: dict[str, Any] | None = None,
        **fields: Any,
    ) -> tuple[Dataset, Settings]:
        folder = tmp_path / f"engine{len(engines)}"
        folder.mkdir()
        engine = Engine(folder)
        engines.append(engine)
        given = {"lines": lines, "events": events, "orders": orders, "products": products, "customers": customers}
        there = {name: rows for name, rows in given.items() if rows is not None}
        for name, rows in there.items():
            _insert(engine, name, _complete(name, _frame(name, rows)))
        dataset = Dataset(layout="generic", engine=engine, tables=tuple(there), currency="EUR", **fields)
        last = engine.value("select max(cast(ordered_at as date)) from lines where kind = 'sale'") or date(2024, 1, 1)
        made = Settings().complete(last + timedelta(days=1), "EUR", "UTC", dataset.no_money)
        return dataset, replace(made, **settings or {})

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def computed() -> Callable[[str, tuple[Dataset, Settings]], Any]:
    """computed(name, shop(...)): the result of one analysis; fails with the reason when it was skipped."""

    def compute(name: str, made: tuple[Dataset, Settings]) -> Result:
        done = run([name], *made)
        assert name in done.results, done.skipped[name]
        return done.results[name]

    return compute


@pytest.fixture
def random_lines() -> Callable[..., pd.DataFrame]:
    """random_lines(seed, orders=200): lines of every kind, some without a customer, product or country."""

    def make(seed: int, orders: int = 200) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        customer = _some([f"c{i}" for i in rng.integers(0, orders // 4, orders)], rng.random(orders) >= 0.15)
        placed = pd.Timestamp("2023-01-05") + pd.to_timedelta(rng.integers(0, 400 * 24, orders), unit="h")
        of = np.repeat(np.arange(orders), rng.integers(1, 5, orders))
        kind = rng.choice(["sale", "returned", "refund", "cancelled"], len(of), p=[0.75, 0.08, 0.1, 0.07])
        cents = rng.integers(1, 20000, len(of)) * np.where(kind == "refund", -1, 1)
        product = _some([f"p{i}" for i in (rng.random(len(of)) ** 2 * 25).astype(int)], rng.random(len(of)) >= 0.05)
        return pd.DataFrame(
            {
                "order_id": [f"o{i}" for i in of],
                "customer_id": customer[of],
                "product_id": product,
                "ordered_at": placed[of],
                "quantity": rng.integers(1, 4, len(of)),
                "amount": cents / 100,
                "kind": kind,
                "country": np.array(["FR", "DE", "PT", None], dtype=object)[of % 4],
            }
        )

    return make


def _some(names: list[str], kept: np.ndarray) -> np.ndarray:
    """The names, None where not kept."""
    return np.array([name if keep else None for name, keep in zip(names, kept, strict=True)], dtype=object)


def _frame(name: str, rows: Rows) -> pd.DataFrame:
    if isinstance(rows, pd.DataFrame):
        return rows.copy()
    if rows and isinstance(rows[0], dict):
        return pd.DataFrame(list(rows))
    widest = max((len(r) for r in rows), default=1)
    padded = [tuple(r) + (None,) * (widest - len(r)) for r in rows]
    return pd.DataFrame(padded, columns=list(SHORT[name][:widest]), dtype=object)


def _complete(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """All canonical columns; of a line: kind by the amount's sign, quantity one, unit price amount / quantity."""
    for column in TABLES[name]:
        if column not in frame:
            frame[column] = None
    if name == "lines":
        amount = pd.to_numeric(frame["amount"]).astype(float)
        frame["kind"] = frame["kind"].where(frame["kind"].notna(), amount.map(lambda a: "refund" if a < 0 else "sale"))
        frame["quantity"] = frame["quantity"].where(frame["quantity"].notna(), 1)
        price = (amount / pd.to_numeric(frame["quantity"]).astype(float)).abs()
        frame["unit_price"] = frame["unit_price"].where(frame["unit_price"].notna(), price)
    return frame


def _insert(engine: Engine, name: str, frame: pd.DataFrame) -> None:
    extra = [c for c in frame.columns if c not in TABLES[name]]
    types = TABLES[name] | {c: "varchar" if frame[c].dtype == object else "double" for c in extra}
    engine.run(f"create table {name} ({', '.join(f'{identifier(c)} {t}' for c, t in types.items())})")
    text = pa.table({c: pa.array([None if pd.isna(v) else str(v) for v in frame[c]], pa.string()) for c in types})
    engine.connection.register("given", text)
    engine.run(
        f"insert into {name} select {', '.join(f'cast({identifier(c)} as {t})' for c, t in types.items())} from given"
    )
    engine.connection.unregister("given")
