"""Concentration: by hand, against a brute recomputation, the published CDNOW figure, and what must not change it."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.pareto import concentration
from analysis.run import run

from .test_customers import random_lines

CDNOW = Path(__file__).parents[2].parent / "shared" / "data" / "cdnow" / "CDNOW_sample.txt.gz"


def spenders(*amounts: float) -> list[tuple[str, str, str, str]]:
    """One order a customer, of these amounts."""
    return [(f"o{i}", f"c{i}", "2024-01-01", f"{a:.2f}") for i, a in enumerate(amounts)]


def gini(values: np.ndarray) -> float:
    """Mean absolute difference / twice the mean: the textbook definition, over all pairs."""
    return float(np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean()))


def test_by_hand(shop, computed):
    pareto = computed("pareto", shop(spenders(50, 20, 10, 10, 10)))
    values = {k: f.value for k, f in pareto.findings.items()}
    assert values["top_20_share"] == values["headline"] == 0.5
    assert values["top_10_share"] == 0.5  # a tenth of five customers is one, rounded up
    assert values["customers_for_80"] == pytest.approx(0.6)
    # Mean absolute difference 2 (30 + 3 x 40 + 3 x 10) / 25 = 14.4, mean 20
    assert values["gini"] == pytest.approx(0.36)
    assert pareto.curve.frame["share_of_revenue"].tolist() == pytest.approx([0, 0.5, 0.7, 0.8, 0.9, 1])


def test_all_alike_lie_on_the_diagonal(shop, computed):
    findings = computed("pareto", shop(spenders(*[7] * 10))).findings
    assert findings["top_20_share"].value == pytest.approx(0.2)
    assert findings["customers_for_80"].value == pytest.approx(0.8)
    assert findings["gini"].value == 0


@pytest.mark.parametrize("seed", range(4))
def test_brute_force_agrees(seed):
    rng = np.random.default_rng(seed)
    net = np.round(rng.lognormal(3, 1.5, 250) - 10, 2)
    units, kept = concentration(net), np.sort(np.maximum(net, 0))[::-1]
    assert units.gini() == pytest.approx(gini(kept))
    assert units.brought_by_top(0.2) == pytest.approx(kept[:50].sum() / kept.sum())
    assert units.brought_by_top(0.1) == pytest.approx(kept[:25].sum() / kept.sum())
    needed = units.needed_for(0.8)
    assert kept[: needed - 1].sum() / kept.sum() < 0.8 <= kept[:needed].sum() / kept.sum() + 1e-12


def test_doubling_every_customer_changes_nothing():
    net = np.round(np.random.default_rng(5).lognormal(3, 1, 137), 2)
    one, two = concentration(net), concentration(np.repeat(net, 2))
    assert one.gini() == pytest.approx(two.gini(), abs=1e-14)
    assert two.needed_for(0.8) in (2 * one.needed_for(0.8) - 1, 2 * one.needed_for(0.8))  # of whole customers
    np.testing.assert_allclose(one.cumulative / one.total, two.cumulative[::2] / two.total, atol=1e-14)


def test_another_unit_of_money_changes_no_share(shop, computed):
    lines = random_lines(21)
    in_cents = lines.assign(amount=[str(Decimal(a) * 100) for a in lines["amount"]])
    first, second = (computed("pareto", shop(frame)) for frame in (lines, in_cents))
    for k, finding in first.findings.items():
        assert second.findings[k].value == pytest.approx(finding.value, abs=1e-14)
    pd.testing.assert_frame_equal(first.curve.frame, second.curve.frame)


def test_shuffled_rows_and_new_names_change_nothing(shop, computed):
    lines = random_lines(22)
    other = lines.sample(frac=1, random_state=3).assign(customer_id="y" + lines["customer_id"])
    first, second = (computed("pareto", shop(frame)) for frame in (lines, other))
    assert first.findings == second.findings
    pd.testing.assert_frame_equal(first.deciles.frame, second.deciles.frame)


@pytest.mark.parametrize("n", [5, 7, 37, 200, 201, 1000])
def test_the_curve_runs_from_nothing_to_all_and_bends_down(shop, computed, n):
    rng = np.random.default_rng(n)
    pareto = computed("pareto", shop(spenders(*rng.lognormal(2, 1, n).round(2))))
    curve = pareto.curve.frame
    assert len(curve) <= 201
    assert curve.iloc[0].tolist() == [0, 0] and curve.iloc[-1].tolist() == [1, 1]
    slopes = np.diff(curve["share_of_revenue"]) / np.diff(curve["share_of_customers"])
    assert (slopes >= 0).all() and (np.diff(slopes) <= 1e-9).all()
    fifth = curve[curve["share_of_customers"] >= 0.2].iloc[0]
    assert fifth["share_of_revenue"] == pareto.findings["top_20_share"].value
    deciles = pareto.deciles.frame
    assert deciles["customers"].sum() == n and deciles["share"].sum() == pytest.approx(1)
    assert not (deciles["customers"] == 0).any()


def test_customers_below_zero_count_as_zero(shop, computed):
    lines = [*spenders(50, 20, 10, 10, 10), ("r", "c4", "2024-01-01", "-90.00", "refund")]
    findings = computed("pareto", shop(lines)).findings
    assert findings["top_20_share"].value == pytest.approx(50 / 90)


@pytest.mark.parametrize(
    ("amounts", "start"),
    [
        ((900, 10, 10, 10, 10), "A few customers carry the business"),
        ((70, 10, 10, 5, 5), "Customer revenue is concentrated"),
        ((50, 20, 10, 10, 10), "Customer revenue leans on the best customers"),
        ((10, 10, 10, 10, 10), "Customer revenue is spread over many"),
    ],
)
def test_the_headline_says_what_was_measured(shop, computed, amounts, start):
    headline = computed("pareto", shop(spenders(*amounts))).findings["headline"]
    assert headline.claim.startswith(start)
    assert headline.value == pytest.approx(amounts[0] / sum(amounts))


@pytest.mark.parametrize(
    ("lines", "settings", "reason"),
    [
        (spenders(1, 2, 3, 4), {}, "fewer than five customers"),
        (spenders(0, 0, 0, 0, 0), {}, "no customer brought positive revenue"),
        (spenders(1, 2, 3, 4, 5), {"no_money": "no prices"}, "no prices"),
    ],
)
def test_skips_with_the_reason(shop, lines, settings, reason):
    assert reason in run(["pareto"], *shop(lines, settings=settings)).skipped["pareto"]


def test_products_have_their_own_curve(shop, computed):
    lines = [(f"o{i}", f"c{i}", "2024-01-01", f"{a}.00", "sale", f"p{i}") for i, a in enumerate([60, 10, 10, 10, 10])]
    pareto = computed("pareto", shop(lines, products=[(f"p{i}", f"Product {i}") for i in range(5)]))
    assert pareto.findings["product_top_20_share"].value == pytest.approx(0.6)
    assert pareto.products.frame.columns.tolist() == ["share_of_products", "share_of_revenue"]


@pytest.mark.skipif(not CDNOW.exists(), reason="the public data sets are not beside this repository")
def test_published_share_of_cdnow(shop, computed):
    rows = [line.split() for line in gzip.decompress(CDNOW.read_bytes()).decode("ascii").splitlines() if line.strip()]
    lines = [(f"{who}-{day}", who, f"{day[:4]}-{day[4:6]}-{day[6:]}", money, "sale") for who, _, day, _, money in rows]
    made = shop(lines)
    found = computed("pareto", made).findings["top_20_share"]
    assert found.n == 2357
    # Published: 67.5 %, by the 472 whole customers that are a fifth of 2,357 rounded up.
    assert found.value == pytest.approx(0.67455, abs=1e-5)


def test_whole_customers_are_needed(shop, computed):
    """Three of seven bring 75 of 100; four fifths need the fourth, though it brings more than is missing."""
    findings = computed("pareto", shop(spenders(25, 25, 25, 10, 5, 5, 5))).findings
    assert findings["customers_for_80"].value == 4 / 7
