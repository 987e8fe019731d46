"""What came of the last release's experiments: what the treated did, and those left alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis import outcomes, uplift
from analysis.assignment import CONTROL, as_drawn
from analysis.uplift import EMPTY, WITHHELD, Arm, Difference
from dataset.engine import Relation


@dataclass(frozen=True, slots=True)
class Outcome:
    """One action, treatment against control.

    lost: customers of the experiment who are not in these data. ratio: p that both arms were found again alike.
    chance: p of the difference in conversion, adjusted: the same over all actions (Holm).
    """

    key: str
    share: float
    treatment: Arm
    control: Arm
    lost: int
    ratio: float
    conversion: Difference | None
    spend: Difference | None
    orders: Difference | None
    chance: float
    adjusted: float = 1.0
    verdict: str = ""

    @property
    def judged(self) -> bool:
        return self.verdict not in (WITHHELD, EMPTY)


def measured(drawn: pd.DataFrame, known: pd.Series, lines: Relation, since: date, until: date) -> list[Outcome]:
    """The outcome of each action of an assignment (Release.assignments), from `since` until before `until`.

    known: ids of the customers of this report; who is not among them was lost, not silent.
    """
    here = drawn["customer_id"].isin(known).to_numpy()
    net, orders = outcomes.of_each(drawn, outcomes.outcome(lines, since, until))
    alone = (drawn["arm"] == CONTROL).to_numpy()
    found = []
    for key in sorted(drawn["action"].unique()):
        of = (drawn["action"] == key).to_numpy()
        treated, control = (Arm(net[of & here & arm], orders[of & here & arm]) for arm in (~alone, alone))
        share = float(drawn["share"].to_numpy()[of][0])
        lost = int((of & ~here & ~alone).sum()), int((of & ~here & alone).sum())
        found.append(compared(str(key), share, treated, control, lost))
    return judged(found)


def compared(key: str, share: float, treatment: Arm, control: Arm, gone: tuple[int, int] = (0, 0)) -> Outcome:
    """The differences of one action, no verdict yet; gone: customers lost of treatment and of control."""
    ratio, fit = as_drawn((treatment.customers, control.customers), gone, share)
    lost = sum(gone)
    if not treatment.customers or not control.customers:
        return Outcome(key, share, treatment, control, lost, ratio, None, None, None, 1.0, verdict=EMPTY)
    chance = uplift.chance(treatment.buyers, treatment.customers, control.buyers, control.customers)
    spend = uplift.mean(treatment.net, control.net)
    orders = uplift.mean(treatment.orders.astype(float), control.orders.astype(float))
    gap = uplift.conversion(treatment, control)
    verdict = "" if fit else WITHHELD
    return Outcome(key, share, treatment, control, lost, ratio, gap, spend, orders, chance, verdict=verdict)


def without_money(outcome: Outcome) -> Outcome:
    """The outcome where amounts are unknown or not comparable."""
    return replace(outcome, spend=None)


def judged(found: Sequence[Outcome]) -> list[Outcome]:
    """Each with its verdict, all verdicts together as sure as one alone."""
    open_ = [outcome for outcome in found if not outcome.verdict and outcome.conversion]
    adjusted = dict(zip((o.key for o in open_), uplift.holm([o.chance for o in open_]), strict=True))
    return [
        replace(o, adjusted=adjusted[o.key], verdict=uplift.verdict(o.conversion.value, adjusted[o.key]))
        if o.key in adjusted and o.conversion
        else o
        for o in found
    ]


def together(found: Sequence[Outcome]) -> Difference | None:
    """The difference in conversion over all actions that are judged, each compared within itself.

    Weighted as Mantel and Haenszel do, with the variance of the weighted sum (Greenland & Robins 1985, Biometrics 41).
    """
    open_ = [o for o in found if o.judged and o.conversion]
    if len(open_) < 2:
        return None
    weights, gaps, variances = [], [], []
    for o in open_:
        t, c = o.treatment.customers, o.control.customers
        p, q = o.treatment.buyers / t, o.control.buyers / c
        weights.append(t * c / (t + c))
        gaps.append(p - q)
        variances.append(p * (1 - p) / t + q * (1 - q) / c)
    w, v = np.array(weights), np.array(variances)
    gap = math.fsum(w * np.array(gaps)) / w.sum()
    half = 1.959963984540054 * math.sqrt(math.fsum(w * w * v)) / w.sum()
    return Difference(float(gap), (float(gap - half), float(gap + half)))
