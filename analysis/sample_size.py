"""How many customers an experiment needs, and the smallest uplift that so many can show."""

from __future__ import annotations

import math
from collections.abc import Sequence

POWER = 0.8  # chance to find an uplift that is there
LEVEL = 0.05  # chance to find one, up or down, that is not
METHOD = (
    "two-sided test of two proportions at five percent, found in four of five experiments; effect size as the "
    "difference of arcsines (Cohen 1988, Statistical Power Analysis, chapter 6)"
)


def effect(share: float, other: float) -> float:
    """Cohen's h: the difference of two proportions on the arcsine scale, where their variance is alike."""
    return 2 * (math.asin(math.sqrt(share)) - math.asin(math.sqrt(other)))


def power(size: float, treatment: float, control: float) -> float:
    """The chance that the two-sided test finds an effect of this size (Cohen's h) with so many in each arm."""
    from scipy.special import ndtr, ndtri

    shift = abs(size) * math.sqrt(_both(treatment, control))
    least = -ndtri(LEVEL / 2)
    return float(ndtr(shift - least) + ndtr(-shift - least))


def detectable(baseline: float, treatment: int, control: int) -> float | None:
    """The smallest uplift over the baseline (a share) that is found at POWER; None where even certainty is not."""
    return detectable_in_all(baseline, [(treatment, control)])


def detectable_in_all(baseline: float, arms: Sequence[tuple[int, int]]) -> float | None:
    """The same for several experiments (treatment, control) judged as one, each compared within itself."""
    together = sum(_both(treatment, control) for treatment, control in arms if min(treatment, control) > 0)
    if not together:
        return None
    angle = math.asin(math.sqrt(baseline)) + _shift() / math.sqrt(together) / 2
    return math.sin(angle) ** 2 - baseline if angle <= math.pi / 2 else None


def needed(baseline: float, uplift: float, control_share: float) -> tuple[int, int] | None:
    """The fewest customers in treatment and control that show this uplift at POWER; None where it passes one."""
    if not (0 < control_share < 1 and uplift > 0 and baseline + uplift <= 1):
        return None
    together = (_shift() / effect(baseline + uplift, baseline)) ** 2
    # 1 / (1 / t + 1 / c) = together, t and c in the ratio of the shares
    return math.ceil(together / control_share), math.ceil(together / (1 - control_share))


def _both(treatment: float, control: float) -> float:
    return 1 / (1 / treatment + 1 / control)


def _shift() -> float:
    """How many standard errors away an effect must lie to be found at POWER; both tails counted."""
    from scipy.optimize import brentq

    return float(brentq(lambda shift: power(shift, 2.0, 2.0) - POWER, 0.1, 10.0, xtol=1e-13))
