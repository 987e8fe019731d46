"""What the test of expected spend says: how it ranks and how it is calibrated, whether that is enough, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis import gains
from analysis.finding import Table, Unit
from analysis.rfm import SEGMENTS

SOURCE = "analysis/spend_90d.py"
SPENT = "analysis/outcomes.sql"
SHARES = (0.1, 0.2)
BAND = (2 / 3, 3 / 2)  # predicted over actual total in which the level counts as right
HELD = 0.8  # share of tenths whose actual spend must hold the predicted
BELOW = "who was refunded more than bought counts as zero"
ASKED = ("net", "tenure_days", "recency_days")  # of people, by the simpler ways to rank them
SCORES = {
    "model": "Model",
    "past_spend": "Past spend",
    "past_rate": "Past spend per day",
    "recency": "Recency of the last sale",
    "lifetime": "Lifetime value",
}


@dataclass(frozen=True, slots=True)
class Past:
    """Customers whose quarter is known: what each spent (at least 0), was scored and was expected to spend.

    people: ASKED of them. lifetime: what BG/NBD and Gamma-Gamma expected; None where they could not be fitted or are
    not compared.
    """

    people: pd.DataFrame
    spent: np.ndarray
    score: np.ndarray
    expected: np.ndarray
    lifetime: np.ndarray | None = None

    def scores(self) -> dict[str, np.ndarray]:
        """The model and the simpler ways to rank customers; the highest first."""
        net = np.nan_to_num(self.people["net"].to_numpy())
        tenure, recency = (self.people[c].to_numpy() for c in ("tenure_days", "recency_days"))
        found = {"model": self.score, "past_spend": net, "past_rate": net / tenure, "recency": -recency}
        return found if self.lifetime is None else found | {"lifetime": self.lifetime}

    def totals(self) -> dict[str, float]:
        """Predicted over actual total of the ways that predict spend."""
        ways = {"model": self.expected} | ({} if self.lifetime is None else {"lifetime": self.lifetime})
        actual = np.sort(self.spent).sum()
        return {name: float(np.sort(spend).sum() / actual) for name, spend in ways.items()}


@dataclass(frozen=True, slots=True)
class Tested:
    """The two tests: a model of the quarter before on the later quarter, and held-out customers of the later one.

    segment: of the later quarter's customers, places in SEGMENTS. window: the later quarter. tried: powers and alphas.
    """

    later: Past
    held_out: Past
    segment: np.ndarray
    window: tuple[date, date]
    tried: pd.DataFrame
    seed: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the tests found.

    figures: name -> (estimate, (low, high)). best: the score that captured most. failed: why the model may not look
    ahead, "" when it may.
    """

    figures: Mapping[str, tuple[float, tuple[float, float]]]
    best: str
    failed: str
    scores: Table
    deciles: Table
    deciles_later: Table
    segments_later: Table
    gate: Table

    @property
    def passed(self) -> bool:
        return not self.failed


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next ninety days: expected spend of all with its interval, and by segment."""

    total: float
    interval: tuple[float, float]
    segments: Table


def judged(tested: Tested) -> Report:
    """Every figure of both tests, and whether the model may look ahead."""
    later, apart = tested.later, tested.held_out
    figures, scores, best = _ranking(tested)
    within = gains.calibration(apart.expected, apart.spent, gains.tenths(apart.score))
    within_later = gains.calibration(later.expected, later.spent, gains.tenths(later.score))
    by_segment = gains.calibration(later.expected, later.spent, tested.segment)
    ratio = _ratio(later.expected, later.spent)
    figures["ratio"] = ratio
    gate, failed = _gate(ratio[0], within, figures["model_20"])
    return Report(
        figures=figures,
        best=best,
        failed=failed,
        scores=scores,
        deciles=_calibrated(within, "Predicted and actual spend of customers held out, by tenth", "Tenth"),
        deciles_later=_calibrated(within_later, "Predicted and actual spend of the later quarter, by tenth", "Tenth"),
        segments_later=_calibrated(
            by_segment.assign(group=[SEGMENTS[at] for at in by_segment["group"]]),
            "Predicted and actual spend of the later quarter, by segment before it",
            "Segment",
        ),
        gate=gate,
    )


def ahead(tested: Tested, segment: np.ndarray, expected: np.ndarray) -> Ahead:
    """What is expected of all and of each segment, with intervals that reach as far as the test missed.

    A segment may be missed again in the same direction; the total as far in either, as demand may move either way.
    """
    total = float(np.sort(expected).sum())
    everyone = _missed(tested.later, np.ones(len(tested.segment), dtype=bool)) or (0.0, 1.0)
    far = max(everyone[1], 1 / everyone[0]) if everyone[0] else float(everyone[1])
    rows = []
    for at, name in enumerate(SEGMENTS):
        here, then = segment == at, tested.segment == at
        spend = float(np.sort(expected[here]).sum())
        if not here.any():
            continue
        low, high = _missed(tested.later, then) or everyone
        low, high = spend * min(low, 1.0), spend * max(high, 1.0)
        rows.append((name, int(here.sum()), spend, low, high, spend / total if total else np.nan, spend / here.sum()))
    frame = pd.DataFrame(rows, columns=["segment", "customers", "spend", "low", "high", "share", "each"])
    frame = frame.sort_values("spend", ascending=False, kind="stable", ignore_index=True)
    table = Table(
        frame,
        "Expected spend in the next ninety days, by segment",
        {
            "segment": "Segment",
            "customers": "Customers",
            "spend": "Expected spend",
            "low": "from",
            "high": "to",
            "share": "Share of expected spend",
            "each": "Per customer",
        },
        SOURCE,
        {"customers": "count", "spend": "money", "low": "money", "high": "money", "share": "share", "each": "money"},
        note="From and to: expected spend times the 95 % interval of actual over predicted spend of the segment in the "
        "test on the later quarter, made to hold one.",
    )
    return Ahead(total, (total / far, total * far), table)


def _missed(past: Past, rows: np.ndarray) -> tuple[float, float] | None:
    """The interval of actual / predicted total of some customers in the test; None where nothing was predicted."""
    expected, spent = float(np.sort(past.expected[rows]).sum()), np.sort(past.spent[rows])
    if not expected:
        return None
    low, high = gains.mean_interval(spent, past.spent[past.spent > 0])
    return low * len(spent) / expected, high * len(spent) / expected


def _ratio(expected: np.ndarray, spent: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Predicted / actual total, and its interval from that of the actual mean."""
    total, actual = float(np.sort(expected).sum()), np.sort(spent)
    low, high = (end * len(actual) for end in gains.mean_interval(actual, actual[actual > 0]))
    return total / float(actual.sum()), (total / high, total / low)


def _ranking(tested: Tested) -> tuple[dict[str, tuple[float, tuple[float, float]]], Table, str]:
    """Captures and Gini of every score in both tests, differences of model and past spend, and the best score."""
    figures: dict[str, tuple[float, tuple[float, float]]] = {}
    rows = []
    for where, past in (("", tested.later), ("held_out_", tested.held_out)):
        scores, n = past.scores(), len(past.spent)
        if where:
            scores = {name: scores[name] for name in ("model", "past_spend")}
        drawn, perfect = gains.resampled(scores, past.spent, SHARES, tested.seed), gains.perfect(past.spent).area
        totals = past.totals()
        for name, score in scores.items():
            own = gains.curve(score, past.spent)
            found = [own.capture(SHARES[0]), own.capture(SHARES[1]), gains.normalised(own, perfect)]
            for at, what in enumerate(("10", "20", "gini")):
                figures[f"{where}{name}_{what}"] = found[at], gains.interval(found[at], drawn[name][:, at], n)
            ends = [end for at in (0, 1) for end in figures[f"{where}{name}_{('10', '20')[at]}"][1]]
            tried = "held-out customers" if where else "later quarter"
            rows.append((tried, SCORES[name], *found, *ends, totals.get(name, np.nan)))
        for at, what in enumerate(("10", "20")):
            apart = figures[f"{where}model_{what}"][0] - figures[f"{where}past_spend_{what}"][0]
            draws = drawn["model"][:, at] - drawn["past_spend"][:, at]
            figures[f"{where}difference_{what}"] = apart, gains.interval(apart, draws, n)
    best = max(tested.later.scores(), key=lambda name: round(figures[f"{name}_20"][0], 6))
    columns = ["test", "score", "capture_10", "capture_20", "gini", "low_10", "high_10", "low_20", "high_20", "total"]
    units: dict[str, Unit] = {c: "share" for c in columns if c not in ("test", "score")}
    units["gini"] = units["total"] = "ratio"
    order = ["test", "score", "capture_10", "low_10", "high_10", "capture_20", "low_20", "high_20", "gini", "total"]
    table = Table(
        pd.DataFrame(rows, columns=columns)[order],
        "Who finds the spenders: share of spend that the best-scored customers brought",
        {
            "test": "Tested on",
            "score": "Ranked by",
            "capture_10": "Best tenth",
            "low_10": "from",
            "high_10": "to",
            "capture_20": "Best fifth",
            "low_20": "from",
            "high_20": "to",
            "gini": "Gini",
            "total": "Predicted / actual total",
        },
        SOURCE,
        units,
        note="Intervals of 95 %: bootstrap over customers. Customers with equal scores count in random order; the "
        f"share of customers is interpolated. Gini: nought is chance, one the perfect order; {BELOW}. Lifetime value: "
        "orders of ninety days expected by BG/NBD times spend of an order expected by Gamma-Gamma, fitted on the days "
        "before; absent where they cannot be fitted.",
    )
    return figures, table, best


def _gate(ratio: float, deciles: pd.DataFrame, capture: tuple[float, tuple[float, float]]) -> tuple[Table, str]:
    """The criteria a model must meet before it may look ahead, and why it fails ("" when it does not)."""
    within, low = float(deciles["within"].mean()), capture[1][0]
    criteria = (
        (
            "Predicted / actual total of the later quarter",
            f"{BAND[0]:.2f} to {BAND[1]:.2f}",
            f"{ratio:.2f}",
            BAND[0] <= ratio <= BAND[1],
            "the total of the last ninety days was missed by too much",
        ),
        (
            "Tenths of held-out customers whose actual spend agrees with the predicted",
            f"at least {HELD:.0%}",
            f"{within:.0%}",
            within >= HELD,
            "customers held out did not spend what was predicted",
        ),
        (
            "Share of the later quarter’s spend brought by the best-scored fifth, low end of its interval",
            f"above {SHARES[1]:.0%}",
            f"{low:.1%}",
            low > SHARES[1],
            "it finds those who spend no better than chance",
        ),
    )
    rows = [(what, wanted, found, "yes" if met else "no") for what, wanted, found, met, _ in criteria]
    table = Table(
        pd.DataFrame(rows, columns=["criterion", "wanted", "found", "met"]),
        "What the model must meet before it looks ahead",
        {"criterion": "Criterion", "wanted": "Wanted", "found": "Found", "met": "Met"},
        SOURCE,
    )
    return table, " and ".join(why for *_, met, why in criteria if not met)


def _calibrated(frame: pd.DataFrame, title: str, group: str) -> Table:
    return Table(
        frame,
        title,
        {
            "group": group,
            "customers": "Customers",
            "predicted": "Predicted",
            "actual": "Actual",
            "low": "from",
            "high": "to",
            "within": "Agrees",
        },
        SPENT,
        {"customers": "count", "predicted": "money", "actual": "money", "low": "money", "high": "money"},
        note="Mean spend of a customer in ninety days; tenths by score, the highest first. A group agrees where the "
        "predicted mean lies in the 95 % interval of the actual one (Fay and Feuer 1997).",
    )
