"""How sure a share or a difference is: 95 % intervals of proportions and of means."""

from __future__ import annotations

import math

import numpy as np

from analysis.threads import heard

CONFIDENCE = 0.95
NORMAL = 1.959963984540054  # of that interval


def wilson(events: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion (Newcombe 1998, Statistics in Medicine 17, 857-872, method 3)."""
    share, square = events / n, NORMAL * NORMAL
    whole = 2 * (n + square)
    centre = (2 * n * share + square) / whole
    half = NORMAL / whole * math.sqrt(4 * n * share * (1 - share) + square)
    return 0.0 if events == 0 else centre - half, 1.0 if events == n else centre + half


def newcombe(events: int, n: int, other_events: int, other_n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two proportions from their Wilson limits.

    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    one, other = events / n, other_events / other_n
    (low, high), (other_low, other_high) = wilson(events, n), wilson(other_events, other_n)
    gap = one - other
    return gap - math.hypot(one - low, other_high - other), gap + math.hypot(high - one, other - other_low)


def welch(one: np.ndarray, other: np.ndarray) -> tuple[float, float] | None:
    """The 95 % interval of the difference of two means by Welch; None where neither sample varies."""
    from scipy.stats import ttest_ind

    if np.ptp(one) == 0 and np.ptp(other) == 0:
        return None
    with heard(RuntimeWarning):  # of precision lost where amounts are nearly equal
        low, high = ttest_ind(np.sort(one), np.sort(other), equal_var=False).confidence_interval(CONFIDENCE)
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None


def paired(only: int, other: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares of the same n: `only` the one, `other` only the other.

    Agresti and Min (2005), Statistics in Medicine 24, 729-740: half an observation added to each of the four cells.
    """
    one, two, many = only + 0.5, other + 0.5, n + 2
    gap = (one - two) / many
    spread = NORMAL * math.sqrt((one + two) / many - gap * gap) / math.sqrt(many)
    return max(-1.0, gap - spread), min(1.0, gap + spread)
