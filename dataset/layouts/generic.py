"""Any table of order lines, as a mapping describes it (dataset/mapping.py)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
from babel.numbers import list_currencies

from dataset import database
from dataset.casting import SYMBOLS, Casts, status
from dataset.engine import identifier, quoted
from dataset.errors import DataError, counted, shown
from dataset.headline import by_day, cents, headline
from dataset.layouts.common import duplicates, no_sales, run_file, unknown_customers
from dataset.mapping import Mapping
from dataset.reading import Raw, Reader, missing, normal
from dataset.tables import Dataset, Reason

NO_CURRENCY = (None, "", "NULL", "NONE", "NAN", "N/A")
KINDS = {
    "sale": "sale", "purchase": "sale", "order": "sale", "paid": "sale", "complete": "sale", "completed": "sale",
    "shipped": "sale",
    "refund": "refund", "credit": "refund", "return": "refund", "returned": "returned",
    "cancelled": "cancelled", "canceled": "cancelled", "void": "cancelled", "pending": "cancelled",
}  # fmt: skip


def read(reader: Reader, mapping: Mapping, data: Path | None, zone: str, source: str = "") -> Dataset:
    """Read what the mapping describes: its file(s), or its query on `source` (default its own). Raises DataError."""
    url = source or mapping.source
    if bool(url) != bool(mapping.query):
        raise mapping.refuse("a source needs a query" if url else "a query needs a source")
    if url:
        raw = database.read(reader, url, mapping.query, mapping.path)
    else:
        wanted = list(mapping.columns.values())
        raw = reader.read("mapped", mapping.files(data), mapping.delimiter, mapping.encoding, wanted)
    columns = {ours: _exact(raw, theirs) for ours, theirs in mapping.columns.items()}
    written = mapping.timezone or zone or "UTC"
    zone = zone or written

    _check_format(raw, mapping)
    casts = Casts(reader, raw, zone)
    casts.id("order_id", columns.get("order_id"))
    casts.id("customer_id", columns.get("customer_id"))
    if _numbered(raw, columns):
        casts.sql(identifier(columns["order_id"]), "order_number")
        casts.sql(identifier(columns["customer_id"]), "customer_number")
    casts.id("product_id", columns.get("product_id") or columns.get("product_name"))
    casts.label("name", columns.get("product_name"))
    casts.label("category", columns.get("category"))
    casts.label("country", columns.get("country"))
    casts.time("ordered_at", columns["timestamp"], written, mapping.date_format)
    symbol = _amounts(casts, columns, mapping)
    casts.sql(status(columns.get("kind")), "said")
    words = " ".join(f"when {quoted(word)} then {quoted(kind)}" for word, kind in KINDS.items())
    casts.sql(f"case {status(columns.get('kind'))} {words} end", "known_kind")
    currency = _currency(reader, raw, columns.get("currency"), mapping.currency, symbol)
    reasons = casts.create("typed")
    if written != "UTC" and raw.columns[columns["timestamp"]] in ("VARCHAR", "TIMESTAMP") and zone == written:
        casts.daylight_saving("ordered_at", columns["timestamp"], "typed", zone)
    run_file(raw.engine, Path(__file__).with_suffix(".sql"))
    return _dataset(reader, raw, reasons, columns, currency, zone)


def _check_format(raw: Raw, mapping: Mapping) -> None:
    if not mapping.date_format:
        return
    try:
        raw.engine.run(f"select try_strptime('', {quoted(mapping.date_format)})")
    except duckdb.Error:
        hint = "It is made of codes such as %d/%m/%Y %H:%M:%S"
        raise DataError(
            "E_CONFIG", f"date_format {shown(mapping.date_format)!r} is none", file=mapping.path, hint=hint
        ) from None


def _exact(raw: Raw, name: str) -> str:
    if (found := raw.column(name)) is None:
        raise missing(raw.lacking.get(normal(name), raw.parts[0].label), name, raw.columns)
    return found


def _amounts(casts: Casts, columns: dict[str, str], mapping: Mapping) -> str:
    """The columns quantity and value; the currency symbol the amounts carry."""
    money = columns.get("amount") or columns["unit_price"]
    if "quantity" in columns:
        casts.number("quantity", columns["quantity"])
    else:
        casts.empty("quantity", kind="decimal(18, 3)")
    casts.money(
        "value" if "amount" in columns else "unit_price",
        money,
        mapping.decimal,
        mapping.thousands,
        mapping.amount_suffix,
    )
    casts.ambiguous_scale(money)
    casts.sql(str("amount" not in columns).lower(), "priced_by_unit")
    if "amount" not in columns:
        casts.product("value", "quantity", "unit_price")
    return casts.symbol(money)


def _currency(reader: Reader, raw: Raw, column: str | None, declared: str, symbol: str) -> str:
    """The one currency the mapping, the column and the amounts' symbols agree on, "" when none says.

    Raises DataError E_CURRENCY_MIXED.
    """
    if column is None:
        _agree(raw, declared, symbol)
        return declared or symbol
    code = f"upper(trim(cast({identifier(column)} as varchar)))"
    rows = raw.engine.rows(f"select {code}, min(_row), count(*) from {identifier(raw.table)} group by 1 order by 2")
    found = [(word, row) for word, row, _ in rows if word not in NO_CURRENCY]
    blank = sum(count for word, _, count in rows if word in NO_CURRENCY)
    if len(found) > 1:
        label, line = raw.place(found[1][1])
        codes = ", ".join(shown(c, 10) for c, _ in found[:5])
        raise DataError(
            "E_CURRENCY_MIXED", f"amounts in several currencies ({codes}) cannot be added up", file=label,
            column=column, row=line, hint="Convert them to one currency first, or report each apart",
        )  # fmt: skip
    if not found or found[0][0] not in list_currencies():
        return declared or symbol
    _agree(raw, declared, found[0][0])
    reader.note(
        "W_CURRENCY",
        blank,
        f"{raw.label}: {counted(blank, 'row')} without a currency, taken as {found[0][0]} as the others are",
    )
    return found[0][0]


def _agree(raw: Raw, declared: str, found: str) -> None:
    """Raise E_CURRENCY_MIXED when the mapping names another currency than the data ($, £ and ¥ stand for several)."""
    if (
        declared
        and found
        and declared != found
        and not (declared not in SYMBOLS.values() and found in ("USD", "GBP", "JPY"))
    ):
        what = f"the mapping says {declared}, the data {found}"
        raise DataError(
            "E_CURRENCY_MIXED", what, file=raw.label, hint="Set the mapping's currency to what the amounts are in"
        )


def _dataset(
    reader: Reader, raw: Raw, reasons: list[Reason], columns: dict[str, str], currency: str, zone: str
) -> Dataset:
    engine = raw.engine
    found = engine.rows(
        """select fate, count(*), coalesce(sum(value), 0), count(*) filter (value = 0),
           count(*) filter (fate = 'refund' and known_kind in ('sale', 'returned')), -sum(abs(value))
           from classified group by fate"""
    )
    fates = {fate: (rows, money) for fate, rows, money, *_ in found}
    refunds = sum((worth for fate, *_, worth in found if fate == "refund"), start=Decimal(0))
    for fate, code, why in (
        ("no price", "W_ZERO_PRICE", "no price or no quantity: nothing was sold"),
        ("unknown kind", "W_UNKNOWN_STATUS", "kind of unknown meaning"),
    ):
        if fate in fates:
            rows, money = fates[fate]
            reasons.append(Reason("excluded", why, rows, money))
            reader.note(code, rows, f"{raw.label}: {counted(rows, 'row')} left out: {why} (worth {cents(money)})")
    back = sum(rows for *_, rows, _ in found)
    reader.note(
        "W_NEGATIVE_AMOUNT",
        back,
        f"{raw.label}: {counted(back, 'row')} of kind sale or returned with a negative amount: refunds",
    )
    free = sum(rows for fate, _, _, rows, *_ in found if fate == "sale")
    reader.note("W_ZERO_PRICE", free, f"{raw.label}: {counted(free, 'purchase')} of amount zero, counted as purchases")
    used = sum(rows for fate, (rows, _) in fates.items() if fate in ("sale", "refund", "returned", "cancelled"))
    reader.account(raw, used, reasons)
    duplicates(reader, raw, "typed", "value", units="quantity")
    no_sales(raw)
    by_day(engine)
    unknown_customers(reader, raw)
    values: dict[str, int | str] = {
        "lines": raw.rows - sum(r.rows for r in reasons if r.fate == "rejected"),
        **headline(engine, _numbered(raw, columns)),
    }
    values["distinct_local_days"] = engine.value("select count(distinct day) from days")
    values["last_local_day"] = values["last_date"]
    tables = ("lines", "products") if "product_id" in columns or "product_name" in columns else ("lines",)
    return Dataset(
        "generic",
        engine,
        tables,
        values=values,
        reconciliation=_reconciliation(fates, refunds),
        currency=currency,
        zone=zone,
    )


def _numbered(raw: Raw, columns: dict[str, str]) -> bool:
    """Whether every order, and every customer there is, is known by a whole number."""
    ids = [columns.get("order_id"), columns.get("customer_id")]
    if not raw.columnar or not all(c and raw.columns[c] in ("INTEGER", "BIGINT") for c in ids):
        return False
    return not raw.engine.value(f"select count(*) - count({identifier(str(ids[0]))}) from {identifier(raw.table)}")


def _reconciliation(fates: dict[str, tuple[int, Decimal]], refunds: Decimal) -> tuple[tuple[str, Decimal], ...]:
    def money(fate: str) -> Decimal:
        return Decimal(fates.get(fate, (0, 0))[1])

    total = sum((Decimal(m) for fate, (_, m) in fates.items() if fate != "rejected"), start=Decimal(0))
    gross = money("sale") + money("returned")
    steps = [("Raw total: every readable row of the table", total)]
    steps += [(f"Rows of {fate}, left out", -money(fate)) for fate in ("cancelled", "unknown kind") if fate in fates]
    if money("refund"):
        steps.append(("Rows of refunds, counted below", -money("refund")))
    back = refunds - money("returned")
    return (*steps, ("Gross sales", gross), ("Refunds", back), ("Net revenue", gross + back))
