"""The built-in shop as one table of lines: as UCI Online Retail writes it, and as a table of its own with a mapping.

A cancelled order was never invoiced and is not there; one that came back has its lines again, with negative quantity.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataset.sample.catalogue import CITIES, PRODUCTS
from dataset.sample.files import Files, euros, ids, joined, named
from dataset.sample.shop import CANCELLED, PRICES, RETURNED, Chunk, Ints
from dataset.sample.visits import Acts, Visits

COUNTRY = tuple(city[0] for city in CITIES)
NAMES = tuple(p.name for p in PRODUCTS)
FIRST_INVOICE = 536_365
FIRST_CUSTOMER = 12_346
FIRST_STOCK_CODE = 20_101
COLUMNS = {
    "customer_id": "customer",
    "order_id": "order",
    "timestamp": "when",
    "product_id": "product",
    "product_name": "product_name",
    "category": "category",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "currency": "currency",
    "country": "country",
}


@dataclass(frozen=True, slots=True)
class Invoiced:
    """Lines sold and lines given back by time; order and person count over all chunks."""

    order: Ints
    person: Ints
    city: Ints
    product: Ints
    quantity: Ints
    at: Ints


def invoiced(chunk: Chunk) -> Invoiced:
    orders, lines = chunk.orders, chunk.lines
    sold = np.flatnonzero(orders.fate[lines.order] != CANCELLED)
    back = np.flatnonzero(orders.fate[lines.order] == RETURNED)
    line = np.concatenate([sold, back])
    order = lines.order[line]
    at = np.concatenate([orders.at[lines.order[sold]], orders.returned_at[lines.order[back]]])
    quantity = np.concatenate([lines.quantity[sold], -lines.quantity[back]])
    person = orders.person[order]
    columns = (
        order + chunk.first_order,
        person + chunk.first_person,
        chunk.people.city[person],
        lines.product[line],
        quantity,
        at,
    )
    by_time = np.argsort(at, kind="stable")
    return Invoiced(*(column[by_time] for column in columns))


def online_retail(files: Files, chunk: Chunk, visited: tuple[Visits, Acts] | None) -> None:
    """online_retail: invoice dates to the minute; invoices of goods given back begin with C."""
    rows = invoiced(chunk)
    prefix = named(("", "C"), (rows.quantity < 0).astype(np.int64))
    files.add("online_retail", pa.table({
        "InvoiceNo": joined(prefix, ids(rows.order + FIRST_INVOICE)),
        "StockCode": named([str(FIRST_STOCK_CODE + i) for i in range(len(NAMES))], rows.product),
        "Description": named([name.upper() for name in NAMES], rows.product),
        "Quantity": ids(rows.quantity),
        "InvoiceDate": local(rows.at // 60 * 60),
        "UnitPrice": euros([int(p) for p in PRICES], rows.product),
        "CustomerID": ids(rows.person + FIRST_CUSTOMER),
        "Country": named(COUNTRY, rows.city),
    }))  # fmt: skip


def mapping(files: Files) -> None:
    """mapping.json: says what the columns of `sales` are."""
    said: dict[str, object] = {
        "layout": "generic",
        "file": f"sales.{files.form}",
        "columns": COLUMNS,
        "timezone": "UTC",
    }
    if files.form == "csv":
        said |= {
            "date_format": "%Y-%m-%d %H:%M:%S",
            "decimal": ".",
            "thousands": "",
            "encoding": "utf-8",
            "delimiter": ",",
        }
    (files.out / "mapping.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def generic(files: Files, chunk: Chunk, visited: tuple[Visits, Acts] | None) -> None:
    """sales: one row an order and product, in the columns that mapping.json names."""
    rows = invoiced(chunk)
    one = np.zeros(len(rows.order), dtype=np.int64)
    files.add("sales", pa.table({
        "customer": ids(rows.person + 1),
        "order": ids(rows.order + 1),
        "when": local(rows.at),
        "product": ids(rows.product + 1),
        "product_name": named(NAMES, rows.product),
        "category": named([p.category for p in PRODUCTS], rows.product),
        "quantity": ids(rows.quantity),
        "unit_price": euros([int(p) for p in PRICES], rows.product),
        "currency": named(("EUR",), one),
        "country": named(COUNTRY, rows.city),
    }))  # fmt: skip


def local(seconds: Ints) -> pa.Array:
    """Times without a zone."""
    return pc.cast(pa.array(seconds.astype("datetime64[s]")), pa.timestamp("us"))
