"""The data files behind the report: CSV that is safe to open in a spreadsheet, and Parquet for the long ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from analysis import mapped, memory
from analysis.finding import Result
from analysis.long_table import BLOCK, LongTable, arrow, parquet
from dataset.settings import Settings
from report import crm, formulas

if TYPE_CHECKING:
    import pyarrow as pa

# File -> (analysis, its table)
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
BATCH = 1 << 14  # rows of CSV that are made at once: what stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Export:
    """A file, or files written together: the analyses they need, and what writes them; it returns their names.

    It can be written as soon as each analysis it needs is done or known to be missing, and beside any other.
    """

    needs: tuple[str, ...]
    write: Callable[[Path, Mapping[str, Result], Settings], Sequence[str]]


def write(folder: Path, results: Mapping[str, Result], settings: Settings) -> tuple[str, ...]:
    """Write a file for each table that is there; the names of those written.

    CSV: UTF-8, LF, days as ISO dates, formulas defused by a leading apostrophe. Parquet holds the values as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(name for export in EXPORTS for name in export.write(folder, results, settings))


def _table(name: str, analysis: str, attribute: str) -> Export:
    files = (f"{name}.csv", f"{name}.parquet")[: 2 if name in LONG else 1]

    def write(folder: Path, results: Mapping[str, Result], settings: Settings) -> Sequence[str]:
        table = getattr(results.get(analysis), attribute, None)
        if table is None:
            return ()
        if isinstance(table, LongTable):
            _rows(table.blocks(), [folder / files[0]])
            shutil.copyfile(table.path, _made(folder / files[1]))
        else:
            _rows([arrow(table.frame)], [folder / file for file in files])
        return files

    return Export((analysis,), write)


def _labelled(folder: Path, results: Mapping[str, Result], settings: Settings) -> Sequence[str]:
    """All that is said of each customer."""
    frame = getattr(results.get("customers"), "told", None)
    if frame is None:
        return ()
    _rows(_customers(frame, results), [folder / name for name in CUSTOMERS])
    return CUSTOMERS


def _strategies(folder: Path, results: Mapping[str, Result], settings: Settings) -> Sequence[str]:
    if (plan := results.get("actions")) is None:
        return ()
    text = json.dumps(plan.json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"  # type: ignore[attr-defined]
    (folder / STRATEGIES).write_text(text, encoding="utf-8")
    return (STRATEGIES,)


def _customers(frame: pd.DataFrame, results: Mapping[str, Result]) -> Iterator[pa.Table]:
    """One row a customer, the biggest spender first: the reduction, and what is said of each."""
    import pyarrow as pa

    found = [(name, getattr(results.get(name), "frame", None)) for name in LABELLED]
    frames = [frame, *(_of_the_same(frame, labels) for _, labels in found if labels is not None)]
    by_net = np.argsort(-frame["net"].to_numpy(), kind="stable")  # customers are in the order of their ids
    table = pa.table({name: _ordered(frame[[name]], by_net) for frame in frames for name in frame})
    memory.given_back()
    return (table.slice(start, BLOCK) for start in range(0, max(len(frame), 1), BLOCK))


def _ordered(column: pd.DataFrame, order: np.ndarray) -> pa.ChunkedArray:
    """A column in another order, on disk."""
    made = mapped.mapped(arrow(column.take(order)).column(0))
    mapped.let_go()
    return made


def _of_the_same(frame: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """What an analysis says of each customer, once it is sure that its rows are theirs."""
    if not labels["customer_id"].array.equals(frame["customer_id"].array):
        raise RuntimeError("the labelled customers are not the reduced customers, row by row")
    return labels.drop(columns="customer_id")


def _crm(folder: Path, results: Mapping[str, Result], settings: Settings) -> Sequence[str]:
    """The files of crm.py; those that differ in the headings only are copies."""
    headings: dict[str, list[str]] = {}
    with ExitStack() as stack:
        files: dict[str, _Csv] = {}
        for tables in crm.tables(results, settings):
            for name, table in tables.items():
                headings[name] = table.column_names
                if name not in files and name not in crm.SAME:
                    files[name] = stack.enter_context(_Csv(folder / f"{name}.csv"))
                if name in files:
                    files[name].write(table)
            mapped.let_go()
    memory.given_back()
    for name, other in crm.SAME.items():
        if name in headings:
            _headed(folder / f"{other}.csv", folder / f"{name}.csv", headings[name])
    return [f"{name}.csv" for name in headings]


def _rows(blocks: Iterable[pa.Table], paths: Iterable[Path]) -> None:
    """Write the same rows to several files, block by block: what one leaves free, the next takes."""
    with ExitStack() as stack:
        kinds = {".csv": _Csv, ".parquet": _Parquet}
        files: list[Any] = [stack.enter_context(kinds[path.suffix](path)) for path in paths]
        for block in blocks:
            for file in files:
                file.write(block)
            mapped.let_go()
    memory.given_back()


class _File:
    """A file that is written block by block."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self.file = pa.OSFile(str(_made(path)), "wb")
        self.writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()
        self.file.close()


class _Csv(_File):
    """Text in quotes, numbers and days without, an absent value empty."""

    def write(self, block: pa.Table) -> None:
        import pyarrow as pa
        from pyarrow import csv

        ready = pa.table({name: formulas.defused(block.column(name)) for name in block.column_names})
        if self.writer is None:
            options = csv.WriteOptions(batch_size=BATCH)
            self.writer = csv.CSVWriter(self.file, ready.schema, write_options=options)
        self.writer.write_table(ready)


class _Parquet(_File):
    """Each value as it is."""

    def write(self, block: pa.Table) -> None:
        if self.writer is None:
            self.writer = parquet(self.file, block.schema)
        self.writer.write_table(block)


def _headed(other: Path, path: Path, headings: list[str]) -> None:
    """The rows of a file that is there, below other headings."""
    with open(other, "rb") as rows, open(_made(path), "wb") as file:
        rows.readline()
        file.write(",".join(f'"{name}"' for name in headings).encode() + b"\n")
        shutil.copyfileobj(rows, file, 1 << 20)


def _made(path: Path) -> Path:
    """An empty file there; one with a row a customer is for its owner only."""
    path.touch(0o600 if path.name in PRIVATE else 0o644)
    return path


EXPORTS = (
    Export(("customers", *LABELLED), _labelled),
    *(_table(name, *of) for name, of in TABLES.items()),
    Export(crm.NEEDS, _crm),
    Export(("actions",), _strategies),
)
