"""Areas, scores and calibration of chances: scikit-learn's own functions, brute force, and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from analysis import chance_measures as of


def drawn(seed: int, n: int = 400, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 6, n)
    yes = rng.random(n) < chance
    yes[:2] = True, False
    return (np.round(chance, 2) if ties else chance), yes


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_scikit_learn_agrees(seed, ties):
    chance, yes = drawn(seed, ties=ties)
    assert of.roc_area(chance, yes)[0] == pytest.approx(roc_auc_score(yes, chance), abs=1e-12)
    assert of.precision_area(chance, yes)[0] == pytest.approx(average_precision_score(yes, chance), abs=1e-12)
    assert of.brier(chance, yes) == pytest.approx(brier_score_loss(yes, chance), abs=1e-12)
    sure = np.clip(chance, 1e-9, 1 - 1e-9)
    assert of.log_losses(chance, yes).mean() == pytest.approx(log_loss(yes, sure), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_line_is_the_unpenalised_regression(seed):
    chance, yes = drawn(seed)
    score = of.logit(chance + 0.01)
    made = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(score[:, None], yes)
    intercept, slope, error = of.line(score, yes)
    assert (intercept, slope) == pytest.approx((made.intercept_[0], made.coef_[0, 0]), rel=1e-4)
    x = np.column_stack([np.ones(len(score)), score])
    p = made.predict_proba(score[:, None])[:, 1]
    assert error == pytest.approx(np.linalg.inv(x.T @ (x * (p * (1 - p))[:, None]))[1, 1] ** 0.5, rel=1e-3)


def test_roc_area_by_hand():
    """Pairs of yes and no: 0.9 and 0.4 against 0.4 and 0.1 are three and a half of four."""
    area, (low, high) = of.roc_area(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False]))
    assert area == 3.5 / 4 and 0 < low < area < high < 1


def test_delong_is_the_brute_force_of_its_paper():
    chance, yes = drawn(7, 80)
    kernel = (chance[yes][:, None] > chance[~yes][None]) + 0.5 * (chance[yes][:, None] == chance[~yes][None])
    variance = kernel.mean(1).var(ddof=1) / yes.sum() + kernel.mean(0).var(ddof=1) / (~yes).sum()
    area, (low, high) = of.roc_area(chance, yes)
    logit = np.log(area / (1 - area))
    half = 1.959963984540054 * variance**0.5 / (area * (1 - area))
    assert (low, high) == pytest.approx((1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))), rel=1e-9)


def test_the_interval_of_the_roc_area_covers():
    """Scores normal about 0 and about 1: the true area is Phi(1 / sqrt 2) = 0.7602."""
    rng, inside = np.random.default_rng(3), 0
    for _ in range(300):
        score = np.concatenate([rng.normal(1, 1, 40), rng.normal(0, 1, 120)])
        low, high = of.roc_area(score, np.arange(160) < 40)[1]
        inside += low <= 0.7602 <= high
    assert 0.91 <= inside / 300 <= 0.98


def test_perfect_and_useless_scores():
    yes = np.array([True] * 5 + [False] * 15)
    assert of.roc_area(yes.astype(float), yes) == (1.0, (1.0, 1.0))
    assert of.precision_area(yes.astype(float), yes)[0] == 1.0
    level = np.full(20, 0.25)
    assert of.roc_area(level, yes)[0] == 0.5
    assert of.precision_area(level, yes)[0] == 0.25
    assert of.line(level, yes)[1] == 0.0
    assert of.lift(level, yes, 0.1)[1][0] == pytest.approx(1.0)


def test_brier_skill_by_hand():
    """Squared errors 0.01 + 0.04 against 0.25 + 0.25: nine tenths are saved."""
    skill, (low, high) = of.brier_skill(np.array([0.9, 0.2]), np.array([True, False]), 0.5)
    assert skill == pytest.approx(1 - 0.05 / 0.5) and low < skill < high
    base = np.full(50, 0.3)
    assert of.brier_skill(base, np.arange(50) < 15, 0.3) == (0.0, (0.0, 0.0))


def test_lift_by_hand():
    yes = np.zeros(20, dtype=bool)
    yes[[0, 1, 10, 15]] = True
    (found, (low, high)), (times, _) = of.lift(-np.arange(20.0), yes, 0.1)
    assert (found, times) == (0.5, 5.0)
    assert (low, high) == pytest.approx((0.15003899, 0.84996101))  # Wilson's interval of two of four


def test_wilson_of_none_and_all():
    assert of.wilson(0.0, 10)[0] == 0.0 and of.wilson(1.0, 10)[1] == 1.0
    assert of.wilson(0.1, 50) == pytest.approx((0.04347523, 0.21360231), abs=1e-6)  # 5 of 50


@pytest.mark.parametrize("smoothed", [False, True])
def test_a_score_that_parts_all_stays_finite(smoothed):
    intercept, slope, error = of.line(np.arange(10.0), np.arange(10) >= 5, smoothed)
    assert np.isfinite([intercept, slope, error]).all() and slope > 0


def test_order_of_people_changes_no_bit():
    chance, yes = drawn(9)
    for order in (np.arange(400)[::-1], np.random.default_rng(1).permutation(400)):
        for measure in (
            of.roc_area,
            of.precision_area,
            of.brier,
            of.line,
            lambda c, y: of.brier_skill(c, y, 0.1),
            lambda c, y: of.lift(c, y, 0.1),
        ):
            assert measure(chance[order], yes[order]) == measure(chance, yes)
