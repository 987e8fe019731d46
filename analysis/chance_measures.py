"""How good probabilities of yes and no are: areas, scores, calibration and lift, each with its interval of 95 %."""

from __future__ import annotations

import numpy as np

from analysis import gains

Estimate = tuple[float, tuple[float, float]]
Z = 1.959963984540054
LEAST_CHANCE = 1e-9
STEPS = 50


def roc_area(score: np.ndarray, yes: np.ndarray) -> Estimate:
    """The chance that a random yes is scored above a random no (ties count half); 0.5 is no better than chance.

    Interval on the logit scale from the variance of DeLong, DeLong and Clarke-Pearson (1988), by the ranks of Sun and
    Xu (2014, IEEE Signal Processing Letters 21).
    """
    own, others = np.sort(score[yes]), np.sort(score[~yes])
    of_yes = _below(others, own) / len(others)
    of_no = 1 - _below(own, others) / len(own)
    area = float(of_yes.mean())
    variance = _variance(of_yes) / len(own) + _variance(of_no) / len(others)
    return area, _within_one(area, variance**0.5)


def precision_area(score: np.ndarray, yes: np.ndarray) -> Estimate:
    """Average precision: mean over yeses of the share of yes among those scored as high; a random score has the share.

    Equal scores are taken together. Interval on the logit scale, Boyd, Eng and Page (2013, ECML PKDD).
    """
    _, found, taken = steps(score, yes)
    gained = np.diff(found, prepend=0) / found[-1]
    area = float((gained * found / taken).sum())
    spread = (area * (1 - area) / int(found[-1])) ** 0.5
    return area, _within_one(area, spread)


def steps(score: np.ndarray, yes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct scores, the highest first; and how many yeses, and how many of all, are scored as high or higher."""
    rising, own = np.sort(score), np.sort(score[yes])
    first = np.flatnonzero(np.diff(rising, prepend=np.nan) != 0)
    distinct = rising[first][::-1]
    return distinct, len(own) - np.searchsorted(own, distinct), len(rising) - first[::-1]


def brier(chance: np.ndarray, yes: np.ndarray) -> float:
    """The mean squared distance of chance and outcome (Brier 1950); 0 is perfect."""
    return float(np.sort((chance - yes) ** 2).mean())


def log_losses(chance: np.ndarray, yes: np.ndarray) -> np.ndarray:
    """Of each, minus the logarithm of the chance given to what happened."""
    sure = np.clip(chance, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return -np.log(np.where(yes, sure, 1 - sure))


def brier_skill(chance: np.ndarray, yes: np.ndarray, base: float) -> Estimate:
    """The part of the Brier score of giving everyone `base` that is saved: 1 perfect, 0 no better, below 0 worse.

    Interval of a ratio of means, by the delta method over people.
    """
    own, bare = _by_bare((chance - yes) ** 2, yes, base)
    ratio = float(own.mean() / bare.mean())
    spread = (_variance(own - ratio * bare) / len(own)) ** 0.5 / float(bare.mean())
    return 1 - ratio, (1 - ratio - Z * spread, 1 - ratio + Z * spread)


def difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """The mean of first - second, people in pairs, and its normal interval."""
    apart = np.sort(first - second)
    mean, half = float(apart.mean()), Z * (_variance(apart) / len(apart)) ** 0.5
    return mean, (mean - half, mean + half)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """The normal interval of a mean."""
    return difference(values, np.zeros(len(values)))[1]


def lift(score: np.ndarray, yes: np.ndarray, share: float) -> tuple[Estimate, Estimate]:
    """The share of all yeses among the best-scored `share` of people; and it as a multiple of that share.

    Interval by Wilson over the yeses: each is among the best or is not.
    """
    found = gains.capture(score, yes, share)
    low, high = wilson(found, int(np.count_nonzero(yes)))
    return (found, (low, high)), (found / share, (low / share, high / share))


def wilson(share: float, n: float) -> tuple[float, float]:
    """The interval of a share of n (Wilson 1927)."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)) ** 0.5
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def logit(chance: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)); none is infinite."""
    sure = np.clip(chance, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return np.log(sure / (1 - sure))


def line(score: np.ndarray, yes: np.ndarray, smoothed: bool = False) -> tuple[float, float, float]:
    """Intercept and slope of the logistic regression of yes on the score, and the slope's standard error.

    smoothed: outcomes of Platt (1999), (n + 1) / (n + 2) and 1 / (m + 2) in place of one and nought. The slope is
    nought where all scores are equal; Cox (1958) judges calibration by it.
    """
    x, target = np.sort(score), np.zeros(len(score))
    own = np.sort(score[yes])
    positives = float(len(own))
    after = np.searchsorted(own, own, side="right") - np.arange(len(own))  # yeses that score the same, this one and on
    target[np.searchsorted(x, own, side="right") - after] = 1.0  # behind the noes that score the same
    if smoothed:
        target = np.where(target > 0, (positives + 1) / (positives + 2), 1 / (len(x) - positives + 2))
    middle, spread = float(x.mean()), float(x.std())
    if spread < 1e-9:
        return float(logit(np.array([target.mean()]))[0]), 0.0, 0.0
    z = (x - middle) / spread
    beta = np.array([float(logit(np.array([target.mean()]))[0]), 0.0])
    information = np.eye(2)
    for _ in range(STEPS):
        chance = expit(beta[0] + beta[1] * z)
        weight = np.maximum(chance * (1 - chance), 1e-12)
        gradient = np.array([(target - chance).sum(), ((target - chance) * z).sum()])
        cross = float((weight * z).sum())
        information = np.array([[float(weight.sum()), cross], [cross, float((weight * z * z).sum())]])
        step = np.linalg.solve(information, gradient)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    error = float(np.linalg.inv(information)[1, 1]) ** 0.5
    return float(beta[0] - beta[1] * middle / spread), float(beta[1] / spread), error / spread


def _below(others: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How many of `others` are below each of `own`, equal ones counted half; both in order."""
    return (np.searchsorted(others, own) + np.searchsorted(others, own, side="right")) / 2


def _by_bare(own: np.ndarray, yes: np.ndarray, base: float) -> tuple[np.ndarray, np.ndarray]:
    """Squared errors, and those of giving everyone `base`, in order of these and then of their own."""
    bare = (base - np.array([False, True])) ** 2
    if bare[0] == bare[1]:
        return np.sort(own), np.full(len(own), bare[0])
    order = np.argsort(bare)
    parts = [np.sort(own[yes == bool(did)]) for did in order]
    return np.concatenate(parts), np.repeat(bare[order], [len(part) for part in parts])


def expit(score: np.ndarray) -> np.ndarray:
    """The chance at a logit."""
    return 1 / (1 + np.exp(-np.clip(score, -30, 30)))


def _variance(values: np.ndarray) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _within_one(share: float, spread: float) -> tuple[float, float]:
    """share -+ 1.96 spread, taken on the logit scale so that it stays between 0 and 1."""
    if not 0 < share < 1:
        return share, share
    at, half = np.log(share / (1 - share)), Z * spread / (share * (1 - share))
    low, high = expit(np.array([at - half, at + half]))
    return float(low), float(high)
