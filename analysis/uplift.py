"""What a treatment changed: differences between two arms with intervals, and a verdict in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.intervals import welch
from analysis.sample_size import LEVEL

WORKED, NONE, HARMED = "worked", "no difference shown", "harmed"
WITHHELD = "withheld: the arms are not as they were drawn"
EMPTY = "no verdict: an arm is empty"
METHOD = (
    "difference of two proportions with Newcombe's interval (1998, Statistics in Medicine 17, method 10); p is the "
    "level at which that interval reaches nought; verdicts at five percent over all actions together (Holm 1979)"
)


@dataclass(frozen=True, slots=True)
class Arm:
    """What the customers of one arm did: net (float64, NaN where amounts are unknown) and orders of each."""

    net: np.ndarray
    orders: np.ndarray

    @property
    def customers(self) -> int:
        return len(self.orders)

    @property
    def buyers(self) -> int:
        return int(np.count_nonzero(self.orders))


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus control with its 95 % interval; None where it cannot be told."""

    value: float
    interval: tuple[float, float]


def conversion(treatment: Arm, control: Arm) -> Difference:
    """The difference in the share who bought."""
    counts = treatment.buyers, treatment.customers, control.buyers, control.customers
    return Difference(treatment.buyers / treatment.customers - control.buyers / control.customers, newcombe(*counts))


def mean(treatment: np.ndarray, control: np.ndarray) -> Difference | None:
    """The difference of two means by Welch; None with fewer than two in an arm, unknown values or no variation."""
    if min(len(treatment), len(control)) < 2 or np.isnan(treatment).any() or np.isnan(control).any():
        return None
    within = welch(treatment, control)
    gap = math.fsum(treatment) / len(treatment) - math.fsum(control) / len(control)
    return None if within is None else Difference(gap, (min(within[0], gap), max(within[1], gap)))


def newcombe(events: int, n: int, other_events: int, other_n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """The interval of a difference of two proportions from their Wilson limits at z; 95 % unless told."""
    one, other = events / n, other_events / other_n
    (low, high), (other_low, other_high) = _wilson(one, n, z), _wilson(other, other_n, z)
    gap = one - other
    return gap - math.hypot(one - low, other_high - other), gap + math.hypot(high - one, other - other_low)


def chance(events: int, n: int, other_events: int, other_n: int) -> float:
    """p of a difference this large: two-sided, the level at which its Newcombe interval reaches nought."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    gap = events / n - other_events / other_n
    if gap == 0:
        return 1.0
    side = 0 if gap > 0 else 1

    def reach(z: float) -> float:
        return newcombe(events, n, other_events, other_n, z)[side] * (1 if gap > 0 else -1)

    if reach(37.0) > 0:
        return 0.0
    return float(2 * ndtr(-brentq(reach, 0.0, 37.0, xtol=1e-12)))


def holm(chances: Sequence[float]) -> list[float]:
    """p adjusted so that one false verdict among all is as rare as LEVEL (Holm 1979, Scand. J. Statist. 6)."""
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    adjusted, highest = [0.0] * len(chances), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, chances[at] * (len(chances) - rank)))
        adjusted[at] = highest
    return adjusted


def verdict(gap: float, adjusted: float) -> str:
    """worked, harmed, or no difference shown: which is not that there is none."""
    if adjusted >= LEVEL:
        return NONE
    return WORKED if gap > 0 else HARMED


def _wilson(share: float, n: int, z: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a proportion."""
    centre, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
