"""Arms by hash: recomputed by hand, balanced, and nobody's hanging on anybody else's."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chisquare, kstest

from analysis.assignment import as_drawn, control, draw, mismatch

IDS = [f"c{i}" for i in range(20_000)]


def test_the_rule_as_it_is_printed():
    for customer in ("12346", "", "Zoë", "a|b", "\ud800"):
        raw = hashlib.blake2b(f"7|vip|{customer}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        assert draw([customer], "vip", 7)[0] == pytest.approx(int.from_bytes(raw, "big") / 2**64, abs=2**-52)


def test_draws_are_uniform_and_those_of_two_actions_or_seeds_do_not_hang_together():
    one, other, seeded = draw(IDS, "vip", 1), draw(IDS, "loyal", 1), draw(IDS, "vip", 2)
    assert kstest(one, "uniform").pvalue > 0.001 and one.min() >= 0 and one.max() < 1
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03 and abs(np.corrcoef(one, seeded)[0, 1]) < 0.03


def test_shuffle_and_growth_change_nobodys_arm():
    before = dict(zip(IDS[:500], control(IDS[:500], "vip", 1, 0.2), strict=True))
    mixed = np.random.default_rng(0).permutation(IDS)
    after = dict(zip(mixed, control(mixed, "vip", 1, 0.2), strict=True))
    assert {customer: after[customer] for customer in before} == before


def test_a_larger_control_group_keeps_all_it_had():
    small, large = control(IDS, "vip", 1, 0.1), control(IDS, "vip", 1, 0.3)
    assert (large[small]).all() and large.sum() > small.sum()


def test_every_segment_is_balanced_as_a_draw_of_its_own():
    drawn = pd.DataFrame({"control": control(IDS, "vip", 20240229, 0.2), "segment": [i % 7 for i in range(len(IDS))]})
    found = [binomtest(int(of["control"].sum()), len(of), 0.2).pvalue for _, of in drawn.groupby("segment")]
    assert min(found) > 0.001


@pytest.mark.parametrize(("treated", "alone", "share"), [(800, 200, 0.2), (780, 220, 0.2), (950, 40, 0.1), (3, 0, 0.5)])
def test_mismatch_is_the_chi_square_test(treated, alone, share):
    n = treated + alone
    theirs = chisquare([treated, alone], [n * (1 - share), n * share]).pvalue
    assert mismatch(treated, alone, share) == pytest.approx(theirs)


def test_an_uneven_draw_that_lost_nobody_is_compared():
    """1,252 and 246 at a fifth: p = 0.0005, as one draw in two thousand, and still who was drawn."""
    assert mismatch(1252, 246, 0.2) < 0.001
    assert as_drawn((1252, 246), (0, 0), 0.2) == (1.0, True)
    assert not as_drawn((4000, 600), (0, 0), 0.2)[1]  # no draw: p = 10^-32


def test_an_arm_that_lost_more_is_not_compared():
    from scipy.stats import fisher_exact

    p, fit = as_drawn((760, 200), (40, 0), 0.2)
    assert p == pytest.approx(fisher_exact([[760, 200], [40, 0]])[1]) and fit == (p >= 0.001) and not fit
    assert as_drawn((760, 190), (40, 10), 0.2)[1]


def test_no_arms_no_mismatch():
    assert mismatch(0, 0, 0.2) == 1 and mismatch(5, 0, 0.0) == 1
