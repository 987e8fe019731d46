"""What a title says of the parts of a change: true at every branch, and no more drama than the numbers hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.drivers import BESIDE, FEW, LONGEST, MOST, WORDS, Part, headline, matters


def made(**units: int) -> list[Part]:
    return [Part(key, 1.0, 1.0, u) for key, u in units.items()]


MONTH, FLAT = "on the month before", "compared with the month before"
TITLES = [
    ({"buyers": 90, "order_value": 10}, f"rose by {{value}} {MONTH}, mainly because of more buyers", "buyers"),
    ({"buyers": -90, "order_value": -10}, f"fell by {{value}} {MONTH}, mainly because of fewer buyers", "buyers"),
    (
        {"buyers": 60, "frequency": 50},
        f"rose by {{value}} {MONTH}: more buyers and orders per buyer",
        "buyers frequency",
    ),
    (
        {"buyers": 60, "order_value": 50},
        f"rose by {{value}} {MONTH}: more buyers and larger orders",
        "buyers order_value",
    ),
    (
        {"buyers": 60, "order_value": -40},
        f"rose by {{value}} {MONTH}: more buyers outweighed smaller orders",
        "buyers order_value",
    ),
    (
        {"visitors": 414, "spend": -163, "conversion": -97, "refunds": 53},  # a third driver adds nothing to speak of
        f"rose by {{value}} {MONTH}: more visitors, despite lower spend per buyer",
        "visitors spend",
    ),
    (
        {"buyers": -60, "refunds": 15},
        f"fell by {{value}} {MONTH}: fewer buyers, despite lower refunds",
        "buyers refunds",
    ),
    (
        {"buyers": 90, "order_value": 80, "refunds": -70},
        "rose by {value} on the month before: more buyers and larger orders, despite more refunds",
        "buyers order_value refunds",
    ),
    (
        {"refunds": -758, "order_value": 603, "buyers": -406, "frequency": 103},  # -155 alone, of -458
        "fell by {value} on the month before: more refunds and fewer buyers outweighed larger orders",
        "refunds order_value buyers",
    ),
    (
        {"buyers": 50, "frequency": 45, "order_value": -70},
        "rose by {value} on the month: more buyers and orders per buyer outweighed smaller orders",
        "buyers frequency order_value",
    ),
    (
        {"buyers": 40, "frequency": 19, "order_value": 19, "refunds": 19},
        f"rose by {{value}} {MONTH}: more buyers, larger orders and more orders per buyer",
        "buyers frequency order_value",
    ),
    (
        {"visitors": -50, "conversion": -45, "unknown": -40, "spend": 80},
        "fell by {value} on the month before: several losses outweighed higher spend per buyer",
        "spend",
    ),
    (
        {"visitors": 90, "conversion": 85, "unknown": 80, "spend": 75},
        "rose by {value} on the month before: several gains, led by more visitors",
        "visitors",
    ),
    (
        {"order_value": 90, "unknown": -60},
        "rose by {value} on the month: larger orders outweighed fewer sales without a customer",
        "order_value unknown",
    ),
    (
        {"buyers": 60, "order_value": -34}
        | dict.fromkeys(set(WORDS) - {"buyers", "order_value", "orders", "unknown"}, -4),
        f"held at {{value}} {FLAT}: more buyers, offset by several others",
        "buyers",
    ),
    (
        {"buyers": 60, "order_value": -58},
        f"held at {{value}} {FLAT}: more buyers offset smaller orders",
        "buyers order_value",
    ),
    (
        {"buyers": 60, "order_value": -30, "frequency": -30},
        "held at {value}: more buyers offset smaller orders and fewer orders per buyer",
        "buyers order_value frequency",
    ),
    (
        {"buyers": 60, "order_value": -22, "frequency": -4, "refunds": -4, "conversion": -30},
        "held at {value}: more buyers offset smaller orders and lower conversion",
        "buyers order_value conversion",
    ),
    ({"buyers": 3, "order_value": -1}, f"held at {{value}} {FLAT}, and nothing behind it moved much", ""),
    ({"buyers": 0, "order_value": 0}, f"held at {{value}} {FLAT}, and nothing behind it moved much", ""),
    ({"visitors": 4, "conversion": 4, "spend": 4}, f"rose by {{value}} {MONTH}, from many small moves", ""),
]


@pytest.mark.parametrize(("parts", "said", "named"), TITLES)
def test_a_title_for_every_shape(parts: dict[str, int], said: str, named: str) -> None:
    sentence, drivers = headline("Net revenue", "month", made(**parts), 1000, FEW)
    assert sentence == f"Net revenue {said}."
    assert {p.key for p in drivers} == set(named.split())


def test_orders_that_name_nobody_are_told_apart() -> None:
    part = Part("order_value", 1.0, 1.0, 5, known=True)
    assert (part.label, part.words) == ("Order value of known customers", "larger orders of known customers")
    assert Part("buyers", 1.0, 1.0, 5, known=True).label == "Buyers"
    title = headline("Net revenue", "month", [part], 100, FEW)[0]
    assert title.endswith("mainly because of larger orders of known customers.")


def test_too_few_orders_give_no_reason() -> None:
    sentence, drivers = headline("Orders", "week", made(buyers=5, frequency=0), 7, FEW - 1)
    flat, _ = headline("Orders", "week", made(buyers=0), 7, FEW - 1)
    assert flat == "Orders held at {value} compared with the week before, from few orders."
    assert (sentence, drivers) == ("Orders rose by {value} on the week before, from too few orders to say why.", ())


def test_a_small_part_does_not_matter() -> None:
    parts = made(buyers=1000, frequency=49, order_value=50, refunds=0)
    assert [matters(p, parts, 100) for p in parts] == [True, False, True, False]
    assert not any(matters(p, parts, 1_000_000) for p in parts)


@given(
    st.dictionaries(st.sampled_from(sorted(WORDS)), st.integers(-10_000, 10_000), min_size=1, max_size=5),
    st.integers(1, 50_000),
    st.booleans(),
)
def test_what_a_title_says_is_so(units: dict[str, int], base: int, known: bool) -> None:
    parts = [Part(key, 1.0, 1.0, u, known) for key, u in units.items()]
    change = sum(units.values())
    sentence, drivers = headline("Net revenue", "quarter", parts, base, 100)
    assert sentence.count("{value}") == 1 and len(sentence) <= LONGEST
    assert ("rose" in sentence) <= (change > 0) and ("fell" in sentence) <= (change < 0)
    assert all(p.words.split()[-1] in sentence and matters(p, parts, base) for p in drivers)
    if "mainly" in sentence:
        assert 2 * abs(drivers[0].units) >= abs(change)
    hedged = any(word in sentence for word in ("several", "other moves", "small moves", "held at"))
    if not hedged and "led by" not in sentence:
        named = sum(p.units for p in drivers)
        unnamed = [p for p in parts if p not in drivers and matters(p, parts, base)]
        assert named * change > 0
        most = max(abs(p.units) for p in parts)
        assert all(abs(p.units) < BESIDE * most for p in unnamed)
        short, over = abs(named) < MOST * abs(change), abs(named) * MOST > abs(change)
        assert not (short and any(p.units * change > 0 for p in unnamed))
        assert not (over and any(p.units * change < 0 for p in unnamed))
