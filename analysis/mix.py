"""What sells and where: revenue by category, product and country, and how long the tail is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import named
from analysis.ground import Ground, frame, noun
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

PRODUCTS, COUNTRIES = "analysis/mix_products.sql", "analysis/mix_countries.sql"
UNKNOWN = "Unknown"
MOST = Decimal("0.8")  # the claims say "four fifths"
SHORT_NAME = 28  # a longer name does not fit into a title

NUMBERS = ("net", "gross", "units", "orders", "customers")
LABELS = {
    "name": "Name",
    "product_id": "Product",
    "category": "Category",
    "net": "Net revenue",
    "gross": "Gross revenue",
    "share": "Share",
    "units": "Units",
    "orders": "Orders",
    "customers": "Known customers",
}
UNITS: dict[str, Unit] = {
    "net": "money",
    "gross": "money",
    "share": "share",
    "units": "count",
    "orders": "count",
    "customers": "count",
}
# Finding prefix, singular, what its share is of, why it is not there.
PARTS = {
    "category": ("category", "net revenue from goods", "units", "the products carry no category"),
    "product": ("product", "net revenue from goods", "units", "no sale names its product"),
    "country": ("country", "net revenue", "units", "no sale names its country"),
}


@dataclass(frozen=True, slots=True)
class Mix(Result):
    """categories, products, countries: name, net, gross, share, units; largest first, or None.

    countries also have orders and customers (counting those of each product takes most of the time of a large shop),
    products product_id and category; fees and postage are no products and in no category. share: of net revenue (of
    units when measure is "units", without money); null when the whole is not above zero.
    """

    categories: Table | None
    products: Table | None
    countries: Table | None
    measure: Literal["net", "units"]
    findings: Mapping[str, Finding]


def compute(lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings) -> Mix:
    """The mix up to the snapshot. Skips without a sale, and when neither products nor countries are known."""
    countries = frame(lines.query("mix_countries.sql", snapshot=settings.snapshot))
    if not len(countries) or not countries["sale_lines"].sum():
        raise Skip("there is no sale before the report's last day")
    window = (min(countries["first_day"]), max(countries["last_day"]))
    measure: Literal["net", "units"] = "units" if settings.no_money else "net"
    goods = _goods(lines, products, dataset, settings)
    by_category = _categories(goods)
    tables = {
        "category": _table(by_category, "Revenue by category", PRODUCTS, measure),
        "product": _table(goods, "Revenue by product", PRODUCTS, measure),
        "country": _table(_countries(countries), "Revenue by country", COUNTRIES, measure),
    }
    if tables["product"] is None and tables["country"] is None:
        raise Skip("the data name neither products nor countries")
    ground, of_goods = (_of_lines(found, measure, window) for found in (countries, goods))
    findings: dict[str, Finding] = {}
    for part, table in tables.items():
        findings |= _top(part, table, measure, ground if part == "country" else of_goods)
    findings |= _tail(tables["product"], measure, ground)
    findings["headline"] = _headline(tables, findings, measure, ground)
    return Mix(tables["category"], tables["product"], tables["country"], measure, findings)


def _of_lines(found: pd.DataFrame | None, measure: str, window: tuple[date, date]) -> Ground:
    """The lines that shares are of."""
    what, counted = ("lines of sales and refunds", "kept_lines") if measure == "net" else ("sale lines", "sale_lines")
    return Ground(what, 0 if found is None else int(found[counted].sum()), window, PRODUCTS)


def _goods(lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings) -> pd.DataFrame | None:
    """One row a product that was sold, with name and category."""
    sold = frame(lines.query("mix_products.sql", snapshot=settings.snapshot))
    sold = sold[(sold["sale_lines"] > 0) & ~sold["product_id"].isin(dataset.non_products)].reset_index(drop=True)
    if sold.empty:
        return None
    return named(sold, products)


def _categories(goods: pd.DataFrame | None) -> pd.DataFrame | None:
    """One row a category: the sums over its products."""
    if goods is None or not goods["category"].notna().any():
        return None
    summed = goods.assign(name=goods["category"].where(goods["category"].notna(), UNKNOWN))
    return summed.groupby("name", as_index=False)[["net", "gross", "units"]].sum()


def _countries(countries: pd.DataFrame) -> pd.DataFrame | None:
    if not countries["country"].notna().any():
        return None
    countries = countries.assign(name=countries["country"].where(countries["country"].notna(), UNKNOWN))
    return countries.groupby("name", as_index=False)[list(NUMBERS)].sum()


def _table(found: pd.DataFrame | None, title: str, source: str, measure: str) -> Table | None:
    """Largest first, with shares; ties by name."""
    if found is None:
        return None
    by = [measure, "name", *(["product_id"] if "product_id" in found else [])]
    found = found.sort_values(by, ascending=[False] + [True] * (len(by) - 1)).reset_index(drop=True)
    whole = found[measure].sum()
    found["share"] = found[measure] / whole if whole > 0 else float("nan")
    if measure == "units":
        found[["net", "gross"]] = float("nan")
    found = found.astype({key: "int64" for key in ("orders", "customers") if key in found})
    labels = {key: label for key, label in LABELS.items() if key in found}
    return Table(found[list(labels)], title, labels, source, UNITS)


def _top(part: str, table: Table | None, measure: str, ground: Ground) -> dict[str, Finding]:
    """The largest of a part that has a name, and its share of the whole."""
    singular, of_money, of_units, _ = PARTS[part]
    of = of_money if measure == "net" else of_units
    first, undefined = _largest(part, table, measure, of)
    alone = table is not None and len(table.frame) == 1
    largest = "largest known" if table is not None and _unknown_leads(table) else "largest"
    known = first is not None and not alone and pd.notna(first["share"])
    share = round(float(first["share"]), 12) if first is not None and known else None
    source = Ground(ground.population, ground.n, ground.window, table.source if table else ground.source)
    return {
        f"top_{part}": source.of(
            None if first is None else str(first["name"]),
            "name",
            f"The only {singular} is {{value}}." if alone else f"The {largest} {singular} is {{value}}.",
            f"the {singular} with the most {of}",
            undefined,
        ),
        f"top_{part}_share": source.of(
            share,
            "share",
            f"The {largest} {singular}, {{mix.top_{part}}}, brings {{value}} of {of}.",
            f"{of} of the largest {singular} / {of} of all",
            undefined,
        ),
    }


def _largest(part: str, table: Table | None, measure: str, of: str) -> tuple[pd.Series | None, str]:
    """The largest row that has a name, if one stands out; and why it, or its share, is not there."""
    singular, _, _, absent = PARTS[part]
    if table is None or _mostly_unknown(table):
        return None, absent if table is None else f"for most of the {of} the {singular} is not known"
    named = table.frame[table.frame["name"] != UNKNOWN]
    if len(named) > 1 and math.isclose(*named[measure].iloc[:2], rel_tol=1e-12, abs_tol=1e-9):
        return None, f"no {singular} stands out: several share the first place"
    if len(table.frame) == 1:
        return named.iloc[0], f"all {of} is from one {singular}"
    return named.iloc[0], "the shares are not defined: refunds outweigh the sales"


def _unknown_leads(table: Table) -> bool:
    return table.frame["name"].iloc[0] == UNKNOWN


def _mostly_unknown(table: Table) -> bool:
    return _unknown_leads(table) and table.frame["share"].iloc[0] > 0.5


def _tail(table: Table | None, measure: str, ground: Ground) -> dict[str, Finding]:
    """How many products bring four fifths; products at or below zero bring nothing."""
    of = "net revenue from goods" if measure == "net" else "units"
    sold = 0 if table is None else len(table.frame)
    most = None if table is None else _for_most([Decimal(str(v)) for v in table.frame[measure]])
    why = "no sale names its product" if table is None else "no product brings more than its refunds"
    goods = Ground("products with a sale", sold, ground.window, PRODUCTS)
    return {
        "products_sold": goods.of(
            sold if table else None,
            "count",
            f"{{value}} different {noun(sold, 'product')} {noun(sold, 'was', 'were')} sold.",
            "distinct products with a kept sale, fees and postage left out",
            why,
        ),
        "products_for_most": goods.of(
            most,
            "count",
            f"{{value}} {noun(most, 'product')} {noun(most, 'brings', 'bring')} four fifths of {of}.",
            f"the fewest products whose {of} reach four fifths of the whole, each above zero",
            why,
        ),
        "tail_share": goods.of(
            None if most is None else 1 - most / sold,
            "share",
            f"{{value}} of products share the last fifth of {of}.",
            "products beyond those that bring four fifths / products with a sale",
            why,
        ),
    }


def _for_most(values: list[Decimal]) -> int | None:
    """How many of the largest values (sorted, largest first) reach four fifths of the positive sum."""
    wanted, reached = MOST * sum((v for v in values if v > 0), Decimal(0)), Decimal(0)
    if wanted <= 0:
        return None
    for count, value in enumerate(values, start=1):
        reached += value
        if reached >= wanted:
            return count
    return None


def _headline(tables: dict[str, Table | None], findings: dict[str, Finding], measure: str, ground: Ground) -> Finding:
    """The title: how few products bring most of it, and the leading category or country."""
    most, of = findings["products_for_most"], "revenue" if measure == "net" else "units"
    if most.value is not None and findings["products_sold"].value > 1:  # type: ignore[operator]
        verb = noun(int(most.value), "brings", "bring")  # type: ignore[arg-type]
        claim = f"{{value}} of {{mix.products_sold}} products {verb} four fifths of {of}{_leader(tables, findings)}."
        return Ground("products with a sale", most.n, ground.window, PRODUCTS).of(
            most.value, "count", claim, most.definition, most.reason
        )
    parts = ("country", "category", "product")
    keys = (*(f"top_{part}_share" for part in parts), *(f"top_{part}" for part in parts), "top_product_share")
    return findings[next((key for key in keys if findings[key].value is not None), keys[-1])]


def _leader(tables: dict[str, Table | None], findings: dict[str, Finding]) -> str:
    for part in ("category", "country"):
        table, share, name = tables[part], findings[f"top_{part}_share"].value, findings[f"top_{part}"].value
        if table is None or len(table.frame) < 2 or share is None or _unknown_leads(table):
            continue
        if len(str(name)) <= SHORT_NAME:
            return f"; {{mix.top_{part}}} leads with {{mix.top_{part}_share}}"
    return ""
