"""AdventureWorks as on Kaggle: Sales* lines priced by Products, Customers with income, Returns by product."""

from __future__ import annotations

import re
from pathlib import Path

from dataset.casting import Casts
from dataset.errors import DataError, counted
from dataset.headline import by_day, headline
from dataset.layouts.common import no_sales, run_file, unique, unknown_customers
from dataset.reading import Raw, Reader, data_files
from dataset.tables import TABLES, Dataset

ROLES = {
    "subcategories": re.compile(r"product_?subcategor"),
    "categories": re.compile(r"product_?categor"),
    "products": re.compile(r"products?(_|$)"),
    "customers": re.compile(r"customers?(_|$)"),
    "territories": re.compile(r"territor"),
    "returns": re.compile(r"returns?(_|$)"),
    "sales": re.compile(r"sales?(_|$)"),
}
ATTRIBUTES = {
    "MaritalStatus": "marital_status", "Gender": "gender", "EducationLevel": "education",
    "Occupation": "occupation", "HomeOwner": "home_owner",
}  # fmt: skip
NUMBERS = {"income": "AnnualIncome", "children": "TotalChildren", "age": "Age"}


def matches(columns: set[str]) -> bool:
    """Whether a table with these (normal) column names holds its sales lines."""
    return {"ordernumber", "productkey", "customerkey", "orderquantity"} <= columns


def read(reader: Reader, paths: list[Path], zone: str) -> Dataset:
    """Read the folder's sales and what else is there. Raises DataError."""
    files = _roles(paths)
    raw = reader.read(
        "sales", files["sales"], columns=("OrderDate", "OrderNumber", "ProductKey", "CustomerKey", "OrderQuantity")
    )
    casts = Casts(reader, raw, zone)
    casts.time("ordered_at", raw.require("OrderDate"), zone, month_first=True)
    casts.id("order_id", raw.require("OrderNumber"), required=True)
    casts.id("line_no", raw.column("OrderLineItem"))
    casts.id("product_id", raw.require("ProductKey"), required=True)
    casts.id("customer_id", raw.require("CustomerKey"))
    casts.id("territory_id", raw.column("TerritoryKey"))
    casts.number("quantity", raw.require("OrderQuantity"))
    reasons = casts.create("typed_sales")
    if raw.column("OrderLineItem"):
        reasons += unique(reader, raw, "typed_sales", "order_id, line_no", "sales")
    else:
        reader.engine.run("create view sales as select * from typed_sales where reject is null")
    reader.account(raw, raw.rows - sum(r.rows for r in reasons), reasons)

    _products(reader, files)
    _territories(reader, files)
    returns = _returns(reader, files, zone)
    people = _customers(reader, files)
    run_file(reader.engine, Path(__file__).with_suffix(".sql"))
    unpriced = reader.engine.value("select count(*) from lines where amount is null")
    reader.note(
        "W_UNPRICED_LINES",
        unpriced,
        f"{raw.label}: {counted(unpriced, 'line')} of products without a price; their money is unknown",
    )
    no_sales(raw)
    unknown_customers(reader, raw, "sold")
    if returns:
        unknown_customers(reader, returns, "given_back")
    return _dataset(reader, raw, people, zone)


def _roles(paths: list[Path]) -> dict[str, list[Path]]:
    files = [f for p in paths for f in (data_files(p) if p.is_dir() else [p])]
    found: dict[str, list[Path]] = {}
    for file in files:
        stem = file.name.lower().split(".")[0].removeprefix("adventureworks_")
        role = next((r for r, pattern in ROLES.items() if pattern.search(stem)), None)
        if role:
            found.setdefault(role, []).append(file)
    for role in ("sales", "products"):
        if role not in found:
            there = ", ".join(f.name for f in files) or "nothing"
            name = f"AdventureWorks_{role.capitalize()}.csv"
            raise DataError("E_FILE_MISSING", "this file is missing", file=name, hint=f"The folder holds {there}")
    return found


def _products(reader: Reader, files: dict[str, list[Path]]) -> None:
    raw = reader.read("products", files["products"])
    casts = Casts(reader, raw, "UTC")
    casts.id("product_id", raw.require("ProductKey"), required=True)
    casts.id("subcategory_id", raw.column("ProductSubcategoryKey"))
    casts.label("name", raw.column("ProductName"))
    casts.money("price", raw.require("ProductPrice"), required=False)
    _keyed(reader, raw, casts, "product_id", "priced_products")
    for role, key, name, above in (
        ("subcategories", "ProductSubcategoryKey", "SubcategoryName", "ProductCategoryKey"),
        ("categories", "ProductCategoryKey", "CategoryName", ""),
    ):
        if role not in files:
            reader.engine.run(f"create table {role} (id varchar, name varchar, above varchar)")
            continue
        table = reader.read(role, files[role])
        casts = Casts(reader, table, "UTC")
        casts.id("id", table.require(key), required=True)
        casts.label("name", table.require(name))
        casts.id("above", table.column(above) if above else None)
        _keyed(reader, table, casts, "id", role)
    reader.engine.run(
        """create view products as select p.product_id, p.name, coalesce(c.name, s.name) as category, p.price
           from priced_products as p left join subcategories as s on s.id = p.subcategory_id
           left join categories as c on c.id = s.above"""
    )


def _territories(reader: Reader, files: dict[str, list[Path]]) -> None:
    if "territories" not in files:
        reader.engine.run("create table territories (territory_id varchar, country varchar)")
        return
    raw = reader.read("territories", files["territories"])
    casts = Casts(reader, raw, "UTC")
    casts.id("territory_id", raw.require("SalesTerritoryKey", "TerritoryKey"), required=True)
    casts.label("country", raw.require("Country"))
    _keyed(reader, raw, casts, "territory_id", "territories")


def _returns(reader: Reader, files: dict[str, list[Path]], zone: str) -> Raw | None:
    if "returns" not in files:
        reader.engine.run(
            """create table returns (
                product_id varchar, territory_id varchar, returned_at timestamp, quantity decimal(18, 3))"""
        )
        return None
    raw = reader.read("returns", files["returns"])
    casts = Casts(reader, raw, zone)
    casts.time("returned_at", raw.require("ReturnDate"), zone, month_first=True)
    casts.id("territory_id", raw.column("TerritoryKey"))
    casts.id("product_id", raw.require("ProductKey"), required=True)
    casts.number("quantity", raw.require("ReturnQuantity"))
    reasons = casts.create("typed_returns")
    reader.engine.run("create view returns as select * from typed_returns where reject is null")
    reader.account(raw, raw.rows - sum(r.rows for r in reasons), reasons)
    return raw


def _customers(reader: Reader, files: dict[str, list[Path]]) -> bool:
    if "customers" not in files:
        return False
    raw = reader.read("customers", files["customers"])
    casts = Casts(reader, raw, "UTC")
    casts.id("customer_id", raw.require("CustomerKey"), required=True)
    casts.empty("country")
    for column, name in ATTRIBUTES.items():
        casts.label(name, raw.column(column))
    for name, column in NUMBERS.items():
        if found := raw.column(column):
            casts.money(name, found, required=False)
        else:
            casts.empty(name, kind=TABLES["customers"][name])
    _keyed(reader, raw, casts, "customer_id", "customers")
    return True


def _keyed(reader: Reader, raw: Raw, casts: Casts, key: str, table: str) -> None:
    reasons = casts.create(f"typed_{table}")
    reasons += unique(reader, raw, f"typed_{table}", key, table)
    reader.account(raw, raw.rows - sum(r.rows for r in reasons), reasons)


def _dataset(reader: Reader, raw: Raw, people: bool, zone: str) -> Dataset:
    engine = reader.engine
    by_day(engine)
    gross, refunds = (
        engine.rows("select coalesce(sum(amount), 0) from sold"),
        engine.rows("select coalesce(sum(amount), 0) from given_back"),
    )
    (sold,), (back,) = gross[0], refunds[0]
    values: dict[str, int | str] = {
        "lines": engine.value("select count(*) from sold"), **headline(engine),
        "returned_units": int(engine.value("select coalesce(sum(quantity), 0) from returns")),
        "products": engine.value("select count(*) from products"),
        "products_sold": engine.value("select count(distinct product_id) from sold"),
        "customers_on_file": engine.value("select count(*) from customers") if people else 0,
    }  # fmt: skip
    steps = (
        ("Raw total: quantity times list price of every line", sold),
        ("Returns, at list price (no order named)", back),
        ("Net revenue", sold + back),
    )
    tables = ("lines", "products", "customers") if people else ("lines", "products")
    return Dataset("adventureworks", engine, tables, values=values, reconciliation=steps, currency="USD", zone=zone)
