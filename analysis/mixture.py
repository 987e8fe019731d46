"""Gaussian mixtures: how well so many bell-shaped clouds, each of its own shape, describe points."""

from __future__ import annotations

import numpy as np

STARTS, STEPS, SETTLED = 3, 100, 1e-3
LEAST_VARIANCE = 1e-4  # added to that of every direction: a cloud never shrinks to a point


def criterion(points: np.ndarray, clouds: int, seed: int) -> float:
    """The Bayesian information criterion of the likeliest mixture found from a few groupings by K-means.

    What scikit-learn's GaussianMixture says, to nine digits: by expectation and maximisation. A logarithm of a density
    is a sum of products of two coordinates, so that one product of matrices gives those of all points and clouds, and
    another the moments.
    """
    from sklearn.cluster import KMeans

    count, width = points.shape
    pairs = np.triu_indices(width)
    terms = np.vstack([np.ones(count), points.T, points.T[pairs[0]] * points.T[pairs[1]]])
    random, best, kept = np.random.RandomState(seed), -np.inf, np.empty(0)
    for _ in range(STARTS):
        labels = KMeans(clouds, n_init=1, random_state=random).fit(points).labels_
        weights, level = (labels == np.arange(clouds)[:, None]).astype(float), -np.inf
        likeliest = _likeliest(weights @ terms.T, pairs)
        for _ in range(STEPS):
            before, (level, weights) = level, _told(likeliest @ terms)
            likeliest = _likeliest(weights @ terms.T, pairs)
            if abs(level - before) < SETTLED:
                break
        if level > best or not len(kept):
            best, kept = level, likeliest
    parameters = clouds * terms.shape[0] - 1
    return -2 * _told(kept @ terms)[0] * count + parameters * float(np.log(count))


def _told(logs: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean logarithm of the density of points, and how far each belongs to each cloud (clouds x points)."""
    top = logs.max(axis=0)
    parts = np.exp(logs - top)
    total = parts.sum(axis=0)
    return float((np.log(total) + top).mean()), np.divide(parts, total, out=parts)


def _likeliest(moments: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The logarithm of each cloud's share and density, as factors of the terms, where it has such moments."""
    first, second = pairs
    width = int(first[-1]) + 1
    size = moments[:, 0] + 10 * np.finfo(float).eps
    mean, products = moments[:, 1 : width + 1] / size[:, None], moments[:, width + 1 :] / size[:, None]
    spread = np.empty((len(size), width, width))
    spread[:, first, second] = products - mean[:, first] * mean[:, second] * (2 - moments[:, :1] / size[:, None])
    spread[:, second, first] = spread[:, first, second]
    spread += LEAST_VARIANCE * np.eye(width)
    inverse = np.linalg.inv(spread)
    pull = (inverse @ mean[..., None])[..., 0]
    level = (
        np.log(size / size.sum())
        - (width * np.log(2 * np.pi) + np.linalg.slogdet(spread)[1] + (pull * mean).sum(axis=1)) / 2
    )
    return np.column_stack([level, pull, inverse[:, first, second] * np.where(first == second, -0.5, -1.0)])
