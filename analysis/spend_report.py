"""What the test of expected spend says: how it ranks and how it is calibrated, whether that is enough, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import gains
from analysis.finding import Finding, Table, Unit
from analysis.rfm import SEGMENTS
from analysis.spend_model import RARE, Model

SOURCE, FITTED = "analysis/spend_90d.py", "analysis/spend_model.py"
SPENT = "analysis/outcomes.sql"
SHARES = (0.1, 0.2)
BAND = (2 / 3, 3 / 2)  # predicted over actual total in which the level counts as right
HELD = 0.8  # share of tenths whose actual spend must hold the predicted
POPULATION = "known customers with a sale before the last ninety days"
BELOW = "who was refunded more than bought counts as zero"
SCORES = {
    "model": "Model",
    "past_spend": "Past spend",
    "past_rate": "Past spend per day",
    "recency": "Recency of the last sale",
    "lifetime": "Lifetime value",
}
MEASURED = {
    "recency": "Days since the last sale",
    "tenure": "Days since the first sale",
    "orders": "Orders",
    "net": "Past spend",
    "items": "Items per order",
    "returns": "Share given back",
    "age": "Age",
    "income": "Income",
    "children": "Children",
}


@dataclass(frozen=True, slots=True)
class Past:
    """Customers whose quarter is known: what each spent (at least 0), was scored and was expected to spend.

    lifetime: what BG/NBD and Gamma-Gamma expected; None where they could not be fitted or are not compared.
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
        return {name: float(np.sort(spend).sum() / np.sort(self.spent).sum()) for name, spend in ways.items()}


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
        drawn = gains.resampled(scores, past.spent, SHARES, tested.seed)
        for name, score in scores.items():
            own = gains.curve(score, past.spent)
            found = [own.capture(SHARES[0]), own.capture(SHARES[1]), gains.gini(score, past.spent)]
            for at, what in enumerate(("10", "20", "gini")):
                figures[f"{where}{name}_{what}"] = found[at], gains.interval(found[at], drawn[name][:, at], n)
            ends = [end for at in (0, 1) for end in figures[f"{where}{name}_{('10', '20')[at]}"][1]]
            total = past.totals().get(name, np.nan)
            rows.append(("held-out customers" if where else "later quarter", SCORES[name], *found, *ends, total))
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


# Tables for pages


def curves(past: Past, most: int, best: str = "model") -> Table:
    """The gains curves of model, past spend, a perfect order and, if it is another, the best score (`other`)."""
    shares, model = gains.curve(past.score, past.spent).points(most)
    columns = {
        "share_of_customers": shares,
        "model": model,
        "past_spend": gains.curve(past.scores()["past_spend"], past.spent).points(most)[1],
        "perfect": gains.perfect(past.spent).points(most)[1],
    }
    labels = {"share_of_customers": "Share of customers, best first", **SCORES, "perfect": "Perfect order"}
    if best not in columns:
        columns["other"] = gains.curve(past.scores()[best], past.spent).points(most)[1]
        labels["other"] = SCORES[best]
    labels = {key: labels[key] for key in columns}
    return Table(pd.DataFrame(columns), "Gains", labels, SOURCE, dict.fromkeys(columns, "share"))


def coefficients(model: Model) -> Table:
    """What each measure does to expected spend, the strongest first; countries below."""
    rows: list[tuple[str, float, float, float]] = [
        (MEASURED[f.name], f.weight, float(np.exp(f.weight)), 2 ** (f.weight / f.deviation) if f.log else np.nan)
        for f in sorted(model.features, key=lambda f: -abs(f.weight))
    ]
    named = {f"Country: {name or 'unknown'}": weight for name, weight in sorted(model.countries.items())}
    others = {"Country: any other": model.other} if model.countries else {}
    rows += [(name, weight, float(np.exp(weight)), np.nan) for name, weight in (named | others).items()]
    return Table(
        pd.DataFrame(rows, columns=["measure", "weight", "factor", "doubled"]),
        "What expected spend rests on",
        {
            "measure": "Measure",
            "weight": "Coefficient",
            "factor": "Spend times, per standard deviation",
            "doubled": "Spend times, when doubled",
        },
        FITTED,
        {"weight": "ratio", "factor": "ratio", "doubled": "ratio"},
        note="All other measures held as they are; measures that go together share what they say. Days, orders, money "
        f"and items enter as logarithms of one more. Countries of fewer than {RARE:.0%} of customers are one. Tweedie "
        f"regression with log link, power {model.power:g}, alpha {model.alpha:g}; then set to the level that tenths "
        "of held-out customers spent.",
    )


def tried(frame: pd.DataFrame) -> Table:
    return Table(
        frame,
        "Power and shrinkage, by how well they rank customers held out in the earlier quarter",
        {"power": "Power", "alpha": "Alpha", "gini": "Gini", "chosen": "Chosen"},
        FITTED,
        {"power": "ratio", "alpha": "ratio", "gini": "ratio"},
    )


def biggest(now: pd.DataFrame, expected: pd.DataFrame, most: int) -> Table:
    """Of whom most is expected, by name: only for reports that may name customers."""
    found = expected.assign(net=now["net"].to_numpy(), recency_days=now["recency_days"].to_numpy())
    found = found.sort_values(["spend_90d", "customer_id"], ascending=[False, True]).head(most)
    return Table(
        found.reset_index(drop=True),
        "Customers expected to spend most",
        {
            "customer_id": "Customer",
            "spend_90d": "Expected spend",
            "net": "Net revenue",
            "recency_days": "Days since the last sale",
        },
        SOURCE,
        {"spend_90d": "money", "net": "money", "recency_days": "days"},
    )


# Findings


def findings(
    tested: Tested, report: Report, model: Model, ahead: Ahead | None, window: tuple[date, date]
) -> dict[str, Finding]:
    """Every number of the test, and of the next ninety days where the test was passed."""
    n = len(tested.later.spent)
    made = partial(Finding, population=POPULATION, n=n, window=tested.window, source=SOURCE)
    found = {"headline": _headline(report, made)}
    found |= _captures(report, made, len(tested.held_out.spent))
    found |= _calibration(report, made, len(tested.held_out.spent))
    if "lifetime_20" in report.figures:
        value, interval = report.figures["lifetime_20"]
        found["capture_20_lifetime"] = made(
            value,
            "share",
            "The fifth of most lifetime value over ninety days brought {value} of the spend of these days.",
            "spend of the fifth of customers ranked by BG/NBD × Gamma-Gamma before / spend of all, in the last ninety "
            "days; " + BELOW,
            kind="estimated",
            interval=interval,
        )
    found["best_score"] = made(
        SCORES[report.best].lower(),
        "name",
        "Of the ways to rank customers tried, the best fifth by {value} brought most.",
        "the score whose best fifth brought the largest share of the later quarter's spend",
    )
    for name in ("power", "alpha"):
        found[name] = made(
            getattr(model, name),
            "ratio",
            f"The {name} of the Tweedie regression is {{value}}.",
            "the one of those tried that best ranks customers held out in the earlier quarter (Gini)",
        )
    return found | _ahead(report, ahead, window)


WHY = "the model failed its test: {}"
CAPTURE = (
    "spend of the {} of customers the model scored highest before / spend of all, in the last ninety days; " + BELOW
)


def _headline(report: Report, made: Any) -> Finding:
    """What an executive is told: who finds the spenders, or that nothing is said of the future."""
    low, high = report.figures["difference_20"][1]
    key = "model_20"
    claim = (
        "The model’s best fifth of customers brought {value} of ninety days’ spend; past spend’s best fifth "
        "{spend_90d.capture_20_past_spend}."
    )
    if low <= 0:
        key = "past_spend_20"
        claim = "Past spend still tells who spends next: its best fifth brought {value}, and no model surely more."
    if high < 0:
        claim = "Past spend tells better than a model who spends next: its best fifth brought {value} of spend."
    if report.best not in ("model", "past_spend"):
        key = f"{report.best}_20"
        claim = (
            "By {spend_90d.best_score}, the best fifth of customers brought {value} of spend; the model’s "
            "{spend_90d.capture_20}."
        )
    value, interval = report.figures[key]
    return made(
        None if report.failed else value,
        "share",
        claim,
        HEADLINE.get(key, f"spend of the best fifth by {SCORES[report.best].lower()} / spend of all; {BELOW}"),
        kind="estimated",
        interval=interval,
        reason=WHY.format(report.failed) if report.failed else "",
        leading=True,
    )


LOW = "Missed as far as in the test, it may be from {value} to {spend_90d.predicted_high}."
PAST = "spend of the {} of customers who had spent most before / spend of all, in the last ninety days; " + BELOW
HEADLINE = {"model_20": CAPTURE.format("fifth"), "past_spend_20": PAST.format("fifth")}


def _captures(report: Report, made: Any, held: int) -> dict[str, Finding]:
    def share(key: str, claim: str, definition: str, **more: Any) -> Finding:
        value, interval = report.figures[key]
        return made(value, "share", claim, definition, kind="estimated", interval=interval, **more)

    found = {}
    apart = {"population": "known customers held out of the fit", "n": held}
    for digits, part in (("10", "tenth"), ("20", "fifth")):
        found[f"capture_{digits}"] = share(
            f"model_{digits}",
            f"The {part} of customers scored highest brought {{value}} of the spend of the ninety days that followed.",
            CAPTURE.format(part),
        )
        found[f"capture_{digits}_past_spend"] = share(
            f"past_spend_{digits}",
            f"The {part} who had spent most before brought {{value}} of the spend of those ninety days.",
            PAST.format(part),
        )
        found[f"capture_{digits}_held_out"] = share(
            f"held_out_model_{digits}",
            f"Of customers held out, the {part} scored highest brought {{value}} of spend.",
            f"spend of the {part} of customers scored highest / spend of all, each by a model that did not see them; "
            + BELOW,
            **apart,
        )
        found[f"difference_{digits}"] = made(
            report.figures[f"difference_{digits}"][0],
            "ratio",
            f"The model’s best {part} brought {{value}} more of all spend than that of past spend, as a share.",
            f"capture of the best {part} by the model - by past spend; interval over customers drawn in pairs",
            kind="estimated",
            interval=report.figures[f"difference_{digits}"][1],
        )
    for key, name in (("gini", "model"), ("gini_past_spend", "past_spend"), ("gini_held_out", "held_out_model")):
        value, interval = report.figures[f"{name}_gini"]
        by = {"gini": "the model", "gini_past_spend": "past spend"}.get(key, "the model on customers held out")
        found[key] = made(
            value,
            "ratio",
            f"The Gini coefficient of {by} is {{value}}; nought is chance, one the perfect order.",
            f"area between gains curve and diagonal / the same of the perfect order; {BELOW}",
            kind="estimated",
            interval=interval,
            **(apart if key == "gini_held_out" else {}),
        )
    return found


def _calibration(report: Report, made: Any, held: int) -> dict[str, Finding]:
    value, interval = report.figures["ratio"]
    within, later = (int(t.frame["within"].sum()) for t in (report.deciles, report.deciles_later))
    definition = "tenths of customers by score whose mean predicted spend lies in the interval of their mean spend"
    return {
        "calibration_total": made(
            value,
            "ratio",
            "Predicted over actual total of the last ninety days was {value}.",
            "predicted spend / actual spend of the last ninety days, by a model that saw only days before; " + BELOW,
            kind="estimated",
            interval=interval,
        ),
        "deciles_within": made(
            within,
            "count",
            "Of ten groups of customers held out, {value} spent what was predicted, within their intervals.",
            definition,
            population="known customers held out of the fit",
            n=held,
        ),
        "deciles_within_later": made(
            later,
            "count",
            "Of ten groups of customers, {value} spent in the later quarter what the earlier one led to expect.",
            definition + "; by a model that saw only the quarter before",
        ),
    }


def _ahead(report: Report, ahead: Ahead | None, window: tuple[date, date]) -> dict[str, Finding]:
    why = WHY.format(report.failed) if ahead is None else ""
    rows = ahead.segments.frame.to_dict("records") if ahead else []
    n = int(sum(row["customers"] for row in rows))
    made = partial(Finding, population="known customers with at least one sale", n=n, window=window, source=SOURCE)
    definition = "sum over customers of expected spend; interval as far as the test missed, either way; " + BELOW
    found = {
        "predicted_total": made(
            ahead.total if ahead else None,
            "money",
            "Known customers are expected to spend {value} in the next ninety days.",
            definition,
            kind="estimated",
            interval=ahead.interval if ahead else None,
            reason=why,
            leading=True,
        )
    }
    if ahead:
        for key, end, claim in (("predicted_low", 0, LOW), ("predicted_high", 1, "It may be as much as {value}.")):
            found[key] = made(
                ahead.interval[end],
                "money",
                claim,
                "end of the interval of expected spend, which reaches as far as the test missed, either way",
                kind="estimated",
                interval=ahead.interval,
                leading=True,
            )
    if rows:
        first = rows[0]
        found["top_segment"] = made(
            first["segment"], "name", "Of all segments, {value} customers are expected to spend most.", definition
        )
        found["top_segment_spend"] = made(
            first["spend"],
            "money",
            "{spend_90d.top_segment} customers are expected to spend {value} in ninety days.",
            definition,
            kind="estimated",
            interval=(first["low"], first["high"]),
            leading=True,
        )
    return found
