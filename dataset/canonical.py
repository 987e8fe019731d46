"""The canonical tables themselves: written as Parquet, and read where they lie, as Parquet or in an engine's schema.

python -m dataset.canonical DATA FOLDER writes those of any DATA; build.py reads FOLDER, or tables://SCHEMA, in place.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset.engine import Engine, identifier, quoted
from dataset.errors import DataError, counted, existing
from dataset.headline import by_day, headline
from dataset.layouts.common import no_sales, unknown_customers
from dataset.reading import Part, Raw, Reader
from dataset.settings import Settings
from dataset.tables import TABLES, Account, Dataset, Note, Reason

ABOUT = "about.json"
# What no row of a table may be, and how it is said.
REFUSED = {
    "lines": {
        "ordered_at is null": "without ordered_at",
        "kind is null or kind not in ('sale', 'returned', 'refund', 'cancelled')": "of a kind that is none",
        "kind = 'sale' and order_id is null": "of kind sale without order_id",
        "kind = 'refund' and amount > 0": "of kind refund with an amount above zero",
    },
    "orders": {"order_id is null": "without order_id"},
    "customers": {"customer_id is null": "without customer_id"},
    "products": {"product_id is null": "without product_id"},
    "events": {
        '"at" is null': "without at",
        "kind is null or kind not in ('view', 'cart', 'purchase')": "of a kind that is none",
    },
}


def write(dataset: Dataset, folder: Path) -> None:
    """Write each table of a data set that DuckDB holds as Parquet; what reading found, last, as about.json."""
    for table in dataset.tables:
        columns, file = ", ".join(map(identifier, TABLES[table])), quoted(str(folder / f"{table}.parquet"))
        dataset.engine.run(f"copy (select {columns} from {identifier(table)}) to {file} (format parquet)")
    about = {
        "rows": {t: dataset.engine.value(f"select count(*) from {identifier(t)}") for t in dataset.tables},
        "layout": dataset.layout,
        "accounts": [asdict(account) for account in dataset.accounts],
        "notes": [asdict(note) for note in dataset.notes],
        "values": dataset.values,
        "reconciliation": dataset.reconciliation,
        "currency": dataset.currency,
        "zone": dataset.zone,
        "no_money": dataset.no_money,
        "non_products": sorted(dataset.non_products),
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=1, default=str) + "\n", encoding="utf-8")


def matches(data: Path) -> bool:
    """Whether a folder holds canonical tables: lines.parquet, or lines/ with Parquet files."""
    return (data / "lines.parquet").is_file() or any((data / "lines").glob("*.parquet"))


def read(reader: Reader, where: str, settings: Settings) -> Dataset:
    """The tables that lie in `where` (a folder, its URL, or tables://SCHEMA), nothing copied: checked, and counted.

    Beside Parquet, about.json tells what reading the raw files found. Raises DataError E_CANONICAL, E_COLUMN_...
    """
    engine = reader.engine
    sources = {table: source for table in TABLES if (source := engine.source(table, where)) is not None}
    if "lines" not in sources:
        place = where if "://" in where else Path(where).name
        raise DataError("E_CANONICAL", f"there is no table lines in {place}", hint=existing("lines", sources))
    for table, source in sources.items():
        _columns(table, engine.described(source))
        engine.view(table, TABLES[table], source)
    rows = {table: _content(engine, table) for table in sources}
    lines = Raw(engine, "lines", {}, (Part("lines", rows["lines"], 0),))
    no_sales(lines)
    by_day(engine)
    if about := engine.note(where, ABOUT):
        return _told(reader, tuple(sources), rows, json.loads(about))
    for table, count in rows.items():
        reader.accounts.append(Account(table, count, count))
    unknown_customers(reader, lines)
    values: dict[str, int | str] = {"lines": rows["lines"], **headline(engine)}
    (money,) = engine.arrow(MONEY).to_pylist()
    steps = (
        ("Gross sales", money["gross"]), ("Refunds", money["net"] - money["gross"]), ("Net revenue", money["net"])
    )  # fmt: skip
    return Dataset(
        "canonical", engine, tuple(sources), values=values,
        reconciliation=steps if money["priced"] else (), zone=settings.zone or "UTC",
        no_money="" if money["priced"] else "no line has an amount",
    )  # fmt: skip


MONEY = """
select
    count(amount) as priced,
    coalesce(sum(case when kind in ('sale', 'returned') then amount end), 0) as gross,
    coalesce(sum(case when kind in ('sale', 'refund') then amount end), 0) as net
from days
"""


def _columns(table: str, found: pa.Schema) -> None:
    """Raise DataError for a column that is missing or whose type would have to be guessed."""
    for column, wanted in TABLES[table].items():
        if column not in found.names:
            raise DataError(
                "E_COLUMN_MISSING", "this column is missing", file=table, column=column,
                hint=f"{existing(column, found.names)}. Where it is unknown it is null",
            )  # fmt: skip
        if not _fits(found.field(column).type, wanted):
            raise DataError(
                "E_COLUMN_TYPE", f"is {found.field(column).type}", file=table, column=column,
                hint=f"It must be {wanted}" + (", local to the report's zone" if wanted == "timestamp" else ""),
            )  # fmt: skip


def _fits(kind: pa.DataType, wanted: str) -> bool:
    """Whether a type becomes the wanted one without a guess."""
    if pa.types.is_null(kind):
        return True
    if isinstance(kind, pa.OpaqueType):
        return kind.type_name == "numeric" and wanted.startswith("decimal")
    if wanted == "varchar":
        return pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if wanted == "timestamp":
        return pa.types.is_timestamp(kind) and kind.tz is None
    return pa.types.is_decimal(kind) or pa.types.is_integer(kind)


def _content(engine: Engine, table: str) -> int:
    """How many rows a table has, by one scan. Raises DataError E_CANONICAL where one is refused."""
    tests = ", ".join(f"sum(case when {test} then 1 else 0 end) as r{i}" for i, test in enumerate(REFUSED[table]))
    (found,) = engine.arrow(f"select count(*) as found, {tests} from {identifier(table)}").to_pylist()
    for place, why in enumerate(REFUSED[table].values()):
        if bad := int(found[f"r{place}"] or 0):
            raise DataError(
                "E_CANONICAL", f"{counted(bad, 'row')} {why}", file=table,
                hint="The tables are read as they are: see dataset/tables.py, or give the raw data",
            )  # fmt: skip
    return int(found["found"])


def _told(reader: Reader, tables: tuple[str, ...], rows: dict[str, int], about: dict[str, Any]) -> Dataset:
    """The data set as about.json tells of it. Raises DataError E_CANONICAL when it tells of other tables."""
    if about["rows"] != rows:
        raise DataError(
            "E_CANONICAL", f"tells of other tables: {about['rows']} rows, there are {rows}", file=ABOUT,
            hint="Write the tables anew (python -m dataset.canonical), or remove it",
        )  # fmt: skip
    reader.notes += [Note(**note) for note in about["notes"]]
    for account in about["accounts"]:
        reasons = tuple(Reason(**r | {"money": r["money"] and Decimal(r["money"])}) for r in account.pop("reasons"))
        reader.accounts.append(Account(**account, reasons=reasons))
    steps = tuple((label, Decimal(amount)) for label, amount in about["reconciliation"])
    same = {key: about[key] for key in ("layout", "values", "currency", "zone", "no_money")}
    return Dataset(
        engine=reader.engine, tables=tables, reconciliation=steps, non_products=frozenset(about["non_products"]), **same
    )


def main() -> int:
    """Write the canonical tables of DATA; 0, or 2 with one line that says what is wrong."""
    from dataset import settings
    from dataset.opening import open_data

    parser = argparse.ArgumentParser(prog="python -m dataset.canonical", description=main.__doc__)
    parser.add_argument("data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", default="auto")
    parser.add_argument("--mapping", type=Path)
    parser.add_argument("--config", type=Path)
    given = parser.parse_args()
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        if any(given.folder.iterdir()):
            raise DataError("E_FILE_MISSING", f"{given.folder} is not empty", hint="Name a new folder")
        with tempfile.TemporaryDirectory(prefix="customer-deck-") as work:
            options = settings.load(given.config, engine="duckdb")
            dataset, _ = open_data(given.data, given.layout, given.mapping, options, Path(work), given.folder)
            write(dataset, given.folder.resolve())
            dataset.engine.close()
    except DataError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    print(f"{given.folder}: {', '.join(dataset.tables)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
