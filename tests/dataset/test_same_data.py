"""The same data in another shape gives the same report: shuffled, split, packed, in other columns' order or another format."""

# ruff: noqa: E501

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from tests.dataset.opened import (
    EVENT,
    EVENTS,
    HEADS,
    INVOICES,
    ITEM,
    ITEMS,
    MAPPING,
    ORDER,
    ORDERS,
    PRICES,
    PROPERTY,
    SALES,
    UCI,
    Files,
    invoice_cells,
    look,
    mapped,
    opened,
    rocket,
    table,
    workbook,
    zipped,
)

REFUNDS = [
    "C500003,85123A,THING 3,-2,2011-09-18 10:00:00,4.25,12343,France",
    "500012,85125A,THING 5,-1,2011-09-18 10:00:00,3.25,,France",
]
LINES = [*INVOICES, *REFUNDS]


def canonical(folder: Path, layout: str, files: Files, mapping: object = None) -> tuple:
    """Every canonical row, sorted; figures; counts of the notes."""
    folder.mkdir()
    dataset = opened(folder, layout, files, mapping)
    rows = [sorted(map(repr, dataset.engine.rows(f"select * from {name}"))) for name in dataset.tables]
    notes = sorted((n.code, n.count) for n in dataset.notes)
    dataset.engine.close()
    return rows, dataset.values, dataset.reconciliation, notes, dataset.currency


def shuffled(rows: list[str]) -> list[str]:
    return random.Random(7).sample(rows, len(rows))


def turned(header: str, rows: list[str]) -> str:
    """The table with its columns in reverse order."""
    return table(",".join(header.split(",")[::-1]), [",".join(row.split(",")[::-1]) for row in rows])


def parquet(folder: Path, text: str, types: str = "") -> bytes:
    """The CSV text as Parquet, columns as text or of these types."""
    source, target = folder / "from.csv", folder / "to.parquet"
    source.write_text(text)
    duckdb.sql(f"copy (select * {types} from read_csv('{source}', all_varchar = true)) to '{target}'")
    return target.read_bytes()


@pytest.mark.parametrize(
    "files",
    [
        {"t.csv": table(UCI, shuffled(LINES))},
        {"a.csv": table(UCI, LINES[:15]), "b.csv": table(UCI, LINES[15:16]), "c.csv": table(UCI, LINES[16:])},
        {"a.csv": table(UCI, LINES[:15]), "b.csv": turned(UCI, LINES[15:])},
        {"t.csv": turned(UCI, LINES)},
        {"t.csv.gz": zipped(table(UCI, LINES))},
        {"t.csv": table(UCI, LINES, "\r\n").encode("utf-8-sig")},
        {"t.tsv": table(UCI, LINES).replace(",", "\t")},
        {"t.csv": table(UCI + ",note", [row + ",x" for row in LINES])},
    ],
    ids=[
        "shuffled",
        "three parts",
        "parts of other columns' order",
        "columns turned",
        "gzip",
        "Windows",
        "tabs",
        "a column more",
    ],
)
def test_invoices_in_another_shape(tmp_path: Path, files: Files) -> None:
    """Lines, products, figures and notes are the same."""
    assert canonical(tmp_path / "other", "online_retail", files) == canonical(
        tmp_path / "plain", "online_retail", {"t.csv": table(UCI, LINES)}
    )


def test_invoices_in_other_formats(tmp_path: Path) -> None:
    """Parquet of text, Parquet of numbers and times, and Excel give what CSV gives."""
    text = table(UCI, INVOICES)
    plain = canonical(tmp_path / "csv", "online_retail", {"t.csv": text})
    typed = """replace (cast(Quantity as bigint) as Quantity, cast(UnitPrice as double) as UnitPrice,
        cast(InvoiceDate as timestamp) as InvoiceDate, cast(CustomerID as integer) as CustomerID)"""
    assert canonical(tmp_path / "text", "online_retail", {"t.parquet": parquet(tmp_path, text)}) == plain
    assert canonical(tmp_path / "typed", "online_retail", {"t.parquet": parquet(tmp_path, text, typed)}) == plain
    assert (
        canonical(tmp_path / "excel", "online_retail", {"t.xlsx": workbook([UCI.split(","), *invoice_cells()])})
        == plain
    )


@pytest.mark.parametrize(
    "types",
    [
        "",
        'replace (cast("when" as timestamp) as "when", cast(amt as decimal(10, 2)) as amt)',
        'replace (cast("when" as timestamptz) as "when", cast(amt as double) as amt)',
        'replace (epoch_ms(cast("when" as timestamp)) as "when", cast(amt as float) as amt)',
        "replace (cast(\"when\" as timestamp_ns) as \"when\", cast(amt as decimal(38, 10)) as amt, cast(cust as enum ('c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6')) as cust)",
    ],
    ids=["text", "decimal", "double and timestamptz", "float and epoch", "nanoseconds and dictionary"],
)
def test_orders_as_parquet(tmp_path: Path, types: str) -> None:
    """A mapped Parquet file of any types is read as the CSV file is; repeated rows are noted, rejected ones too."""
    rows = [*ORDERS, ORDERS[5], ORDERS[5], "o99,c1,1950-01-01 12:00:00,5.50"]
    text = table(SALES, rows)
    plain = canonical(tmp_path / "csv", "generic", {"sales.csv": text}, MAPPING)
    file = parquet(tmp_path, text, types)
    assert plain[3] == [("W_DUPLICATE_ROWS", 2), ("W_ROWS_REJECTED", 1)]
    assert canonical(tmp_path / "parquet", "generic", {"s.parquet": file}, mapped(file="s.parquet")) == plain


def test_parquet_parts_and_whole_number_ids(tmp_path: Path) -> None:
    """Two files, ids as numbers: the ids are the text of them, the counts those of the text."""
    rows = [f"{i},{i % 7},2024-0{1 + i % 9}-11,{i + 1}.25,2" for i in range(40)]
    columns = {"customer_id": "c", "order_id": "o", "timestamp": "w", "unit_price": "p", "quantity": "q"}
    types = "replace (o::bigint as o, c::bigint as c, w::timestamp as w, p::decimal(9, 2) as p, q::bigint as q)"
    plain = canonical(
        tmp_path / "csv", "generic", {"s.csv": table("o,c,w,p,q", rows)}, {"file": "s.csv", "columns": columns}
    )
    parts = {
        f"{i}.parquet": parquet(tmp_path, table("o,c,w,p,q", part), types)
        for i, part in enumerate((rows[:13], rows[13:]))
    }
    assert canonical(tmp_path / "parts", "generic", parts, {"file": "*.parquet", "columns": columns}) == plain
    assert plain[1]["gross"] == "1660.00"


@pytest.mark.parametrize(
    "files",
    [
        look(order_items=table(ITEM, shuffled(ITEMS)), orders=table(ORDER, shuffled(HEADS))),
        look(order_items=turned(ITEM, ITEMS), orders=turned(ORDER, HEADS)),
        {**look(order_items=None), "order_items.csv.gz": zipped(table(ITEM, ITEMS))},
        {**look(order_items=table(ITEM, ITEMS[:7])), "order_items_2.csv": table(ITEM, ITEMS[7:])},
    ],
    ids=["shuffled", "columns turned", "gzip", "two parts"],
)
def test_thelook_in_another_shape(tmp_path: Path, files: Files) -> None:
    assert canonical(tmp_path / "other", "thelook", files) == canonical(tmp_path / "plain", "thelook", look())


@pytest.mark.parametrize(
    "files",
    [
        rocket(shuffled(EVENTS), shuffled(PRICES), ["2,1", "1,"]),
        {**rocket(prices=PRICES[:3]), "item_properties_part2.csv": table(PROPERTY, PRICES[3:])},
        {**rocket(), "events.csv": turned(EVENT, EVENTS), "item_properties.csv": turned(PROPERTY, PRICES)},
    ],
    ids=["shuffled", "properties in two parts", "columns turned"],
)
def test_retailrocket_in_another_shape(tmp_path: Path, files: Files) -> None:
    assert canonical(tmp_path / "other", "retailrocket", files) == canonical(
        tmp_path / "plain", "retailrocket", rocket()
    )
