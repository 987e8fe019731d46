"""What speaks for and against the lifetime model: the trial, its rivals, earlier trials, and what the gate asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import btyd, clv_gate, clv_trial, gains, rival_models
from analysis.btyd import Fitted, Unidentified
from analysis.clv_gate import Verdict
from analysis.clv_trial import MEAN, MODEL, NOBODY, RATE, VALUE_MODEL, Split, Trial
from analysis.purchase_days import Days

NO_SALES = "no sale with an amount came in the time it was tried on"
CUTS = (1 / 2, 2 / 3, 5 / 6)  # of the days before the split: where the earlier trials are split


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was computed. full: BG/NBD on all days, `no_full` why there is none. mbg: MBG/NBD until the split.

    tracked, methods, value_methods (None without money), deciles: frames. earlier: the trials at earlier splits and the
    trial. correlation: of frequency and spend.
    """

    trial: Trial
    days: Days
    full: Fitted | None
    no_full: str
    mbg: Fitted | None
    tracked: pd.DataFrame
    methods: pd.DataFrame
    value_methods: pd.DataFrame | None
    deciles: pd.DataFrame
    correlation: float | None
    earlier: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the trial at a split. customers: tried on; bought, foretold: their purchases; orders: the model.

    Without one, `why` says why not; of NBD, why not BG/NBD.
    """

    split: Split
    why: str
    customers: int = 0
    bought: int = 0
    foretold: float = 0.0
    orders: Fitted | None = None

    @staticmethod
    def of(trial: Trial) -> Tried:
        """Of a trial that was made."""
        total, why = float(np.sort(trial.foretold).sum()), f"NBD: {trial.no_orders}" if trial.no_orders else ""
        return Tried(trial.split, why, len(trial.frame), int(trial.bought.sum()), total, trial.orders)


def gathered(days: Days, trial: Trial) -> Evidence:
    """All that is held against the trial of the model."""
    full, no_full = None, ""
    try:
        full = btyd.fit_orders(btyd.histories(days.histories(trial.split.until)))
    except Unidentified as why:
        no_full = str(why)
    mbg = None
    if not trial.no_orders:
        try:
            mbg = rival_models.fit_mbg(trial.rows)
        except Unidentified:
            mbg = None
    name = NOBODY if trial.no_orders else MODEL
    actual = trial.bought.astype(float)
    return Evidence(
        trial=trial,
        days=days,
        full=full,
        no_full=no_full,
        mbg=mbg,
        tracked=clv_trial.tracking(days, trial),
        methods=clv_trial.measures({name: lambda: trial.foretold} | clv_trial.naive(trial, mbg), actual),
        value_methods=_value_methods(trial),
        deciles=gains.calibration(trial.foretold, actual),
        correlation=clv_trial.spread_of(trial.frame),
        earlier=(*(_earlier(days, trial.split, share) for share in CUTS), Tried.of(trial)),
    )


def _value_methods(trial: Trial) -> pd.DataFrame | None:
    if trial.spend is None or not trial.brought.any():
        return None
    name = VALUE_MODEL.replace(MODEL, "NBD") if trial.no_orders else VALUE_MODEL
    return clv_trial.measures({name: lambda: trial.worth} | clv_trial.naive_value(trial), trial.money)


def _earlier(days: Days, split: Split, share: float) -> Tried:
    cut = split.origin + round((split.cut - split.origin) * share)
    earlier = Split(split.origin, cut, cut + split.until - split.cut)
    try:
        return Tried.of(clv_trial.trial(days, earlier, spent=False))
    except Unidentified as why:
        return Tried(earlier, str(why))


def judged(evidence: Evidence) -> Verdict:
    """The verdict of the gate."""
    return clv_gate.verdict(_measures(evidence), _needless(evidence.trial))


def _measures(evidence: Evidence) -> dict[str, float | None]:
    """What the gate asks for, by the keys of its rules; None what is not known."""
    trial, last = evidence.trial, evidence.tracked.iloc[-1]
    correlation = None if evidence.correlation is None else abs(evidence.correlation)
    if trial.no_orders:
        return {"correlation": correlation}
    rows = {str(row["method"]): row for row in evidence.methods.to_dict("records")}
    model, rate, mean = rows[MODEL], rows[RATE], rows[MEAN]
    deciles = evidence.deciles
    missed = float((np.abs(deciles["predicted"] - deciles["actual"]) * deciles["customers"]).sum())
    expected, actual = float(last["cumulative_expected"]), float(last["cumulative_actual"])
    return _identified(evidence) | {
        "total_change": float(model["error_change"]),
        "tracking_change": expected / actual - 1 if actual else None,
        "rank": float(model["rank"]),
        "capture": float(model["capture_20"] - rate["capture_20"]),
        "rmse": float(model["rmse"] / min(rate["rmse"], mean["rmse"])),
        "deciles": missed / float(trial.bought.sum()),
        "correlation": correlation,
        "value_change": _value_change(evidence),
    }


def _identified(evidence: Evidence) -> dict[str, float | None]:
    trial, full = evidence.trial, evidence.full
    errors = [float(np.sqrt(np.diag(made.covariance)).max()) for made in (trial.orders, full) if made is not None]
    return {
        "uncertainty": max(errors) if full is not None else None,
        "moved": btyd.gained(trial.rows, trial.orders),
        "leaving": trial.orders.log_likelihood - trial.nobody.log_likelihood,
    }


def _value_change(evidence: Evidence) -> float | None:
    return None if evidence.value_methods is None else float(evidence.value_methods["error_change"].iloc[0])


def _needless(trial: Trial) -> tuple[str, ...]:
    """Criteria of a model that is not there, and those of money where no amount is known."""
    known = bool(np.isfinite(trial.frame["spend"].to_numpy()).any())
    return tuple(
        rule.key
        for rule in clv_gate.RULES
        if (rule.scope == "value" and not known) or (trial.no_orders and rule.key not in ("uncertainty", "correlation"))
    )


def why(evidence: Evidence, verdict: Verdict) -> str:
    """The first criterion that is not met, in words."""
    if not verdict.failed:
        return ""
    first, trial = verdict.failed[0], evidence.trial
    if first == "uncertainty":
        return trial.no_orders or evidence.no_full or clv_gate.why(first)
    if first in ("correlation", "value_change") and evidence.value_methods is None:
        return trial.no_spend or NO_SALES
    return clv_gate.why(first)
