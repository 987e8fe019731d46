"""One table of invoice lines, as the UCI Online Retail I and II files: InvoiceNo, StockCode, Quantity, UnitPrice ..."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from dataset.casting import Casts
from dataset.errors import DataError, counted, shown
from dataset.headline import by_day, cents, headline
from dataset.layouts.common import duplicates, no_sales, refunded, run_file, unknown_customers
from dataset.reading import Raw, Reader, data_files, missing, normal, peek
from dataset.tables import Dataset, Reason

FIRST = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
SECOND = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID")
GOODS = re.compile(r"\d{5}")  # a UCI stock code of goods begins so; POST, M, BANK CHARGES ... do not
CARRIAGE = ("POST", "DOT", "C2", "C3")  # no goods either, but nothing to remark on


def matches(columns: set[str]) -> bool:
    """Whether a table with these (normal) column names is of this layout."""
    return any({normal(c) for c in spelling} <= columns for spelling in (FIRST, SECOND))


def read(reader: Reader, paths: list[Path], zone: str) -> Dataset:
    """Read one or several files of invoice lines. Raises DataError."""
    files = [f for p in paths for f in (data_files(p) if p.is_dir() else [p])]
    if not files:
        raise DataError("E_FILE_MISSING", "holds no CSV, Parquet or XLSX file", file=paths[0])
    raw = reader.read("transactions", _invoices(reader, files))
    spelling = _spelling(raw)
    order, product, quantity, date, price, customer = (raw.require(c) for c in spelling)
    country, description = raw.column("Country"), raw.column("Description")

    casts = Casts(reader, raw, zone)
    casts.id("order_id", order, required=True)
    casts.sql(f"upper({_stock_code(raw, casts, product)})", "product_id")
    casts.label("name", description)
    casts.number("quantity", quantity)
    casts.time("ordered_at", date, zone, month_first=True)
    casts.money("unit_price", price)
    casts.product("value", "quantity", "unit_price")
    casts.id("customer_id", customer)
    casts.label("country", country)
    currency = casts.symbol(price)
    reasons = casts.create("typed")
    run_file(raw.engine, Path(__file__).with_suffix(".sql"))

    fates = _fates(reader, raw)
    reader.account(
        raw,
        sum(rows for rows, _ in (fates.get("sale", (0, 0)), fates.get("refund", (0, 0)))),
        reasons + _excluded(fates),
    )
    odd = _notes(reader, raw, fates)
    duplicates(reader, raw, "typed", "value", units="quantity")
    no_sales(raw)
    by_day(raw.engine)
    unknown_customers(reader, raw)
    return Dataset(
        "online_retail", raw.engine, ("lines", "products"),
        values={"lines": raw.rows - sum(r.rows for r in reasons), **headline(raw.engine)},
        reconciliation=_reconciliation(fates, refunded(raw.engine)), currency=currency or "GBP", zone=zone,
        non_products=odd,
    )  # fmt: skip


def _invoices(reader: Reader, files: list[Path]) -> list[Path]:
    """The files of invoice lines; among such files, others are passed over with a note."""
    headers = {file: {normal(c) for c in peek(file)} for file in files}
    if not any(map(matches, headers.values())):
        return files
    other = [
        f
        for f, columns in headers.items()
        if max(len(columns & {normal(c) for c in s}) for s in (FIRST, SECOND)) <= len(FIRST) // 2
    ]
    names = ", ".join(shown(f.name, 60) for f in other)
    reader.note("W_FILE_IGNORED", len(other), f"{names}: not read, the columns are not those of invoice lines")
    return [f for f in files if f not in other]


def _spelling(raw: Raw) -> tuple[str, ...]:
    """The first or second UCI spelling, whichever fits better; names what is missing of it."""
    spelling = max((FIRST, SECOND), key=lambda s: sum(raw.column(c) is not None for c in s))
    absent = [c for c in spelling if raw.column(c) is None]
    if absent:
        label = raw.lacking.get(normal(absent[0]), raw.parts[0].label)
        error = missing(label, ", ".join(absent), raw.columns)
        if len(absent) > 1:
            error = DataError(error.code, "these columns are missing", file=label, column=error.column, hint=error.hint)
        raise error
    return spelling


def _stock_code(raw: Raw, casts: Casts, column: str) -> str:
    casts.id("product_id", column)
    return casts.columns.pop("product_id")


def _fates(reader: Reader, raw: Raw) -> dict[str, tuple[int, object]]:
    rows = raw.engine.rows("select fate, count(*), coalesce(sum(value), 0) from classified group by fate")
    return {fate: (count, money) for fate, count, money in rows}


def _excluded(fates: dict) -> list[Reason]:
    says = {
        "no price": "no price or no quantity: nothing was sold (samples, stock corrections)",
        "negative price": "negative price: bad debt written off",
    }
    return [Reason("excluded", text, *fates[fate]) for fate, text in says.items() if fate in fates]


def _notes(reader: Reader, raw: Raw, fates: dict) -> frozenset[str]:
    """Say what is odd about the lines; the product ids that are no goods."""
    engine, name = raw.engine, raw.label
    negative = engine.value("select count(*) from classified where fate = 'refund' and upper(order_id) not like 'C%'")
    what = f"{counted(negative, 'line')} with a negative quantity on an ordinary invoice"
    reader.note("W_NEGATIVE_QTY", negative, f"{name}: {what}: refunds")
    if "no price" in fates:
        reader.note(
            "W_ZERO_PRICE",
            fates["no price"][0],
            f"{name}: {counted(fates['no price'][0], 'line')} without a price or quantity, left out",
        )
    if "negative price" in fates:
        count, money = fates["negative price"]
        what = f"{counted(count, 'line')} with a negative price ({cents(money)})"
        reader.note("W_NEGATIVE_PRICE", count, f"{name}: {what}, set apart as bad debt")
    codes = engine.rows(
        "select product_id, count(*) from lines where product_id is not null group by product_id order by 1"
    )
    services = {code: count for code, count in codes if not GOODS.match(code)}
    if len(services) * 2 >= len(codes):
        return frozenset()
    odd = [count for code, count in services.items() if code not in CARRIAGE]
    what = f"{counted(sum(odd), 'line')} with {counted(len(odd), 'stock code')} of no goods"
    why = "(fees, samples, manual entries): revenue, but no product"
    reader.note("W_NON_PRODUCT_CODES", sum(odd), f"{name}: {what} {why}")
    return frozenset(services)


def _reconciliation(fates: dict, refunds: Decimal) -> tuple:
    def money(fate: str):
        return fates.get(fate, (0, 0))[1]

    steps = [("Gross sales", money("sale")), ("Refunds", refunds), ("Net revenue", money("sale") + refunds)]
    if refunds != money("refund"):
        steps.append(("Refunds that the file states as positive amounts", money("refund") - refunds))
    if "negative price" in fates:
        steps.append(("Bad debt (negative prices), stated apart", money("negative price")))
    total = sum(m for fate, (_, m) in fates.items() if fate != "rejected")
    return (*steps, ("Raw total: quantity times price over every readable row", total))
