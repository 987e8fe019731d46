"""What is said of expected spend: its findings, and the tables of curves, coefficients and customers."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import gains
from analysis.finding import Finding, Table
from analysis.spend_model import RARE, Model
from analysis.spend_report import BELOW, SCORES, SOURCE, Ahead, Past, Report, Tested

FITTED = "analysis/spend_model.py"
POPULATION = "known customers with a sale before the last ninety days"
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
        claim = "Past spend still tells who spends next: its best fifth brought {value}, and no model clearly more."
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
