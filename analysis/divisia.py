"""How a change splits exactly: log-mean Divisia parts of a product of factors, in whole units that add up.

LMDI-I, additive: B. W. Ang, Energy Policy 32 (2004) 1131-1139 and 33 (2005) 867-871. Zeros take their analytic limit:
B. W. Ang and N. Liu, Energy Policy 35 (2007) 238-246.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

NOTHING = Decimal(0)
ERROR = Decimal("1e-9")  # of the amount: what the logarithms of floats may miss


class Sold(NamedTuple):
    """What one group of goods brought in two periods, in money and units."""

    before: Decimal
    after: Decimal
    units_before: Decimal
    units_after: Decimal


def log_mean(one: float, other: float) -> float:
    """The logarithmic mean of two numbers above zero: their difference over that of their logarithms."""
    if one == other:
        return one
    near = 0.5 < one / other < 2
    return (one - other) / (math.log1p((one - other) / other) if near else math.log(one / other))


def parts(before: Sequence[float], after: Sequence[float], first: Decimal, last: Decimal) -> list[Decimal]:
    """What each factor adds to the change from `first` to `last`: L(V1, V0) ln(x1 / x0).

    All factors are above zero. The parts sum to the change, to 28 digits: the rounding error of the logarithms goes to
    the largest. Raises ValueError when the factors do not multiply to first and last, apart from a unit.
    """
    weight = log_mean(float(last), float(first))
    found = [Decimal(weight * math.log(a / b)) for b, a in zip(before, after, strict=True)]
    largest = max(range(len(found)), key=lambda i: (abs(found[i]), -i))
    error = last - first - sum(found)
    if abs(error) > Decimal(weight) * ERROR:
        raise ValueError(f"the factors {before} and {after} do not multiply to {first} and {last}")
    found[largest] += error
    return found


def effects(groups: Mapping[str, Sold]) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Volume, mix and price of each group: revenue = all units x the group's share of them x revenue a unit.

    A group sold in one period only is all mix; one given away in one of them (units, no revenue) is all price.
    The three sum to the group's change. Needs units above zero in both periods.
    """
    units = [float(sum((getattr(g, f) for g in groups.values()), NOTHING)) for f in ("units_before", "units_after")]
    return {name: _effects(sold, *units) for name, sold in groups.items()}


def _effects(sold: Sold, all_before: float, all_after: float) -> tuple[Decimal, Decimal, Decimal]:
    change = sold.after - sold.before
    if sold.units_before <= 0 or sold.units_after <= 0:
        return NOTHING, change, NOTHING
    if sold.before <= 0 or sold.after <= 0:
        return NOTHING, NOTHING, change
    units = [float(sold.units_before), float(sold.units_after)]
    first = [all_before, units[0] / all_before, float(sold.before) / units[0]]
    last = [all_after, units[1] / all_after, float(sold.after) / units[1]]
    volume, mix, price = parts(first, last, sold.before, sold.after)
    return volume, mix, price


def apportion(amounts: Sequence[Decimal], total: int) -> list[int]:
    """Whole units near the amounts that sum to `total`: rounded down, what is left to the largest remainders.

    Amounts of nothing stay nothing unless there are no others.
    """
    found = [math.floor(a) for a in amounts]
    open_to = [i for i, a in enumerate(amounts) if a] or list(range(len(amounts)))
    each, some = divmod(total - sum(found), len(open_to))
    for place, i in enumerate(sorted(open_to, key=lambda i: (found[i] - amounts[i], i))):
        found[i] += each + (place < some)
    return found
