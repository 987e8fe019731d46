"""Can the lifetime model be believed? It is fitted on earlier days and tried on the later ones it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import clv_check_findings, clv_check_tables, clv_evidence, clv_trial
from analysis.btyd import Fitted, Unidentified
from analysis.finding import Finding, Result, Skip, Table
from analysis.purchase_days import Days
from analysis.threads import one_blas_thread
from dataset.engine import Relation
from dataset.settings import Settings


@dataclass(frozen=True, slots=True)
class ClvCheck(Result):
    """The trial of the lifetime model, and its verdict.

    passed: whether numbers of the model may be printed. orders_passed: whether those of purchases may, if not of money.
    why: why not, in words that hold no digit ("" when passed). identified: BG/NBD was; else the tables are of NBD.
    full: BG/NBD on all days; None where it is not identified. tracking: by week, ahead: its part in the holdout.
    parameters: None when not identified; value_methods, once, gaps: when there is nothing to compare.
    """

    findings: Mapping[str, Finding]
    passed: bool
    orders_passed: bool
    why: str
    identified: bool
    full: Fitted | None
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


@one_blas_thread()
def compute(lines: Relation, settings: Settings) -> ClvCheck:
    """Try the lifetime model on the last part of the data; raises Skip where too little is known to try it."""
    days = Days.of(lines, settings.snapshot)
    found = clv_trial.split(days, settings.snapshot, settings.calibration_end)
    if found is None:
        raise Skip(_no_split(days, settings))
    try:
        trial = clv_trial.trial(days, found, settings.no_money)
    except Unidentified as refused:
        raise Skip(f"before the days the model would be tried on: {refused}") from None
    if not trial.bought.any():
        raise Skip("no customer known before it bought in the time the model would be tried on")
    evidence = clv_evidence.gathered(days, trial)
    verdict = clv_evidence.judged(evidence)
    why = clv_evidence.why(evidence, verdict)
    return ClvCheck(
        findings=clv_check_findings.findings(evidence, verdict, why, settings),
        passed=not verdict.failed,
        orders_passed=not verdict.scope("purchases"),
        why=why,
        identified=not trial.no_orders,
        full=evidence.full,
        **clv_check_tables.tables(evidence, verdict),
    )


def _no_split(days: Days, settings: Settings) -> str:
    if not len(days.day):
        return "no sale names its customer"
    if np.ptp(days.day) == 0:
        return "every purchase falls on one day, so nobody can be seen to come back"
    if settings.calibration_end is not None:
        return "less than a week of purchases lies before or after the end of calibration in the settings"
    return "less than sixteen weeks of purchases: too few to fit a model on one half and try it on the other"
