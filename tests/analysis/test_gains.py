"""Gains: by hand, against every order of ties, what must not change them, and how often intervals hold the truth."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import gains

SCORES, ACTUAL = np.array([3.0, 2, 2, 1, 0]), np.array([10.0, 0, 30, 0, -7])


def test_by_hand():
    assert gains.capture(SCORES, ACTUAL, 0.2) == 0.25
    assert gains.capture(SCORES, ACTUAL, 0.4) == pytest.approx(0.25 + 15 / 40)  # one of two equal ones, on average
    assert gains.capture(SCORES, ACTUAL, 0.1) == 0.125  # half a customer
    assert gains.capture(SCORES, ACTUAL, 1) == 1
    assert gains.perfect(ACTUAL).capture(0.2) == 0.75
    # Areas: own 0.2 (.125 + .4375 + .8125 + 1 + 1), perfect 0.2 (.375 + .875 + 3)
    assert gains.gini(SCORES, ACTUAL) == pytest.approx((0.675 - 0.5) / (0.85 - 0.5))
    shares, brought = gains.curve(SCORES, ACTUAL).points()
    assert shares.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert brought.tolist() == pytest.approx([0, 0.25, 0.625, 1, 1, 1])


def test_ties_are_the_mean_over_all_their_orders():
    scores, actual = np.array([1, 1, 1, 1, 0]), np.array([9.0, 0, 5, 1, 2])
    found = []
    for order in permutations(range(4)):
        sorted_actual = [actual[i] for i in order] + [actual[4]]
        found.append(np.cumsum(sorted_actual)[:2] / actual.sum())
    wanted = np.mean(found, axis=0)
    assert [gains.capture(scores, actual, share) for share in (0.2, 0.4)] == pytest.approx(wanted.tolist())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(-500, 9000)), min_size=2, max_size=60).filter(
        lambda rows: any(money > 0 for _, money in rows)
    )
)
def test_the_curve_runs_from_nothing_to_all_below_the_perfect_one(rows):
    scores, actual = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows]) / 100
    shares, brought = gains.curve(scores, actual).points()
    _, best = gains.perfect(actual).points()
    assert brought[0] == 0 and brought[-1] == 1 and shares[-1] == 1
    assert (np.diff(brought) >= 0).all() and (brought <= best + 1e-12).all()
    value = gains.gini(scores, actual)
    assert np.isnan(value) or -1e9 < value <= 1 + 1e-9
    reverse = gains.curve(-scores, actual)
    assert reverse.area == pytest.approx(1 - gains.curve(scores, actual).area)


def sample(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties, outcomes that go with them, most of them zero."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.gamma(2, 1, n), 1)
    return scores, np.round(rng.gamma(1, 20, n) * scores, 2) * (rng.random(n) < 0.3)


def figures(scores: np.ndarray, actual: np.ndarray) -> list[float]:
    drawn = gains.resampled({"a": scores}, actual, (0.1, 0.2), 5, draws=40)["a"]
    return [gains.capture(scores, actual, 0.1), gains.gini(scores, actual), *drawn.mean(axis=0)]


def test_neither_order_nor_unit_nor_scale_of_the_score_changes_a_figure():
    scores, actual = sample(1)
    order = np.random.default_rng(2).permutation(len(scores))
    assert figures(scores[order], actual[order]) == figures(scores, actual)
    assert figures(scores * 3 + 1, actual * 1000) == pytest.approx(figures(scores, actual))


def test_doubling_every_customer_changes_no_capture():
    scores, actual = sample(3)
    twice = np.repeat(scores, 2), np.repeat(actual, 2)
    assert gains.capture(*twice, 0.1) == pytest.approx(gains.capture(scores, actual, 0.1), abs=1e-14)
    assert gains.gini(*twice) == pytest.approx(gains.gini(scores, actual))
    assert (gains.tenths(twice[0]) == np.repeat(gains.tenths(scores), 2)).all()


def test_random_scores_lie_on_the_diagonal():
    _, actual = sample(4, 4000)
    found = [gains.capture(np.random.default_rng(s).random(4000), actual, 0.2) for s in range(60)]
    assert np.mean(found) == pytest.approx(0.2, abs=4 * np.std(found) / 60**0.5)
    assert gains.capture(np.zeros(4000), actual, 0.2) == pytest.approx(0.2)


def test_nothing_to_capture_is_unknown():
    assert np.isnan(gains.capture(SCORES, np.zeros(5), 0.2))
    assert np.isnan(gains.gini(SCORES, np.ones(5)))
    drawn = gains.resampled({"a": SCORES}, np.zeros(5), (0.1,), 1, draws=3)["a"]
    assert gains.interval(0.5, drawn[:, 0], 5) == (0.5, 0.5)


@pytest.mark.parametrize("most", [20_000, 250])
def test_intervals_hold_the_truth(monkeypatch, most):
    """Of samples of one population, about 95 % of the intervals hold its capture; also by resamples of a part."""
    monkeypatch.setattr(gains, "DRAWN", most)
    truth = gains.capture(*sample(0, 400_000), 0.2)
    held = 0
    for seed in range(1, 81):
        scores, actual = sample(seed)
        estimate = gains.capture(scores, actual, 0.2)
        drawn = gains.resampled({"a": scores}, actual, (0.2,), seed, draws=120)["a"]
        low, high = gains.interval(estimate, drawn[:, 0], len(scores))
        assert low <= estimate <= high
        held += low <= truth <= high
    assert held >= 70


def test_pairs_are_drawn_alike():
    """The better of two scores that differ in noise alone is better in nearly every resample."""
    scores, actual = sample(6)
    drawn = gains.resampled({"a": actual, "b": scores, "c": actual}, actual, (0.1,), 1, draws=30)
    assert (drawn["a"] == drawn["c"]).all()
    assert (drawn["a"][:, 0] >= drawn["b"][:, 0]).all() and drawn["a"][:, 1].tolist() == pytest.approx([1.0] * 30)


def test_tenths_by_hand():
    assert gains.tenths(np.arange(10.0)).tolist() == list(range(10, 0, -1))
    assert gains.tenths(np.zeros(7)).tolist() == [5] * 7
    assert gains.tenths(np.array([5.0, 1, 1, 9])).tolist() == [4, 8, 8, 2]


def test_calibration_by_hand():
    predicted, actual = np.repeat([2.0, 1.0], 50), np.concatenate([np.tile([0.0, 4], 25), np.tile([0.0, -1], 25)])
    frame = gains.calibration(predicted, actual)
    assert frame["customers"].tolist() == [50, 50]
    assert frame["predicted"].tolist() == [2, 1] and frame["actual"].tolist() == [2, 0]
    best, worst = frame.to_dict("records")
    # Twenty-five purchases of four: Garwood's exact Poisson interval 16.18 to 36.90, times 4 / 50
    assert best["low"] == pytest.approx(16.1787 * 4 / 50, rel=1e-4)
    assert best["high"] == pytest.approx(36.9049 * 4 / 50, rel=1e-4)
    # None of fifty: up to 3.69 purchases as large as the others'
    assert worst["low"] == 0 and worst["high"] == pytest.approx(3.6889 * 4 / 50, rel=1e-4)
    assert best["within"] and not worst["within"]


def test_calibration_of_yes_and_no_is_wilsons():
    frame = gains.calibration(np.full(40, 0.2), np.arange(40) < 10)
    assert frame[["low", "high"]].iloc[0].tolist() == pytest.approx([0.1419, 0.4019], abs=1e-4)
    assert frame["within"].all()


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.5])
def test_intervals_of_a_mean_hold_it(rate):
    rng = np.random.default_rng(8)
    mean, held = rate * np.exp(0.5), 0
    for _ in range(400):
        outcome = rng.lognormal(0, 1, 400) * (rng.random(400) < rate)
        low, high = gains.mean_interval(outcome, outcome)
        held += low <= mean <= high
    assert held >= 0.9 * 400
