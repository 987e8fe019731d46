"""The data files behind the report: CSV that is safe to open in a spreadsheet, and Parquet for the long ones."""

# pyarrow.compute makes its functions when it is imported, where pyright does not see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.finding import Result, Table
from dataset.settings import Settings
from report import crm, formulas

if TYPE_CHECKING:
    import pyarrow as pa

# File -> (analysis, its table or frame)
TABLES = {
    "segments": ("rfm", "segments"),
    "clusters": ("clusters", "groups"),
    "segments_over_time": ("migration", "over_time"),
    "migration": ("migration", "moves"),
    "clv_segments": ("clv", "segments"),
    "clv_clusters": ("clv", "clusters"),
    "clv_tenths": ("clv", "tenths"),
    "pareto": ("pareto", "curve"),
    "months": ("months", "months"),
    "change": ("kpi_tree", "parts"),
    "versus_last": ("versus_last", "kpis"),
    "segment_moves": ("versus_last", "moves"),
    "change_by_customers": ("kpi_tree", "groups"),
    "change_by_category": ("kpi_tree", "categories"),
    "products": ("mix", "products"),
    "product_pairs": ("basket", "pairs"),
    "rules": ("basket", "rules"),
    "cohorts": ("cohorts", "cells"),
    "clv_tracking": ("clv_check", "tracking"),
    "spend": ("spend_90d", "segments"),
    "gains": ("spend_90d", "curves"),
    "propensity_thresholds": ("propensity", "thresholds"),
    "churn_thresholds": ("churn", "thresholds"),
    "value_at_risk": ("value_at_risk", "customers"),
    "alignment": ("alignment", "segments"),
    "recommendations": ("recommend", "recommended"),
    "cross_sell": ("cross_sell", "customers"),
    "cross_sell_offers": ("cross_sell", "offers"),
    "up_sell": ("up_sell", "customers"),
    "up_sell_offers": ("up_sell", "offers"),
    "segment_strategies": ("actions", "plans"),
    "experiment_assignments": ("experiment", "assignments"),
    "experiment_designs": ("experiment", "designs"),
    "experiment_outcomes": ("experiment", "outcomes"),
    "budget": ("budget", "split"),
    "rhythms": ("recommend", "rhythms"),
}
# Analyses that say something of each customer, in columns of their `frame`
LABELLED = ("rfm", "clusters", "clv", "spend_90d", "propensity", "churn", "actions")
CUSTOMERS = ("customers.csv", "customers.parquet")
# Long ones, which are written as Parquet too: the next build reads them as they are.
LONG = ("product_pairs", "rules", "recommendations", "cross_sell", "up_sell", "experiment_assignments")
# A row a customer in each: readable by their owner only.
OF_CUSTOMERS = (
    "customers", "value_at_risk", "recommendations", "cross_sell", "up_sell", "experiment_assignments", *crm.FILES,
)  # fmt: skip
PRIVATE = tuple(f"{name}.{kind}" for name in OF_CUSTOMERS for kind in ("csv", "parquet"))
STRATEGIES = "segment_strategies.json"
BATCH = 100_000


def write(folder: Path, results: Mapping[str, Result], settings: Settings) -> tuple[str, ...]:
    """Write a file for each table that is there; the names of those written.

    CSV: UTF-8, LF, days as ISO dates, formulas defused by a leading apostrophe. Parquet holds the values as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    customers = _customers(results)
    if customers is not None:
        table = _arrow(customers)
        _parquet(table, folder / "customers.parquet")
        _csv(table, folder / "customers.csv")
        written += CUSTOMERS
    tables = {name: getattr(results.get(analysis), attribute, None) for name, (analysis, attribute) in TABLES.items()}
    frames = {name: table.frame if isinstance(table, Table) else table for name, table in tables.items()}
    for name, frame in frames.items():
        if frame is not None:
            made = _arrow(frame)
            _csv(made, folder / f"{name}.csv")
            written.append(f"{name}.csv")
            if name in LONG:
                _parquet(made, folder / f"{name}.parquet")
                written.append(f"{name}.parquet")
    for name, table in crm.tables(results, settings).items():
        if name in crm.SAME:
            _headed(folder / f"{crm.SAME[name]}.csv", folder / f"{name}.csv", table)
        else:
            _csv(table, folder / f"{name}.csv")
        written.append(f"{name}.csv")
    if (plan := results.get("actions")) is not None:
        text = json.dumps(plan.json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"  # type: ignore[attr-defined]
        (folder / STRATEGIES).write_text(text, encoding="utf-8")
        written.append(STRATEGIES)
    return tuple(written)


def _customers(results: Mapping[str, Result]) -> pd.DataFrame | None:
    """One row a customer, the biggest spender first: the reduction, and what is said of each."""
    frame = getattr(results.get("customers"), "told", None)
    if frame is None:
        return None
    for name in LABELLED:
        labels = getattr(results.get(name), "frame", None)
        if labels is not None:
            frame = pd.concat([frame, _of_the_same(frame, labels)], axis=1)
    by_net = np.argsort(-frame["net"].to_numpy(), kind="stable")  # customers are in the order of their ids
    return frame.take(by_net).reset_index(drop=True)


def _of_the_same(frame: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """What an analysis says of each customer, once it is sure that its rows are theirs."""
    if len(labels) != len(frame) or (labels["customer_id"].to_numpy() != frame["customer_id"].to_numpy()).any():
        raise RuntimeError("the labelled customers are not the reduced customers, row by row")
    return labels.drop(columns="customer_id")


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame with text as text (once each, where the frame has it so), midnights as days and NaN as absent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_dictionary(column.type) and pa.types.is_large_string(column.type.value_type):
            column = column.cast(pa.dictionary(column.type.index_type, pa.string()))
        if pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type):
            column = column.cast(pa.string())
        if (
            pa.types.is_timestamp(column.type)
            and pc.all(pc.equal(pc.floor_temporal(column, unit="day"), column)).as_py()
        ):
            column = column.cast(pa.date32())
        table = table.set_column(place, field.name, column)
    return table


def _plain(schema: pa.Schema) -> pa.Schema:
    """The same columns, each value written out."""
    import pyarrow as pa

    kinds = {f.name: f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in schema}
    return pa.schema(list(kinds.items()))


def _parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    with open(path, "wb", opener=_opener) as file:
        pq.write_table(table.cast(_plain(table.schema)), file, compression="zstd")


def _csv(table: pa.Table, path: Path) -> None:
    """Text in quotes, numbers and days without, an absent value empty; in blocks."""
    import pyarrow as pa
    from pyarrow import csv

    ready = pa.table({name: formulas.defused(table.column(name)) for name in table.column_names})
    schema = _plain(ready.schema)
    with (
        open(path, "wb", opener=_opener) as file,
        csv.CSVWriter(file, schema, write_options=csv.WriteOptions(batch_size=BATCH)) as writer,
    ):
        for start in range(0, len(ready), BATCH):
            writer.write_table(ready.slice(start, BATCH).cast(schema))


def _headed(other: Path, path: Path, table: pa.Table) -> None:
    """The rows of a file that is there, below the headings of a table."""
    with open(other, "rb") as rows, open(path, "wb", opener=_opener) as file:
        rows.readline()
        file.write(",".join(f'"{name}"' for name in table.column_names).encode() + b"\n")
        shutil.copyfileobj(rows, file, 1 << 20)


def _opener(path: str, flags: int) -> int:
    mode = 0o600 if os.path.basename(path) in PRIVATE else 0o644
    return os.open(path, flags, mode)
