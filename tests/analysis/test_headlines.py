"""What leads and what follows: chosen from what exists, and true in each branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from inspect import signature
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.finding import PLACE, Finding, Skip, said
from analysis.headlines import MOST, STEPS, compute
from analysis.run import run

from .test_customers import random_lines

INPUTS = tuple(signature(compute).parameters)


def finding(value: Any, unit: Any = "share", claim: str = "It is {value}.") -> Finding:
    window = (date(2024, 1, 1), date(2024, 1, 31))
    reason = "not known" if value is None else ""
    return Finding(value, unit, claim, "a / b", "customers", 9, window, "analysis/x.sql", reason=reason)


def results(inputs: tuple[str, ...] = INPUTS, **findings: Finding) -> dict[str, Any]:
    """Stand-ins for results: kpis__net=... becomes the finding kpis.net; analyses not named are absent."""
    made: dict[str, Any] = dict.fromkeys(inputs)
    for place, given in findings.items():
        name, key = place.split("__")
        made[name] = made[name] or SimpleNamespace(findings={})
        made[name].findings[key] = given
    return made


MONEY = {"kpis__net": finding(Decimal("1234.50"), "money"), "kpis__buyers": finding(3, "count")}


@pytest.mark.parametrize(
    ("given", "claim"),
    [
        (MONEY, "Net revenue was {value}; known customers: {kpis.buyers}."),
        (MONEY | {"kpis__buyers": finding(0, "count")}, "Net revenue was {value}; no sale names its customer."),
        (MONEY | {"kpis__net": finding(Decimal(-5), "money")}, "Refunds exceed sales: net revenue was {value}."),
        (
            MONEY | {"pareto__top_20_share": finding(0.6)},
            "Net revenue was {value}; the top fifth of customers bring {pareto.top_20_share} of customer revenue.",
        ),
        (
            MONEY | {"pareto__top_20_share": finding(0.6), "rfm__at_risk_revenue_share": finding(0.15)},
            "Net revenue was {value}; {rfm.at_risk_revenue_share} of customer revenue is from customers now At Risk.",
        ),
        (
            MONEY | {"pareto__top_20_share": finding(0.6), "rfm__at_risk_revenue_share": finding(0.14)},
            "Net revenue was {value}; the top fifth of customers bring {pareto.top_20_share} of customer revenue.",
        ),
    ],
)
def test_money_leads_with_where_it_comes_from(given, claim):
    lead = compute(**results(**given)).findings["lead"]
    assert lead.claim == claim
    assert lead.value == given["kpis__net"].value


def test_without_money_the_conversion_leads_and_then_the_orders():
    unknown = {"kpis__net": finding(None, "money"), "kpis__orders": finding(7, "count")}
    orders = compute(**results(**unknown)).findings["lead"]
    assert (orders.value, orders.claim) == (7, "Orders in this report: {value}; what customers paid is not known.")
    visits = {"kpis__conversion": finding(0.01), "kpis__visitors": finding(100, "count")}
    assert compute(**results(**unknown, **visits)).findings["lead"].value == 0.01
    buyers = {"kpis__conversion": finding(1.0), "kpis__visitors": finding(7, "count")}
    assert compute(**results(**unknown, **buyers)).findings["lead"].value == 7


def test_nothing_to_say_is_said():
    with pytest.raises(Skip, match="neither money nor an order"):
        compute(**results())


def test_points_come_in_order_of_weight_and_are_few():
    every = {f"{name}__headline": finding(0.5) for name in INPUTS}
    points = compute(**results(**every, **MONEY)).points
    assert [(step, key) for step, key, _ in points] == [
        (step, key) for step, ((key, _), *_) in STEPS.items() if step != "What we ask for"
    ] + [("What we ask for", "recommendations.headline")]
    assert len(points) == MOST


def test_others_fill_the_page_before_the_last_step():
    given = MONEY | {
        f"{name}__headline": finding(0.5) for name in ("pareto", "funnel", "mix", "kpis", "recommendations")
    }
    assert [key for _, key, _ in compute(**results(**given)).points] == [
        "pareto.headline",
        "funnel.headline",
        "mix.headline",
        "recommendations.headline",
    ]


@pytest.mark.parametrize(("share", "there"), [(0.09, False), (0.1, True), (0.9, True)])
def test_unknown_customers_belong_on_the_first_page_when_they_are_many(share, there):
    points = compute(**results(**MONEY, quality__unknown_customer_share=finding(share))).points
    assert ("quality.unknown_customer_share" in [key for _, key, _ in points]) == there


def test_a_number_stands_beside_its_point_unless_it_is_spoken_already():
    given = MONEY | {
        "pareto__headline": finding(0.6),
        "pareto__customers_for_80": finding(0.4),
        "months__headline": finding(5, "count", "Up to {value}, {months.change_previous} more."),
        "months__change_previous": finding(0.1, "ratio"),
    }
    points = compute(**results(**given)).points
    assert points == (
        ("What changed", "months.headline", ""),
        ("Who the customers are", "pareto.headline", "pareto.customers_for_80"),
    )


def test_a_claim_with_an_unknown_number_is_not_chosen():
    given = MONEY | {
        "months__headline": finding(5, "count", "Up to {value}, {months.change_year} more."),
        "months__change_year": finding(None, "ratio"),
    }
    assert compute(**results(**given)).points == ()


def test_findings_without_a_value_are_not_said():
    assert said(kpis=results(kpis__net=finding(None, "money"))["kpis"], rfm=None) == {}


@pytest.mark.parametrize("seed", range(3))
def test_every_place_of_a_real_shop_can_be_filled(shop, seed):
    made = shop(random_lines(seed, 600, 60), settings={"snapshot": date(2024, 10, 27)})
    done = run(["headlines"], *made)
    headlines: Any = done.results["headlines"]
    known = done.findings
    for key in ("headlines.lead", *(k for _, *pair in headlines.points for k in pair if k)):
        assert known[key].value is not None
        assert set(PLACE.findall(known[key].claim)) <= known.keys() | {"value"}


def test_lead_keeps_the_ground_of_the_number_it_speaks_of():
    net = replace(MONEY["kpis__net"], population="orders", n=42)
    lead = compute(**results(**MONEY | {"kpis__net": net})).findings["lead"]
    assert replace(lead, claim=net.claim) == net
