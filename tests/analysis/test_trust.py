"""How far to trust the report: which models held up, what is missing, what is assumed."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

from analysis.finding import Skip
from analysis.trust import MODELS, compute

from .test_headlines import finding, results

INPUTS = tuple(signature(compute).parameters)
RAW = {"quality__used_share": finding(0.9)}


def placed(key: str) -> str:
    return key.replace(".", "__")


def tried(*held: bool) -> dict[str, Any]:
    """The findings of as many models, each passed or refused."""
    found = {}
    for model, passed in zip(MODELS, held, strict=False):
        found[placed(model.why)] = finding(None, "count")
        found[placed(model.evidence)] = finding(3, "count")
        if passed:
            found[placed(model.passed)] = finding(5, "count")
    return found


@pytest.mark.parametrize(
    ("held", "value", "claim"),
    [
        ((True, True), 2, "All {value} forecasts held up on purchases they had not seen."),
        ((False, True, True), 2, "Of {trust.models} models, {value} held up"),
        ((False, False), 0, "No forecast is made: of {trust.models} models tried, {value} foretold"),
        ((False,), 0, "No forecast is made: the model tried did not foretell"),
        ((True,), 1, "The one forecast tried ({value}) held up"),
        ((), 0.9, "{value} of raw rows are in this report; it counts what happened and forecasts nothing."),
    ],
)
def test_the_title_says_how_many_held_up(held, value, claim):
    made = compute(**results(INPUTS, **RAW, **tried(*held)))
    assert made.findings["headline"].value == value
    assert made.findings["headline"].claim.startswith(claim)
    assert [v.held for v in made.verdicts] == list(held)
    assert [bool(v.reason) for v in made.verdicts] == [not h for h in held]
    assert made.findings["models"].value == len(held)
    assert made.findings["refused"].value == len(held) - sum(held)


@pytest.mark.parametrize(("met", "weak"), [(5, True), (6, False)])
def test_a_model_that_failed_a_second_test_is_told_with_care(met, weak):
    spend = MODELS[1]
    found = {placed(spend.passed): finding(5, "count"), placed(spend.evidence): finding(9, "count")}
    made = compute(**results(INPUTS, **RAW, **found, **{placed(spend.beside): finding(met, "count")}))
    assert [(v.held, v.weak) for v in made.verdicts] == [(True, weak)]


def test_gaps_are_told_where_they_are_worth_it():
    gaps = {"quality__rejected": finding(0, "count"), "quality__unpriced_lines": finding(4, "count")}
    made = compute(**results(INPUTS, **RAW, **gaps, quality__unknown_customer_share=finding(0.01)))
    assert made.gaps == ("quality.unpriced_lines",)


def test_an_assumption_is_told_once():
    from dataclasses import replace

    assumed = replace(finding(0.3), kind="assumed")
    made = compute(**results(INPUTS, **RAW, churn__margin=assumed, propensity__margin=assumed, churn__auc=finding(0.7)))
    assert made.assumed == ("propensity.margin",)


def test_nothing_measured_is_said():
    with pytest.raises(Skip, match="nothing was measured"):
        compute(**results(INPUTS))
