"""Who buys within a week, and with what chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis import chance_report, outcomes
from analysis.chance_people import who_looked, who_ordered
from analysis.chance_report import Asked
from analysis.chances import Calibrated, Past
from analysis.customers import Customers
from analysis.finding import Finding, Result, Table
from dataset.engine import Relation
from dataset.settings import Settings

HORIZON = timedelta(days=7)
HISTORY = timedelta(days=28)
ASKED = Asked(
    name="propensity",
    column="propensity_7d",
    horizon=HORIZON,
    does="buy within a week",
    did="bought within a week",
    days="the next week",
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


def compute(lines: Relation, events: Relation | None, customers: Customers, settings: Settings) -> Propensity:
    """Of visitors by what they looked at, or without events of customers by what they ordered; tested on later weeks.

    Raises Skip where fewer than fifty bought, or did not, in a part. Depends on neither threads nor the order of rows.
    """

    def bought(people: pd.DataFrame, day: date) -> np.ndarray:
        return outcomes.of_each(people, outcomes.outcome(lines, day, day + HORIZON))[1] > 0

    who = who_ordered(lines, customers, settings) if events is None else who_looked(events)
    first = customers.window[0] + HISTORY
    past = Past.of(who.known, bought, settings.snapshot, first, HORIZON, ASKED.scarce, ASKED.short)
    return Propensity(**chance_report.made(ASKED, who, past, customers.frame, settings))
