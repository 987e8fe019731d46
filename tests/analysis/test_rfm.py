"""Scores and segments: hand-solved, against pandas ranks, at every triple, and what must not change them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis.rfm import RULES, SEGMENTS, key, score, segment
from analysis.run import run

from .test_customers import random_lines


def by_the_book(r: int, f: int, m: int) -> str:
    """The segments as the product page words them, written out once more."""
    if r >= 4:
        if f >= 4:
            return "VIP" if m >= 4 else "Loyal"
        if m >= 4:
            return "Loyal"
    if r >= 3:
        return "Potential Loyalist" if f >= 3 else "Regular"
    return "Dormant" if max(f, m) <= 2 else "At Risk"


def ranked(values: pd.Series) -> list[int]:
    """Scores by pandas' average ranks: floor(5 (rank - 1/2) / n) + 1, ranks as halves to stay whole."""
    halves = (values.rank(method="average") * 2).astype(int)
    return [int(5 * (h - 1)) // (2 * len(values)) + 1 for h in halves]


@pytest.mark.parametrize("triple", list(product(range(1, 6), repeat=3)))
def test_every_triple_has_its_segment(triple):
    assert segment(*triple) == by_the_book(*triple)


def test_rules_are_printed_as_they_work():
    for triple in product(range(1, 6), repeat=3):
        scores = dict(zip("rfm", triple, strict=True))
        printed = ((name, text.replace("≥", ">=").replace("≤", "<=")) for name, text, _ in RULES)
        assert segment(*triple) == next(name for name, text in printed if text == "all others" or eval(text, scores))


def test_scores_by_hand():
    assert score(np.array([10, 20, 30, 40, 50])).of.tolist() == [1, 2, 3, 4, 5]
    assert score(np.array([10, 20, 30, 40, 50]), least_is_best=True).of.tolist() == [5, 4, 3, 2, 1]
    assert score(np.array([7, 7, 7, 7])).of.tolist() == [3, 3, 3, 3]
    # Ranks 2, 2, 2, 4, 5 of 5: p = .3, .3, .3, .7, .9
    assert score(np.array([1, 1, 1, 2, 9])).of.tolist() == [2, 2, 2, 4, 5]
    # Ranks 1 to 10: two a score
    assert score(np.arange(10)).of.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize("seed", range(5))
def test_scores_agree_with_pandas_ranks(seed):
    values = np.random.default_rng(seed).zipf(1.6, 501) % 40
    assert score(values).of.tolist() == ranked(pd.Series(values))
    assert score(values, least_is_best=True).of.tolist() == ranked(pd.Series(-values))


@pytest.mark.parametrize("seed", range(3))
def test_equal_customers_score_the_same_in_any_order(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 12, 300)
    order = rng.permutation(300)
    assert score(values).of[order].tolist() == score(values[order]).of.tolist()


def test_duplicating_every_customer_changes_no_score():
    values = np.random.default_rng(3).integers(0, 50, 137)
    assert score(np.repeat(values, 2)).of.tolist() == np.repeat(score(values).of, 2).tolist()


def segments_of(rfm) -> pd.DataFrame:
    return rfm.segments.frame.set_index("segment")


@pytest.mark.parametrize("seed", range(3))
def test_pandas_agrees_on_segments(shop, computed, seed):
    made = shop(random_lines(seed, 600, 60))
    rfm, customers = computed("rfm", made), computed("customers", made).frame
    wanted = pd.DataFrame(
        {
            "r": ranked(-customers["recency_days"]),
            "f": ranked(customers["orders"]),
            "m": ranked(customers["net"]),
            "net": customers["net"],
            "orders": customers["orders"],
        }
    )
    wanted["segment"] = [by_the_book(*t) for t in wanted[["r", "f", "m"]].itertuples(index=False)]
    assert rfm.frame[["r", "f", "m"]].to_numpy().tolist() == wanted[["r", "f", "m"]].to_numpy().tolist()
    assert rfm.frame["segment"].tolist() == wanted["segment"].tolist()
    groups = wanted.groupby("segment")
    table = segments_of(rfm)
    positive = wanted["net"].clip(lower=0)
    for name in SEGMENTS:
        if name not in groups.groups:
            assert table.loc[name, "customers"] == 0
            continue
        mine = groups.get_group(name)
        assert table.loc[name, "customers"] == len(mine)
        assert table.loc[name, "net"] == pytest.approx(mine["net"].sum())
        assert table.loc[name, "median_orders"] == mine["orders"].median()
        assert table.loc[name, "median_net"] == pytest.approx(mine["net"].median())
        assert table.loc[name, "share_net"] == pytest.approx(positive[mine.index].sum() / positive.sum())
        assert table.loc[name, "index_net"] == pytest.approx(100 * mine["net"].mean() / wanted["net"].mean())
        assert rfm.findings[f"{key(name)}_revenue"].value == sum(
            (Decimal(str(round(v, 2))) for v in mine["net"]), Decimal(0)
        )


def test_parts_make_the_whole(shop, computed):
    made = shop(random_lines(11, 600, 60))
    rfm, customers = computed("rfm", made), computed("customers", made)
    table = segments_of(rfm)
    assert table["customers"].sum() == len(customers.frame) == rfm.heatmap.frame["customers"].sum()
    assert table["share_customers"].sum() == pytest.approx(1)
    assert table["share_net"].sum() == pytest.approx(1)
    assert sum(rfm.findings[f"{key(n)}_revenue"].value for n in SEGMENTS) == customers.findings["net"].value
    assert rfm.heatmap.frame["net"].sum() == pytest.approx(customers.frame["net"].sum())


def test_amounts_in_another_unit_change_no_segment(shop, computed):
    lines = random_lines(12, 600, 60)
    times_seven = lines.assign(amount=[str(Decimal(a) * 7) for a in lines["amount"]])
    first, second = (computed("rfm", shop(frame)) for frame in (lines, times_seven))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert second.findings["vip_revenue"].value == 7 * first.findings["vip_revenue"].value
    assert second.findings["vip_revenue_share"].value == pytest.approx(first.findings["vip_revenue_share"].value)


def test_shuffled_rows_relabelled_customers_and_later_dates_change_no_segment(shop, computed):
    lines = random_lines(13, 600, 60)
    changed = lines.sample(frac=1, random_state=2).assign(
        customer_id=lambda frame: "x" + frame["customer_id"],
        order_id=lambda frame: "x" + frame["order_id"],
        ordered_at=lambda frame: frame["ordered_at"] + pd.Timedelta(days=40),
    )
    first, second = (computed("rfm", shop(frame)) for frame in (lines, changed))
    pd.testing.assert_frame_equal(first.frame.drop(columns="customer_id"), second.frame.drop(columns="customer_id"))
    pd.testing.assert_frame_equal(first.segments.frame, second.segments.frame)


def test_doubling_every_customer_doubles_counts_and_keeps_shares(shop, computed):
    lines = random_lines(14, 600, 60)
    twin = lines.assign(customer_id="twin" + lines["customer_id"], order_id="twin" + lines["order_id"])
    first, second = (segments_of(computed("rfm", shop(frame))) for frame in (lines, pd.concat([lines, twin])))
    assert (second["customers"] == 2 * first["customers"]).all()
    for column in ("share_customers", "share_net", "median_net", "index_net"):
        np.testing.assert_allclose(second[column], first[column])


def test_cuts_hold_every_customer(shop, computed):
    made = shop(random_lines(15, 600, 60))
    rfm, customers = computed("rfm", made), computed("customers", made).frame
    cuts = rfm.cuts.frame.set_index("score")
    for measure, column, prefix in (("r", "recency_days", "recency"), ("f", "orders", "orders"), ("m", "net", "net")):
        low, high = (rfm.frame[measure].map(cuts[f"{prefix}_{end}"]) for end in ("from", "to"))
        assert ((low <= customers[column]) & (customers[column] <= high)).all()
    assert cuts["recency_from"].dropna().is_monotonic_decreasing
    assert cuts["net_from"].dropna().is_monotonic_increasing


SIX = [(f"o{i}", f"c{i}", f"2024-01-0{i + 1}", f"{10 * (i + 1)}.00") for i in range(6)]


def test_window_shoppers_looked_and_never_bought(shop, computed):
    events = [
        ("c0", "view", "2024-01-01"),
        ("v1", "view", "2024-01-01"),
        ("v1", "cart", "2024-01-02"),
        ("v2", "view", "2024-01-02"),
        ("v3", "purchase", "2024-01-02"),
        ("late", "view", "2024-02-02"),
        (None, "view", "2024-01-02"),
    ]
    rfm = computed("rfm", shop(SIX, events=events, settings={"as_of": date(2024, 2, 1)}))
    shoppers = segments_of(rfm).loc["Window Shoppers"]
    assert shoppers["customers"] == rfm.findings["window_shoppers"].value == 2
    assert shoppers["share_visitors"] == rfm.findings["window_shoppers_customer_share"].value == 2 / 8
    assert pd.isna(shoppers["net"])
    assert segments_of(rfm)["share_visitors"].sum() == pytest.approx(1)


def test_visits_after_the_last_sale_count_in_their_own_window(shop, computed):
    events = [("v1", "view", "2023-12-30"), ("v2", "view", "2024-02-02")]
    findings = computed("rfm", shop(SIX, events=events)).findings
    assert findings["window_shoppers"].value == 2
    assert findings["window_shoppers"].window == (date(2023, 12, 30), date(2024, 2, 2))


def test_no_window_shoppers_without_events(shop, computed):
    rfm = computed("rfm", shop(SIX))
    assert "window_shoppers" not in rfm.findings
    assert list(rfm.segments.frame["segment"]) == list(SEGMENTS)


def test_negative_customers_count_as_zero_in_shares_and_in_full_in_money(shop, computed):
    rfm = computed("rfm", shop([*SIX, ("r", "c0", "2024-01-02", "-500.00", "refund")]))
    revenue = [rfm.findings[f"{key(n)}_revenue"].value for n in SEGMENTS]
    assert sum(revenue) == Decimal("-290.00")
    assert sum(rfm.findings[f"{key(n)}_revenue_share"].value for n in SEGMENTS) == pytest.approx(1)


def test_no_revenue_at_all_leaves_shares_undefined(shop, computed):
    lines = [(o, c, day, "0.00") for o, c, day, _ in SIX]
    findings = computed("rfm", shop(lines)).findings
    assert findings["vip_revenue_share"].value is None
    assert "brought no revenue" in findings["headline"].claim


def test_identical_customers_share_one_score_and_are_noted(shop):
    lines = [(f"o{c}{day}", f"c{c}", f"2024-01-0{day}", "10.00") for c in range(6) for day in (1, 5)]
    done = run(["rfm"], *shop(lines))
    rfm = done.results["rfm"]
    assert [(n.code, n.count) for n in done.notes] == [("W_SCORES_TIED", 1)]
    assert set(map(tuple, rfm.frame[["r", "f", "m"]].to_numpy().tolist())) == {(3, 3, 3)}
    assert rfm.findings["headline"].claim.startswith("All {value} customers look alike")


@pytest.mark.parametrize(
    ("lines", "settings", "reason", "codes"),
    [
        (SIX[:4], {}, "fewer than five", ["W_TOO_FEW_CUSTOMERS"]),
        ([(o, c, "2024-01-01", a) for o, c, _, a in SIX], {}, "one day", ["W_MODEL_SKIPPED"]),
        (SIX, {"no_money": "no prices"}, "no prices", []),
    ],
)
def test_skips_with_the_reason(shop, lines, settings, reason, codes):
    done = run(["rfm"], *shop(lines, settings=settings))
    assert reason in done.skipped["rfm"]
    assert [n.code for n in done.notes] == codes


def test_headline_tells_of_revenue_at_risk_when_there_is_much(shop, computed):
    old = [(f"o{i}{k}", f"old{i}", f"2023-01-{10 + k}", "100.00") for i in range(4) for k in range(3)]
    findings = computed("rfm", shop(old + SIX)).findings
    assert findings["headline"].claim.startswith("At Risk customers brought")
    assert findings["headline"].value == findings["at_risk_revenue_share"].value >= 0.15


def test_headline_names_the_segment_with_most_revenue_otherwise(shop, computed):
    lines = SIX[:5] + [(f"n{i}{k}", f"new{i}", f"2024-02-{10 + k}", "500.00") for i in range(3) for k in range(3)]
    findings = computed("rfm", shop(lines)).findings
    assert findings["headline"].claim.startswith("VIP customers bring")
    assert findings["headline"].value == findings["vip_revenue_share"].value


def test_scores_are_small_and_segments_categories(shop, computed):
    assert [str(t) for t in computed("rfm", shop(SIX)).frame.dtypes] == ["str", "int8", "int8", "int8", "category"]


def test_the_score_formula_is_printed(shop, computed):
    note = computed("rfm", shop(SIX)).cuts.note
    assert "p = (average rank − 1/2) / n, score = whole part of 5p, plus 1" in note


def test_segments_of_single_orders_are_not_called_frequent(shop, computed):
    findings = computed("rfm", shop(SIX)).findings
    assert findings["potential_loyalist"].claim.endswith("recent enough, but mostly with a single order.")
    assert findings["at_risk"].claim.endswith("among the least recent, and mostly with a single order.")
    twice = [line for i, c, day, a in SIX for line in ((i, c, "2023-12-31", a), (i + "b", c, day, a))]
    findings = computed("rfm", shop(twice)).findings
    assert findings["potential_loyalist"].claim.endswith("fairly recent and fairly frequent.")


def test_refunds_that_name_no_customer_are_not_taken_off(shop, computed):
    nameless = [*SIX, (None, None, "2024-01-02", "-5.00", "refund")]
    rfm, customers = (computed(name, shop(nameless)).findings for name in ("rfm", "customers"))
    for finding in (rfm["vip_revenue"], rfm["at_risk_revenue"], customers["net"]):
        assert finding.claim.endswith("before refunds, which name no customer.")
    named = computed("customers", shop([*nameless, ("r", "c0", "2024-01-02", "-5.00", "refund")])).findings
    assert named["net"].claim.endswith("after refunds.")
