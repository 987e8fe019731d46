"""Who buys within a week, and with what chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis import chance_report, outcomes
from analysis.chance_people import Who, who_looked, who_ordered
from analysis.chance_report import Asked
from analysis.chances import Calibrated, Past
from analysis.customers import Customers
from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import until
from dataset.engine import Relation
from dataset.settings import Settings

HORIZON = timedelta(days=7)
HISTORY = timedelta(days=28)
ALL = 0.95  # buyers among all visitors from which a log counts as one of buyers
ASKED = Asked(
    name="propensity",
    column="propensity_7d",
    horizon=HORIZON,
    does="buy within a week",
    did="bought within a week",
    fewer="fewer bought",
    more="more bought",
    scarce="fewer than fifty of those known bought in the weeks there are to test on",
    short="the sales cover too few weeks to train, calibrate and test on different ones",
)


@dataclass(frozen=True, slots=True)
class Propensity(Result):
    """The chance that each buys within seven days, and how right such chances were before.

    frame: customer_id, propensity_7d (float64, NaN of who is not in the population); rows as customers.frame; None when
    the test failed: then nothing is said of the future. model: the logistic regression behind it; None of boosted
    trees, which are not kept. All tables but `groups_ahead` are of the test. names: what groups are. population: who.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame | None
    model: Calibrated | None
    tenths: Table
    groups: Table
    groups_ahead: Table | None
    thresholds: Table
    models: Table
    gate: Table
    coefficients: Table | None
    histogram: Table
    roc: Table
    precision: Table
    parts: Table
    one: str


def compute(lines: Relation, events: Relation | None, customers: Customers, settings: Settings) -> Propensity:
    """Of visitors by what they looked at; of customers by what they ordered, without events or where that fails.

    Raises Skip where fewer than fifty bought, or did not, in a part, and where all who are in the events bought: they
    were chosen by what is asked. Depends on neither threads nor the order of rows.
    """

    def bought(people: pd.DataFrame, day: date) -> np.ndarray:
        return outcomes.ordered(lines, people, day, day + HORIZON) > 0

    def asked_of(who: Who, first: date) -> Propensity:
        told = ASKED.scarce, ASKED.short, settings.seed
        past = Past.of(who.known, bought, settings.snapshot, first + HISTORY, HORIZON, *told)
        return Propensity(**chance_report.made(ASKED, who, past, customers.numbered, settings))

    first_sale, of_customers = customers.window[0], who_ordered(lines, customers, settings)
    first_event = None if events is None else _first_event(events, settings)
    if events is None or first_event is None:
        return asked_of(of_customers, first_sale)
    try:
        by_visits = asked_of(who_looked(events, settings), max(first_sale, first_event))
        failed = by_visits.findings["headline"].reason
    except Skip as skip:
        by_visits, failed = None, skip.reason
    if by_visits is not None and not failed:
        return by_visits
    try:
        by_orders = asked_of(of_customers, first_sale)
    except Skip:
        if by_visits is None:
            raise Skip(failed) from None
        return by_visits
    return replace(by_orders, findings={**by_orders.findings, "visitors": _no_visitors(by_orders, failed)})


def _first_event(events: Relation, settings: Settings) -> date | None:
    """The day of the first event that names its visitor; None without one.

    Raises Skip when all but a few of the visitors bought: in such a log, who has not bought yet surely will.
    """
    (row,) = events.query("propensity_visitors.sql", snapshot=settings.snapshot, until=until(settings)).to_pylist()
    if row["visitors"] and row["buyers"] >= ALL * row["visitors"]:
        raise Skip(
            "all visitors in the events bought, so they were chosen by what is asked: who had not bought yet surely did"
        )
    return row["first_day"]


def _no_visitors(by_orders: Propensity, why: str) -> Finding:
    """Says that visitors were tried first, and why the chances are of customers."""
    like = by_orders.findings["auc"]
    return replace(
        like,
        value=None,
        unit="count",
        claim="Visitors likely to buy within a week, by what they looked at: {value}.",
        definition="visitors by their chance to buy, from views and carts; tried first",
        kind="measured",
        interval=None,
        reason=f"by what visitors looked at, {why}",
    )
