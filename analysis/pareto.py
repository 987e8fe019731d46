"""How concentrated revenue is: the share that the best customers, and the best products, really bring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd

from analysis.customers import NO_AMOUNT, SCALE, Customers, whole
from analysis.finding import Finding, Result, Skip, Table
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

SOURCE = "analysis/pareto.py"
LEAST = 5
POINTS = 200
BELOW_ZERO = "who was refunded more than bought counts as zero"


@dataclass(frozen=True, slots=True)
class Pareto(Result):
    """Concentration of net revenue, best first; customers (products) with net <= 0 count as zero.

    curve, products: share_of_customers (of products) -> share_of_revenue, from (0, 0) to (1, 1), at most 201 points,
    each at whole customers; the top fifth of the findings, rounded up, is one of them.
    deciles: decile 1 (best) to 10, customers, net, share. products is None with fewer than five products sold.
    """

    findings: Mapping[str, Finding]
    curve: Table
    deciles: Table
    products: Table | None


@dataclass(frozen=True, slots=True)
class Concentration:
    """The Lorenz curve of amounts, best first, at whole units.

    cumulative: whole millionths, n + 1 numbers from 0 to the total.
    """

    cumulative: np.ndarray

    @property
    def n(self) -> int:
        return len(self.cumulative) - 1

    @property
    def total(self) -> int:
        return int(self.cumulative[-1])

    def brought_by_top(self, share: float) -> float:
        """The share of revenue of the best `share` of units, rounded up to whole units, as published figures are."""
        return float(self.cumulative[math.ceil(Fraction(str(share)) * self.n)] / self.total)

    def needed_for(self, share: float) -> int:
        """The fewest whole units that bring `share` of revenue."""
        return int(np.searchsorted(self.cumulative, math.ceil(Fraction(str(share)) * self.total)))

    def gini(self) -> float:
        """0 = all bring the same, towards 1 = one brings all; twice the area between curve and diagonal."""
        area = (float(self.cumulative.sum(dtype=float)) - self.total / 2) / self.total / self.n
        return max(0.0, 2 * area - 1)


def compute(customers: Customers, lines: Relation, dataset: Dataset, settings: Settings) -> Pareto:
    """Measure the concentration; raises Skip with fewer than five customers, no money or no positive revenue."""
    net = customers.frame["net"].to_numpy()
    if settings.no_money or np.isnan(net).all():
        raise Skip(settings.no_money or NO_AMOUNT)
    if len(net) < LEAST:
        raise Skip("fewer than five customers make no curve")
    people = concentration(net)
    if not people.total:
        raise Skip("no customer brought positive revenue")
    goods = _of_products(lines, dataset, settings)
    return Pareto(
        findings=_findings(people, customers) | _product_findings(goods, customers),
        curve=_curve(people, "customers"),
        deciles=_deciles(people),
        products=None if goods is None else _curve(goods, "products"),
    )


def concentration(net: np.ndarray) -> Concentration:
    """The curve of amounts (float64, unknown = NaN and negative ones count zero)."""
    best_first = np.sort(np.maximum(whole(net), 0))[::-1]
    return Concentration(np.concatenate(([0], np.cumsum(best_first))))


def _of_products(lines: Relation, dataset: Dataset, settings: Settings) -> Concentration | None:
    """The curve of goods sold; fees and postage are none. None with fewer than five."""
    sold = lines.query("pareto_products.sql", snapshot=settings.snapshot)
    net = {row["product_id"]: row["net"] for row in sold.to_pylist() if row["product_id"] not in dataset.non_products}
    goods = concentration(np.array(list(net.values()), dtype=float))
    return goods if goods.n >= LEAST and goods.total else None


def _curve(units: Concentration, what: str) -> Table:
    steps = min(POINTS, units.n)
    counts = -(-np.arange(steps + 1) * units.n // steps)  # rounded up
    columns = {f"share_of_{what}": counts / units.n, "share_of_revenue": units.cumulative[counts] / units.total}
    of = f"Share of {what.removesuffix('s')} revenue"
    return Table(
        frame=pd.DataFrame(columns),
        title=f"Concentration of revenue over {what}",
        labels={f"share_of_{what}": f"Share of {what}, best first", "share_of_revenue": of},
        units={f"share_of_{what}": "share", "share_of_revenue": "share"},
        source=SOURCE,
        note=f"{BELOW_ZERO.capitalize()}." if what == "customers" else "",
    )


def _deciles(people: Concentration) -> Table:
    decile = np.arange(1, 11)
    edges = np.arange(11) * people.n // 10
    net = np.diff(people.cumulative[edges])
    frame = pd.DataFrame(
        {"decile": decile, "customers": np.diff(edges), "net": net / SCALE, "share": net / people.total}
    )
    return Table(
        frame=frame.query("customers > 0").reset_index(drop=True),
        title="Revenue by tenth of customers, best first",
        labels={
            "decile": "Tenth",
            "customers": "Customers",
            "net": "Net revenue",
            "share": "Share of customer revenue",
        },
        units={"decile": "count", "customers": "count", "net": "money", "share": "share"},
        source=SOURCE,
        note=f"{BELOW_ZERO.capitalize()}.",
    )


def _findings(people: Concentration, customers: Customers) -> dict[str, Finding]:
    measured = partial(
        Finding, population="known customers with at least one sale", n=people.n, window=customers.window, source=SOURCE
    )
    top_10, top_20 = (people.brought_by_top(share) for share in (0.1, 0.2))
    definition = (
        "net revenue of the {} of customers who brought most, rounded up / that of all customers; " + BELOW_ZERO
    )
    return {
        "headline": measured(top_20, "share", _headline(top_20), definition.format("fifth")),
        "top_10_share": measured(
            top_10, "share", "The top tenth of customers bring {value} of customer revenue.", definition.format("tenth")
        ),
        "top_20_share": measured(
            top_20, "share", "The top fifth of customers bring {value} of customer revenue.", definition.format("fifth")
        ),
        "customers_for_80": measured(
            people.needed_for(0.8) / people.n,
            "share",
            "It takes {value} of customers to bring four fifths of customer revenue.",
            f"fewest customers that together bring four fifths of net revenue / all customers; {BELOW_ZERO}",
        ),
        "gini": measured(
            people.gini(),
            "ratio",
            "The Gini coefficient of customer revenue is {value}; zero is equal, one is all with a single one.",
            f"twice the area between the concentration curve and the diagonal; {BELOW_ZERO}",
        ),
    }


def _headline(top_20: float) -> str:
    if top_20 >= 0.8:
        return "A few customers carry the business: the top fifth bring {value} of customer revenue."
    if top_20 >= 0.6:
        return "Customer revenue is concentrated: the top fifth of customers bring {value} of it."
    if top_20 >= 0.4:
        return "Customer revenue leans on the best customers, but not on a few: the top fifth bring {value}."
    return "Customer revenue is spread over many customers: the top fifth bring {value} of it."


def _product_findings(goods: Concentration | None, customers: Customers) -> dict[str, Finding]:
    if goods is None:
        return {}
    share = Finding(
        value=goods.brought_by_top(0.2),
        unit="share",
        claim="The top fifth of products bring {value} of product revenue.",
        definition="net revenue of the fifth of products that brought most, rounded up / of all; below zero is zero",
        population="products sold",
        n=goods.n,
        window=customers.window,
        source=SOURCE,
    )
    return {"product_top_20_share": share}
