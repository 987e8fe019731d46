"""What is said of experiments: of those that can be made, and of those that were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from analysis import experiment_design, sample_size
from analysis.customers import SCALE
from analysis.experiment_design import ALL, FILLS, OWN, READY, SEGMENT, SMALL, WEEKS, Design, Past
from analysis.experiment_outcome import Outcome, together
from analysis.finding import Finding
from analysis.ground import noun
from analysis.uplift import HARMED, WORKED
from dataset.settings import Settings

SOURCE = "analysis/experiment.py"
JUDGED = "the interval (Newcombe) leaves out nought, at five percent over all actions together (Holm)"
WHOSE = {
    OWN: "customers the same rule selects (measures of models not known then)",
    SEGMENT: "customers of the segments it selects, whom of them it would have selected then not being known",
    ALL: "all customers, its own segments having too few",
}
POPULATIONS = {
    OWN: "customers under this action a quarter ago",
    SEGMENT: "customers of these segments a quarter ago",
    ALL: "all customers a quarter ago",
}
HISTORY = "a quarter ago the customers could not be put into segments yet, so how often they buy anyway is not known"


def of_designs(designs: Sequence[Design], then: Past | None, window: tuple[date, date]) -> dict[str, Finding]:
    """The findings of each action as a test that can be made, the headline first."""
    found: dict[str, Finding] = {}
    for design in designs:
        found |= _of_design(design, then, window)
    return {"headline": _headline(designs, then, window)} | _counts(designs, then, window) | found


def _told(n: int, window: tuple[date, date], population: str = "actions that select a known customer") -> Any:
    return partial(Finding, population=population, n=n, window=window, source=SOURCE)


def _counts(designs: Sequence[Design], then: Past | None, window: tuple[date, date]) -> dict[str, Finding]:
    told, small = _told(len(designs), window), sum(d.status == SMALL for d in designs)
    ready = 0 if then is None else sum(d.status in (READY, FILLS) for d in designs)
    treated, alone = sum(d.treatment for d in designs), sum(d.control for d in designs)
    as_one = experiment_design.detectable_in_all(designs)
    return {
        "all_detectable": told(
            None if as_one is None else as_one.value,
            "points",
            "Tested as one, all actions together show an uplift from {value} on.",
            "smallest difference in buyers within ninety days, each action compared within itself, at their mean "
            "baseline; as the uplift that shows of one action; interval: over those of the baselines",
            kind="estimated",
            interval=None if as_one is None else as_one.interval,
            reason="" if as_one is not None else HISTORY if then is None else "there are not two tests to put together",
        ),
        "actions": told(
            len(designs), "count", "Actions that select a known customer: {value}.", "actions with a customer"
        ),
        "small": told(
            None if then is None else small,
            "count",
            f"{{value}} {noun(small, 'action is', 'actions are')} too small to be tested alone within a year."
            if small
            else "No action is too small to be tested alone ({value}).",
            "actions whose assumed uplift would not show within a year",
            reason=HISTORY if then is None else "",
        ),
        "testable": told(
            ready or None,
            "count",
            f"{{value}} {noun(ready, 'action is', 'actions are')} large enough to show the uplift assumed of "
            f"{noun(ready, 'it', 'them')} within a year.",
            "actions whose assumed uplift shows within a year, ninety days to watch included",
            reason="" if ready else HISTORY if then is None else "no action has enough customers to be tested alone",
        ),
        "treated": told(
            treated,
            "count",
            f"{{value}} {noun(treated, 'customer is', 'customers are')} drawn for treatment.",
            "customers in treatment arms",
        ),
        "left_alone": told(
            alone,
            "count",
            f"{{value}} {noun(alone, 'customer is', 'customers are')} left alone, to compare with.",
            "customers in control arms",
        ),
    }


def _headline(designs: Sequence[Design], then: Past | None, window: tuple[date, date]) -> Finding:
    """How many of the actions can show what is assumed of them."""
    ready = sum(d.status in (READY, FILLS) for d in designs)
    told = _told(len(designs), window)
    if then is None:
        alone = sum(d.control for d in designs)
        return told(
            alone,
            "count",
            f"Arms are drawn, {{value}} {noun(alone, 'customer is', 'customers are')} left alone; "
            "what they can show is not known yet.",
            "customers in control arms",
        )
    are = noun(ready, "is", "are")
    claim = f"{{value}} of {{experiment.actions}} actions {are} large enough to show the uplift assumed within a year."
    if ready == len(designs):
        every, it = noun(ready, "The one action", "All actions"), noun(ready, "it", "them")
        claim = f"{every} ({{value}}) can show the uplift assumed of {it} in a test of at most a year."
    if not ready:
        claim = (
            "No action alone ({value} of {experiment.actions}) has enough customers to show its assumed uplift "
            "in a year."
        )
    return told(
        ready, "count", claim, "actions whose assumed uplift shows within a year, ninety days to watch included"
    )


def _of_design(design: Design, then: Past | None, window: tuple[date, date]) -> dict[str, Finding]:
    key, name = design.key, f"{{experiment.{design.key}_name}}"
    told = _told(design.customers, window, f"customers of the action {key}")
    since = (then.day, window[1]) if then else window
    unknown = HISTORY if design.baseline is None else ""
    passed = "no uplift short of everybody would show"
    return {
        f"{key}_name": told(design.name, "name", "The action is called {value}.", "its name in the playbook"),
        f"{key}_treatment": told(
            design.treatment,
            "count",
            f"{name}: {{value}} {noun(design.treatment, 'customer')} treated.",
            "treatment arm",
        ),
        f"{key}_control": told(
            design.control, "count", f"{name}: {{value}} {noun(design.control, 'customer')} left alone.", "control arm"
        ),
        f"{key}_baseline": Finding(
            design.baseline,
            "share",
            f"{name}: {{value}} of such customers buy within ninety days anyway.",
            f"{WHOSE[design.whose]}, as of ninety days before the snapshot, who bought in these ninety days / all of "
            "them" + ("" if design.whose == ALL else "; each segment counted as often as the action selects it now"),
            POPULATIONS[design.whose],
            design.base,
            since,
            SOURCE,
            reason=unknown,
        ),
        f"{key}_detectable": told(
            design.detectable,
            "points",
            f"{name}: an uplift shows from {{value}} on.",
            f"smallest difference in buyers within ninety days for these arms, judged alone: {sample_size.METHOD}",
            kind="estimated",
            interval=_over_baseline(design),
            reason=unknown or ("" if design.detectable is not None else passed),
        ),
        f"{key}_response": told(
            design.response,
            "points",
            f"{name}: an uplift of {{value}} is assumed.",
            "assumed in the playbook: share of the treated who buy once more than without the action",
            kind="assumed",
        ),
        f"{key}_needed": told(
            design.needed,
            "count",
            f"{name}: {{value}} customers are needed to show the assumed uplift.",
            f"both arms at the playbook's control share: {sample_size.METHOD}",
            reason="" if design.needed is not None else unknown or "the assumed uplift cannot be shown by any number",
        ),
        f"{key}_weeks": told(
            design.weeks,
            "count",
            f"{name}: the outcome is known after {{value}} weeks.",
            "weeks until enough customers newly came under it, as many a week as in the last ninety days, and ninety "
            f"days to watch ({WEEKS} weeks)",
            reason="" if design.weeks is not None else unknown or "it would take more than a year",
        ),
    }


def _over_baseline(design: Design) -> tuple[float, float] | None:
    """The uplift that shows, over the interval of the baseline."""
    if design.detectable is None:
        return None
    ends = [sample_size.detectable(end, design.treatment, design.control) for end in design.within]
    known = [end for end in (*ends, design.detectable) if end is not None]
    return min(known), max(known)


def of_outcomes(
    found: Sequence[Outcome], names: Mapping[str, str], since: date, settings: Settings
) -> dict[str, Finding]:
    """The findings of the last release's tests, their headline in the place of the designs'."""
    window = (since, settings.snapshot - timedelta(days=1))
    judged = [o for o in found if o.judged]
    told = _told(len(found), window, "actions tested since the last report")
    made: dict[str, Finding] = {}
    for outcome in found:
        made |= _of_outcome(outcome, names[outcome.key], window)
    worked, harmed = ([o for o in judged if o.verdict == verdict] for verdict in (WORKED, HARMED))
    counts = {
        "since": told(since, "date", "The last report drew its arms on {value}.", "snapshot of the earlier release"),
        "observed": told((settings.snapshot - since).days, "days", "They were watched for {value}.", "days between"),
        "tested": told(len(found), "count", "Actions tested since the last report: {value}.", "actions with two arms"),
        "withheld": told(
            len(found) - len(judged),
            "count",
            "Tests without a verdict: {value}.",
            "actions whose arms are not as they were drawn, or of which an arm is empty",
        ),
        "worked": told(len(worked), "count", "Actions that worked: {value}.", f"more of the treated bought; {JUDGED}"),
        "harmed": told(len(harmed), "count", "Actions that harmed: {value}.", f"fewer of the treated bought; {JUDGED}"),
    }
    whole = together(found)
    if whole is not None:
        n = sum(o.treatment.customers + o.control.customers for o in judged)
        counts["all_change"] = _told(n, window, "customers of all tests with a verdict")(
            whole.value,
            "points",
            "All actions together: {value} between treated and left alone.",
            "difference in buyers within each action, weighted as Mantel and Haenszel do",
            kind="estimated",
            interval=whole.interval,
        )
        for end, bound in zip(("low", "high"), whole.interval, strict=True):
            counts[f"all_change_{end}"] = _told(n, window, "customers of all tests with a verdict")(
                bound,
                "points",
                "All actions together: the difference may be from {value} to {experiment.all_change_high}."
                if end == "low"
                else "The upper end of the difference of all actions together is {value}.",
                "end of the interval of all_change",
                kind="estimated",
                interval=whole.interval,
            )
    return {"headline": _verdict(judged, worked, harmed, counts, made)} | counts | made


def _verdict(
    judged: Sequence[Outcome],
    worked: Sequence[Outcome],
    harmed: Sequence[Outcome],
    counts: Mapping[str, Finding],
    made: Mapping[str, Finding],
) -> Finding:
    """The one action that worked by name; otherwise how many did."""
    since = "Since {experiment.since}"
    if not judged:
        return replace(counts["tested"], claim="The last tests ({value}) have no verdict: their arms are not as drawn.")
    if len(worked) == 1 and not harmed:
        key = worked[0].key
        claim = f"{{experiment.{key}_name}} worked: {{value}} more of the treated bought than of those left alone."
        return replace(made[f"{key}_change"], claim=claim)
    if not worked and not harmed:
        claim = f"{since} not one of the {{value}} tested actions showed a difference."
        if len(judged) < counts["tested"].value:  # type: ignore[operator]
            claim = f"{since} no action showed a difference; {{experiment.withheld}} of {{value}} have no verdict."
        if counts["tested"].value == 1:
            claim = f"{since} the tested action ({{value}}) showed no difference."
        return replace(counts["tested"], claim=claim)
    ends = " and {experiment.harmed} harmed" if harmed else ""
    return replace(counts["worked"], claim=f"{since} {{value}} of {{experiment.tested}} tested actions worked{ends}.")


def _of_outcome(outcome: Outcome, name: str, window: tuple[date, date]) -> dict[str, Finding]:
    key, who = outcome.key, f"{{experiment.{outcome.key}_name}}"
    n = outcome.treatment.customers + outcome.control.customers
    told = _told(n, window, f"customers of the last report's action {key}")
    gap, empty = outcome.conversion, "an arm is empty"
    claim = {
        WORKED: f"{who} worked: the difference to those left alone is {{value}}.",
        HARMED: f"{who} harmed: the difference to those left alone is {{value}}.",
    }.get(outcome.verdict, f"{who}: {outcome.verdict} ({{value}}).")
    found = {
        f"{key}_name": told(name, "name", "The action is called {value}.", "its name in the playbook"),
        f"{key}_verdict": told(
            outcome.verdict, "name", f"{who}: {{value}}.", f"by the difference in conversion; {JUDGED}"
        ),
        f"{key}_change": told(
            None if gap is None else gap.value,
            "points",
            claim,
            "share of the treated who bought since the last report - share of those left alone; in points",
            kind="estimated",
            interval=None if gap is None else gap.interval,
            reason=empty if gap is None else "",
        ),
    }
    for arm, group, what in (
        ("treated", outcome.treatment, "of the treated"),
        ("alone", outcome.control, "of those left alone"),
    ):
        found[f"{key}_{arm}_rate"] = _told(group.customers, window, f"customers of {key}, {arm}")(
            group.buyers / group.customers if group.customers else None,
            "share",
            f"{who}: {{value}} {what} bought since the last report.",
            "customers with a sale since the last report / customers of the arm",
            reason="" if group.customers else empty,
        )
    if outcome.spend is not None:
        found[f"{key}_spend_change"] = told(
            Decimal(round(outcome.spend.value * SCALE)) / SCALE,
            "money",
            f"{who}: {{value}} net revenue a treated customer against those left alone.",
            "mean net revenue since the last report, treated - left alone; interval by Welch",
            kind="estimated",
            interval=outcome.spend.interval,
        )
    if outcome.orders is not None:
        found[f"{key}_orders_gap"] = told(
            outcome.orders.value,
            "ratio",
            f"{who}: {{value}} orders a treated customer against those left alone.",
            "mean orders since the last report, treated - left alone; interval by Welch",
            kind="estimated",
            interval=outcome.orders.interval,
        )
    return found
