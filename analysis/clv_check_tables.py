"""The tables of the trial of the lifetime model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from analysis import clv_trial, rival_models
from analysis.btyd import Fitted
from analysis.clv_check_findings import LEAST_GAPS, MODULE, MOST
from analysis.clv_evidence import Evidence
from analysis.clv_gate import Verdict
from analysis.clv_trial import MODEL, day
from analysis.finding import Table, Unit
from analysis.purchase_days import SOURCE

ONCE_UNITS: dict[str, Unit] = {
    "customers": "count",
    "alive_bg": "share",
    "alive_mbg": "share",
    "actual": "ratio",
    "bg": "ratio",
    "mbg": "ratio",
}
UNITS: dict[str, Unit] = {"customers": "count", "actual": "ratio", "expected": "ratio"}


class Tables(TypedDict):
    """The tables of the result, by its fields."""

    gate: Table
    parameters: Table | None
    tracking: Table
    ahead: Table
    frequency: Table
    recency: Table
    methods: Table
    value_methods: Table | None
    deciles: Table
    once: Table | None
    stability: Table
    gaps: Table | None


def tables(evidence: Evidence, verdict: Verdict) -> Tables:
    """Every table of the result."""
    trial = evidence.trial
    name = "NBD" if trial.no_orders else MODEL
    groups = {"customers": "Customers", "actual": "Actual", "expected": f"Expected ({name})"}
    return {
        "gate": _gate(verdict),
        "parameters": None if trial.no_orders else _parameters(evidence),
        "tracking": _tracking(evidence.tracked, name),
        "ahead": _tracking(evidence.tracked[evidence.tracked["holdout"]], name),
        "frequency": Table(
            clv_trial.by_frequency(trial, MOST),
            "Purchases in the holdout by repeat purchases before it, mean of a customer",
            {"group": "Repeat purchases before", **groups},
            MODULE,
            UNITS,
        ),
        "recency": Table(
            clv_trial.by_recency(trial),
            "Purchases in the holdout by weeks since the last purchase, mean of a customer",
            {"group": "Weeks since the last purchase", **groups},
            MODULE,
            UNITS,
        ),
        "methods": _methods(
            evidence.methods, "Purchases in the holdout: the model, other models and no model", "ratio"
        ),
        "value_methods": None
        if evidence.value_methods is None
        else _methods(evidence.value_methods, "Sales in the holdout: the model and no model", "money"),
        "deciles": _deciles(evidence.deciles, name),
        "once": _once(evidence),
        "stability": _stability(evidence),
        "gaps": _gaps(evidence),
    }


def _gate(verdict: Verdict) -> Table:
    return Table(
        verdict.table(),
        "Criteria for the lifetime model to be believed",
        {"criterion": "Criterion", "scope": "For", "needed": "Needed", "measured": "Measured", "result": "Result"},
        "analysis/clv_gate.py",
        {"measured": "ratio"},
        note="The deck prints no lifetime value unless every criterion that could be tried is met.",
    )


def _parameters(evidence: Evidence) -> Table:
    trial, full, rows = evidence.trial, evidence.full, []
    fits = [(trial.orders, full)] + ([(trial.spend, None)] if trial.spend else [])
    for fitted, later in fits:
        for name in fitted.names:
            now = None if later is None else later[name]
            rows.append(
                {
                    "parameter": name,
                    "estimate": fitted[name],
                    "error": fitted.error(name),
                    "low": fitted.interval(name)[0],
                    "high": fitted.interval(name)[1],
                    "full": np.nan if now is None else now,
                    "moved_change": np.nan if now is None else now / fitted[name] - 1,
                    "moved": np.nan if later is None or now is None else _apart(fitted, later, name),
                }
            )
    labels = {
        "parameter": "Parameter",
        "estimate": "Until the split",
        "error": "Standard error",
        "low": "95 % from",
        "high": "to",
        "full": "All days",
        "moved_change": "Moved",
        "moved": "in standard errors",
    }
    units: dict[str, Unit] = dict.fromkeys([k for k in labels if k != "parameter"], "ratio")
    return Table(
        pd.DataFrame(rows),
        "Parameters: purchases (r, alpha, a, b; weeks) and spend (p, q, v)",
        labels,
        "analysis/btyd.py",
        units,
        note="Intervals and standard errors moved are on the logarithm; v is in units of money.",
    )


def _apart(fitted: Fitted, later: Fitted, name: str) -> float:
    at = fitted.names.index(name)
    return float(np.log(later[name] / fitted[name]) / np.sqrt(fitted.covariance[at, at]))


def _tracking(tracked: pd.DataFrame, name: str) -> Table:
    frame = tracked.assign(part=np.where(tracked["holdout"], "holdout", "calibration"))
    columns = ["week", "start", "part", "actual", "expected", "foretold", "cumulative_actual", "cumulative_expected"]
    units: dict[str, Unit] = {"week": "count", "start": "date"}
    units.update(dict.fromkeys(columns[3:], "count"))
    return Table(
        frame[[*columns, "days"]],
        "Repeat purchases by week" if not frame["holdout"].all() else "Repeat purchases by week of the holdout",
        {
            "week": "Week",
            "start": "From",
            "part": "Part",
            "actual": "Actual",
            "expected": f"Expected ({name})",
            "foretold": "Foretold at the split",
            "cumulative_actual": "Actual to date",
            "cumulative_expected": "Expected to date",
        },
        MODULE,
        units,
        note="Of customers who first bought before the split. Expected: from the first purchase of each on; foretold: "
        "given all each did before the split.",
    )


def _methods(frame: pd.DataFrame, title: str, unit: Unit) -> Table:
    labels = {
        "method": "Method",
        "total": "Total",
        "error_change": "Error of the total",
        "mae": "Mean absolute error",
        "rmse": "Root mean square error",
        "rank": "Rank correlation",
        "capture_10": "Best tenth brought",
        "capture_20": "Best fifth brought",
    }
    units: dict[str, Unit] = {
        "total": "count" if unit == "ratio" else unit,
        "error_change": "ratio",
        "mae": unit,
        "rmse": unit,
        "rank": "ratio",
        "capture_10": "share",
        "capture_20": "share",
    }
    return Table(frame, title, labels, MODULE, units)


def _deciles(frame: pd.DataFrame, name: str) -> Table:
    labels = {
        "group": "Tenth",
        "customers": "Customers",
        "predicted": f"Expected ({name})",
        "actual": "Actual",
        "low": "95 % from",
        "high": "to",
        "within": "Within",
    }
    units: dict[str, Unit] = {"customers": "count"}
    units.update(dict.fromkeys(("predicted", "actual", "low", "high"), "ratio"))
    title = "Purchases in the holdout by tenth of customers, the highest expectation first, mean of a customer"
    return Table(frame.assign(within=frame["within"].map({True: "yes", False: "no"})), title, labels, MODULE, units)


def _once(evidence: Evidence) -> Table | None:
    """Those who bought once, by weeks since: what both models say, and what they did."""
    trial, mbg = evidence.trial, evidence.mbg
    once = trial.x == 0
    if mbg is None or not once.any():
        return None
    rows, of = trial.rows, trial.rows.of[once]
    few = np.flatnonzero(rows.x == 0)
    history = rows.x[few], rows.recency[few], rows.age[few]
    group = (np.searchsorted(np.array(clv_trial.BANDS), rows.age, side="right") - 1)[of]

    def each(told: np.ndarray) -> np.ndarray:
        """Of each customer what is told of those histories."""
        found = np.empty(len(rows.x))
        found[few] = told
        return found[of]

    columns = {
        "alive_bg": np.ones(len(of)),
        "alive_mbg": each(rival_models.alive(mbg, *history)),
        "actual": trial.bought[once].astype(float),
        "bg": trial.foretold[once],
        "mbg": each(rival_models.expected(mbg, trial.split.weeks, *history)),
    }
    count = np.bincount(group, minlength=len(clv_trial.BANDS))
    kept = np.flatnonzero(count)
    names = clv_trial.band_names()
    frame = pd.DataFrame({"group": [names[k] for k in kept], "customers": count[kept]})
    for key, values in columns.items():
        order = np.argsort(values)
        frame[key] = np.bincount(group[order], values[order], len(count))[kept] / count[kept]
    frame[["alive_bg", "alive_mbg"]] = frame[["alive_bg", "alive_mbg"]].clip(0, 1)
    return Table(
        frame,
        "Customers who bought once: still customers, and purchases in the holdout, by two models",
        {
            "group": "Weeks since the purchase",
            "customers": "Customers",
            "alive_bg": "P(alive), BG/NBD",
            "alive_mbg": "P(alive), MBG/NBD",
            "actual": "Actual",
            "bg": "Expected, BG/NBD",
            "mbg": "Expected, MBG/NBD",
        },
        MODULE,
        ONCE_UNITS,
        note="BG/NBD lets customers leave after a repeat purchase only, so that who bought once is certain to stay.",
    )


def _stability(evidence: Evidence) -> Table:
    """The same trial at earlier splits, each as long as the last."""
    rows = []
    for tried in evidence.earlier:
        row: dict[str, Any] = {"split": day(tried.split.cut - 1), "why": tried.why}
        if tried.orders is not None:
            row |= {"customers": tried.customers, "actual": tried.bought, "expected": tried.foretold}
            row["error_change"] = tried.foretold / tried.bought - 1 if tried.bought else np.nan
            if not tried.why:
                row |= {name: tried.orders[name] for name in tried.orders.names}
        rows.append(row)
    columns = ["split", "customers", "r", "alpha", "a", "b", "actual", "expected", "error_change", "why"]
    units: dict[str, Unit] = {"split": "date"}
    units.update(dict.fromkeys(("customers", "actual", "expected"), "count"))
    units.update(dict.fromkeys(("r", "alpha", "a", "b", "error_change"), "ratio"))
    frame = pd.DataFrame(rows).reindex(columns=columns)
    if not frame["why"].fillna("").any():
        frame["why"] = None
    return Table(
        frame,
        "The same trial at earlier days, over as many days ahead",
        {
            "split": "Fitted until",
            "customers": "Customers",
            "r": "r",
            "alpha": "alpha",
            "a": "a",
            "b": "b",
            "actual": "Purchases",
            "expected": "Expected",
            "error_change": "Error",
            "why": "Remark",
        },
        MODULE,
        units,
    )


def _gaps(evidence: Evidence) -> Table | None:
    """How t1 / (t1 + t2) is spread, in ten classes, against random times."""
    one, two = evidence.days.first_gaps()
    if len(one) < LEAST_GAPS:
        return None
    edges = np.linspace(0, 1, 11)
    at = np.clip(np.searchsorted(edges, one / (one + two), side="right") - 1, 0, 9)
    chance = _random_gaps(one + two, edges)
    frame = pd.DataFrame(
        {
            "group": [f"{a:.1f}–{b:.1f}" for a, b in pairwise(edges)],
            "customers": np.bincount(at, minlength=10),
            "expected": chance,
        }
    )
    return Table(
        frame,
        "Regularity: the first gap as a share of the first two, and its expectation at random times",
        {"group": "Share of the first gap", "customers": "Customers", "expected": "At random times"},
        SOURCE,
        {"customers": "count", "expected": "count"},
        note="A gap is the days between two purchase days; random times within whole days (Wheat and Morrison 1990).",
    )


def _random_gaps(sums: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Customers in each class when, given the sum s of two gaps, the first is 1 ... s - 1 alike."""
    found = np.zeros(len(edges) - 1)
    for total, count in zip(*np.unique(sums, return_counts=True), strict=True):
        first = np.arange(1, total) / total
        at = np.clip(np.searchsorted(edges, first, side="right") - 1, 0, len(found) - 1)
        found += count * np.bincount(at, minlength=len(found)) / (total - 1)
    return found
