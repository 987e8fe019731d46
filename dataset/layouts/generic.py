"""Any table of order lines, as a mapping describes it (dataset/mapping.py)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from dataset import database
from dataset.casting import Casts, status
from dataset.engine import identifier, quoted
from dataset.errors import DataError, counted, shown
from dataset.headline import cents, headline
from dataset.layouts.common import duplicates, no_sales, run_file, unknown_customers
from dataset.mapping import Mapping
from dataset.reading import Raw, Reader, missing
from dataset.tables import MONEY, Dataset, Reason

KINDS = {
    "sale": "sale", "purchase": "sale", "order": "sale", "paid": "sale", "complete": "sale", "completed": "sale", "shipped": "sale",
    "refund": "refund", "credit": "refund", "return": "refund", "returned": "returned",
    "cancelled": "cancelled", "canceled": "cancelled", "void": "cancelled", "pending": "cancelled",
}  # fmt: skip


def read(reader: Reader, mapping: Mapping, data: Path | None, zone: str, source: str = "") -> Dataset:
    """Read what the mapping describes: its file(s), or its query on `source` (default its own). Raises DataError."""
    url = source or mapping.source
    if url:
        if not mapping.query:
            raise mapping.refuse("a source needs a query")
        raw = database.read(reader, url, mapping.query, mapping.path)
    else:
        wanted = list(mapping.columns.values())
        raw = reader.read("mapped", mapping.files(data), mapping.delimiter, mapping.encoding, wanted)
    columns = {ours: _exact(raw, theirs) for ours, theirs in mapping.columns.items()}
    written = mapping.timezone or zone or "UTC"
    zone = zone or written

    casts = Casts(reader, raw, zone)
    casts.id("order_id", columns.get("order_id"))
    casts.id("customer_id", columns.get("customer_id"))
    casts.id("product_id", columns.get("product_id") or columns.get("product_name"))
    casts.label("name", columns.get("product_name"))
    casts.label("category", columns.get("category"))
    casts.label("country", columns.get("country"))
    casts.time("ordered_at", columns["timestamp"], written, mapping.date_format)
    symbol = _amounts(casts, columns, mapping)
    casts.sql(status(columns.get("kind")), "said")
    words = " ".join(f"when {quoted(word)} then {quoted(kind)}" for word, kind in KINDS.items())
    casts.sql(f"case {status(columns.get('kind'))} {words} end", "known_kind")
    currency = _currency(raw, columns.get("currency"), mapping.currency or symbol)
    reasons = casts.create("typed")
    if written != "UTC" and raw.columns[columns["timestamp"]] in ("VARCHAR", "TIMESTAMP") and zone == written:
        casts.daylight_saving("ordered_at", columns["timestamp"], "typed", zone)
    run_file(raw.engine, Path(__file__).with_suffix(".sql"))
    return _dataset(reader, raw, reasons, columns, currency, zone)


def _exact(raw: Raw, name: str) -> str:
    """The table's column, by its exact name first."""
    if name in raw.columns:
        return name
    if (found := raw.column(name)) is None:
        raise missing(raw.label, name, raw.columns)
    return found


def _amounts(casts: Casts, columns: dict[str, str], mapping: Mapping) -> str:
    """The columns quantity and value; the currency symbol the amounts carry."""
    money = columns.get("amount") or columns["unit_price"]
    if "quantity" in columns:
        casts.number("quantity", columns["quantity"])
    else:
        casts.sql("cast(1 as decimal(18, 3))", "quantity")
    casts.money("value", money, mapping.decimal, mapping.thousands, mapping.amount_suffix)
    casts.ambiguous_scale(money)
    casts.sql(str("amount" not in columns).lower(), "priced_by_unit")
    if "amount" not in columns:
        casts.columns["value"] = f"cast(({casts.columns['quantity']}) * ({casts.columns['value']}) as {MONEY})"
    return casts.symbol(money)


def _currency(raw: Raw, column: str | None, declared: str) -> str:
    if column is None:
        return declared
    code = f"upper(trim(cast({identifier(column)} as varchar)))"
    found = raw.engine.rows(f"select {code}, min(_row) from {identifier(raw.table)} where {code} <> '' group by 1 order by 2")
    if len(found) > 1:
        label, line = raw.place(found[1][1])
        codes = ", ".join(shown(c, 10) for c, _ in found[:5])
        raise DataError(
            "E_CURRENCY_MIXED", f"amounts in several currencies ({codes}) cannot be added up", file=label, column=column,
            row=line, hint="Convert them to one currency first, or report each apart",
        )  # fmt: skip
    return found[0][0] if found and len(found[0][0]) == 3 else declared


def _dataset(reader: Reader, raw: Raw, reasons: list[Reason], columns: dict[str, str], currency: str, zone: str) -> Dataset:
    engine = raw.engine
    fates = {fate: (rows, money) for fate, rows, money in engine.rows("select fate, count(*), coalesce(sum(value), 0) from classified group by fate")}
    for fate, code, why in (
        ("no price", "W_ZERO_PRICE", "no price: nothing was sold"),
        ("unknown kind", "W_UNKNOWN_STATUS", "kind of unknown meaning"),
    ):
        if fate in fates:
            rows, money = fates[fate]
            reasons.append(Reason("excluded", why, rows, money))
            reader.note(code, rows, f"{raw.label}: {counted(rows, 'row')} left out: {why} (worth {cents(money)})")
    free = engine.value("select count(*) from lines where kind = 'sale' and amount = 0")
    reader.note("W_ZERO_PRICE", free, f"{raw.label}: {counted(free, 'purchase')} of amount zero, counted as purchases")
    used = sum(rows for fate, (rows, _) in fates.items() if fate in ("sale", "refund", "returned", "cancelled"))
    reader.account(raw, used, reasons)
    duplicates(reader, raw, "typed", "value", units="quantity")
    no_sales(raw)
    unknown_customers(reader, raw)
    values: dict[str, int | str] = {"lines": raw.rows - sum(r.rows for r in reasons if r.fate == "rejected"), **headline(engine)}
    values["distinct_local_days"] = engine.value("select count(distinct cast(ordered_at as date)) from lines")
    values["last_local_day"] = values["last_date"]
    tables = ("lines", "products") if "product_id" in columns or "product_name" in columns else ("lines",)
    return Dataset("generic", engine, tables, values=values, reconciliation=_reconciliation(fates), currency=currency, zone=zone)


def _reconciliation(fates: dict[str, tuple[int, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    def money(fate: str) -> Decimal:
        return Decimal(fates.get(fate, (0, 0))[1])

    total = sum((Decimal(m) for fate, (_, m) in fates.items() if fate != "rejected"), start=Decimal(0))
    gross, refunds = money("sale") + money("returned"), -abs(money("refund")) - money("returned")
    steps = [("Raw total: every readable row of the table", total)]
    steps += [(f"Rows of {fate}, left out", -money(fate)) for fate in ("cancelled", "unknown kind") if fate in fates]
    return (*steps, ("Gross sales", gross), ("Refunds", refunds), ("Net revenue", gross + refunds))
