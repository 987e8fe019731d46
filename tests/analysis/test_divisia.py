"""Log-mean Divisia: solved by hand, and its identities on any numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.divisia import Sold, apportion, effects, log_mean, parts

FACTOR = st.floats(1e-6, 1e6)
MONEY = st.decimals(0, 10**9, places=4)
COUNT = st.decimals(0, 10**6, places=0)


def amount(*factors: float) -> Decimal:
    return Decimal(math.prod(factors))


@pytest.mark.parametrize(("one", "other", "mean"), [(math.e, 1, math.e - 1), (8, 2, 6 / math.log(4)), (5, 5, 5)])
def test_the_logarithmic_mean(one: float, other: float, mean: float) -> None:
    assert log_mean(one, other) == pytest.approx(mean)
    assert log_mean(other, one) == pytest.approx(mean)


@given(FACTOR, FACTOR)
def test_the_mean_lies_between_the_geometric_and_the_arithmetic(one: float, other: float) -> None:
    slack = 1 + 1e-9
    assert math.sqrt(one * other) <= log_mean(one, other) * slack
    assert log_mean(one, other) <= (one + other) / 2 * slack


def test_parts_by_hand() -> None:
    # 2 x 3 -> 8 x 3: all of it is the first. 1 x 1 -> 4 x 2: of 7, two thirds and one third, as ln 4 = 2 ln 2.
    assert parts([2, 3], [8, 3], Decimal(6), Decimal(24)) == [18, 0]
    assert [float(p) for p in parts([1, 1], [4, 2], Decimal(1), Decimal(8))] == pytest.approx([14 / 3, 7 / 3])
    up, down = parts([2, 8], [8, 2], Decimal(16), Decimal(16))
    assert float(up) == pytest.approx(16 * math.log(4)) and abs(up + down) < Decimal("1e-24")


def test_a_unit_may_lie_between_factors_and_amount() -> None:
    cents = parts([2, 3], [4, 9], Decimal(600), Decimal(3600))
    assert [float(c) for c in cents] == pytest.approx(
        [float(100 * p) for p in parts([2, 3], [4, 9], Decimal(6), Decimal(36))]
    )


def test_factors_of_another_product_are_refused() -> None:
    with pytest.raises(ValueError, match="do not multiply"):
        parts([2, 3], [4, 9], Decimal(6), Decimal(37))


@given(st.lists(st.tuples(FACTOR, FACTOR), min_size=2, max_size=5))
def test_parts_sum_to_the_change_and_turn_with_time(factors: list[tuple[float, float]]) -> None:
    before, after = zip(*factors, strict=True)
    first, last = amount(*before), amount(*after)
    there, back = parts(before, after, first, last), parts(after, before, last, first)
    assert sum(there) == pytest.approx(last - first, abs=Decimal("1e-15") * max(first, last))
    scale = float(max(first, last))
    for part, reverse, (b, a) in zip(there, back, factors, strict=True):
        assert float(part) == pytest.approx(-float(reverse), abs=scale * 1e-9)
        assert float(part) * (a - b) >= -scale * 1e-9 * abs(a - b)  # a factor that rose has no negative part


@given(st.lists(st.decimals(-(10**9), 10**9, places=3), min_size=1, max_size=8), st.integers(-3, 3))
def test_whole_units_sum_to_the_total_and_stay_near(amounts: list[Decimal], off: int) -> None:
    total = round(sum(Fraction(a) for a in amounts)) + off
    found = apportion(amounts, total)
    assert sum(found) == total
    near = sum(1 for a in amounts if a) or len(amounts)
    assert all(abs(f - a) <= 1 + Decimal(abs(off) + 1) / near for f, a in zip(found, amounts, strict=True))
    if any(amounts):
        assert all(f == 0 for f, a in zip(found, amounts, strict=True) if not a)


def test_the_largest_remainder_gets_what_is_left() -> None:
    assert apportion([Decimal("0.4"), Decimal("0.35"), Decimal("0.25")], 1) == [1, 0, 0]
    assert apportion([Decimal("-0.5"), Decimal("1.5")], 1) == [0, 1]
    assert apportion([Decimal(0), Decimal(0)], 1) == [1, 0]


def sold(*numbers: float) -> Sold:
    return Sold(*(Decimal(n) for n in numbers))


def test_effects_by_hand() -> None:
    assert effects({"a": sold(10, 30, 1, 3)}) == {"a": (20, 0, 0)}  # the only group: all volume
    assert effects({"a": sold(10, 30, 5, 5)}) == {"a": (0, 0, 20)}  # no more units: all price
    moved = effects({"a": sold(10, 20, 1, 2), "b": sold(20, 10, 2, 1)})
    assert moved["a"] == (0, 10, 0) and moved["b"] == (0, -10, 0)
    assert effects({"a": sold(10, 0, 1, 0), "b": sold(0, 7, 0, 2)}) == {"a": (0, -10, 0), "b": (0, 7, 0)}
    given_away = effects({"a": sold(0, 7, 3, 3)})
    assert given_away == {"a": (0, 0, 7)}


@given(st.dictionaries(st.text(max_size=2), st.tuples(MONEY, MONEY, COUNT, COUNT), min_size=1, max_size=6))
def test_effects_sum_to_the_change_of_each_group(groups: dict[str, tuple[Decimal, ...]]) -> None:
    made = {name: Sold(*numbers) for name, numbers in groups.items()}
    for name, found in effects(made).items():
        change = made[name].after - made[name].before
        assert float(sum(found)) == pytest.approx(float(change), abs=1e-9 * float(made[name].before + made[name].after))
