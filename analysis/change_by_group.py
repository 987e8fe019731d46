"""Whose purchases and which goods changed the sales: by who bought when, and by category."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis import divisia
from analysis.comparison import Comparison
from analysis.finding import Finding, Table
from analysis.ground import Ground
from analysis.periods import Grain
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

CUSTOMERS, PRODUCTS = "analysis/kpi_tree_customers.sql", "analysis/kpi_tree_products.sql"
UNKNOWN, FEES = "Unknown", "Postage and fees"
TOTAL = "total"  # the key of the row that sums the others
EFFECTS = ("volume_change", "mix_change", "price_change")

GROUPS = {
    "new": "New: first purchase ever",
    "kept": "Bought in both periods",
    "won_back": "Won back: bought earlier, and again",
    "lapsed": "Lapsed: bought before, not now",
    "other": "Only goods that all came back",
}


def by_who_bought(lines: Relation, main: Comparison, grain: Grain, settings: Settings) -> Table:
    """What known customers spent, by whether they are new, stayed, came back or stayed away."""
    found = {
        r["key"]: r for r in lines.query("kpi_tree_customers.sql", snapshot=settings.snapshot, **main.when).to_pylist()
    }
    keys = [k for k in GROUPS if k in found]
    rows = [[found[k][name] / main.unit for k in keys] for name in ("before", "after")]
    before, after = (divisia.apportion(r, total) for r, total in zip(rows, main.known, strict=True))
    frame = pd.DataFrame(
        {
            "key": [*keys, TOTAL],
            "group": [*(GROUPS[k] for k in keys), "All known customers"],
            "customers": _summed([found[k]["customers"] for k in keys]),
            "before": _summed(before),
            "after": _summed(after),
            "money_change": _summed([a - b for a, b in zip(after, before, strict=True)]),
        }
    )
    _to_money(frame, ["before", "after", "money_change"], main)
    labels = {"group": "Known customers", "customers": "Customers"} | main.names(grain) | {"money_change": "Change"}
    return Table(
        frame,
        "Sales to known customers before refunds, by who bought",
        labels,
        CUSTOMERS,
        {"customers": "count", "before": "money", "after": "money", "money_change": "money"},
        "A purchase is a kept sale; what came back whole is in the amounts, as it is before refunds.",
    )


def by_category(
    products: Relation | None,
    main: Comparison,
    grain: Grain,
    dataset: Dataset,
    settings: Settings,
) -> Table | None:
    """Gross revenue by category, its change split into volume, mix and price; None without categories or units."""
    if products is None:
        return None
    rows = products.query("kpi_tree_products.sql", snapshot=settings.snapshot, **main.when).to_pylist()
    if not any(r["category"] is not None for r in rows):
        return None
    sold = _by_name(rows, dataset)
    goods = {name: s for name, s in sold.items() if name != FEES}
    if min(sum(s.units_before for s in goods.values()), sum(s.units_after for s in goods.values())) <= 0:
        return None
    split = divisia.effects(goods)
    names = sorted(sold)
    gross = [k + u for k, u in zip(main.known, main.unknown, strict=True)]
    before = divisia.apportion([sold[n].before / main.unit for n in names], gross[0])
    after = divisia.apportion([sold[n].after / main.unit for n in names], gross[1])
    made: list[dict[str, Any]] = []
    for name, b, a in zip(names, before, after, strict=True):
        cells: list[int] = divisia.apportion([e / main.unit for e in split[name]], a - b) if name in split else []
        row = {"key": "fees" if name == FEES else "goods", "category": name, "before": b, "after": a}
        made.append(row | dict(zip(EFFECTS, cells, strict=False)) | {"money_change": a - b})
    made.sort(key=lambda r: (r["key"] == "fees", -abs(r["money_change"]), r["category"]))
    frame = pd.DataFrame(made)
    money = [c for c in frame.columns if c not in ("key", "category")]
    frame.loc[len(frame)] = {"key": TOTAL, "category": "All", **frame[money].sum()}
    _to_money(frame, money, main)
    labels = {"category": "Category"} | main.names(grain)
    labels |= {
        "volume_change": "Volume",
        "mix_change": "Mix",
        "price_change": "Per unit",
        "money_change": "Change",
    }
    return Table(
        frame,
        "Sales before refunds by category, and what changed them",
        labels,
        PRODUCTS,
        dict.fromkeys(money, "money"),
        "Volume: more or fewer units in all. Mix: the category’s share of them. Per unit: prices, and what is "
        "bought within the category. A category sold in one of the periods only is all mix.",
    )


def _by_name(rows: list[dict[str, Any]], dataset: Dataset) -> dict[str, divisia.Sold]:
    """What each category brought, fees and postage apart."""
    sold: dict[str, divisia.Sold] = {}
    for row in rows:
        name = FEES if row["product_id"] in dataset.non_products else row["category"] or UNKNOWN
        new = divisia.Sold(*(Decimal(row[column] or 0) for column in divisia.Sold._fields))
        sold[name] = divisia.Sold(*(a + b for a, b in zip(sold[name], new, strict=True))) if name in sold else new
    return sold


def _summed(numbers: list[int]) -> list[int]:
    """With their sum below."""
    return [*numbers, sum(numbers)]


def _to_money(frame: pd.DataFrame, columns: list[str], main: Comparison) -> None:
    """Whole units as money; a cent is the nearest float of it."""
    frame[columns] = frame[columns].astype(float) / float(1 / main.unit)


def said_of_groups(groups: Table | None, main: Comparison, grain: Grain) -> dict[str, Finding]:
    """What each group of customers adds to the change of their sales."""
    if groups is None:
        return {}
    said = {
        "new": ("new customers", f"whose first purchase ever lies in the last complete {grain}"),
        "kept": (f"customers of both {grain}s", f"who bought in the last complete {grain} and in the one before"),
        "won_back": (
            "customers won back",
            f"who bought in the last complete {grain} and earlier, not in the one before",
        ),
        "lapsed": (
            "customers who did not buy again",
            f"who bought in the {grain} before the last complete one, not in it",
        ),
    }
    ground = Ground(
        "known customers with a sale in either period",
        int(groups.frame["customers"].iloc[-1]),
        (main.before.start, main.after.end - timedelta(days=1)),
        CUSTOMERS,
    )
    return {
        f"change_by_{row.key}": ground.of(
            Decimal(str(row.money_change)),
            "money",
            f"Sales to {said[str(row.key)][0]} changed by {{value}}.",
            f"sales before refunds less those of the {grain} before, to customers {said[str(row.key)][1]}",
            n=int(row.customers),
        )
        for row in groups.frame.itertuples(index=False)
        if row.key in said
    }


def said_of_categories(categories: Table | None, main: Comparison, grain: Grain) -> dict[str, Finding]:
    """The effects over categories, and the category that moved most."""
    if categories is None:
        return {}
    said = {
        "volume": ("Units sold", "all units x what each category sells of them, at the log-mean weight"),
        "mix": ("The mix of categories", "the shift of units between categories, at the log-mean weight"),
        "price": ("The amount paid per unit", "amount per unit within each category, at the log-mean weight"),
    }
    ground = replace(main.ground(), source=PRODUCTS)
    goods = categories.frame[categories.frame["key"] == "goods"]
    first = goods.iloc[0]  # the largest change
    most = {
        "top_category": ground.of(
            str(first["category"]),
            "name",
            "Sales of {value} changed most of all categories.",
            f"the category whose sales before refunds changed most from the {grain} before, up or down",
        ),
        "change_by_top_category": ground.of(
            Decimal(str(first["money_change"])),
            "money",
            "Of all categories, sales of {kpi_tree.top_category} changed most: {value}.",
            f"sales of the category before refunds in the last complete {grain} less those of the {grain} before",
        ),
    }
    return (most if len(goods) > 1 and first["money_change"] else {}) | {
        f"change_by_{key}": ground.of(
            Decimal(str(categories.frame[f"{key}_change"].iloc[-1])),
            "money",
            f"{name} changed sales before refunds by {{value}}.",
            f"log-mean Divisia over categories: {how}",
        )
        for key, (name, how) in said.items()
    }
