"""What every finding shares: undefined numbers say why, quotients never divide by nothing, counts take their noun."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analysis.ground import Ground, noun, over

GROUND = Ground("orders", 3, (date(2024, 1, 1), date(2024, 1, 2)), "analysis/kpis.sql")


def test_a_share_outside_the_unit_interval_is_undefined():
    finding = GROUND.of(1.2, "share", "It is {value}.", "a / b", "more was refunded than was sold")
    assert finding.value is None and finding.reason == "more was refunded than was sold"


def test_a_known_value_carries_no_reason():
    assert GROUND.of(0.5, "share", "It is {value}.", "a / b", "never").reason == ""


def test_unknown_money_says_why():
    ground = Ground("orders", 3, GROUND.window, GROUND.source, no_money="no prices")
    assert ground.of(Decimal(5), "money", "It is {value}.", "sum").reason == "no prices"
    assert ground.of(0.5, "share", "It is {value}.", "a / b", money=True).reason == "no prices"
    assert ground.of(5, "count", "It is {value}.", "sum").value == 5


@pytest.mark.parametrize(
    "parts, quotient", [((1, 4), 0.25), ((Decimal("0.1"), 1), 0.1), ((1, 0), None), ((None, 2), None)]
)
def test_over(parts, quotient):
    assert over(*parts) == quotient


def test_a_negative_whole_has_no_parts():
    assert over(1, Decimal(-3)) is None


@pytest.mark.parametrize("count, said", [(0, "orders"), (1, "order"), (Decimal("1.5"), "orders"), (None, "orders")])
def test_noun(count, said):
    assert noun(count, "order") == said
