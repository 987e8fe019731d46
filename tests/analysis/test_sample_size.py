"""Sizes of experiments: as statsmodels has them, and as often found as promised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from analysis import sample_size, uplift

CASES = [(0.1, 0.03, 0.1), (0.02, 0.01, 0.2), (0.3, 0.05, 0.5), (0.0, 0.03, 0.1), (0.856, 0.04, 0.2), (0.97, 0.03, 0.3)]


@pytest.mark.parametrize(("baseline", "gain", "share"), CASES)
def test_sizes_are_those_of_statsmodels(baseline, gain, share):
    size = proportion_effectsize(baseline + gain, baseline)
    treated = NormalIndPower().solve_power(size, None, 0.05, 0.8, share / (1 - share), "two-sided")
    treatment, control = sample_size.needed(baseline, gain, share) or (0, 0)
    # the ratio of the arms is control over treatment in statsmodels, and each arm is rounded up to whole customers
    assert treatment == math.ceil(treated - 1e-6)
    assert control == math.ceil(treated * share / (1 - share) - 1e-6)


@pytest.mark.parametrize(("baseline", "gain", "share"), CASES)
def test_power_is_that_of_statsmodels(baseline, gain, share):
    size = proportion_effectsize(baseline + gain, baseline)
    for treated, alone in ((200, 50), (5000, 600)):
        theirs = NormalIndPower().power(size, treated, 0.05, alone / treated, "two-sided")
        assert sample_size.power(sample_size.effect(baseline + gain, baseline), treated, alone) == pytest.approx(theirs)


@pytest.mark.parametrize(("treated", "alone"), [(607, 142), (984, 94), (20_000, 2_000)])
@pytest.mark.parametrize("baseline", [0.0, 0.01, 0.3, 0.85])
def test_what_is_detectable_is_found_at_eighty_percent(baseline, treated, alone):
    gain = sample_size.detectable(baseline, treated, alone)
    assert gain is not None
    size = proportion_effectsize(baseline + gain, baseline)
    assert NormalIndPower().power(size, treated, 0.05, alone / treated, "two-sided") == pytest.approx(0.8, abs=1e-9)
    needed = sample_size.needed(baseline, gain, alone / (treated + alone))
    assert needed is not None and abs(needed[0] - treated) <= 1 and abs(needed[1] - alone) <= 1


@pytest.mark.parametrize(("baseline", "gain", "share"), [(0.1, 0.03, 0.1), (0.3, 0.05, 0.5), (0.25, 0.03, 0.2)])
def test_four_thousand_experiments_find_it_in_four_of_five(baseline, gain, share):
    """Both the test the sizes are made for, and the verdict of this report, which is Newcombe's."""
    treatment, control = sample_size.needed(baseline, gain, share) or (0, 0)
    rng = np.random.default_rng(20240229)
    treated = rng.binomial(treatment, baseline + gain, 4000)
    alone = rng.binomial(control, baseline, 4000)
    angles = 2 * np.arcsin(np.sqrt(treated / treatment)) - 2 * np.arcsin(np.sqrt(alone / control))
    by_angle = (np.abs(angles) / math.sqrt(1 / treatment + 1 / control) > 1.959963984540054).mean()
    low = [uplift.newcombe(int(t), treatment, int(a), control)[0] for t, a in zip(treated, alone, strict=True)]
    assert abs(by_angle - 0.8) <= 0.02
    assert abs((np.array(low) > 0).mean() - 0.8) <= 0.025


def test_several_experiments_as_one_show_less_than_each():
    alone = sample_size.detectable(0.3, 600, 140)
    both = sample_size.detectable_in_all(0.3, [(600, 140), (600, 140)])
    as_large = sample_size.detectable(0.3, 1200, 280)
    assert alone is not None and both is not None and both < alone and both == pytest.approx(as_large)


def test_what_cannot_be_shown():
    assert sample_size.detectable(0.99, 10, 2) is None
    assert sample_size.detectable(0.5, 0, 10) is None
    assert sample_size.detectable_in_all(0.5, []) is None
    assert sample_size.needed(0.99, 0.02, 0.2) is None
    assert sample_size.needed(0.5, 0.02, 0.0) is None
