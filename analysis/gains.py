"""How well a score finds the customers who bring most: gains curves, captures, Gini and calibration by tenth.

Outcomes (money, orders or yes/no) below zero count as zero. Customers with equal scores stand in random order: every
figure is its expected value over these orders, so that the order of rows changes nothing. Shares of customers that are
not whole customers are interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import total_order
from analysis.customers import whole

DRAWS = 300
DRAWN = 20_000  # customers of a resample at most; of more, intervals shrink by the root of sizes (m out of n)
LEVEL = 0.95
POINTS = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """The gains curve of a score: the best `at` customers bring `brought`, linear between.

    at: whole customers from 0 to n, the ends of groups of equal scores. brought: outcome in whole ten-thousandths.
    """

    at: np.ndarray
    brought: np.ndarray

    @property
    def n(self) -> int:
        return int(self.at[-1])

    @property
    def total(self) -> int:
        return int(self.brought[-1])

    def capture(self, share: float) -> float:
        """The share of all outcomes that the best-scored `share` of customers bring; NaN without any outcome."""
        at = share * self.n
        first = int(np.searchsorted(self.at, int(at), side="right")) - 1
        near = slice(first, first + 2)
        return float(np.interp(at, self.at[near], self.brought[near])) / self.total if self.total else np.nan

    @property
    def area(self) -> float:
        """The area under the curve, both axes from 0 to 1; a half for a random order."""
        twice = np.multiply(np.diff(self.at), self.brought[1:] + self.brought[:-1], dtype=float)
        return float(twice.sum()) / 2 / self.n / self.total if self.total else np.nan

    def points(self, most: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
        """Share of customers and of outcomes at even steps, from (0, 0) to (1, 1)."""
        shares = np.linspace(0, 1, min(most, self.n) + 1)
        brought = np.interp(shares * self.n, self.at, self.brought) / max(self.total, 1)
        return shares, np.minimum(brought, 1)


def curve(scores: np.ndarray, actual: np.ndarray) -> Curve:
    """The gains curve of scores (any numbers, the highest first) against outcomes (float, int or bool)."""
    best_first = np.argsort(scores)[::-1]
    money = earned(actual)[best_first]
    return _curve(scores[best_first], money)


def perfect(actual: np.ndarray) -> Curve:
    """The curve of a score that knew the outcomes: no other lies above it."""
    return curve(earned(actual), actual)


def earned(actual: np.ndarray) -> np.ndarray:
    """Outcomes in whole ten-thousandths (int64); below zero and unknown ones are zero."""
    found = whole(actual)
    return np.maximum(found, 0, out=found)


def capture(scores: np.ndarray, actual: np.ndarray, share: float) -> float:
    """The share of all outcomes that the best-scored `share` of customers bring."""
    return curve(scores, actual).capture(share)


def gini(scores: np.ndarray, actual: np.ndarray) -> float:
    """Normalised Gini: 0 for a random order, 1 for the perfect one, below 0 worse than random; NaN if all are alike."""
    return normalised(curve(scores, actual), perfect(actual).area)


def normalised(own: Curve, best: float) -> float:
    """The Gini of a curve where the area under the perfect one is known."""
    return (own.area - 0.5) / (best - 0.5) if best - 0.5 > 1e-12 else np.nan


def _places(scores: np.ndarray) -> np.ndarray:
    """The place of each score among the distinct ones (int32), 0 the highest."""
    distinct, place = np.unique(scores, return_inverse=True)
    return np.subtract(len(distinct) - 1, place.reshape(-1), dtype=np.int32, casting="unsafe")


def _curve(scores: np.ndarray, money: np.ndarray) -> Curve:
    """The curve of customers in order of their scores, the best first."""
    ends = np.append(np.flatnonzero(scores[1:] != scores[:-1]) + 1, len(scores))
    return Curve(np.append(0, ends), np.append(0, np.cumsum(money)[ends - 1]))


# Intervals


def resampled(
    scores: Mapping[str, np.ndarray], actual: np.ndarray, shares: tuple[float, ...], seed: int, draws: int = DRAWS
) -> dict[str, np.ndarray]:
    """Captures at `shares`, then the Gini, of each score in `draws` bootstrap samples of customers (draws x figures).

    The same customers are drawn for every score, so that differences of two scores may be taken row by row.
    """
    money = earned(actual)
    places = np.column_stack([_places(score) for score in scores.values()])
    order = total_order.by([*places.T[::-1], money])  # by what they are: only equal ones may change places
    money, places = money[order], places[order]
    del order
    rng, size = np.random.default_rng(seed), min(len(money), DRAWN)
    bits, here = size.bit_length(), np.arange(size)
    drawn = {name: np.empty((draws, len(shares) + 1)) for name in scores}
    for draw in range(draws):
        who = rng.integers(0, len(money), size)
        brought = money.take(who)
        best = Curve(np.arange(size + 1), np.append(0, np.cumsum(np.sort(brought)[::-1]))).area
        for name, place in zip(scores, places.take(who, axis=0).T, strict=True):
            found = np.sort((place.astype(np.int64) << bits) | here)
            own = _curve(found >> bits, brought.take(found & ((1 << bits) - 1)))
            drawn[name][draw] = [*(own.capture(share) for share in shares), normalised(own, best)]
    return drawn


def interval(estimate: float, drawn: np.ndarray, n: int) -> tuple[float, float]:
    """The percentile interval of an estimate from its resamples of `n` customers; it always holds the estimate."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return estimate, estimate
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shrink = (min(n, DRAWN) / n) ** 0.5
    return estimate - max(0.0, float(estimate - low) * shrink), estimate + max(0.0, float(high - estimate) * shrink)


# Calibration


def tenths(scores: np.ndarray) -> np.ndarray:
    """The tenth of each customer, 1 the best (int8), by average percentile rank: equal scores share one.

    p = (average rank - 1/2) / n, tenth = 10 - whole part of 10 p.
    """
    distinct, counts = np.unique(scores, return_counts=True)
    ranked = 2 * np.cumsum(counts) - counts  # twice (average rank - 1/2)
    tenth = 10 - (10 * ranked) // (2 * len(scores))
    lowest = distinct[np.flatnonzero(np.diff(tenth, prepend=-1))]  # of each tenth that somebody is in
    return np.unique(tenth)[::-1].astype(np.int8)[total_order.stretch(scores, lowest)]


def calibration(predicted: np.ndarray, actual: np.ndarray, groups: np.ndarray | None = None) -> pd.DataFrame:
    """Mean predicted and mean actual outcome of each tenth (or group of `groups`), with the interval of the actual.

    Columns: group, customers, predicted, actual, low, high, within (predicted lies in the interval). Intervals of 95 %:
    by Wilson (1927) for outcomes of yes and no, else `mean_interval`.
    """
    chosen = tenths(predicted) if groups is None else groups
    outcome = np.maximum(np.nan_to_num(actual.astype(float)), 0)
    bought = outcome[outcome > 0]
    rows = []
    for group in np.unique(chosen):
        here = chosen == group
        own, mean = np.sort(outcome[here]), float(np.sort(predicted[here]).mean())
        low, high = wilson(own) if actual.dtype == bool else mean_interval(own, bought)
        rows.append((group, len(own), mean, float(own.mean()), low, high, low <= mean <= high))
    return pd.DataFrame(rows, columns=["group", "customers", "predicted", "actual", "low", "high", "within"])


def mean_interval(outcome: np.ndarray, like: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a mean of skewed outcomes >= 0, many of them 0, few customers bringing much.

    Gamma interval for a sum of Poisson counts with unequal weights (Fay and Feuer 1997, Statistics in Medicine 16).
    like: outcomes that tell how large one is where none of `outcome` is above 0.
    """
    from scipy.stats import chi2

    n, weights = len(outcome), outcome[outcome > 0]
    total, square = float(weights.sum()), float((weights**2).sum())
    low = square / (2 * total) * float(chi2.ppf((1 - LEVEL) / 2, 2 * total**2 / square)) / n if total else 0.0
    if not len(like):
        return 0.0, 0.0
    one = float(weights.max()) if len(weights) else float(like.mean())
    total, square = total + one, square + one**2
    return low, square / (2 * total) * float(chi2.ppf((1 + LEVEL) / 2, 2 * total**2 / square)) / n


def wilson(outcome: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a share of yes (1) among yes and no (0); Wilson 1927."""
    n, share, z = len(outcome), float(outcome.mean()), 1.959963984540054
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
