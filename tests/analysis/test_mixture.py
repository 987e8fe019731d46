"""Gaussian mixtures: the criterion is scikit-learn's, also of points that are few, alike or on a line."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from analysis import mixture


def points(kind: str) -> np.ndarray:
    random = np.random.default_rng(5)
    clouds = np.concatenate([random.normal(middle, 1 + middle, (150, 3)) for middle in range(3)])
    return {
        "clouds": clouds,
        "few": clouds[::15],
        "on a grid": clouds.round(),
        "on a line": clouds[:, :1] * [1.0, 2.0, 0.0],
        "two directions": clouds[:, :2],
    }[kind]


@pytest.mark.parametrize("kind", ["clouds", "few", "on a grid", "on a line", "two directions"])
@pytest.mark.parametrize("clouds", [1, 2, 5])
def test_the_criterion_is_that_of_scikit_learn(kind: str, clouds: int) -> None:
    there = points(kind)
    known = GaussianMixture(clouds, n_init=3, reg_covar=mixture.LEAST_VARIANCE, random_state=3).fit(there).bic(there)
    assert mixture.criterion(there, clouds, 3) == pytest.approx(known, rel=1e-9)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_points_all_alike_have_a_criterion() -> None:
    assert np.isfinite(mixture.criterion(np.zeros((40, 2)), 3, 1))
