"""What triggers may ask about: the known customers with every measure that passed, and visitors who never bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis import clv_worth, trigger
from analysis.churn import Churn
from analysis.clusters import Clusters
from analysis.clv import Clv
from analysis.customers import Customers, whole
from analysis.playbook import Playbook
from analysis.propensity import Propensity
from analysis.rfm import WINDOW_SHOPPERS, Rfm, score, scores_of
from analysis.spend_90d import Spend
from analysis.value_at_risk import BEST, LEAST
from dataset.errors import DataError

Known = dict[str, Callable[[], pd.Series | np.ndarray]]
QUARTER = 90
LIFETIME, SPEND = "analysis/clv_worth.py", "analysis/spend_90d.py"
PLAIN = ("recency_days", "tenure_days", "orders", "net", "country")
UNEXPECTED = "neither the lifetime model nor the spend model can be believed here"


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected sales of the next ninety days of each customer, by which model, and how totals of groups move."""

    each: np.ndarray
    source: str
    clv: Clv | None
    miss: tuple[float, float]

    def interval(self, of: np.ndarray, totals: np.ndarray) -> list[tuple[float, float]]:
        """The 95 % interval of each group's total; of: the group of each customer, below `len(totals)`."""
        if self.clv is None:
            return [(total * self.miss[0], total * self.miss[1]) for total in totals]
        moved = self.clv.basis.spread((QUARTER,), of, len(totals))
        ends = []
        for group, total in enumerate(totals):
            one = np.zeros(len(totals))
            one[group] = 1
            ends.append(clv_worth.interval(moved, f"value_{QUARTER}", totals * one) if total else (0.0, 0.0))
        return ends


def expected(clv: Clv | None, spend_90d: Spend | None) -> Expected | None:
    """By the lifetime model, else by the spend model; None when neither passed."""
    if clv is not None and not clv.why:
        return Expected(clv.frame[f"value_{QUARTER}"].to_numpy(), LIFETIME, clv, (1.0, 1.0))
    if spend_90d is None or spend_90d.frame is None:
        return None
    total = spend_90d.findings["predicted_total"]
    low, high = total.interval or (0.0, 0.0)
    middle = float(total.value or 0)  # type: ignore[arg-type]
    miss = (low / middle, high / middle) if middle else (1.0, 1.0)
    return Expected(spend_90d.frame["spend_90d"].to_numpy(), SPEND, None, miss)


def columns(
    customers: Customers,
    rfm: Rfm | None,
    clusters: Clusters | None,
    clv: Clv | None,
    ahead: Expected | None,
    churn: Churn | None,
    propensity: Propensity | None,
) -> Known:
    """The columns of trigger.COLUMNS that are known, each made when it is asked for; rows as Customers.frame."""
    scores = None if rfm is None else rfm.frame
    made = _counted(customers.frame, scores)
    if ahead is not None:
        made |= {"expected_value": lambda: ahead.each} | _ranks("value", ahead.each, scores)
    told = {"cluster": clusters, "p_alive": clv, "churn_90d": churn, "propensity_7d": propensity}
    for name, result in told.items():
        if result is not None and result.frame is not None:
            made[name] = partial(_of, result.frame, name)
    return made


def earlier(people: pd.DataFrame, segmented: bool) -> Known:
    """The columns of trigger.COLUMNS known of the customers of an earlier day (as Customers.frame then): no models."""
    return _counted(people, scores_of(people) if segmented else None)


def _counted(frame: pd.DataFrame, scores: pd.DataFrame | None) -> Known:
    """What is counted or ranked, not foretold; scores: segment, r, f, m of the same customers."""
    net = frame["net"].to_numpy()
    made: Known = {name: partial(_of, frame, name) for name in PLAIN}
    made["order_value"] = lambda: net / frame["orders"].to_numpy()
    if scores is not None:
        made |= {name: partial(_of, scores, name) for name in ("segment", "r", "f", "m")}
    if np.isnan(net).all():
        return made
    if len(net) >= LEAST:
        made["high_value"] = lambda: (score(whole(net)).of == BEST) & (np.nan_to_num(net) > 0)
    return made | _ranks("net", net, scores)


def _ranks(name: str, values: np.ndarray, scores: pd.DataFrame | None) -> Known:
    """The place by a value among all and, where there are segments, in the own segment."""
    made: Known = {f"{name}_rank": partial(trigger.rank, values)}
    if scores is not None:
        made[f"segment_{name}_rank"] = partial(trigger.rank, values, scores["segment"].cat.codes.to_numpy())
    return made


def _of(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name]


def matched(playbook: Playbook, known: Known, rows: int) -> np.ndarray:
    """The place of each row's plan in the playbook, -1 for none. DataError for a rule that cannot be computed."""
    triggers = [plan.trigger for plan in playbook.plans]
    used = {name for one in triggers for name in one.columns}
    try:
        return trigger.first({name: known[name]() for name in sorted(used & known.keys())}, rows, triggers)
    except trigger.RuleError as fault:
        raise DataError("E_PLAYBOOK", f"a trigger {fault.what}", file=playbook.file, hint=fault.hint) from None


def visitors_plan(playbook: Playbook) -> int:
    """The place of the plan of who looked but never bought, -1 when there is none."""
    looked: Known = {"segment": lambda: np.array([WINDOW_SHOPPERS]), "orders": lambda: np.zeros(1)}
    return int(matched(playbook, looked, 1)[0])
