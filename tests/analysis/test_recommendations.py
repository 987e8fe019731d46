"""Only steps that a finding supports, each filled by findings that exist."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from inspect import signature
from typing import Any

import pytest

from analysis.finding import PLACE, Skip
from analysis.recommendations import ALWAYS, FIRST, HORIZONS, RULES, THEN, compute
from analysis.run import run

from .test_customers import random_lines
from .test_headlines import finding, results

INPUTS = tuple(signature(compute).parameters)
SMALL = {"kpis__net": finding(Decimal(10), "money"), "kpis__orders": finding(2, "count")}


def steps(**findings: Any) -> list[tuple[str, str]]:
    return [(step.horizon, step.because) for step in compute(**results(INPUTS, **findings)).steps]


def test_a_plain_shop_still_gets_one_step_a_horizon():
    assert steps(**SMALL) == [(FIRST, "kpis.net"), (THEN, "kpis.orders"), (ALWAYS, "kpis.orders")]


def test_without_money_prices_come_first():
    assert steps(**SMALL | {"kpis__net": finding(None, "money")})[0] == (FIRST, "kpis.orders")


@pytest.mark.parametrize(
    ("place", "holds", "fails"),
    [
        ("rfm.at_risk_revenue_share", 0.05, 0.04),
        ("quality.unknown_customer_share", 0.05, 0.04),
        ("lifecycle.slow_share", 0.1, 0.09),
        ("funnel.cart_to_purchase", 0.49, 0.5),
        ("quality.rejected", 1, 0),
        ("pareto.top_20_share", 0.6, 0.59),
        ("lifecycle.return_rate", 0.1, 0.09),
        ("customers.once_share", 0.5, 0.49),
        ("kpis.refund_rate", 0.05, 0.04),
        ("rfm.potential_loyalist", 1, 0),
        ("mix.tail_share", 0.5, 0.49),
        ("rfm.window_shoppers", 1, 0),
    ],
)
def test_a_step_is_recommended_only_when_its_finding_supports_it(place, holds, fails):
    others = {"rfm__at_risk": finding(3, "count"), "rfm__at_risk_revenue": finding(Decimal(5), "money")}
    for value, there in ((holds, True), (fails, False)):
        found = steps(**SMALL | others | {place.replace(".", "__"): finding(value, "count" if value == 1 else "share")})
        assert (place in {because for _, because in found}) == there


def test_rules_are_well_formed():
    assert {rule.horizon for rule in RULES} == set(HORIZONS)
    assert all(rule.title for rule in RULES if rule.horizon == FIRST)
    assert all(not any(c.isdigit() for c in PLACE.sub("", rule.action + rule.title)) for rule in RULES)
    assert all(PLACE.findall(rule.title).count("value") == 1 for rule in RULES if rule.title)


def test_at_most_two_steps_a_horizon_heaviest_first():
    places = {place for rule in RULES for place in (rule.because, *PLACE.findall(rule.action))}
    found = steps(**{place.replace(".", "__"): finding(1) for place in places})
    assert [horizon for horizon, _ in found] == [FIRST, FIRST, THEN, THEN, ALWAYS, ALWAYS]
    assert [because for _, because in found[:2]] == ["experiment.harmed", "budget.net"]


def test_the_budget_is_asked_for_only_when_it_pays():
    plan = {"budget__spend": finding(Decimal(5), "money"), "budget__contacts": finding(3, "count")}
    risk = {
        "rfm__at_risk": finding(3, "count"),
        "rfm__at_risk_revenue": finding(Decimal(5), "money"),
        "rfm__at_risk_revenue_share": finding(0.2),
    }
    for net, first in ((Decimal(7), "budget.net"), (Decimal(-7), "kpis.net")):
        found = steps(**SMALL, **plan, **risk, budget__net=finding(net, "money"))
        assert found[0] == (FIRST, first)
    assert steps(**SMALL, **risk)[0] == (FIRST, "rfm.at_risk_revenue_share")
    held = compute(
        **results(
            INPUTS,
            **SMALL,
            **plan,
            budget__net=finding(Decimal(7), "money"),
            budget__left_alone=finding(2, "count"),
            experiment__testable=finding(1, "count"),
        )
    )
    assert held.findings["headline"].claim.endswith("tested by control groups.")


@pytest.mark.parametrize("testable", [None, 2])
def test_control_groups_are_read_as_far_as_they_can_tell(testable):
    alone = finding(testable, "count")
    all_of_them = {"experiment__all_detectable": finding(0.05), "experiment__small": finding(3, "count")}
    made = compute(**results(INPUTS, **SMALL, **all_of_them, experiment__testable=alone))
    (step,) = (step for step in made.steps if step.because.startswith("experiment."))
    assert step.because == ("experiment.small" if testable is None else "experiment.testable")
    assert ("do not show" in step.action) == (testable is None)


def test_the_title_speaks_of_the_first_step():
    made = compute(**results(INPUTS, **SMALL, lifecycle__slow_share=finding(0.3)))
    assert made.findings["headline"].claim == "Deliver faster first: {value} of deliveries take more than five days."
    assert made.findings["headline"].value == 0.3


def test_nothing_supports_a_step():
    with pytest.raises(Skip, match="no finding supports"):
        compute(**dict.fromkeys(INPUTS))


@pytest.mark.parametrize("seed", range(3))
def test_every_place_of_a_real_shop_can_be_filled(shop, seed):
    done = run(["recommendations"], *shop(random_lines(seed, 600, 60), settings={"snapshot": date(2024, 10, 27)}))
    made: Any = done.results["recommendations"]
    assert 3 <= len(made.steps) <= 6
    known = {key for key, finding in done.findings.items() if finding.value is not None}
    for step in made.steps:
        assert {step.because, *PLACE.findall(step.action)} <= known
