"""Users, products, orders, order_items as theLook eCommerce has them; also its flat export, seed 001's JSON-ish
files, and the same shape in Cloudera's retail_db spelling. One item row = one line; days are the report zone's (UTC
unless set)."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from dataset.casting import Casts, status
from dataset.engine import Engine, identifier, quoted
from dataset.errors import DataError, counted
from dataset.headline import by_day, cents, headline
from dataset.layouts.common import no_sales, run_file, unique, unknown_customers
from dataset.layouts.jsonish import json_rows
from dataset.reading import Raw, Reader, data_files
from dataset.tables import TABLES, Dataset, Reason

ROLES = {
    "order_items": re.compile(r"order_?it\w*m"),
    "orders": re.compile(r"orders?(_|$)"),
    "users": re.compile(r"users|customers"),
    "products": re.compile(r"products"),
    "events": re.compile(r"events"),
}
# What an item's status makes of its line. In theLook everything not cancelled is revenue; retail_db earns only what is
# COMPLETE or CLOSED, the rest is still open or stopped.
THELOOK = {
    "complete": "sale", "completed": "sale", "delivered": "sale", "shipped": "sale", "processing": "sale",
    "returned": "returned", "refunded": "returned", "cancelled": "cancelled", "canceled": "cancelled",
}  # fmt: skip
RETAIL_DB = {"complete": "sale", "closed": "sale"} | dict.fromkeys(
    (
        "processing",
        "pending",
        "pending_payment",
        "payment_review",
        "on_hold",
        "suspected_fraud",
        "canceled",
        "cancelled",
    ),
    "cancelled",
)
PEOPLE = TABLES["customers"] | dict.fromkeys(("first_name", "gender", "traffic_source"), "varchar")
PEOPLE |= {"signed_up_at": "timestamp", "customer_number": "bigint"}
EVENTS = {"product": "view", "view": "view", "cart": "cart", "purchase": "purchase"}
FEW = 20  # words of events that are none of these, up to which they are named one by one


def matches(columns: set[str]) -> bool:
    """Whether a table with these (normal) column names can be its order items."""
    return {"orderid", "productid", "saleprice"} <= columns or {"orderitemorderid", "orderitemsubtotal"} <= columns


def read(reader: Reader, paths: list[Path], zone: str) -> Dataset:
    """Read the folder's order items and what else is there. Raises DataError."""
    files = _roles(paths)
    items = reader.read("order_items", files["order_items"], columns=())
    dialect = "retail_db" if items.column("order_item_subtotal") else "thelook"
    flat = items.column("order_item_id") is not None and items.column("product_name") is not None
    orders = reader.read("orders", files["orders"]) if "orders" in files else (items if flat else None)
    users = json_rows(reader, "users", files["users"][0], zone) if "users" in files else (items if flat else None)
    products = (
        json_rows(reader, "products", files["products"][0], zone) if "products" in files else (items if flat else None)
    )

    reasons, currency = _items(reader, items, dialect, zone)
    _orders(reader, orders, zone, flat)
    _users(reader, users, zone, flat)
    _products(reader, products, flat)
    events = "events" in files and _events(reader, reader.read("events", files["events"]), zone)
    kinds = THELOOK if dialect == "thelook" else RETAIL_DB
    known = ", ".join(f"({quoted(word)}, {quoted(kind)})" for word, kind in kinds.items())
    items.engine.run(f"create table status_kinds as select * from (values {known}) as t(status, kind)")
    order = _key(items.engine, "order", "items", "file_orders")
    customer = _key(items.engine, "customer", "items", "file_orders", "file_customers")
    run_file(items.engine, Path(__file__).with_suffix(".sql"), order_key=order, customer_key=customer)

    reasons += _unknown_status(reader, items)
    used = int(items.engine.value("select count(*) from lines"))
    reader.account(items, used, reasons)
    every = _orders_there(items.engine, order)
    _whole(reader, items, orders, products, flat, every[1])
    _odd_prices(reader, items)
    if users and not flat:
        lost = items.engine.value(
            "select count(distinct customer_id) from placed where odd & 8 <> 0 and kind is not null"
        )
        reader.note(
            "W_ORPHAN_CUSTOMERS",
            lost,
            f"{items.label}: {counted(lost, 'customer')} that {users.label} lacks; kept, nothing known of them",
        )
    no_sales(items)
    by_day(items.engine)
    unknown_customers(reader, items)
    _float_note(reader, items)
    tables = [
        "lines",
        *(["orders"] if orders else []),
        *(["customers"] if users else []),
        *(["products"] if products else []),
    ]
    return Dataset(
        "thelook", items.engine, (*tables, "events") if events else tuple(tables),
        values=_values(items, users, products, every[0], customer),
        reconciliation=_reconciliation(items, reasons), currency=currency, zone=zone,
    )  # fmt: skip


def _roles(paths: list[Path]) -> dict[str, list[Path]]:
    """Which file holds which table, by its name; a single file can be the flat order items."""
    files = [f for p in paths for f in (data_files(p) if p.is_dir() else [p])]
    found: dict[str, list[Path]] = {}
    for file in files:
        stem = file.name.lower().split(".")[0].removeprefix("subset_")
        role = next((r for r, pattern in ROLES.items() if pattern.search(stem)), None)
        if role:
            found.setdefault(role, []).append(file)
    if "order_items" not in found and len(files) == 1:
        return {"order_items": files}
    if "order_items" not in found:
        there = ", ".join(f.name for f in files) or "nothing"
        raise DataError(
            "E_FILE_MISSING", "this file is missing", file="order_items.csv", hint=f"The folder holds {there}"
        )
    return found


def _key(engine: Engine, name: str, *tables: str) -> str:
    """The column that joins these tables: the number where all have it, else the id."""
    return f"{name}_{'number' if all(f'{name}_number' in engine.columns(t) for t in tables) else 'id'}"


def _items(reader: Reader, raw: Raw, dialect: str, zone: str) -> tuple[list[Reason], str]:
    """Create `items`; the reasons of rows left out and the currency the prices carry."""
    price = raw.require("order_item_subtotal" if dialect == "retail_db" else "sale_price")
    casts = Casts(reader, raw, zone)
    casts.id("item_id", raw.require("id", "order_item_id"), required=True, number="item_number")
    casts.id("order_id", raw.require("order_id", "order_item_order_id"), required=True, number="order_number")
    casts.id("customer_id", raw.column("user_id"), number="customer_number")
    casts.id("product_id", raw.column("product_id", "order_item_product_id"))
    if dialect == "thelook":
        casts.word("status", raw.require("status", "item_status"))
    else:
        casts.empty("status")
    casts.sql(str(dialect == "retail_db").lower(), "status_of_order")
    created = raw.column("created_at", "item_created_at")
    casts.time("created_at", created, zone, required=dialect == "thelook")
    if dialect == "thelook" and created is None:
        raw.require("created_at")
    for stage in ("shipped_at", "delivered_at", "returned_at"):
        casts.time(stage, raw.column(stage), zone, required=False)
    if quantity := raw.column("quantity", "order_item_quantity"):
        casts.number("quantity", quantity)
    else:
        casts.sql("cast(1 as decimal(18, 3))", "quantity")
    casts.money("amount", price)
    currency = casts.symbol(price) or "USD"
    reasons = casts.create("typed_items")
    return reasons + unique(reader, raw, "typed_items", "item_id", "items", "amount", "item_number"), currency


def _orders(reader: Reader, raw: Raw | None, zone: str, flat: bool) -> None:
    if raw is None:
        reader.engine.run("create view file_orders as select * from items where false")
        return
    casts = Casts(reader, raw, zone)
    casts.id("order_id", raw.require("order_id"), required=True, number="order_number")
    casts.id("customer_id", raw.column("user_id", "order_customer_id"), number="customer_number")
    casts.word("status", raw.require(*(("order_status",) if flat else ("status", "order_status"))))
    casts.time("created_at", raw.require(*(("order_created_at",) if flat else ("created_at", "order_date"))), zone)
    for stage in ("shipped_at", "delivered_at", "returned_at"):
        casts.time(stage, raw.column(stage), zone, required=False)
    _keep_first(reader, raw, casts, "order_id", "file_orders", flat)


def _users(reader: Reader, raw: Raw | None, zone: str, flat: bool) -> None:
    if raw is None:
        columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in PEOPLE.items())
        reader.engine.run(f"create view file_customers as select {columns} from items where false")
        return
    casts = Casts(reader, raw, zone)
    id = raw.require("user_id") if flat else raw.require("id", "customer_id", "user_id")
    casts.id("customer_id", id, required=True, number="customer_number")
    casts.label("country", raw.column("country"))
    casts.label("first_name", raw.column("first_name", "firstname", "customer_fname"))
    for attribute in ("gender", "traffic_source"):
        casts.label(attribute, raw.column(attribute))
    if age := raw.column("age"):
        casts.number("age", age, required=False)
    for attribute in ("income", "children") if age else ("age", "income", "children"):
        casts.empty(attribute, kind=TABLES["customers"][attribute])
    casts.time("signed_up_at", raw.column("created_at") if not flat else None, zone, required=False)
    _keep_first(reader, raw, casts, "customer_id", "file_customers", flat)


def _products(reader: Reader, raw: Raw | None, flat: bool) -> None:
    if raw is None:
        return
    casts = Casts(reader, raw, "UTC")
    casts.id("product_id", raw.require("product_id") if flat else raw.require("id", "product_id"), required=True)
    casts.label("name", raw.column("product_name") if flat else raw.column("name", "product_name"))
    casts.label("category", raw.column("category", "product_category"))
    if number := raw.column("product_category_id"):  # retail_db names no categories
        casts.sql(f"'Category ' || cast({identifier(number)} as varchar)", "category")
    price = raw.column("retail_price", "product_price", "product_retail_price")
    if price:
        casts.money("price", price, required=False)
    else:
        casts.empty("price", kind="decimal(18, 6)")
    _keep_first(reader, raw, casts, "product_id", "products", flat)


def _keep_first(reader: Reader, raw: Raw, casts: Casts, key: str, table: str, flat: bool) -> None:
    """One row a key; out of the flat file's repeating columns silently, out of a file of its own with an account."""
    if flat:
        casts.labels.clear()
        casts.create(f"typed_{table}")
        columns = ", ".join(f"min_by({c}, _row) as {c}" for c in casts.columns if c != key)
        reader.engine.run(
            f"create table {table} as select {key}, {columns} from typed_{table} where reject is null group by {key}"
        )
        return
    reasons = casts.create(f"typed_{table}")
    reasons += unique(reader, raw, f"typed_{table}", key, table, number=key.replace("_id", "_number"))
    reader.account(raw, raw.rows - sum(r.rows for r in reasons), reasons)


def _events(reader: Reader, raw: Raw, zone: str) -> bool:
    """The web events as views, carts and purchases; false when none of them is one."""
    casts = Casts(reader, raw, zone)
    user, session = raw.require("user_id"), raw.column("session_id")
    casts.id("user_id", user)
    casts.id("session_id", session, instead=user)
    casts.sql(identifier(raw.require("event_type")), "word")
    casts.time("at", raw.require("created_at"), zone)
    uri = raw.column("uri")
    casts.sql(
        f"nullif(regexp_extract({identifier(uri)}, '/product/(\\d+)', 1), '')" if uri else "cast(null as varchar)",
        "product_id",
    )
    reasons = casts.create("typed_events")
    engine = reader.engine
    nobody = "user_id is null and session_id is null"
    words = engine.rows(f"select word, {status('word')}, count(*) from typed_events where reject is null group by word")
    lost = engine.rows(
        f"select {status('word')}, count(*) from typed_events where reject is null and {nobody} group by 1"
    )
    used = sum(n for _, word, n in words if word in EVENTS) - sum(n for word, n in lost if word in EVENTS)
    # Of Parquet a view: forty million rows are read in a third of the time in which they are written; and of the file
    # itself, for through two views DuckDB carries no condition on a time to where it spares reading the other columns.
    straight = bool(casts.plain and raw.source)
    it = casts.plain if straight else {name: identifier(name) for name in casts.columns}
    known = [(spelt, EVENTS[word]) for spelt, word, _ in words if word in EVENTS] or [("", "")]
    cases = " ".join(f"when {it['word']} = {quoted(spelt)} then {quoted(kind)}" for spelt, kind in known)
    others = [
        f"{it['word']} <> {quoted(spelt)}" for spelt, word, _ in words if word not in EVENTS and spelt is not None
    ]
    wanted = others if 0 < len(others) <= FEW else [f"case {cases} end is not null"]
    wanted += [f"({it['user_id']} is not null or {it['session_id']} is not null)"] if lost else []
    wanted += [] if straight else ["reject is null"]
    engine.run(
        f"""create {"view" if raw.columnar else "table"} events as
            select coalesce({it["user_id"]}, 'session:' || {it["session_id"]}) as customer_id,
                   {it["product_id"]} as product_id, {it["at"]} as "at", case {cases} end as kind
            from {raw.source if straight else "typed_events"} where {" and ".join(wanted)}"""
    )
    other = raw.rows - used - sum(r.rows for r in reasons)
    reader.account(raw, used, [*reasons, Reason("excluded", "neither view, cart nor purchase (or nobody's)", other)])
    return used > 0


def _unknown_status(reader: Reader, raw: Raw) -> list[Reason]:
    odd = raw.engine.rows("select status, count(*), sum(amount) from placed where kind is null group by 1 order by 1")
    if not odd:
        return []
    count, money = sum(c for _, c, _ in odd), sum(m for _, _, m in odd)
    words = ", ".join(repr(word) if word else "blank" for word, _, _ in odd)
    what = f"{counted(count, 'item')} with a status of unknown meaning ({words}; worth {cents(money)})"
    reader.note("W_UNKNOWN_STATUS", count, f"{raw.label}: {what}: left out")
    return [Reason("excluded", "status of unknown meaning", count, money)]


def _orders_there(engine: Engine, order: str) -> tuple[int, int]:
    """How many orders there are, with items or without, and how many of them have none."""
    if engine.value("select count(*) from placed where odd & 1 <> 0"):
        return engine.rows(
            f"""select count(*), count(*) filter (not sold) from (
                    select bool_or(sold) as sold from (
                        select {order} as one, true as sold from items
                        union all select {order}, false from file_orders) group by one)"""
        )[0]
    there = int(engine.value("select count(*) from file_orders"))  # all items lie in one of them: half the time
    return there, there - int(engine.value(f"select count(*) from (select {order} from items group by {order})"))


def _odd_prices(reader: Reader, items: Raw) -> None:
    """Note items of negative or no price; both stay what their status makes of them."""
    free, below, worth = items.engine.rows(
        """select count(*) filter (amount = 0), count(*) filter (amount < 0), sum(amount) filter (amount < 0)
           from lines where kind <> 'cancelled'"""
    )[0]
    reader.note("W_ZERO_PRICE", free, f"{items.label}: {counted(free, 'item')} of price zero, counted as sold")
    what = f"{counted(below, 'item')} with a negative price (worth {cents(worth or 0)})"
    reader.note("W_NEGATIVE_PRICE", below, f"{items.label}: {what}, counted as they stand")


def _whole(reader: Reader, items: Raw, orders: Raw | None, products: Raw | None, flat: bool, bare: int) -> None:
    """Note keys that lead nowhere and times that run backwards; `bare`: orders without items."""
    engine = items.engine
    orphans, other, status, early = engine.rows(
        """select count(*) filter (odd & 1 <> 0), count(*) filter (odd & 2 <> 0), count(*) filter (odd & 4 <> 0),
                  count(distinct case when odd & 16 <> 0 then customer_id end) from placed"""
    )[0]
    if orders and not flat:
        reader.note(
            "W_ORPHAN_ITEMS",
            orphans,
            f"{items.label}: {counted(orphans, 'item')} of orders that {orders.label} lacks; kept",
        )
        reader.note(
            "W_ORDER_CUSTOMER",
            other,
            f"{items.label}: {counted(other, 'item')} of another customer than its order; the item's counts",
        )
        reader.note(
            "W_ORDER_STATUS",
            status,
            f"{items.label}: {counted(status, 'item')} of another status than its order; the item's counts",
        )
        reader.note(
            "W_ORDERS_WITHOUT_ITEMS", bare, f"{orders.label}: {counted(bare, 'order')} without items: no revenue"
        )
    if products and not flat:
        lost = engine.value(
            """select count(*) from placed
               where product_id is not null and product_id not in (select product_id from products)"""
        )
        reader.note(
            "W_ORPHAN_PRODUCTS",
            lost,
            f"{items.label}: {counted(lost, 'item')} of products that {products.label} lacks; kept, unnamed",
        )
    backwards = engine.value(
        """select count(*) from file_orders
           where shipped_at < created_at or delivered_at < shipped_at or returned_at < delivered_at"""
    )
    what = f"{counted(early, 'customer')} who signed up after an order"
    odd = f"{counted(backwards, 'order')} with stages in the wrong order"
    reader.note("W_EVENT_ORDER", early + backwards, f"{what}, {odd}; kept as written")


def _values(items: Raw, users: Raw | None, products: Raw | None, orders: int, customer: str) -> dict[str, int | str]:
    engine = items.engine
    every = f"select {customer} from items union select {customer} from file_orders"
    count = {"all_customers": f"select count({customer}) from ({every})"}
    if users:
        count["users"] = "select count(*) from customers"
        count["users_with_first_name"] = "select count(first_name) from customers"
    if products:
        count["products"] = "select count(*) from products"
    values: dict[str, int | str] = {
        "lines": engine.value("select count(*) from lines"),
        "items": engine.value("select count(*) from placed"),
        "all_orders": orders,
    }
    values |= {key: int(engine.value(sql)) for key, sql in count.items()}
    values |= headline(engine)
    values["returned"] = values["refunds"]
    values["all_statuses"] = cents(engine.value("select coalesce(sum(amount), 0) from placed") - _float_noise(items))
    return values


def _float_noise(items: Raw) -> Decimal:
    """What decimals leave out of amounts stored as 32-bit floats, added up: decimal total less binary total."""
    price = items.column("sale_price", "order_item_subtotal")
    if price is None or items.columns[price] != "FLOAT":
        return Decimal(0)
    binary = items.engine.value(
        f"select sum(cast(cast({identifier(price)} as double) as decimal(30, 15))) from {identifier(items.table)}"
    )
    return items.engine.value("select sum(amount) from typed_items where reject is null") - binary


def _float_note(reader: Reader, items: Raw) -> None:
    if _float_noise(items):
        cent = cents(
            items.engine.value("select sum(cast(amount as decimal(18, 2))) from typed_items where reject is null")
        )
        what = "amounts are 32-bit floats, good to seven digits, and are taken as they stand"
        reader.note(
            "W_FLOAT_MONEY", 1, f"{items.label}: {what}; rounded to the cent one by one they would sum to {cent}"
        )


def _reconciliation(items: Raw, reasons: list[Reason]) -> tuple:
    """From every row of the file to net, status by status."""
    engine = items.engine
    extra = sum((r.money for r in reasons if r.money is not None and "unknown meaning" not in r.why), start=Decimal(0))
    by_status = engine.rows(
        "select coalesce(status, 'blank'), kind, sum(amount) from placed group by 1, 2 order by 3 desc, 1"
    )
    total = sum((m for _, _, m in by_status), start=extra)
    steps = [("Raw total: every readable row of the file", total - (noise := _float_noise(items)))]
    if noise:
        steps.append(("Rounding of binary floats to six decimals", noise))
    if extra:
        steps.append(("Rows that repeat another", -extra))
    steps += [(f"Status {word}: not earned", -m) for word, kind, m in by_status if kind == "cancelled"]
    steps += [(f"Status {word}: of unknown meaning", -m) for word, kind, m in by_status if kind is None]
    steps.append(("Gross sales", sum(m for _, kind, m in by_status if kind in ("sale", "returned"))))
    steps += [(f"Status {word}", -m) for word, kind, m in by_status if kind == "returned"]
    steps.append(("Net revenue", sum(m for _, kind, m in by_status if kind == "sale")))
    return tuple(steps)
