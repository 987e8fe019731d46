"""Which of the best customers have probably left, and what leaves with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import clv_worth
from analysis.clv import WORTH, Clv
from analysis.clv_tables import SURE
from analysis.clv_worth import YEAR, Basis
from analysis.customers import NO_AMOUNT, SCALE, Customers, whole
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import noun
from analysis.rfm import score
from dataset.settings import Settings

SOURCE = "analysis/value_at_risk.py"
BEST = 5  # the score of the top fifth
PROBABLY_GONE = 0.5  # P(still a customer) below which one is likelier gone than not
LEAST = 5  # customers: fewer make no fifths
HIGH = "top fifth by net revenue to date, scored as in the segments: whole customers, equal ones by their average rank"
LISTED = "high-value customers who came back and are likelier gone than not (BG/NBD)"
ONCE = "customers who bought on one day only are left out: of them BG/NBD always says that they are customers still"


@dataclass(frozen=True, slots=True)
class ValueAtRisk(Result):
    """High-value customers with a low chance to be still customers.

    customers: rank (1 brought most), customer_id, net, orders, recency_days, p_alive, expected, if_customer (money of
    the next year; NaN where value is not known): for the exports. here: who they are (bool; rows as Customers.frame).
    listed: as `customers` for pages, without customer_id unless the settings ask for names. chances: the tenths of
    P(alive) -> high-value customers who came back, net. why: why nothing is expected of them in money, "" when it is.
    """

    findings: Mapping[str, Finding]
    customers: Table
    here: np.ndarray
    listed: Table
    chances: Table
    why: str


@dataclass(frozen=True, slots=True)
class _People:
    """Customers in the rows of Customers.frame (bool arrays): high value, bought on one day only, listed."""

    high: np.ndarray
    once: np.ndarray
    listed: np.ndarray
    net: np.ndarray
    alive: np.ndarray


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is expected of the listed in the next year, as they are and if all were still customers, with intervals."""

    expected: np.ndarray
    if_customer: np.ndarray
    within: tuple[float, float]
    if_within: tuple[float, float]


def compute(customers: Customers, clv: Clv, settings: Settings) -> ValueAtRisk:
    """List them and look ahead; raises Skip without money, or with too few customers for fifths."""
    net = customers.frame["net"].to_numpy()
    if settings.no_money or np.isnan(net).all():
        raise Skip(settings.no_money or NO_AMOUNT)
    if len(net) < LEAST:
        raise Skip("fewer than five customers cannot be put into fifths")
    people = _people(net, clv)
    if not people.high.any():
        raise Skip("no customer of the top fifth brought positive revenue")
    ahead = None if clv.why else _ahead(clv.basis.only(people.listed))
    table = _customers(customers.frame, people, ahead)
    return ValueAtRisk(
        findings=_findings(people, ahead, customers, clv),
        customers=table,
        here=people.listed,
        listed=table if settings.include_customers else _unnamed(table),
        chances=_chances(people),
        why=clv.why,
    )


def _people(net: np.ndarray, clv: Clv) -> _People:
    money, alive = whole(net), clv.frame["p_alive"].to_numpy()
    high = (score(money).of == BEST) & (money > 0)
    once = clv.basis.rows.x[clv.basis.rows.of] == 0
    return _People(high, once, high & ~once & (alive < PROBABLY_GONE), money, alive)


def _ahead(basis: Basis) -> _Ahead:
    """Totals move with the draws of both models' parameters, as those of all customers do."""
    value = basis.made.value
    if value is None or not len(value[YEAR]):
        return _Ahead(np.empty(0), np.empty(0), (0.0, 0.0), (0.0, 0.0))
    moved, still = basis.spread((YEAR,)), basis.while_customers()
    within, if_within = (
        clv_worth.interval(moved, name, np.array([each.sum()]))
        for name, each in ((f"value_{YEAR}", value[YEAR]), ("while_customers", still))
    )
    return _Ahead(value[YEAR], still, within, if_within)


def _customers(frame: pd.DataFrame, people: _People, ahead: _Ahead | None) -> Table:
    """One row a listed customer, who brought most first; equal ones by id."""
    here = frame.loc[people.listed, ["customer_id", "net", "orders", "recency_days"]].reset_index(drop=True)
    here["p_alive"] = people.alive[people.listed]
    here["expected"] = np.nan if ahead is None else np.round(ahead.expected, 6)
    here["if_customer"] = np.nan if ahead is None else np.round(ahead.if_customer, 6)
    here = here.sort_values(["net", "customer_id"], ascending=[False, True], ignore_index=True)
    here.insert(0, "rank", np.arange(1, len(here) + 1))
    return Table(
        here,
        "High-value customers who have probably gone, who brought most first",
        {
            "rank": "Rank",
            "customer_id": "Customer",
            "net": "Net revenue",
            "orders": "Orders",
            "recency_days": "Days since the last purchase",
            "p_alive": "Chance to be still a customer",
            "expected": "Expected in the next year",
            "if_customer": "Expected if still a customer",
        },
        SOURCE,
        {
            "rank": "count",
            "net": "money",
            "orders": "count",
            "recency_days": "days",
            "p_alive": "share",
            "expected": "money",
            "if_customer": "money",
        },
        note="Expected sales of the next year are before refunds and discounted at ten percent a year. "
        f"Left out: {ONCE}.",
    )


def _unnamed(table: Table) -> Table:
    labels = {column: label for column, label in table.labels.items() if column != "customer_id"}
    return Table(table.frame[list(labels)], table.title, labels, table.source, table.units, table.note)


def _chances(people: _People) -> Table:
    """The high-value customers who came back, by tenth of P(alive)."""
    here = people.high & ~people.once
    bins = np.minimum((people.alive[here] * 10 + 1e-9).astype(np.int64), 9)
    money = [int(people.net[here][bins == one].sum()) / SCALE for one in range(10)]
    count = np.bincount(bins, minlength=10)
    units: dict[str, Unit] = {"low": "share", "high": "share", "customers": "count", "net": "money"}
    return Table(
        pd.DataFrame({"low": np.arange(10) / 10, "high": np.arange(1, 11) / 10, "customers": count, "net": money}),
        "High-value customers who came back, by the chance that they still are customers",
        {"low": "Chance from", "high": "to", "customers": "Customers", "net": "Net revenue to date"},
        SOURCE,
        units,
        note=f"High value: {HIGH}. Left out: {ONCE}.",
    )


def _findings(people: _People, ahead: _Ahead | None, customers: Customers, clv: Clv) -> dict[str, Finding]:
    count = int(people.listed.sum())
    told = partial(Finding, window=customers.window, source=SOURCE)
    found = _of_high(people, clv, told)
    found |= _of_listed(people, customers, partial(told, population=LISTED, n=count))
    found |= _of_ahead(ahead, clv.why, partial(told, population=LISTED, n=count, source=WORTH))
    return {"headline": _headline(found, count, people, ahead is not None)} | found


def _headline(found: Mapping[str, Finding], count: int, people: _People, valued: bool) -> Finding:
    counted = found["customers"]
    claim = "No high-value customer who came back is likelier gone than not ({value})."
    if not (people.high & ~people.once).any():
        claim = "No high-value customer came back yet, so of nobody it can be told whether they left ({value})."
    if count:
        end = ", {value_at_risk.expected} is still expected" if valued else ""
        claim = (
            f"{{value}} high-value {noun(count, 'customer has', 'customers have')} probably gone quiet: "
            f"they brought {{value_at_risk.revenue}}{end}."
        )
    return Finding(
        counted.value,
        "count",
        claim,
        "top fifth by net revenue who came back, chance to be still customers below one half (BG/NBD)",
        counted.population,
        counted.n,
        counted.window,
        SOURCE,
        "estimated",
        counted.interval,
        leading=True,
    )


def _of_high(people: _People, clv: Clv, told: Any) -> dict[str, Finding]:
    """Of the high-value customers: how many, who is listed, and of whom nothing can be told."""
    again, once = people.high & ~people.once, people.high & people.once
    n, many, single = int(people.high.sum()), int(people.listed.sum()), int(once.sum())
    of_all = partial(told, population="known customers with at least one sale", n=len(people.high))
    high = partial(told, population="high-value customers", n=n)
    within = clv.basis.only(again).quieter(PROBABLY_GONE) if again.any() else (0.0, 0.0)
    within = (min(within[0], float(many)), max(within[1], float(many)))
    returned = int(again.sum())
    return {
        "customers": high(
            many,
            "count",
            "High-value customers who are likelier gone than not: {value}.",
            f"customers of the {HIGH}; bought on several days; P(still a customer) below one half; {SURE}; {ONCE}",
            kind="estimated",
            interval=within,
            leading=True,
        ),
        "customer_share": high(
            many / returned if returned else None,
            "share",
            "{value} of the high-value customers who came back are likelier gone than not.",
            "those with a chance to be still customers below one half / high-value customers with a repeat purchase",
            n=returned,
            kind="estimated",
            interval=(within[0] / returned, within[1] / returned) if returned else None,
            reason="" if returned else "no high-value customer came back on a later day",
        ),
        "high_value": of_all(
            n,
            "count",
            f"{{value}} {noun(n, 'customer is', 'customers are')} of high value.",
            f"customers of the {HIGH}",
        ),
        "high_value_from": high(
            Decimal(int(people.net[people.high].min())) / SCALE,
            "money",
            "A high-value customer brought at least {value}.",
            f"least net revenue to date in the {HIGH}",
        ),
        "once": high(
            single,
            "count",
            f"Of {{value}} more high-value {noun(single, 'customer')}, who bought on one day only, "
            "it cannot be told whether they left."
            if single
            else "No high-value customer bought on one day only ({value}).",
            "high-value customers with sales on one day only, not in the list: BG/NBD says of all of them that they "
            "are customers still",
        ),
        "once_revenue": high(
            Decimal(int(people.net[once].sum())) / SCALE,
            "money",
            "High-value customers who bought on one day only brought {value}.",
            "net revenue to date of high-value customers with sales on one day only",
            n=single,
        ),
    }


def _of_listed(people: _People, customers: Customers, measured: Any) -> dict[str, Finding]:
    """What they spent and how long they are quiet: measured, of the customers who are listed."""
    here, none = people.listed, "no high-value customer is likelier gone than not"
    many = bool(here.any())
    earned = np.maximum(people.net, 0)
    days = customers.frame["recency_days"].to_numpy()[here]
    return {
        "revenue": measured(
            Decimal(int(people.net[here].sum())) / SCALE,
            "money",
            f"High-value customers who are probably gone brought {{value}} {customers.after}.",
            "net revenue to date of the customers listed",
        ),
        "revenue_share": measured(
            int(earned[here].sum()) / int(earned.sum()),
            "share",
            "High-value customers who are probably gone brought {value} of customer revenue.",
            "net revenue to date of the customers listed / of all customers; who was refunded more counts as zero",
        ),
        "median_recency": measured(
            float(np.median(days)) if many else None,
            "days",
            "Half of them have not bought for {value} or longer.",
            "median days since the last purchase of the customers listed",
            reason="" if many else none,
        ),
    }


def _of_ahead(ahead: _Ahead | None, why: str, told: Any) -> dict[str, Finding]:
    """What is expected of them in the next year, as they are and if all of them were still customers."""
    estimated = partial(told, kind="estimated", reason=why, leading=True)
    meant = "expected sales of the next year, before refunds, discounted at ten percent a year, of the customers listed"
    found = {}
    for name, claim, which in (
        ("expected", "Still expected of them in the next year: {value}.", "each by the chance to be still a customer"),
        (
            "if_customers",
            "Were all of them still customers, {value} would be expected in the next year.",
            "if each is still a customer: what is lost when all are gone",
        ),
    ):
        total, ends = None, None
        if ahead is not None:
            each, ends = (ahead.expected, ahead.within) if name == "expected" else (ahead.if_customer, ahead.if_within)
            total = Decimal(int(whole(each).sum())) / SCALE
        definition = f"{meant}, {which}; {SURE}; what chance adds for so few customers is not in it"
        found[name] = estimated(total, "money", claim, definition, interval=ends)
        for at, end in enumerate(("low", "high")):
            found[f"{name}_{end}"] = estimated(
                None if ends is None else ends[at],
                "money",
                BETWEEN[name] if end == "low" else f"The upper end of {WHAT[name]} is {{value}}.",
                f"{'lower' if end == 'low' else 'upper'} end of the interval of {name}; {SURE}",
                interval=ends,
            )
    return found


WHAT = {
    "expected": "what is still expected of them",
    "if_customers": "what would be expected if all were still customers",
}
BETWEEN = {
    "expected": "Still expected of them in the next year: between {value} and {value_at_risk.expected_high}.",
    "if_customers": "If all of them were still customers: between {value} and {value_at_risk.if_customers_high}.",
}
