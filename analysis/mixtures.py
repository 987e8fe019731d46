"""Gaussian mixtures of several sizes and how well each describes a cloud: scikit-learn's, with a component a row."""

from __future__ import annotations

import math

import numpy as np

from analysis.threads import one_thread

STARTS, STEPS, SETTLED = 3, 100, 1e-3  # of the search; scikit-learn's own but for three starts
RIDGE = 1e-4  # added to each variance
LEAST = 10 * np.finfo(float).eps  # customers a component never falls below


def bayes(points: np.ndarray, components: int, seed: int) -> float:
    """The Bayesian information criterion (Schwarz 1978) of a mixture of so many normal clouds; the least is best.

    points: customers x axes. The best of STARTS searches by expectation and maximisation from groups of K-means, as
    `GaussianMixture(components, n_init=3, reg_covar=1e-4, random_state=seed)`: to the last digits.
    """
    from sklearn.cluster import KMeans

    cloud, random, best = np.ascontiguousarray(points.T), np.random.RandomState(seed), (-np.inf, 0.0)
    with one_thread():
        for _ in range(STARTS):
            labels = KMeans(components, n_init=1, random_state=random).fit(points).labels_
            best = max(best, _search(cloud, np.equal.outer(np.arange(components), labels).astype(float)))
    axes, n = cloud.shape
    free = components * (axes * (axes + 1) // 2 + axes + 1) - 1
    return -2 * best[1] * n + free * math.log(n)


def _search(cloud: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """Mean log-likelihood at the last step but one, by which searches compare, and at the last.

    cloud: axes x customers. part: how far each customer is of each component, components x customers.
    """
    before, clouds = -np.inf, _clouds(cloud, part)
    for _ in range(STEPS):
        likelihood, part = _parts(cloud, *clouds)
        clouds = _clouds(cloud, part)
        if abs(likelihood - before) < SETTLED:
            break
        before = likelihood
    return likelihood, _parts(cloud, *clouds)[0]


def _clouds(cloud: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logarithm of the weight, middle and covariance of each component."""
    size = part.sum(axis=1) + LEAST
    middle = part @ cloud.T / size[:, None]
    spread = np.empty((len(part), len(cloud), len(cloud)))
    for own, share, at, total in zip(spread, part, middle, size, strict=True):
        apart = cloud - at[:, None]
        own[:] = (share * apart) @ apart.T / total + RIDGE * np.eye(len(cloud))
    return np.log(size / size.sum()), middle, spread


def _parts(cloud: np.ndarray, weight: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean log-likelihood, and how far each customer is of each component."""
    log = np.empty((len(weight), cloud.shape[1]))
    for own, heavy, at, covariance in zip(log, weight, middle, spread, strict=True):
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        apart = inverse @ cloud - (inverse @ at)[:, None]
        norm = heavy + np.log(np.diag(inverse)).sum() - len(cloud) / 2 * math.log(2 * math.pi)
        np.subtract(norm, 0.5 * np.einsum("ij,ij->j", apart, apart), out=own)
    largest = log.max(axis=0)
    log -= largest
    np.exp(log, out=log)
    total = log.sum(axis=0)
    log /= total
    return float((np.log(total) + largest).mean()), log
