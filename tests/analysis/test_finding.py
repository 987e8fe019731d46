"""A finding refuses itself when a reader could not trust it."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from analysis.finding import Finding

GOOD: dict[str, Any] = {
    "value": 0.25,
    "unit": "share",
    "claim": "{value} of customers, {kpis.buyers} in all, came back",
    "definition": "customers with two orders / all customers",
    "population": "customers",
    "n": 8,
    "window": (date(2024, 1, 1), date(2024, 1, 31)),
    "source": "analysis/kpis.sql",
}


def test_accepts_a_whole_one():
    assert Finding(**GOOD).value == 0.25


@pytest.mark.parametrize("claim", ["No number", "{value} and {value}", "Only {kpis.buyers}"])
def test_claim_says_its_value_exactly_once(claim):
    with pytest.raises(ValueError, match="exactly once"):
        Finding(**GOOD | {"claim": claim})


@pytest.mark.parametrize("claim", ["{value} in 90 days", "The top 20 % bring {value}", "{value} of ²", "{value} of ٣"])
def test_claim_holds_no_bare_digit(claim):
    with pytest.raises(ValueError, match="bare digit"):
        Finding(**GOOD | {"claim": claim})


def test_digits_inside_a_place_are_no_bare_digits():
    assert Finding(**GOOD | {"claim": "{value} beside {pareto.top_20_share}"})


@pytest.mark.parametrize("missing", ["definition", "population", "source"])
def test_has_definition_population_and_source(missing):
    with pytest.raises(ValueError, match="definition, a population and a source"):
        Finding(**GOOD | {missing: ""})


@pytest.mark.parametrize("value", [-0.01, 1.01, Decimal("1.5")])
def test_a_share_lies_between_none_and_all(value):
    with pytest.raises(ValueError, match="share lies in"):
        Finding(**GOOD | {"value": value})


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0, Decimal(1)])
def test_the_ends_are_shares(value):
    assert Finding(**GOOD | {"value": value}).value == value


def test_an_estimate_has_an_interval():
    with pytest.raises(ValueError, match="interval"):
        Finding(**GOOD | {"kind": "estimated"})
    assert Finding(**GOOD | {"kind": "estimated", "interval": (0.2, 0.3)}).interval == (0.2, 0.3)


def test_no_value_needs_a_reason():
    with pytest.raises(ValueError, match="says why"):
        Finding(**GOOD | {"value": None})
    assert Finding(**GOOD | {"value": None, "reason": "no prices"}).reason == "no prices"


@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN")])
def test_is_finite(value):
    with pytest.raises(ValueError, match="finite"):
        Finding(**GOOD | {"value": value, "unit": "ratio"})
