"""Small raw files for the tests, and what reading them says: its figures and notes, or the one line of the error."""

# ruff: noqa: E501

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl

from dataset.errors import DataError
from dataset.opening import open_data
from dataset.settings import Settings
from dataset.tables import Dataset

Files = Mapping[str, str | bytes]


def opened(
    folder: Path,
    layout: str,
    files: Files,
    mapping: object = None,
    settings: Settings | None = None,
    data: str = "",
    prepare: Callable[[Path], object] | None = None,
) -> Dataset:
    """The data set of these files, written to `folder`/in; `mapping` is written as JSON (text: as it stands)."""
    raw, work = folder / "in", folder / "work"
    raw.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    for name, content in files.items():
        (raw / name).write_bytes(content.encode() if isinstance(content, str) else content)
    if mapping is not None:
        (raw / "mapping.json").write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
    if prepare:
        prepare(raw)
    return open_data(data or str(raw), layout, None, settings or Settings(), work)[0]


def said(folder: Path, layout: str, files: Files, mapping: object = None, **more) -> str:
    """The headline and one line a note, or the error's message; every file's account must add up."""
    try:
        dataset = opened(folder, layout, files, mapping, **more)
    except DataError as wrong:
        assert "\n" not in str(wrong), "a message is one line"
        assert str(folder) not in str(wrong), "a message names files, not where they lie"
        return str(wrong)
    for account in dataset.accounts:
        assert account.rows == account.used + account.rejected + account.excluded
    v = dataset.values
    figures = [f"until {v['last_date']}"] if "last_date" in v else []
    figures += [f"{v['lines']} lines, {v['orders']} orders, {v['buyers']} buyers"]
    figures += [f"gross {v['gross']}, refunds {v['refunds']}"] if "gross" in v else ["no money"]
    dataset.engine.close()
    return "\n".join([", ".join(figures), *(f"{n.code} {n.count} {n.text}" for n in dataset.notes)])


def table(header: str, rows: Sequence[str], end: str = "\n") -> str:
    """A CSV file of this header and these rows."""
    return end.join([header, *rows]) + end


def with_cell(rows: Sequence[str], row: int, column: int, value: str) -> list[str]:
    """The rows with one cell written anew."""
    return [
        ",".join([*c[:column], value, *c[column + 1 :]]) if i == row else r
        for i, r in enumerate(rows)
        for c in [r.split(",")]
    ]


def with_column(rows: Sequence[str], column: int, value: Callable[[str, int], str]) -> list[str]:
    """The rows with one column written anew, from its old value and the row's index."""
    return [
        ",".join([*c[:column], value(c[column], i), *c[column + 1 :]])
        for i, r in enumerate(rows)
        for c in [r.split(",")]
    ]


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    """An Excel file of these sheets, called Sheet1, Sheet2 ..."""
    book = openpyxl.Workbook()
    for index, rows in enumerate(sheets, 1):
        sheet = book.active if index == 1 else book.create_sheet()
        assert sheet is not None
        sheet.title = f"Sheet{index}"
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zipped(text: str | bytes) -> bytes:
    return gzip.compress(text.encode() if isinstance(text, str) else text, mtime=0)


# Forty invoice lines of eleven customers, worth 325.00.
UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
INVOICES = [
    f"5{i:05d},8512{i % 7}A,THING {i % 7},{1 + i % 4},2011-0{1 + i % 9}-1{i % 9} 10:0{i % 6}:00,{1 + i % 5}.25,{12340 + i % 11},France"
    for i in range(40)
]


def invoices(rows: Sequence[str] = INVOICES, header: str = UCI, end: str = "\n") -> dict[str, str | bytes]:
    return {"transactions.csv": table(header, rows, end)}


def invoice_cells() -> list[list[object]]:
    """The invoice lines as Excel has them: numbers and times as such."""
    kinds = (str, str, str, int, datetime.fromisoformat, float, int, str)
    return [[kind(cell) for kind, cell in zip(kinds, row.split(","), strict=True)] for row in INVOICES]


# Forty orders of seven customers, worth 1,200.00, and the mapping that describes them.
MAPPING = {
    "file": "sales.csv",
    "columns": {"customer_id": "cust", "order_id": "ord", "timestamp": "when", "amount": "amt"},
}
SALES = "ord,cust,when,amt"
ORDERS = [f"o{i},c{i % 7},2024-0{1 + i % 9}-1{i % 9} 12:00:00,{10 + i}.50" for i in range(40)]


def sales(rows: Sequence[str] = ORDERS, header: str = SALES) -> dict[str, str | bytes]:
    return {"sales.csv": table(header, rows)}


def mapped(columns: Mapping[str, str] | None = None, **keys: object) -> dict[str, object]:
    """MAPPING with these columns and keys besides; a key of None is left out."""
    found = {**MAPPING, **keys, "columns": {**MAPPING["columns"], **(columns or {})}}
    return {key: value for key, value in found.items() if value is not None}


# theLook: sixty items of thirty orders, ten users, five products.
ITEM = (
    "id,order_id,user_id,product_id,inventory_item_id,status,created_at,shipped_at,delivered_at,returned_at,sale_price"
)
ORDER = "order_id,user_id,status,gender,created_at,returned_at,shipped_at,delivered_at,num_of_item"
USER = "id,first_name,last_name,email,age,gender,state,country,created_at"
PRODUCT = "id,cost,category,name,brand,retail_price"
STATUSES = ("Complete", "Shipped", "Processing", "Returned", "Cancelled")
ITEMS = [
    f"{i},{i // 2 + 1},{i // 2 % 10 + 1},{i % 5 + 1},{i},{STATUSES[i // 2 % 5]},2024-0{1 + i // 2 % 8}-10 10:00:00,,,,{10 + i}.99"
    for i in range(60)
]
HEADS = [f"{k + 1},{k % 10 + 1},{STATUSES[k % 5]},F,2024-0{1 + k % 8}-10 10:00:00,,,,2" for k in range(30)]
USERS = [f"{u + 1},N{u},L{u},e{u}@x,3{u % 10},F,S,France,2023-01-01 00:00:00" for u in range(10)]
PRODUCTS = [f"{p + 1},5,Cat{p},Name{p},B,9.99" for p in range(5)]


def look(**files: str | bytes | None) -> dict[str, str | bytes]:
    """theLook's four files, some written anew; None leaves one out."""
    found: dict[str, str | bytes | None] = {
        "order_items": table(ITEM, ITEMS), "orders": table(ORDER, HEADS), "users": table(USER, USERS),
        "products": table(PRODUCT, PRODUCTS), **files,
    }  # fmt: skip
    return {f"{name}.csv": content for name, content in found.items() if content is not None}


# RetailRocket: sixty events of nine visitors, fifteen of them purchases worth 180.00.
START = 1_430_000_000_000
EVENT = "timestamp,visitorid,event,itemid,transactionid"
PROPERTY = "timestamp,itemid,property,value"
EVENTS = [
    f"{START + i * 1000},{i % 9},{('view', 'view', 'addtocart', 'transaction')[i % 4]},{i % 5},{i if i % 4 == 3 else ''}"
    for i in range(60)
]
PRICES = [f"{START - 100_000},{i},790,n{10 + i}.000" for i in range(5)] + [
    f"{START - 100_000},{i},categoryid,{i % 2 + 1}" for i in range(5)
]


def rocket(
    events: Sequence[str] = EVENTS,
    prices: Sequence[str] | None = PRICES,
    tree: Sequence[str] | None = ("1,", "2,1"),
    **more: str,
) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {"events.csv": table(EVENT, events), **more}
    if prices is not None:
        found["item_properties.csv"] = table(PROPERTY, prices)
    if tree is not None:
        found["category_tree.csv"] = table("categoryid,parentid", tree)
    return found
