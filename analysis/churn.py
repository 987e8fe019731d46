"""Who will not come back: the chance that an active customer places no order in ninety days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis import chance_report, outcomes
from analysis.chance_people import who_ordered
from analysis.chance_report import Asked
from analysis.chances import Calibrated, Past
from analysis.customers import Customers
from analysis.finding import Finding, Result, Table
from dataset.engine import Relation
from dataset.settings import Settings

HORIZON = timedelta(days=90)
ACTIVE = timedelta(days=365)
ASKED = Asked(
    name="churn",
    column="churn_90d",
    horizon=HORIZON,
    does="place no order in ninety days",
    did="placed no order in ninety days",
    fewer="fewer stayed away",
    more="more stayed away",
    scarce="fewer than fifty active customers came back, or stayed away, in the quarters there are to test on",
    short="the sales cover too short a time to train, calibrate and test on different quarters",
)


@dataclass(frozen=True, slots=True)
class Churn(Result):
    """The chance of each active customer to place no order in ninety days, and how right such chances were before.

    frame: customer_id, churn_90d (float64, NaN of who bought nothing in the year before); rows as customers.frame; None
    when the test failed: then nothing is said of the future. model: the logistic regression behind it; None of boosted
    trees, which are not kept. All tables but `groups_ahead` are of the test.
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


def compute(lines: Relation, customers: Customers, settings: Settings) -> Churn:
    """Of customers who bought in the year before, by what they ordered; tested on the last quarter.

    Raises Skip where fewer than fifty came back, or stayed away, in a part, or without three quarters after a first.
    """

    def stayed_away(people: pd.DataFrame, day: date) -> np.ndarray:
        return outcomes.ordered(lines, people, day, day + HORIZON) == 0

    who = who_ordered(lines, customers, settings, ACTIVE)
    first = customers.window[0] + HORIZON
    past = Past.of(who.known, stayed_away, settings.snapshot, first, HORIZON, ASKED.scarce, ASKED.short, settings.seed)
    return Churn(**chance_report.made(ASKED, who, past, customers.numbered, settings))
