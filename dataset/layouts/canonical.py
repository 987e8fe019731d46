"""The canonical tables themselves, as Parquet or in an engine's schema: checked and looked at where they lie."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset.engine import Engine, identifier, quoted
from dataset.errors import DataError, counted, existing
from dataset.headline import by_day, headline
from dataset.tables import TABLES, Account, Dataset, Note, Reason

ABOUT = "about.json"
SCHEME = "tables://"
KINDS = {"lines": ("sale", "returned", "refund", "cancelled"), "events": ("view", "cart", "purchase")}
TIMES = {"lines": "ordered_at", "orders": "created_at", "events": "at"}


def write(dataset: Dataset, folder: Path) -> None:
    """Write the tables of a data set as Parquet, and what reading found beside them as about.json."""
    folder.mkdir(exist_ok=True)
    for table in dataset.tables:
        columns = ", ".join(map(identifier, TABLES[table]))
        dataset.engine.run(
            f"copy (select {columns} from {identifier(table)}) to {quoted(str(folder / f'{table}.parquet'))}"
            " (format parquet, compression zstd)"
        )
