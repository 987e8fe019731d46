"""Whose purchases and which goods changed the sales: by who bought when, first-time buyers, and by category."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis import divisia
from analysis.comparison import Comparison, rounded
from analysis.finding import Finding, Table
from analysis.ground import Ground
from analysis.periods import Grain
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

CUSTOMERS, PRODUCTS = "analysis/kpi_tree_customers.sql", "analysis/kpi_tree_products.sql"
FIRST = "analysis/kpi_tree_first.sql"
MOSTLY = 0.5  # of what is sold, at least, that names its customer, for the sales to be told by customer
UNKNOWN, FEES = "Unknown", "Postage and fees"
TOTAL = "total"  # the key of the row that sums the others
EFFECTS = ("volume_change", "mix_change", "price_change")

# Key -> its name, {last} and {previous} standing for the periods.
GROUPS = {
    "first": "First purchase in {last}",
    "both": "Bought in both",
    "later_only": "Bought in {last}, not in {previous}, but earlier",
    "earlier_only": "Bought in {previous}, not in {last}",
    "other": "Only goods that all came back",
}
# The same of each of two periods, like with like.
NEWNESS = {
    "first": "First purchase in the period",
    "earlier": "First purchase before the period",
    "other": "Refunds of customers without a purchase so far",
}


def by_who_bought(lines: Relation, main: Comparison, grain: Grain, settings: Settings) -> Table | None:
    """What known customers spent, by in which of the periods they bought; None where most sales name nobody.

    Sums to the change of their sales: what is one period's alone has nothing in the other, by definition.
    """
    found = {
        r["key"]: r for r in lines.query("kpi_tree_customers.sql", snapshot=settings.snapshot, **main.when).to_pylist()
    }
    keys = [k for k in GROUPS if k in found]
    rows = [[found[k][name] / main.unit for k in keys] for name in ("before", "after")]
    sold = [known + unknown for known, unknown in zip(main.known, main.unknown, strict=True)]
    if any(sum(r) < MOSTLY * whole for r, whole in zip(rows, sold, strict=True)):
        return None
    known = [rounded(sum(r, Decimal(0))) for r in rows] if main.tree == "orders" else main.known
    before, after = (divisia.apportion(r, total) for r, total in zip(rows, known, strict=True))
    names = _named(main, grain)
    frame = pd.DataFrame(
        {
            "key": [*keys, TOTAL],
            "group": [*(GROUPS[k].format(**names) for k in keys), "All known customers"],
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
        "Sales to known customers before refunds, by who bought when",
        labels,
        CUSTOMERS,
        {"customers": "count", "before": "money", "after": "money", "money_change": "money"},
        "The rows add up to the change. Who bought in one of the periods only has nothing in the other, so a row alone "
        "says little: most customers do not buy in every period, and many of them come again. A purchase is a kept "
        "sale; what came back whole is in the amounts, as it is before refunds.",
    )


def by_newness(lines: Relation, main: Comparison, grain: Grain, settings: Settings) -> Table | None:
    """What the first-time buyers of each period brought, net, beside its other customers: like with like.

    None where all that known customers bought came back.
    """
    rows = lines.query("kpi_tree_first.sql", snapshot=settings.snapshot, **main.when).to_pylist()
    found = {(r["key"], r["period"]): r for r in rows}
    keys = [k for k in NEWNESS if any(key == k for key, _ in found)]
    if not keys:
        return None
    made: dict[str, list[int]] = {}
    for period in ("before", "after"):
        here = [found.get((k, period), {"buyers": 0, "net": Decimal(0)}) for k in keys]
        exact = [Decimal(r["net"] or 0) / main.unit for r in here]  # no amount known: nothing brought
        made[f"buyers_{period}"] = _summed([int(r["buyers"]) for r in here])
        made[period] = _summed(divisia.apportion(exact, rounded(sum(exact, Decimal(0)))))
    changes = [a - b for b, a in zip(made["before"], made["after"], strict=True)]
    names = [*(NEWNESS[k] for k in keys), "All known customers"]
    frame = pd.DataFrame({"key": [*keys, TOTAL], "group": names, **made, "money_change": changes})
    _to_money(frame, ["before", "after", "money_change"], main)
    last, previous = main.after.name(grain), main.before.name(grain)
    labels = {"group": "Known customers", "buyers_before": f"Buyers, {previous}", "buyers_after": f"Buyers, {last}"}
    labels |= {"before": f"Net revenue, {previous}", "after": f"Net revenue, {last}", "money_change": "Change"}
    return Table(
        frame,
        "Net revenue from first-time buyers and from others, in each period",
        labels,
        FIRST,
        {
            "buyers_before": "count",
            "buyers_after": "count",
            "before": "money",
            "after": "money",
            "money_change": "money",
        },
        "The first-time buyers of one period are not those of the other. First purchase: in these data, so near their "
        "beginning some customers may have bought before it.",
    )


def _named(main: Comparison, grain: Grain) -> dict[str, str]:
    """The two periods as they stand after "in"."""
    the = "the " if grain == "week" else ""
    return {"last": the + main.after.name(grain), "previous": the + main.before.name(grain)}


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
    last, previous = (f"{'the ' if grain == 'week' else ''}{{kpi_tree.{p}}}" for p in ("period", "period_before"))
    ground = Ground(
        "known customers with a sale in either period",
        int(groups.frame["customers"].iloc[-1]),
        (main.before.start, main.after.window[1]),
        CUSTOMERS,
    )
    return {
        f"change_by_{row.key}": ground.of(
            Decimal(str(row.money_change)),
            "money",
            f"{GROUPS[str(row.key)].format(last=last, previous=previous)}: {{value}} of the change of sales.",
            f"sales before refunds in the last complete {grain} less those in the {grain} before, to customers of this "
            "group; one who bought in one of the two only has nothing in the other",
            n=int(row.customers),
        )
        for row in groups.frame.itertuples(index=False)
        if row.key in GROUPS and row.key != "other"
    }


def said_of_newness(newness: Table | None, main: Comparison, grain: Grain) -> dict[str, Finding]:
    """What the first-time buyers of each period brought."""
    if newness is None or newness.frame["key"].iloc[0] != "first":
        return {}
    row, found = newness.frame.iloc[0], {}
    says = {
        "_before": (main.before, f"First-time buyers brought {{value}} in the {grain} before."),
        "": (
            main.after,
            f"First-time buyers brought {{value}} net, those of the {grain} before {{kpi_tree.first_time_before}}.",
        ),
    }
    for which, (period, claim) in says.items():
        column = "before" if which else "after"
        ground = Ground("known customers with their first purchase in the period", 0, period.window, FIRST)
        buyers = int(row[f"buyers_{column}"])
        definition = "net revenue of the period from known customers whose first kept sale in the data lies in it"
        found[f"first_time{which}"] = ground.of(Decimal(str(row[column])), "money", claim, definition, n=buyers)
        found[f"first_time_buyers{which}"] = ground.of(
            buyers,
            "count",
            f"First-time buyers in {'the ' if grain == 'week' else ''}{{kpi_tree.period{which}}}: {{value}}.",
            "distinct known customers whose first kept sale in the data lies in the period",
            n=buyers,
        )
    return found


def said_of_categories(categories: Table | None, main: Comparison, grain: Grain) -> dict[str, Finding]:
    """The effects over categories, and the category that moved most."""
    if categories is None:
        return {}
    weight = "the sum over categories of the logarithmic mean of its sales in the two periods x the logarithm of"
    said = {
        "volume": ("Units sold", f"{weight} (units of all categories in the later period / in the earlier one)"),
        "mix": (
            "The mix of categories",
            f"{weight} (its share of all units in the later period / in the earlier one); categories sold in one "
            "of the periods only with their whole change",
        ),
        "price": (
            "The amount paid per unit",
            f"{weight} (its sales per unit in the later period / in the earlier one); categories given away in one of "
            "the periods with their whole change",
        ),
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
            f"{how}; together volume, mix and amount per unit are the change of the categories’ sales before refunds",
        )
        for key, (name, how) in said.items()
    }
