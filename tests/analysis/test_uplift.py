"""Differences between two arms: as statsmodels has them, coherent, and wrong as rarely as said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from analysis import intervals, uplift
from analysis.uplift import HARMED, NONE, WORKED, Arm


@pytest.mark.parametrize(
    "counts", [(20, 100, 5, 100), (56, 70, 48, 80), (0, 10, 3, 40), (5, 56, 0, 29), (9, 10, 3, 10)]
)
def test_the_interval_is_newcombes(counts):
    theirs = confint_proportions_2indep(*counts, compare="diff", method="newcomb")
    assert uplift.newcombe(*counts) == pytest.approx(theirs, abs=1e-9)
    assert uplift.newcombe(*counts) == pytest.approx(intervals.newcombe(*counts), abs=1e-9)


def test_newcombes_own_examples():
    """Newcombe (1998), table II, method 10, cases (a), (e) and (g)."""
    assert uplift.newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert uplift.newcombe(5, 56, 0, 29) == pytest.approx((-0.0381, 0.1926), abs=5e-5)
    assert uplift.newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)


arms = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=150, deadline=None)
@given(arms, arms)
def test_p_and_interval_agree(one, other):
    low, high = uplift.newcombe(*one, *other)
    p = uplift.chance(*one, *other)
    assert 0 <= p <= 1 and p == pytest.approx(uplift.chance(*other, *one), abs=1e-9)
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (low > 0 or high < 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_is_that_of_statsmodels(chances):
    assert uplift.holm(chances) == pytest.approx(list(multipletests(chances, method="holm")[1]))


def test_means_by_welch():
    rng = np.random.default_rng(1)
    one, other = rng.gamma(1, 20, 300), rng.gamma(1, 18, 90)
    found = uplift.mean(one, other)
    theirs = CompareMeans(DescrStatsW(one), DescrStatsW(other)).tconfint_diff(usevar="unequal")
    assert found is not None and found.value == pytest.approx(one.mean() - other.mean())
    assert found.interval == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [([1.0], [1.0, 2.0]), ([1.0, np.nan], [1.0, 2.0]), ([1.0, 1.0], [1.0, 1.0]), ([], [])],
)
def test_no_difference_of_means_is_invented(one, other):
    assert uplift.mean(np.array(one), np.array(other)) is None


def test_verdicts():
    assert uplift.verdict(0.1, 0.049) == WORKED and uplift.verdict(-0.1, 0.049) == HARMED
    assert uplift.verdict(0.1, 0.05) == NONE


def test_who_bought_counts_once():
    arm = Arm(net=np.array([3.0, 0.0, 9.0]), orders=np.array([1, 0, 4]))
    assert (arm.customers, arm.buyers) == (3, 2)


@pytest.mark.parametrize(
    ("baseline", "treated", "alone"),
    [(0.1, 2000, 250), (0.02, 4000, 1000), (0.6, 500, 120), (0.3, 1000, 100), (0.85, 607, 142)],
)
def test_a_difference_that_is_not_there_is_shown_once_in_twenty_at_most(baseline, treated, alone):
    """Summed over all outcomes there can be, not simulated."""
    wrong = 0.0
    likely = [
        range(*(int(binom.ppf(q, n, baseline)) + d for q, d in ((1e-7, 0), (1 - 1e-7, 1)))) for n in (treated, alone)
    ]
    for other in likely[1]:
        found = np.array([uplift.newcombe(one, treated, other, alone) for one in likely[0]])
        shown = (found[:, 0] > 0) | (found[:, 1] < 0)
        chances = binom.pmf(np.array(likely[0]), treated, baseline)
        wrong += float(chances[shown].sum() * binom.pmf(other, alone, baseline))
    assert 0.04 < wrong <= 0.051
