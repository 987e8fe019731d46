"""What a title says of the parts of a change: true at every branch, and no more drama than the numbers hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.drivers import FEW, LONGEST, WORDS, Part, headline, matters


def made(**units: int) -> list[Part]:
    return [Part(key, 1.0, 1.0, u) for key, u in units.items()]


@pytest.mark.parametrize(
    ("parts", "said", "named"),
    [
        ({"buyers": 90, "order_value": 10}, "rose by {value} {than}, mainly because of more buyers.", "buyers"),
        ({"buyers": -90, "order_value": -10}, "fell by {value} {than}, mainly because of fewer buyers.", "buyers"),
        (
            {"buyers": 60, "frequency": 50},
            "rose by {value} {than}: more buyers and orders per buyer.",
            "buyers frequency",
        ),
        (
            {"buyers": 60, "order_value": 50},
            "rose by {value} {than}: more buyers and larger orders.",
            "buyers order_value",
        ),
        (
            {"buyers": 60, "order_value": -40},
            "rose by {value} {than}: more buyers outweighed smaller orders.",
            "buyers order_value",
        ),
        (
            {"buyers": -60, "refunds": 40},
            "fell by {value} {than}: fewer buyers outweighed lower refunds.",
            "buyers refunds",
        ),
        (
            {"buyers": 90, "order_value": 80, "refunds": -70},
            "rose by {value} {than}: more buyers and larger orders, despite higher refunds.",
            "buyers order_value refunds",
        ),
        (
            {"buyers": 50, "frequency": 45, "order_value": -70},
            "rose by {value} {than}: several gains outweighed smaller orders.",
            "order_value",
        ),
        (
            {"buyers": -50, "frequency": -45, "order_value": 70},
            "fell by {value} {than}: several losses outweighed larger orders.",
            "order_value",
        ),
        (
            {"buyers": 40, "frequency": 19, "order_value": 19, "refunds": 19},
            "rose by {value} {than}, led by more buyers.",
            "buyers",
        ),
        (
            {"buyers": 60, "order_value": -58},
            "held at {value} {than}: more buyers offset smaller orders.",
            "buyers order_value",
        ),
        (
            {"buyers": 90, "frequency": 80, "order_value": -70},  # the second one would make the title too long
            "rose by {value} {than}: more buyers outweighed smaller orders.",
            "buyers order_value",
        ),
        (
            {"buyers": 60, "order_value": -30, "frequency": -30},
            "held at {value} {than}: more buyers, offset by several others.",
            "buyers",
        ),
        ({"buyers": 3, "order_value": -1}, "held at {value} {than}, and nothing behind it moved much.", ""),
        ({"buyers": 0, "order_value": 0}, "held at {value} {than}, and nothing behind it moved much.", ""),
        ({"visitors": 4, "conversion": 4, "spend": 4}, "rose by {value} {than}, from many small moves.", ""),
    ],
)
def test_a_title_for_every_shape(parts: dict[str, int], said: str, named: str) -> None:
    sentence, drivers = headline("Net revenue", "on the month before", made(**parts), 1000, FEW)
    assert sentence == "Net revenue " + said.replace("{than}", "on the month before")
    assert {p.key for p in drivers} == set(named.split())


def test_too_few_orders_give_no_reason() -> None:
    sentence, drivers = headline("Orders", "on the week before", made(buyers=5, frequency=0), 7, FEW - 1)
    flat, _ = headline("Orders", "on the week before", made(buyers=0), 7, FEW - 1)
    assert flat == "Orders held at {value} on the week before, from few orders."
    assert (sentence, drivers) == ("Orders rose by {value} on the week before, from too few orders to say why.", ())


def test_a_small_part_does_not_matter() -> None:
    parts = made(buyers=1000, frequency=49, order_value=50, refunds=0)
    assert [matters(p, parts, 100) for p in parts] == [True, False, True, False]
    assert not any(matters(p, parts, 1_000_000) for p in parts)


@given(
    st.dictionaries(st.sampled_from(sorted(WORDS)), st.integers(-10_000, 10_000), min_size=1, max_size=5),
    st.integers(1, 50_000),
)
def test_what_a_title_says_is_so(units: dict[str, int], base: int) -> None:
    parts = made(**units)
    change = sum(units.values())
    sentence, drivers = headline("Net revenue", "on the quarter before", parts, base, 100)
    assert sentence.count("{value}") == 1 and len(sentence) <= LONGEST
    assert ("rose" in sentence) <= (change > 0) and ("fell" in sentence) <= (change < 0)
    assert all(p.words.split()[-1] in sentence and matters(p, parts, base) for p in drivers)
    if " outweighed " in sentence and "several" not in sentence:
        lead, against = drivers
        assert abs(lead.units) >= abs(against.units) and lead.units * against.units < 0 < lead.units * change
    if "mainly" in sentence:
        assert 2 * abs(drivers[0].units) >= abs(change)
