"""Does an action work? Who is treated and who is left alone, what such a test can show, what the last one showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import assignment, experiment_design, experiment_outcome, previous
from analysis.actions import Actions
from analysis.assignment import CONTROL, TREATMENT, mismatch
from analysis.customers import Customers
from analysis.experiment_design import NOBODY, SMALL, STRATA, Design, Past
from analysis.experiment_outcome import Outcome
from analysis.experiment_told import of_designs, of_outcomes
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.long_table import LongTable, in_blocks, written
from analysis.rfm import Rfm
from analysis.uplift import METHOD
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/experiment.py"
NONE = "there is no earlier release"


@dataclass(frozen=True, slots=True)
class Experiment(Result):
    """frame: customer_id, action, arm (categories; NaN and "" of who is in no action); rows as customers.frame.

    assignments: customer_id, action, segment, arm, share (of control), seed, day, by customer_id: for the exports.
    designs: one row an action with customers. balance: action, segment, treatment, control, expected (in control), p.
    outcomes, amounts: what came of the last release's assignment; None where that is not told, for the reason `why`.
    rows: (key, status, pool) of designs. tried: (key, verdict) of outcomes. then: the past customers were counted on.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame
    designs: Table
    balance: Table
    outcomes: Table | None
    amounts: Table | None
    assignments: LongTable
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    tried: tuple[tuple[str, str], ...]
    why: str
    measured: bool


def compute(actions: Actions, customers: Customers, rfm: Rfm | None, lines: Relation, settings: Settings) -> Experiment:
    """Draw the arms, size them up, and read the last ones; raises Skip when no action selects a known customer."""
    people, action = customers.frame, actions.frame["action"]
    if action.isna().all():
        raise Skip("no action selects a known customer")
    plans = actions.plans.frame.to_dict("records")
    place = experiment_design.strata(people, None if rfm is None else rfm.frame["segment"].cat.codes.to_numpy())
    shares = {str(plan["key"]): float(plan["control_share"]) for plan in plans}
    alone = experiment_design.drawn(people["customer_id"], action, shares, settings.seed)
    then = experiment_design.past(lines, settings.snapshot, rfm is not None, actions.playbook, _known(actions))
    designs = _designs(plans, customers.numbered[["customer"]], action, place, alone, then)
    frame = _frame(people["customer_id"], action, alone)
    drawn = _drawn(frame, place, shares)
    names, outcomes, why = _last(lines, people["customer_id"], list(shares), settings)
    names |= {design.key: design.name for design in designs}
    findings = of_designs(designs, then, customers.window)
    if outcomes:
        findings |= of_outcomes(outcomes, names, previous.read(settings.previous).snapshot, settings)  # type: ignore[arg-type]
    return Experiment(
        findings=findings,
        frame=frame,
        designs=_design_table(designs),
        balance=_balance(drawn, names),
        outcomes=_outcome_table(outcomes, names) if outcomes else None,
        amounts=_amount_table(outcomes, names) if outcomes else None,
        assignments=_assignments(drawn, people["customer_id"], settings),
        rows=tuple((d.key, d.status, d.pool) for d in designs),
        tried=tuple((o.key, o.verdict) for o in outcomes),
        why=why,
        measured=then is not None,
    )


def _known(actions: Actions) -> frozenset[str]:
    """The columns that the triggers find on these data."""
    columns = actions.columns.frame
    return frozenset(columns.loc[columns["known"] == "yes", "column"])


def _designs(
    plans: Sequence[Mapping[str, object]],
    people: pd.DataFrame,
    action: pd.Series,
    place: np.ndarray,
    alone: np.ndarray,
    then: Past | None,
) -> list[Design]:
    """Of each plan that selects somebody, in order of priority."""
    made = []
    for plan in plans:
        here = (action == plan["key"]).to_numpy()
        made.append(experiment_design.designed(plan, people[here], place[here], alone[here], then))
    return experiment_design.pooled([design for design in made if design.status != NOBODY])


def _frame(customer_ids: pd.Series, action: pd.Series, alone: np.ndarray) -> pd.DataFrame:
    code = np.where(action.isna(), 0, np.where(alone, 2, 1)).astype(np.int8)
    arm = pd.Categorical.from_codes(code, dtype=pd.CategoricalDtype(["", TREATMENT, CONTROL]))
    return pd.DataFrame({"customer_id": customer_ids, "action": action, "arm": arm}, copy=False)


def _drawn(frame: pd.DataFrame, place: np.ndarray, shares: Mapping[str, float]) -> pd.DataFrame:
    """Who is in which arm of an action that has a control group: the index is the place of the customer."""
    tried = np.flatnonzero(frame["action"].isin([key for key, share in shares.items() if 0 < share < 1]))
    kept = frame[["action", "arm"]].take(tried)
    segment = pd.Categorical.from_codes(place[tried], dtype=pd.CategoricalDtype(list(STRATA)))
    share = kept["action"].map(shares).astype(float)
    return pd.DataFrame({"action": kept["action"], "segment": segment, "arm": kept["arm"], "share": share})


def _assignments(drawn: pd.DataFrame, customer_ids: pd.Series, settings: Settings) -> LongTable:
    """The same with the ids, the seed and the day."""

    def block(rows: slice) -> pd.DataFrame:
        some = drawn.iloc[rows]
        some.insert(0, "customer_id", customer_ids.take(some.index))
        return some.assign(seed=settings.seed, day=np.datetime64(settings.snapshot, "s"))

    return written(in_blocks(len(drawn), block))


def _last(
    lines: Relation, known: pd.Series, order: Sequence[str], settings: Settings
) -> tuple[dict[str, str], list[Outcome], str]:
    """Names of the last release's actions, their outcome in this order of keys, and why there is none."""
    if settings.previous is None:
        return {}, [], NONE
    last = previous.read(settings.previous)
    drawn = last.assignments()
    if drawn is None or drawn.empty:
        return {}, [], "the last release holds no experiment"
    if not drawn["customer_id"].isin(known).any():
        return {}, [], "not one customer of the last release's experiments is in these data"
    found = experiment_outcome.measured(drawn, known, lines, last.snapshot, settings.snapshot)
    found.sort(key=lambda outcome: (order.index(outcome.key) if outcome.key in order else len(order), outcome.key))
    if last.currency != settings.currency or settings.no_money:
        found = [experiment_outcome.without_money(outcome) for outcome in found]
    names = {o.key: last.findings.get(f"actions.{o.key}_name") for o in found}
    return (
        {key: str(said.value) if said and said.value else key.replace("_", " ") for key, said in names.items()},
        found,
        "",
    )


def _design_table(designs: Sequence[Design]) -> Table:
    rows = [
        {
            "name": d.name,
            "treatment": d.treatment,
            "control": d.control,
            "baseline": np.nan if d.baseline is None else d.baseline,
            "detectable": np.nan if d.detectable is None else d.detectable,
            "response": d.response,
            "needed": np.nan if d.needed is None else d.needed,
            "entering": d.entering,
            "weeks": np.nan if d.weeks is None else d.weeks,
            "verdict": _said(d, {each.key: each.name for each in designs}),
        }
        for d in designs
    ]
    units: dict[str, Unit] = {
        "treatment": "count", "control": "count", "baseline": "share", "detectable": "points", "response": "points",
        "needed": "count", "entering": "ratio", "weeks": "count",
    }  # fmt: skip
    labels = {
        "name": "Action",
        "treatment": "Treated",
        "control": "Left alone",
        "baseline": "Buy anyway",
        "detectable": "Uplift that shows",
        "response": "Uplift assumed",
        "needed": "Customers needed for it",
        "entering": "Newly eligible a week",
        "weeks": "Weeks",
        "verdict": "So",
    }
    return Table(
        pd.DataFrame(rows), "What each test can show", labels, SOURCE, units,
        note="Uplift: points by which more of the treated buy within ninety days. Weeks: until the outcome of a test "
        "that shows the assumed uplift is known, ninety days of watching included; empty beyond a year.",
    )  # fmt: skip


def _said(design: Design, names: Mapping[str, str]) -> str:
    if design.status != SMALL:
        return design.status
    if not design.pool:
        return "too small, also with all others"
    return f"too small: pool with {' and '.join(names[key] for key in design.pool)}"


def _balance(drawn: pd.DataFrame, names: Mapping[str, str]) -> Table:
    """How the draw fell in each segment of each action."""
    rows = []
    for (action, segment), of in drawn.groupby(["action", "segment"], observed=True, sort=True):
        control, share = int((of["arm"] == CONTROL).sum()), float(of["share"].iloc[0])
        expected, p = len(of) * share, mismatch(len(of) - control, control, share)
        rows.append((names[str(action)], str(segment), len(of) - control, control, expected, p))
    columns = {
        "name": "Action",
        "segment": "Segment",
        "treatment": "Treated",
        "control": "Left alone",
        "expected": "Left alone, expected",
        "p": "p of the difference",
    }
    units: dict[str, Unit] = {"treatment": "count", "control": "count", "expected": "ratio", "p": "ratio"}
    return Table(
        pd.DataFrame(rows, columns=list(columns)), "How the draw fell in each segment", columns, SOURCE, units,
        note=f"Drawn so: {assignment.RULE}. {assignment.STRATA} p: chance of a split at least as uneven; among many "
        "rows a few small ones are to be expected.",
    )  # fmt: skip


def _outcome_table(found: Sequence[Outcome], names: Mapping[str, str]) -> Table:
    rows = []
    for o in found:
        gap = o.conversion
        value, (low, high) = (np.nan, (np.nan, np.nan)) if gap is None else (gap.value, gap.interval)
        rates = [arm.buyers / arm.customers if arm.customers else np.nan for arm in (o.treatment, o.control)]
        sizes = (o.treatment.customers, o.control.customers)
        rows.append((names[o.key], *sizes, *rates, value, low, high, o.chance, o.adjusted, o.ratio, o.lost, o.verdict))
    labels = {
        "name": "Action",
        "treatment": "Treated",
        "control": "Left alone",
        "treated_rate": "Bought, treated",
        "control_rate": "Bought, left alone",
        "change": "Difference",
        "change_low": "from",
        "change_high": "to",
        "p": "p",
        "p_holm": "p, all actions",
        "p_ratio": "p of the loss",
        "lost": "Not found again",
        "verdict": "Verdict",
    }
    units: dict[str, Unit] = {
        "treatment": "count", "control": "count", "treated_rate": "share", "control_rate": "share", "change": "points",
        "change_low": "points", "change_high": "points", "p": "ratio", "p_holm": "ratio", "p_ratio": "ratio",
        "lost": "count",
    }  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=list(labels)), "What came of the last report's tests", labels, SOURCE, units,
        note=f"Differences in points, 95 % intervals: {METHOD}. p of the loss: chance that the arms lost customers as "
        "unevenly, were neither more likely to (Fisher).",
    )  # fmt: skip


def _amount_table(found: Sequence[Outcome], names: Mapping[str, str]) -> Table:
    rows = []
    for o in found:
        cells: list[float] = []
        for gap in (o.spend, o.orders):
            cells += [np.nan] * 3 if gap is None else [gap.value, *gap.interval]
        rows.append((names[o.key], *cells))
    labels = {
        "name": "Action",
        "spend_change": "Net revenue a customer",
        "spend_change_low": "from",
        "spend_change_high": "to",
        "orders_gap": "Orders a customer",
        "orders_gap_low": "from",
        "orders_gap_high": "to",
    }
    units: dict[str, Unit] = {
        name: "money" if name.startswith("spend") else "ratio" for name in labels if name != "name"
    }
    return Table(
        pd.DataFrame(rows, columns=list(labels)), "Treated less left alone: revenue and orders", labels, SOURCE, units,
        note="Means over all customers of an arm, also those who did not buy; 95 % intervals (Welch).",
    )  # fmt: skip
