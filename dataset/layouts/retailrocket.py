"""RetailRocket's event log: events; if there, item_properties*.csv (property 790 is the price), category_tree.csv."""

from __future__ import annotations

from pathlib import Path

from dataset.casting import Casts, status
from dataset.engine import quoted
from dataset.errors import DataError, counted, shown
from dataset.headline import by_day, headline
from dataset.layouts.common import run_file
from dataset.reading import Raw, Reader, data_files
from dataset.tables import Dataset, Reason

EVENTS = {"view": "view", "addtocart": "cart", "transaction": "purchase"}
PRICE = "790"


def matches(columns: set[str]) -> bool:
    """Whether a table with these (normal) column names is the event log."""
    return {"timestamp", "visitorid", "event", "itemid"} <= columns


def read(reader: Reader, paths: list[Path], zone: str) -> Dataset:
    """Read the event log and what else is there. Raises DataError."""
    files = [f for p in paths for f in (data_files(p) if p.is_dir() else [p])]
    properties = [f for f in files if "item_properties" in f.name.lower()]
    tree = [f for f in files if "category_tree" in f.name.lower()]
    logs = (
        [f for f in files if f.name.lower().startswith("events")]
        or [f for f in files if "event" in f.name.lower()]
        or (files if len(files) == 1 else [])
    )
    if not logs:
        raise DataError(
            "E_FILE_MISSING",
            "this file is missing",
            file="events.csv",
            hint=f"There is {', '.join(f.name for f in files)}",
        )
    if len(logs) > 1:
        listed = ", ".join(f.name for f in logs)
        raise DataError("E_LAYOUT", f"several event logs lie here: {listed}", hint="Name the one that is meant")
    log = reader.read("events", logs)
    _acts(reader, log, zone)
    _prices(reader, properties, zone)
    categories = _categories(reader, tree)
    run_file(log.engine, Path(__file__).with_suffix(".sql"))
    _products(reader, categories)
    return _dataset(reader, log, bool(properties), zone)


def _acts(reader: Reader, raw: Raw, zone: str) -> None:
    """The readable, distinct events as table `acts`."""
    casts = Casts(reader, raw, zone)
    casts.time("at", raw.require("timestamp"), "UTC")
    casts.id("customer_id", raw.require("visitorid"), required=True)
    casts.id("product_id", raw.require("itemid"))
    casts.id("transaction_id", raw.column("transactionid"))
    casts.sql(status(raw.require("event")), "word")
    reasons = casts.create("typed_events")
    engine = reader.engine
    words = ", ".join(f"({quoted(word)}, {quoted(kind)})" for word, kind in EVENTS.items())
    engine.run(
        f"""create table acts as
            select min(_row) as _row, "at", customer_id, product_id, transaction_id, kind, count(*) as copies
            from typed_events join (values {words}) as k(word, kind) using (word) where reject is null
            group by "at", customer_id, product_id, transaction_id, kind"""
    )
    unknown = engine.rows(
        """select word, count(*) from typed_events where reject is null and (word is null or word not in $known)
           group by 1 order by 1""",
        known=list(EVENTS),
    )
    odd = sum(count for _, count in unknown)
    names = ", ".join(repr(shown(word, 40)) if word else "blank" for word, _ in unknown[:10])
    reader.note("W_UNKNOWN_EVENT", odd, f"{raw.label}: {counted(odd, 'event')} of unknown kind ({names}), left out")
    if not reader.engine.value("select count(*) from acts"):
        hint = f"There is {names}" if names else ""
        raise DataError(
            "E_EVENT", f"no row is one of {', '.join(EVENTS)}", file=raw.label, column=raw.require("event"), hint=hint
        )
    used, copies = engine.rows("select count(*), coalesce(sum(copies - 1), 0) from acts")[0]
    reader.note(
        "W_DUPLICATE_ROWS",
        int(copies),
        f"{raw.label}: {counted(int(copies), 'event')} repeated to the millisecond, counted once",
    )
    left_out = [
        Reason("excluded", "event of unknown kind", odd),
        Reason("excluded", "repeats another row exactly", int(copies)),
    ]
    reader.account(raw, int(used), [*reasons, *left_out])
    without, foreign = engine.rows(
        """select count(*) filter (kind = 'purchase' and transaction_id is null),
           count(*) filter (kind <> 'purchase' and transaction_id is not null) from acts"""
    )[0]
    if raw.column("transactionid"):
        what = f"{counted(without, 'transaction')} without an id (then visitor and second make the order)"
        reader.note("W_TRANSACTION_ID", without + foreign, f"{raw.label}: {what}, {foreign} other events with one")
        shared = engine.value(
            """select count(*) from (select 1 from acts where kind = 'purchase' and transaction_id is not null
               group by transaction_id having count(distinct customer_id) > 1)"""
        )
        reader.note(
            "W_SHARED_ORDER",
            shared,
            f"{raw.label}: {counted(shared, 'transaction id')} used by several visitors, each one order",
        )


def _prices(reader: Reader, files: list[Path], zone: str) -> None:
    """Every price property as table `prices`, every category property as `item_categories`."""
    if not files:
        reader.engine.run('create table prices (product_id varchar, price decimal(18, 6), "at" timestamp)')
        reader.engine.run("create table item_categories (product_id varchar, category varchar)")
        return
    raw = reader.read("properties", files, columns=("timestamp", "itemid", "property", "value"))
    casts = Casts(reader, raw, zone)
    casts.time("at", raw.require("timestamp"), "UTC")
    casts.id("product_id", raw.require("itemid"), required=True)
    casts.id("property", raw.require("property"), required=True)
    casts.id("value", raw.require("value"))
    reasons = casts.create("typed_properties")
    reader.engine.run(
        f"""create table stated as select product_id, value, "at", try_cast(substr(value, 2) as decimal(18, 6)) as price
            from typed_properties where reject is null and property = '{PRICE}'"""
    )
    reader.engine.run(
        """create table prices as
           select product_id, "at", min(price) as price, min(price) < max(price) as twofold from stated
           where value like 'n%' and price > 0 group by product_id, "at\""""
    )
    reader.engine.run(
        """create table item_categories as
           select product_id, max_by(value, ("at", value)) as category from typed_properties
           where reject is null and property = 'categoryid' group by product_id"""
    )
    reasons += _not_prices(reader, raw)
    kept = reader.engine.value("select count(*) from stated where value like 'n%' and price > 0")
    used = int(
        kept
        + reader.engine.value("select count(*) from typed_properties where reject is null and property = 'categoryid'")
    )
    other = raw.rows - used - sum(r.rows for r in reasons)
    reader.account(raw, used, [*reasons, Reason("excluded", "properties other than price and category", other)])


def _not_prices(reader: Reader, raw: Raw) -> list[Reason]:
    """Why some values of the price property are none; notes them, and items with two prices at one moment."""
    free, odd, twofold = reader.engine.rows(
        """select count(*) filter (value like 'n%' and price = 0),
           count(*) filter (not coalesce(value like 'n%' and price >= 0, false)),
           (select count(*) from prices where twofold) from stated"""
    )[0]
    reader.note(
        "W_ROWS_REJECTED",
        odd,
        f"{raw.label}: {counted(odd, 'value')} of property {PRICE} not a price such as n12.000, left out",
    )
    what = f"{counted(twofold, 'time')} an item has two prices at the same moment; the lower one counts"
    reader.note("W_PRICE_CONFLICT", twofold, f"{raw.label}: {what}")
    return [Reason("rejected", f"property {PRICE} is no price", odd), Reason("excluded", "price of nothing", free)]


def _categories(reader: Reader, files: list[Path]) -> dict[str, str]:
    """Category -> its root; a parent that is missing or leads in a circle ends the climb."""
    if not files:
        return {}
    raw = reader.read("tree", files)
    child, parent = raw.require("categoryid"), raw.require("parentid")
    casts = Casts(reader, raw, "UTC")
    casts.id("category", child, required=True)
    casts.id("parent", parent)
    reasons = casts.create("typed_tree")
    parents = dict(
        reader.engine.rows("select category, min(parent) from typed_tree where reject is null group by 1 order by 1")
    )
    reader.account(raw, raw.rows - sum(r.rows for r in reasons), reasons)
    roots: dict[str, str] = {}
    odd = reader.engine.value(
        """select count(*) from (select 1 from typed_tree where reject is null group by category
           having count(distinct coalesce(parent, '')) > 1)"""
    )
    for category in parents:
        seen, at = {category}, category
        while (up := parents.get(at)) is not None and up in parents and up not in seen:
            seen.add(up)
            at = up
        odd += up is not None
        roots[category] = at
    reader.note(
        "W_CATEGORY_TREE", odd, f"{raw.label}: {odd} categories whose parents are missing, several, or lead in a circle"
    )
    return roots


def _products(reader: Reader, roots: dict[str, str]) -> None:
    """Products by what the properties say: a category root (ids are all the names there are) and the last price."""
    pairs = sorted(roots.items())
    reader.engine.run("create table roots (category varchar, root varchar)")
    if pairs:
        reader.engine.run(
            "insert into roots select unnest($categories), unnest($roots)",
            categories=[c for c, _ in pairs],
            roots=[r for _, r in pairs],
        )
    reader.engine.run(
        """create table products as select i.product_id, 'Item ' || i.product_id as name,
           'Category ' || coalesce(r.root, c.category) as category, max_by(p.price, p."at") as price
           from (select distinct product_id from acts where product_id is not null) as i
           left join item_categories as c using (product_id) left join roots as r on r.category = c.category
           left join prices as p using (product_id) group by all"""
    )


def _dataset(reader: Reader, log: Raw, properties: bool, zone: str) -> Dataset:
    engine = log.engine
    lines, unpriced = engine.rows("select count(*), count(*) filter (amount is null) from lines")[0]
    no_money = ""
    if lines and unpriced == lines:
        no_money = (
            "no purchase has a known price" if properties else "the data has no item_properties files, so no prices"
        )
    reader.note(
        "W_UNPRICED_LINES",
        unpriced,
        f"{log.label}: {unpriced} of {lines} purchases have no known price; their money is unknown",
    )
    if not lines:
        reader.note("W_NO_PURCHASES", 1, f"{log.label}: nobody bought anything; only the funnel can be told")
    kinds = dict(engine.rows("select kind, count(*) from acts group by kind"))
    values: dict[str, int | str] = {
        "events": sum(kinds.values()), "visitors": engine.value("select count(distinct customer_id) from acts"),
        "views": kinds.get("view", 0), "addtocarts": kinds.get("cart", 0), "transactions": kinds.get("purchase", 0),
        "viewers": engine.value("select count(distinct customer_id) from acts where kind = 'view'"),
        "carters": engine.value("select count(distinct customer_id) from acts where kind = 'cart'"),
        "lines": lines, "unpriced_lines": unpriced,
    }  # fmt: skip
    by_day(engine)
    values |= {k: v for k, v in headline(engine).items() if not no_money or k in ("orders", "buyers", "last_date")}
    if not no_money:
        values["gmv"] = values["gross"]
    total = engine.value("select coalesce(sum(amount), 0) from lines")
    steps = () if no_money or not lines else (("Purchases with a known price", total), ("Net revenue", total))
    tables = ("lines", "events", "products") if lines else ("events", "products")
    return Dataset("retailrocket", engine, tables, values=values, reconciliation=steps, zone=zone, no_money=no_money)
