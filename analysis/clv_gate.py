"""May the lifetime model be believed? Named criteria, each with its own threshold, none of them on numbers in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.btyd import VAGUE

Scope = Literal["purchases", "value"]
Measures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One criterion. key: of its measure. asked: what is measured. needed: the threshold as printed. passes: of the
    measured value. otherwise: why the model is not reliable when it does not pass, without a digit."""

    key: str
    scope: Scope
    asked: str
    needed: str
    passes: Callable[[float], bool]
    otherwise: str


# In the order in which a failure is named: without the first ones the others mean nothing. The band of the total is
# wide as the textbook example (CDNOW, 39 weeks ahead) misses by 12 % and is of use; ruled out is a forecast that is
# wrong by a quarter. A correlation below 0.1 is the usual mark of no relation worth naming, one above 0.3 of a moderate
# one (Cohen 1988). The past rate ties all who bought once, which rank correlation rewards: it is compared by capture.
RULES = (
    Rule(
        "uncertainty",
        "purchases",
        "Identified, until the split and on all days: the largest standard error of a log parameter",
        f"at most {VAGUE:g}",
        lambda v: v <= VAGUE,
        "the data do not tell customers who left from customers who only pause",
    ),
    Rule(
        "moved",
        "purchases",
        "Estimates left the values the search began at: log-likelihood gained",
        "at least 2",
        lambda v: v >= 2,
        "the estimates did not move from where the search began",
    ),
    Rule(
        "leaving",
        "purchases",
        "Customers do leave: log-likelihood above that of a model in which nobody leaves",
        "at least 2",
        lambda v: v >= 2,
        "a model in which nobody ever leaves fits as well",
    ),
    Rule(
        "total_change",
        "purchases",
        "Purchases in the holdout, expected against actual",
        "within ±0.25",
        lambda v: abs(v) <= 0.25,
        "it was wrong by more than a quarter about the purchases of the days it was tried on",
    ),
    Rule(
        "tracking_change",
        "purchases",
        "Repeat purchases from the first day to the last, expected against actual",
        "within ±0.15",
        lambda v: abs(v) <= 0.15,
        "its weekly purchases drift away from the actual ones",
    ),
    Rule(
        "rank",
        "purchases",
        "Order of customers: rank correlation of expected and actual purchases; a mean alone tells no order",
        "at least 0.1",
        lambda v: v >= 0.1,
        "it does not tell who buys more from who buys less",
    ),
    Rule(
        "capture",
        "purchases",
        "Purchases of the best fifth: share captured, less that of the past purchase rate",
        "at least −0.05",
        lambda v: v >= -0.05,
        "past purchase rates name the best customers better",
    ),
    Rule(
        "rmse",
        "purchases",
        "Root mean square error over that of the better of past rate and mean",
        "at most 1",
        lambda v: v <= 1,
        "a plain average or the past rate comes nearer to what customers do",
    ),
    Rule(
        "deciles",
        "purchases",
        "Tenths of customers by expected purchases: sum of their misses over all purchases",
        "at most 0.3",
        lambda v: v <= 0.3,
        "the groups it expects most and least of do not buy as expected",
    ),
    Rule(
        "correlation",
        "value",
        "Frequency and mean spend of repeat buyers: absolute correlation",
        "at most 0.3",
        lambda v: v <= 0.3,
        "those who buy often spend differently, which its spend model rules out",
    ),
    Rule(
        "value_change",
        "value",
        "Sales in the holdout, expected against actual",
        "within ±0.3",
        lambda v: abs(v) <= 0.3,
        "it was wrong by more than three tenths about the sales of the days it was tried on",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the criteria say. failed: keys in the order of RULES. tried: those that could be measured or had to be."""

    measures: Measures
    tried: tuple[str, ...]
    failed: tuple[str, ...]

    def scope(self, scope: Scope) -> tuple[str, ...]:
        """The failed criteria of one scope."""
        return tuple(rule.key for rule in RULES if rule.key in self.failed and rule.scope == scope)

    def table(self) -> pd.DataFrame:
        """criterion, scope, needed, measured, result (passed, failed, not tried)."""
        return pd.DataFrame(
            [(rule.asked, rule.scope, rule.needed, self._measured(rule.key), self._result(rule.key)) for rule in RULES],
            columns=["criterion", "scope", "needed", "measured", "result"],
        )

    def _measured(self, key: str) -> float:
        value = self.measures.get(key)
        return float("nan") if value is None else value

    def _result(self, key: str) -> str:
        return "not tried" if key not in self.tried else "failed" if key in self.failed else "passed"


def verdict(measures: Measures, needless: tuple[str, ...]) -> Verdict:
    """Hold the measures against RULES; one that is unknown fails unless it is needless (as value without amounts)."""
    tried = tuple(rule for rule in RULES if rule.key not in needless)
    failed = tuple(rule.key for rule in tried if (v := measures.get(rule.key)) is None or not rule.passes(v))
    return Verdict(measures, tuple(rule.key for rule in tried), failed)


def why(key: str) -> str:
    """Why the model is not reliable when this criterion is not met."""
    return next(rule.otherwise for rule in RULES if rule.key == key)
