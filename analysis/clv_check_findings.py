"""What the trial of the lifetime model says: its findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from analysis import btyd, clv_evidence, clv_trial, gains, rival_models
from analysis.btyd import Fitted
from analysis.clv_evidence import Evidence
from analysis.clv_gate import Verdict
from analysis.clv_trial import MODEL, RATE, Trial, day
from analysis.customers import SCALE
from analysis.finding import Finding, Unit
from analysis.ground import Ground, small
from analysis.purchase_days import SOURCE
from dataset.settings import Settings

MODULE = "analysis/clv_check.py"
POPULATION = "known customers who bought before the split"
MOST = 7  # repeat purchases, from which customers are one group
DRAWS = 200
NEAR = 0.15  # of the variance of gaps: so far from random times is still called nearly random
AHEAD = 0.1  # of the share of the first gap: from there on gaps are said to grow shorter or longer
LEAST_GAPS = 30  # customers with three purchases, below which nothing is said of their rhythm


def findings(evidence: Evidence, verdict: Verdict, why: str, settings: Settings) -> dict[str, Finding]:
    """Every finding; those of the model are unknown, for its reason, where it is not identified."""
    trial = evidence.trial
    last = day(trial.split.until - 1)
    ground = Ground(POPULATION, len(trial.frame), (day(trial.split.origin), last), MODULE, settings.no_money)
    return (
        {"headline": _headline(evidence, verdict, why, ground)}
        | _setting(trial, ground)
        | _estimates(evidence, ground)
        | _totals(evidence, ground)
        | _example(trial, ground)
        | _by_frequency(trial, ground)
        | _precision(evidence, ground, settings)
        | _value(evidence, ground)
        | _assumptions(evidence, ground)
    )


# The headline


def _headline(evidence: Evidence, verdict: Verdict, why: str, ground: Ground) -> Finding:
    if verdict.failed:
        return _refused(evidence, verdict, why, ground)
    error = abs(_total_change(evidence))
    return ground.of(
        error,
        "share",
        "Purchases of the last {clv_check.horizon} would have been foretold within {value}.",
        "absolute difference of purchase days expected and made in the holdout / those made",
        window=_holdout(evidence.trial),
    )


def _refused(evidence: Evidence, verdict: Verdict, why: str, ground: Ground) -> Finding:
    """Why not, by the first criterion that failed, with what was measured."""
    trial, key = evidence.trial, verdict.failed[0]
    no = "The lifetime model is not reliable here"
    methods = evidence.methods.set_index("method")
    if key in ("uncertainty", "moved", "leaving"):
        claim = f"{no}: {{value}} customers do not show who left for good."
        if trial.no_orders == btyd.OUT_OF_RANGE or evidence.no_full == btyd.OUT_OF_RANGE:
            claim = f"{no}: {{value}} customers do not show how they differ."
        return ground.of(len(trial.frame), "count", claim, POPULATION)
    if key in ("total_change", "tracking_change"):
        claim = f"{no}: it expected {{value}} purchases where {{clv_check.holdout_purchases}} came."
        if key == "tracking_change":
            claim = f"{no}: it expects {{value}} repeat purchases to date where {{clv_check.cumulative_actual}} came."
        total = trial.foretold if key == "total_change" else evidence.tracked["expected"].to_numpy()
        return ground.of(_count(total), "count", claim, "expected purchase days, summed over customers")
    if key in ("rank", "rmse", "deciles", "capture"):
        claim = {
            "rank": f"{no}: it hardly tells who buys more (rank correlation {{value}}).",
            "rmse": f"{no}: its error a customer is {{value}} times that of past rate or average.",
            "deciles": f"{no}: tenths of customers are wrong by {{value}} of purchases.",
            "capture": f"{no}: its best fifth made {{value}} of purchases, that of past rates more.",
        }[key]
        value = float(methods["capture_20"].iloc[0]) if key == "capture" else verdict.measures[key]
        unit: Unit = "ratio" if key in ("rank", "rmse") or (value or 0) > 1 else "share"
        return ground.of(value, unit, claim, why, why)
    claim = "Lifetime value is not reliable here: the spend of {value} repeat buyers does not tell what they are worth."
    if key == "correlation" and evidence.correlation is not None:
        claim = "Lifetime value is not reliable here: spend goes with frequency (correlation {value})."
        return ground.of(evidence.correlation, "ratio", claim, why)
    if evidence.value_methods is not None:
        claim = (
            "Lifetime value is not reliable here: it expected sales of {value} where {clv_check.holdout_sales} came."
        )
        return ground.of(float(evidence.value_methods["total"].iloc[0]), "money", claim, why)
    return ground.of(int((trial.x > 0).sum()), "count", claim, why)


def _total_change(evidence: Evidence) -> float:
    return float(evidence.methods["error_change"].iloc[0])


def _count(values: np.ndarray) -> int:
    return round(float(np.sort(values).sum()))


def _holdout(trial: Trial) -> tuple[date, date]:
    return day(trial.split.cut), day(trial.split.until - 1)


# The setting and the estimates


def _setting(trial: Trial, ground: Ground) -> dict[str, Finding]:
    split, again = trial.split, int((trial.x > 0).sum())
    rule = "the settings say so, or the longest of a year, nine months, half a year and a quarter that is at most a "
    rule += "third of all days, else eight weeks"
    return {
        "calibration_end": ground.of(
            day(split.cut - 1), "date", "The model saw purchases up to {value}.", f"last day it was fitted on; {rule}"
        ),
        "horizon": ground.of(
            split.words, "name", "It was tried on the last {value}.", f"length of the holdout; {rule}"
        ),
        "holdout_days": ground.of(split.until - split.cut, "days", "It was tried on {value}.", "days of the holdout"),
        "customers": ground.of(
            len(trial.frame), "count", "Customers known before the days it was tried on: {value}.", POPULATION
        ),
        "repeat_customers": ground.of(
            again, "count", "Of them came back before on a later day: {value}.", "customers with a repeat purchase day"
        ),
        "once_customers": ground.of(
            len(trial.frame) - again, "count", "Of them had bought on one day only: {value}.", "without a repeat day"
        ),
    }


NAMED = {
    "r": "Shape of purchase rates (r)",
    "alpha": "Scale of purchase rates in weeks (alpha)",
    "a": "First shape of the chance to leave (a)",
    "b": "Second shape of the chance to leave (b)",
    "p": "Shape of spend of one customer (p)",
    "q": "Shape of spend between customers (q)",
    "v": "Scale of spend (v)",
}


def _estimates(evidence: Evidence, ground: Ground) -> dict[str, Finding]:
    trial, found = evidence.trial, {}
    orders = None if trial.no_orders else trial.orders
    for fitted, names, no in ((orders, "r alpha a b", trial.no_orders), (trial.spend, "p q v", trial.no_spend)):
        for name in names.split():
            found[name] = Finding(
                value=None if fitted is None else fitted[name],
                unit="ratio",
                claim=f"{NAMED[name]}: {{value}}.",
                definition="maximum likelihood on the purchases before the split; 95 % interval from the information "
                "matrix of the log parameters",
                population=POPULATION,
                n=len(trial.frame) if fitted is None else fitted.n,
                window=(ground.window[0], day(trial.split.cut - 1)),
                source="analysis/btyd.py",
                kind="estimated",
                interval=None if fitted is None else fitted.interval(name),
                reason=no if fitted is None else "",
            )
    found["log_likelihood"] = ground.of(
        None if orders is None else orders.log_likelihood,
        "ratio",
        "Log-likelihood of the purchase model at its maximum: {value}.",
        "sum over customers of the logarithm of the BG/NBD density of their purchases, without constants",
        trial.no_orders,
    )
    return found


# How it did


def _totals(evidence: Evidence, ground: Ground) -> dict[str, Finding]:
    trial, last = evidence.trial, evidence.tracked.iloc[-1]
    bought, window = int(trial.bought.sum()), _holdout(trial)
    foretold, change = _count(trial.foretold), _total_change(evidence)
    methods = evidence.methods.set_index("method")["error_change"]
    cumulative = float(last["cumulative_expected"]), float(last["cumulative_actual"])
    more = "more" if change > 0 else "fewer"
    past = float(methods[RATE])
    model = "A model in which nobody leaves" if trial.no_orders else "The model"
    return {
        "holdout_purchases": ground.of(
            bought,
            "count",
            "Customers known before bought on {value} days in the time the model was tried on.",
            "purchase days in the holdout of customers known before it, a day of a customer once",
            window=window,
        ),
        "holdout_expected": ground.of(
            foretold,
            "count",
            f"{model} expected {{value}} purchases of them.",
            "sum of expected purchase days",
            window=window,
        ),
        "purchases_change": replace(
            ground.of(
                change,
                "ratio",
                f"{model} expected {more} purchases than came: {{value}}."
                if foretold != bought
                else f"{model} expected as many purchases as came: {{value}}.",
                "expected / actual purchase days in the holdout - 1; interval: what chance in customers allows for",
                window=window,
            ),
            kind="estimated",
            interval=_by_chance(change, trial.foretold, trial.bought.astype(float)),
        ),
        "cumulative_actual": ground.of(
            int(cumulative[1]), "count", "Repeat purchases from the first day to the last: {value}.",
            "repeat purchase days of customers who first bought before the split",
        ),
        "cumulative_change": ground.of(
            cumulative[0] / cumulative[1] - 1 if cumulative[1] else None,
            "ratio",
            f"{model} misses the sum of repeat purchases from the first day to the last by {{value}}.",
            "expected / actual repeat purchase days since the first day - 1; each customer from the first purchase on",
            "no customer came back",
        ),
        "rate_change": ground.of(
            past,
            "ratio",
            "Had everyone kept their past rate, the forecast would have missed by {value}.",
            "past purchases / weeks since the first purchase, times weeks of the holdout; summed / actual - 1",
            window=window,
        ),
    }  # fmt: skip


def _by_chance(change: float, expected: np.ndarray, actual: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of expected / actual - 1 over customers taken by chance (a ratio of sums, delta method)."""
    off = np.sort(expected - (1 + change) * actual)
    half = btyd.Z95 * float(np.sqrt((off**2).sum())) / float(np.sort(actual).sum())
    return change - half, change + half


def _example(trial: Trial, ground: Ground) -> dict[str, Finding]:
    """The published example: of those who came back twice, whom the data follow longest, with the earliest last day."""
    rows, why = trial.rows, trial.no_orders
    twice = np.flatnonzero(rows.x == 2)
    expected = alive = None
    if len(twice) and not why:
        at = min(twice, key=lambda i: (-rows.age[i], rows.recency[i]))
        one = rows.x[at : at + 1], rows.recency[at : at + 1], rows.age[at : at + 1]
        expected = float(btyd.expected(trial.orders, trial.split.weeks, *one)[0])
        alive = float(btyd.alive(trial.orders, *one)[0])
    who = "of customers with two repeat purchases the one followed longest, whose last purchase is earliest"
    return {
        "example_expected": ground.of(
            expected, "ratio", "One customer for an example is expected to buy on {value} days of the holdout.",
            f"expected purchase days; {who}", why or "nobody came back twice", n=1,
        ),
        "example_alive": ground.of(
            alive, "share", "The same customer is still a customer at the split with a chance of {value}.",
            f"P(alive); {who}", why or "nobody came back twice", n=1,
        ),
    }  # fmt: skip


def _by_frequency(trial: Trial, ground: Ground) -> dict[str, Finding]:
    rows = clv_trial.by_frequency(trial, MOST).set_index("group")
    found = {}
    for times in range(MOST + 1):
        group = f"{times}+" if times == MOST else str(times)
        if group not in rows.index:
            continue
        row = rows.loc[group]
        who = "Who had not come back before" if times == 0 else f"Who had come back {small(times)} times before"
        who = "Who had come back once before" if times == 1 else f"{who} or more" if times == MOST else who
        for key, verb in (
            ("actual", "bought on {value} days of the holdout"),
            ("expected", "were expected on {value}"),
        ):
            found[f"holdout_{key}_{times}"] = ground.of(
                float(row[key]),
                "ratio",
                f"{who} {verb}.",
                f"{key} purchase days in the holdout / customers with so many repeat purchases before it",
                n=int(row["customers"]),
                window=_holdout(trial),
            )
    return found


def _times(count: int) -> str:
    words = ("not once", "once", "twice")
    return words[count] if count < 3 else f"{small(count)} times" + (" or more" if count == MOST else "")


def _precision(evidence: Evidence, ground: Ground, settings: Settings) -> dict[str, Finding]:
    trial, model = evidence.trial, evidence.methods.iloc[0]
    rate = evidence.methods.set_index("method").loc[RATE]
    window, actual = _holdout(trial), trial.bought.astype(float)
    drawn = gains.resampled({MODEL: np.round(trial.foretold, 9)}, actual, clv_trial.SHARES, settings.seed, DRAWS)[MODEL]
    found = {
        key: ground.of(float(value), "ratio", claim, definition, window=window)
        for key, value, claim, definition in (
            ("mae", model["mae"], "Off by {value} purchases a customer on average.", "mean absolute error a customer"),
            ("rmse", model["rmse"], "Root mean square error a customer: {value}.", "root of the mean squared error"),
            ("rank", model["rank"], "Rank correlation of expected and actual purchases: {value}.", "Spearman's rho"),
            ("rank_of_rate", rate["rank"], "The same of past purchase rates: {value}.", "Spearman's rho"),
        )
    }
    words = {10: "tenth", 20: "fifth"}
    for at, percent in enumerate((10, 20)):
        value = float(model[f"capture_{percent}"])
        low, high = gains.interval(value, drawn[:, at], len(actual))
        found[f"capture_{percent}"] = Finding(
            value=value,
            unit="share",
            claim=f"The {words[percent]} of customers expected to buy most made {{value}} of these purchases.",
            definition=f"purchase days in the holdout of the {words[percent]} with the highest expectation / all; "
            "interval by resampling customers",
            population=POPULATION,
            n=len(actual),
            window=window,
            source=MODULE,
            kind="estimated",
            interval=(low, high),
        )
        found[f"capture_{percent}_of_rate"] = ground.of(
            float(rate[f"capture_{percent}"]),
            "share",
            f"The {words[percent]} with the highest past rate made {{value}} of them.",
            "purchase days in the holdout of those with the highest past purchase rate / all; ties in any order",
            window=window,
        )
    within = int(evidence.deciles["within"].sum())
    found["deciles_within"] = ground.of(
        within,
        "count",
        "Tenths of customers whose expected purchases lie in the interval of the actual ones: {value}.",
        "tenths by expected purchases whose mean expectation lies in the 95 % interval of the actual mean",
        window=window,
    )
    return found


def _value(evidence: Evidence, ground: Ground) -> dict[str, Finding]:
    trial, window = evidence.trial, _holdout(evidence.trial)
    found = evidence.value_methods
    expected = change = None
    if found is not None:
        expected, change = float(found["total"].iloc[0]), float(found["error_change"].iloc[0])
    sold = Decimal(int(trial.brought.sum())) / SCALE if found is not None else None
    why = trial.no_spend or clv_evidence.NO_SALES
    model = "A model in which nobody leaves" if trial.no_orders else "The model"
    of: dict[str, Any] = {"window": window, "money": True}
    sales = ground.of(
        change,
        "ratio",
        "Against actual sales, expected ones are {value}.",
        "expected / actual sales in the holdout - 1; interval: what chance in customers allows for",
        why,
        **of,
    )
    if sales.value is not None and change is not None:
        sales = replace(sales, kind="estimated", interval=_by_chance(change, trial.worth, trial.money))
    return {
        "holdout_sales": ground.of(
            sold, "money", "Customers known before spent {value} in the time the model was tried on.",
            "sales before refunds in the holdout of customers known before it", why, **of,
        ),
        "holdout_sales_expected": ground.of(
            expected, "money", f"{model} expected them to spend {{value}}.",
            "sum of expected purchase days times expected spend of one", why, **of,
        ),
        "sales_change": sales,
        "correlation": ground.of(
            evidence.correlation, "ratio", "How often repeat buyers buy and what they spend correlate by {value}.",
            "Pearson correlation of repeat purchase days and mean spend of one, before the split",
            trial.no_spend or "neither varies among repeat buyers", money=True, n=int(btyd.spenders(trial.frame).sum()),
        ),
    }  # fmt: skip


def _assumptions(evidence: Evidence, ground: Ground) -> dict[str, Finding]:
    trial, mbg = evidence.trial, evidence.mbg
    alive = None
    if mbg is not None:
        alive = _alive_once(trial, mbg)
    why = trial.no_orders or "MBG/NBD, which would tell, is not identified"
    return {
        "mbg_log_likelihood": ground.of(
            None if mbg is None else mbg.log_likelihood,
            "ratio",
            "Log-likelihood of MBG/NBD, which lets customers leave after the first purchase too: {value}.",
            "sum over customers of the logarithm of the MBG/NBD density of their purchases, without constants",
            why,
        ),
        "once_alive": ground.of(
            alive,
            "share",
            "Of those who bought once, a model that lets them leave at once counts {value} as still customers.",
            "mean P(alive) by MBG/NBD of customers without a repeat purchase; BG/NBD takes all of them for alive",
            why if len(trial.frame) > int((trial.x > 0).sum()) else "everybody came back",
        ),
    } | _rhythm(evidence, ground)


def _alive_once(trial: Trial, mbg: Fitted) -> float | None:
    rows = trial.rows
    once = rows.x == 0
    if not once.any():
        return None
    alive = rival_models.alive(mbg, rows.x, rows.recency, rows.age)
    return float(np.average(alive[once], weights=rows.weight[once]))


def _rhythm(evidence: Evidence, ground: Ground) -> dict[str, Finding]:
    """Wheat and Morrison (1990): of t1 and t2, the first two gaps, M = t1 / (t1 + t2) is uniform at random times.

    Gaps are whole days: given their sum s, t1 is 1 ... s - 1 alike, and the variance of M is (1 - 2 / s) / 12.
    """
    one, two = evidence.days.first_gaps()
    n, ratio, interval, mean = len(one), None, None, 0.5
    if n >= LEAST_GAPS:
        ratio, interval = rhythm(one, two)
        mean = float(np.sort(one / (one + two)).mean())
    definition = "variance of t1 / (t1 + t2) about a half over its mean expectation at random times; t1, t2: days from "
    definition += "the first purchase to the second and to the third (Wheat and Morrison 1990)"
    return {
        "regularity": Finding(
            value=ratio,
            unit="ratio",
            claim=_rhythm_claim(interval, mean),
            definition=definition,
            population="known customers with three purchase days or more",
            n=n,
            window=ground.window,
            source=SOURCE,
            kind="estimated",
            interval=interval,
            reason="" if ratio is not None else "fewer than thirty customers bought three times",
        )
    }


def rhythm(one: np.ndarray, two: np.ndarray) -> tuple[float | None, tuple[float, float] | None]:
    """Variance of t1 / (t1 + t2) over that of random times, with its 95 % interval; None where all gaps are one day."""
    total = (one + two).astype(float)
    expected = float(np.sort((1 - 2 / total) / 12).sum())
    if expected <= 0:
        return None, None
    off = np.sort((one / total - 0.5) ** 2 - (1 - 2 / total) / 12)
    ratio = 1 + float(off.sum()) / expected
    half = btyd.Z95 * float(off.std()) * len(off) ** 0.5 / expected
    return ratio, (ratio - half, ratio + half)


def _rhythm_claim(interval: tuple[float, float] | None, mean: float = 0.5) -> str:
    """Regular, random or in bursts, where the interval lies beyond 1; near 1, where it lies near.

    mean: of t1 / (t1 + t2), a half where gaps grow neither shorter nor longer.
    """
    if abs(mean - 0.5) > AHEAD:
        how = "shorter" if mean > 0.5 else "longer"
        return f"Gaps between purchases grow {how}, against the model; they vary {{value}} times as at random."
    tail = "(gaps vary {value} times as much as at random)."
    if interval is None or interval[0] <= 1 <= interval[1]:
        return f"Purchases come at random times, as the model assumes {tail}"
    if 1 - NEAR <= sum(interval) / 2 <= 1 + NEAR:
        return f"Purchases come nearly at random times, as the model assumes {tail}"
    if interval[1] < 1:
        return f"Purchases come more regularly than the model assumes {tail}"
    return f"Purchases come in bursts, which the model does not assume {tail}"


# Tables
