"""Cohorts: textbook survival and intervals, cells by hand and by another SQL, and what must not change them."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.cohort_grid import Grid, grid
from analysis.finding import PLACE
from analysis.intervals import newcombe, welch, wilson
from analysis.run import run
from analysis.second_order import Firsts, curve
from dataset import opening
from dataset.settings import Settings
from report.number import text

from .test_claims import TITLE, check_claims_are_sentences, check_one_is_singular

REAL = Path(__file__).parents[2].parent / "shared" / "data"
RETAIL = REAL / "online_retail" / "online_retail.csv.gz"

# Remission of 21 leukaemia patients under 6-MP in weeks (Freireich et al. 1963), a plus where censored
REMISSION = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
# Survival with log-log limits, as R's survfit prints them
SURVIVAL = {
    6: (0.857, 0.620, 0.952),
    7: (0.807, 0.563, 0.923),
    10: (0.753, 0.503, 0.889),
    13: (0.690, 0.432, 0.849),
    16: (0.627, 0.368, 0.805),
    22: (0.538, 0.268, 0.747),
    23: (0.448, 0.188, 0.680),
}


def seen(durations: str, last: int = 100) -> Firsts:
    """People with an event after so many days, or (plus) followed that long without one."""
    pairs = [(last - int(d[:-1]), -1) if d.endswith("+") else (0, int(d)) for d in durations.split()]
    first, second = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    return Firsts(first, second, np.ones(len(pairs), dtype=np.int64), last)


def test_the_textbook_survival_curve():
    estimate = curve(seen(REMISSION))
    for week, (survival, low, high) in SURVIVAL.items():
        assert estimate.at(week) == pytest.approx((1 - survival, 1 - high, 1 - low), abs=6e-4)
    assert estimate.at(5)[0] == 0
    assert estimate.reached(0.5)[0] == 23  # the published median remission


def test_equal_pairs_of_days_are_as_many_people():
    people = seen(REMISSION)
    twice = Firsts(people.first, people.second, people.customers * 2, people.last)
    both = Firsts(*(np.concatenate([a, a]) for a in (people.first, people.second, people.customers)), people.last)
    for one, other in zip((curve(twice).share, curve(twice).low), (curve(both).share, curve(both).low), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(curve(twice).share, curve(people).share)


def test_the_young_are_not_counted_as_lost():
    """Half of ten come back on day ten; ten more were seen for a day only."""
    estimate = curve(seen("10 " * 5 + "50+ " * 5 + "1+ " * 10))
    assert estimate.at(10)[0] == pytest.approx(0.5)


def test_before_anybody_could_order_again_nobody_has():
    estimate = curve(seen("5 " * 3 + "20+ " * 17))
    assert estimate.at(0) == estimate.at(4) == pytest.approx((0, *wilson(0, 20)))
    assert estimate.at(5)[0] == estimate.at(6)[0] == pytest.approx(3 / 20)


def test_who_is_followed_and_who_ordered_again_by_a_day():
    people = seen("30 31 30+ 29+")
    assert [people.followed(days) for days in (29, 30, 31)] == [4, 3, 2]
    assert [people.again(days) for days in (29, 30, 31)] == [0, 1, 2]
    assert people.total == 4 and people.days == 5


def test_where_nobody_or_everybody_ordered_again_the_limits_are_wilsons():
    nobody, everybody = curve(seen("50+ " * 20)), curve(seen("5 " * 20))
    assert nobody.at(50) == pytest.approx((0, *wilson(0, 20)))
    assert everybody.at(5) == pytest.approx((1, *wilson(20, 20)))
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


# Newcombe (1998), table II, method 10
@pytest.mark.parametrize(
    ("one", "other", "limits"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_the_published_intervals_of_a_difference(one, other, limits):
    assert newcombe(*one, *other) == pytest.approx(limits, abs=6e-5)


def test_the_interval_of_means_is_welchs():
    one, other = np.array([20.1, 22.4, 19.9, 30.2, 25.5]), np.array([11.0, 40.3, 22.2, 18.1])
    parts = [x.var(ddof=1) / len(x) for x in (one, other)]
    freedom = sum(parts) ** 2 / sum(p**2 / (len(x) - 1) for p, x in zip(parts, (one, other), strict=True))
    half = stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts))
    gap = one.mean() - other.mean()
    assert welch(one[::-1], other) == pytest.approx((gap - half, gap + half))
    assert welch(np.full(5, 3.0), np.full(4, 2.0)) is None


HAND = [
    # Jan: ann, bob. Feb: cid. Mar: dan. The data end in the middle of April.
    ("o1", "ann", "2024-01-01", "10.00"),
    ("o2", "ann", "2024-01-20", "5.00"),
    ("o3", "ann", "2024-02-29", "7.00"),
    ("o3", "ann", "2024-03-01", "1.00"),  # the same order a day later: its line is of March, the order of February
    ("r1", "ann", "2024-03-05", "-2.00", "refund"),
    ("r2", "cid", "2024-01-03", "-9.00", "refund"),  # before the first sale
    ("r3", "eve", "2024-02-03", "-4.00", "refund"),  # never buys
    ("o4", "bob", "2024-01-31", "20.00"),
    ("o5", "cid", "2024-02-01", "30.00"),
    ("o6", "cid", "2024-02-01", "30.00"),
    ("o7", "dan", "2024-03-31", "40.00"),
    ("o8", "bob", "2024-04-15", "50.00"),
    ("o9", "fay", "2024-04-15", "60.00"),
    ("oa", "gus", "2024-03-01", "70.00", "returned"),
    ("ob", "gus", "2024-03-01", "70.00", "cancelled"),
    ("oc", None, "2024-01-02", "99.00"),
]


def cells(made: Any) -> dict[tuple[str, int], tuple[Any, ...]]:
    frame = made.cells.frame
    columns = [c for c in ("customers", "active", "orders", "net", "cumulative_net") if c in frame]
    return {
        (r["cohort"], r["age"]): tuple(None if r[c] != r[c] else r[c] for c in columns)
        for r in frame.to_dict("records")
    }


def test_cells_by_hand(shop, computed):
    made = computed("cohorts", shop(HAND))
    assert made.grid.grain == "month" and made.grid.run_in == 0
    assert cells(made) == {
        ("2024-01", 0): (2, 2, 3, 35.0, 17.5),
        ("2024-01", 1): (2, 1, 1, 7.0, 21.0),
        ("2024-01", 2): (2, 1, 0, -1.0, 20.5),
        ("2024-02", 0): (1, 1, 2, 60.0, 60.0),
        ("2024-02", 1): (1, 0, 0, 0.0, 60.0),
        ("2024-03", 0): (1, 1, 1, 40.0, 40.0),
    }  # April is not over: no cell of it, and no row for the cohort of April
    assert made.retention.frame.to_dict("list") == {
        "cohort": ["2024-01", "2024-02"], "customers": [2, 1], "age_1": [0.5, 0.0],
        "age_2": [0.5, pytest.approx(np.nan, nan_ok=True)],
    }  # fmt: skip
    base = made.base.frame.set_index(["period", "band"])["net"].to_dict()
    assert base["2024-02", "January 2024"] == 7 and base["2024-04", "January 2024"] == 50
    assert made.base.frame.groupby("period")["partial"].first().tolist() == [False, False, False, True]


def test_a_first_period_not_covered_is_said_and_has_no_sum(shop, computed):
    later = [row for row in HAND if row[2] >= "2024-01-03"]
    made = computed("cohorts", shop(later))
    found = cells(made)
    assert ("2024-01", 0) not in found
    assert found["2024-01", 1][:4] == (2, 1, 1, 7.0) and found["2024-01", 1][4] is None
    assert "in part" in made.retention.note and "older customers" in made.retention.note
    assert "2024-01" not in set(made.value.frame["cohort"])


def test_money_of_six_decimals_is_exact(shop, computed):
    rows = [
        *HAND,
        *((f"p{i}", "dan", "2024-03-31", "0.333333") for i in range(3)),
        ("q", "dan", "2024-03-31", "-0.000001"),
    ]
    assert cells(computed("cohorts", shop(rows)))["2024-03", 0][3] == 40.999998


def test_a_day_that_ends_the_month_completes_it(shop, computed):
    rows = [*HAND, ("od", "ann", "2024-04-30", "1.00")]
    assert ("2024-04", 0) in cells(computed("cohorts", shop(rows)))


def test_second_orders_by_hand(shop, computed):
    """ann after 19 days, bob after 75, cid on the same day; one order on two days is one."""
    made = computed("cohorts", shop([*HAND, ("o9", "fay", "2024-04-16", "1.00")]))
    frame = made.curves.frame.query("group == 'all'")
    # five customers, last day 16 April; fay and dan are followed for 1 and 16 days
    shares = dict(zip(frame["day"], frame["share"], strict=True))
    assert shares == {0: pytest.approx(1 / 5)}  # too few are followed for a longer curve
    assert made.findings["same_day_share"].value == pytest.approx(1 / 3)
    assert made.findings["same_day_share"].n == 3
    assert made.findings["second_30"].value is None and "thirty" in made.findings["second_30"].reason
    assert made.findings["headline"].value == pytest.approx(3 / 5)


def test_an_order_lies_on_the_day_of_its_first_line(shop, computed):
    rows = [
        (order, f"c{i}", f"2024-01-{day:02d}", "1.00")
        for i in range(40)
        for order, day in ((f"a{i}", 1), (f"a{i}", 4), (f"b{i}", 11))
    ]
    made = computed("cohorts", shop([*rows, ("z", "c1", "2024-03-01", "1.00")]))
    assert made.findings["second_30"].value == 1
    assert made.findings["second_median"].value == 10  # and not seven


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([("o", None, "2024-01-01", "1.00")], "no sale names its customer"),
        ([(f"o{i}", f"c{i}", f"2024-01-0{i + 1}", "1.00") for i in range(4)], "fewer than five customers"),
        ([(f"o{i}", f"c{i}", "2024-01-01", "1.00") for i in range(9)], "one day"),
        ([("o1", "a", "2024-01-01", "1.00")], "one day"),
    ],
)
def test_skips_with_the_reason(shop, lines, reason):
    assert reason in run(["cohorts"], *shop(lines)).skipped["cohorts"]


# Grid


def by_month(first: date, months: int, each: int) -> list[tuple[date, int]]:
    starts = [date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(months)]
    return [(start, each) for start in starts]


def gridded(first: date, last: date, firsts: list[tuple[date, int]]) -> Grid:
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return grid(days, firsts, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("last", "each", "grain", "run_in"),
    [
        (date(2022, 3, 29), 50, "week", 0),  # 88 days
        (date(2022, 3, 30), 50, "month", 0),
        (date(2022, 11, 30), 50, "month", 0),  # too short to tell old customers
        (date(2022, 12, 31), 50, "month", 3),
        (date(2022, 12, 31), 5, "month", 3),  # few, but no full year after the first day
        (date(2023, 1, 31), 5, "quarter", 1),
        (date(2024, 6, 30), 50, "month", 3),
        (date(2024, 7, 31), 50, "quarter", 1),
    ],
)
def test_the_grain_follows_the_data(last, each, grain, run_in):
    first = date(2022, 1, 1)
    made = gridded(first, last, by_month(first, (last.year - 2022) * 12 + last.month, each))
    assert (made.grain, made.run_in) == (grain, run_in)
    assert made.end(len(made.starts) - 1) >= last >= made.starts[-1]


def test_a_cohort_study_keeps_its_first_cohorts():
    firsts = [(date(2022, 1, 5), 1000), (date(2022, 6, 5), 100)]
    assert gridded(date(2022, 1, 1), date(2022, 12, 31), firsts).run_in == 0


def test_quarters_are_whole_when_their_months_are():
    made = gridded(date(2021, 2, 1), date(2023, 11, 30), by_month(date(2021, 2, 1), 34, 50))
    assert [made.key(i) for i in (0, 1, len(made.starts) - 1)] == ["2021-Q1", "2021-Q2", "2023-Q4"]
    assert made.whole == (False, *[True] * 10, False)
    assert made.name(1) == "Q2 2021" and made.name(1, 2) == "Q2 2021–Q3 2021".replace(" 2021–", "–")
    assert made.observed(0, 10) and not made.observed(0, 0) and not made.observed(1, 10) and not made.observed(1, 99)


@pytest.mark.parametrize(
    ("months", "bands"),
    [
        (6, [f"{m} 2022" for m in ("January", "February", "March", "April", "May", "June")]),
        (13, ["Q1 2022", "Q2 2022", "Q3 2022", "Q4 2022", "Q1 2023"]),
        (25, ["H1 2022", "H2 2022", "H1 2023", "H2 2023", "H1 2024"]),
        (120, ["2026 and before", "2027", "2028", "2029", "2030", "2031"]),
    ],
)
def test_the_base_has_six_bands_at_most(months, bands):
    firsts = by_month(date(2022, 1, 1), months, 50)
    end = firsts[-1][0] + timedelta(days=27)
    made = gridded(date(2022, 1, 1), end, firsts)
    assert [name for name, _ in made.bands()] == bands
    assert [i for _, places in made.bands() for i in places] == list(range(len(made.starts)))


# Newest against older


def joined(seed: int, months: int, each: int, shares: dict[int, float], amounts: dict[int, float]) -> pd.DataFrame:
    """So many customers a month; from month k on this share orders again after twenty days, for this amount."""
    rng = np.random.default_rng(seed)
    rows = []
    for month in range(months):
        share = next(s for k, s in sorted(shares.items(), reverse=True) if month >= k)
        mean = next(a for k, a in sorted(amounts.items(), reverse=True) if month >= k)
        for i in range(each):
            who, day = f"c{month}-{i}", pd.Timestamp(2023 + month // 12, month % 12 + 1, 1 + i % 28)
            rows.append((f"{who}a", who, day, round(mean * rng.uniform(0.5, 1.5), 2)))
            if i < share * each:
                rows.append((f"{who}b", who, day + pd.Timedelta(days=20), round(mean, 2)))
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


@pytest.mark.parametrize(
    ("shares", "amounts", "proof", "said"),
    [
        ({0: 0.3}, {0: 10.0}, "", "No clear change in new customers: {value} order again"),
        ({0: 0.2, 8: 0.5}, {0: 10.0}, "second", "New customers come back more often: {value}"),
        ({0: 0.6, 8: 0.2}, {0: 10.0}, "second", "New customers come back less often: {value}"),
        ({0: 0.3}, {0: 10.0, 8: 30.0}, "value", "New customers bring more: {value} each"),
        ({0: 0.3}, {0: 30.0, 8: 10.0}, "value", "New customers bring less: {value} each"),
    ],
)
def test_the_headline_says_what_clearly_differs(shop, computed, shares, amounts, proof, said):
    lines = joined(1, 14, 120, shares, amounts)
    made = computed("cohorts", shop(lines))
    assert made.proof == proof and made.findings["headline"].claim.startswith(said)
    assert made.findings["older"].value == "April–August 2023" and made.findings["newest"].value.startswith("September")
    for what in ("second_gap", "value_gap"):
        finding = made.findings[what]
        low, high = finding.interval
        assert low < finding.value or finding.value == low
        assert ("chance" in finding.claim) == (low <= 0 <= high)
    assert (made.worth is not None) == (proof == "value")
    if made.worth is not None:
        last = made.worth.frame.groupby("group")["value"].last()
        assert last["newest"] == pytest.approx(float(made.findings["value_newest"].value))
        assert last["older"] == pytest.approx(float(made.findings["value_older"].value))


@pytest.mark.parametrize(
    ("snapshot", "newest"), [(date(2023, 11, 30), "August 2023"), (date(2023, 11, 29), "July 2023")]
)
def test_a_cohort_is_compared_when_its_last_customer_is_ninety_days_old(shop, computed, snapshot, newest):
    """The ninetieth day after 31 August is 29 November, the last day before the first of the two snapshots."""
    made = computed("cohorts", shop(joined(6, 12, 60, {0: 0.3}, {0: 10.0}), settings={"snapshot": snapshot}))
    assert made.findings["newest"].value.endswith(newest)


def test_what_is_brought_within_ninety_days_of_the_first_sale(shop, computed):
    lines = joined(7, 14, 60, {0: 0.3}, {0: 10.0, 8: 40.0})
    one, day = "c9-3", lines.loc[lines["customer_id"] == "c9-3", "ordered_at"].min()
    more = [("x", 90, 1000), ("y", 91, 50_000), (None, -1, -700), (None, 90, -300)]
    rows = [(order, one, day + pd.Timedelta(days=after), amount) for order, after, amount in more]
    other = pd.concat([lines, pd.DataFrame(rows, columns=lines.columns)], ignore_index=True)
    made = [computed("cohorts", shop(f)) for f in (lines, other)]
    before, after = (m.findings["value_newest"] for m in made)
    daily = made[1].worth.frame.query("group == 'newest'")["value"]
    assert daily.iloc[-1] == pytest.approx(float(after.value)) and daily.iloc[-1] - daily.iloc[-2] > 600 / after.n
    assert (after.value - before.value) * after.n == pytest.approx(Decimal(700))


@pytest.mark.parametrize(
    ("share", "amount", "title", "hedged"),
    [
        (0.2, 10.0, "Later cohorts come back less often: {value} within", ("second_gap",)),
        (0.6, 10.0, "New customers come back more often: {value} order", ()),
        (0.4, 3.0, "Later cohorts bring less: {value} within", ("value_gap",)),
        (0.4, 40.0, "New customers bring more: {value} each", ()),
    ],
)
def test_where_cohorts_thin_out_those_before_may_be_old_customers(shop, computed, share, amount, title, hedged):
    """As where customers of long ago are met one after the other: fewer first sales a month, of slower customers."""
    lines = joined(4, 14, 160, {0: 0.4, 8: share}, {0: 10.0, 8: amount})
    month, place = (lines["customer_id"].str.extract(r"c(\d+)-(\d+)")[i].astype(int) for i in (0, 1))
    made = computed("cohorts", shop(lines[(month < 8) | (place % 2 == 0)]))
    assert made.findings["headline"].claim.startswith(title)
    assert ("perhaps of older customers" in made.findings["headline"].claim) == bool(hedged)
    for key in hedged:
        assert "may hold older customers" in made.findings[key].claim


def test_the_comparison_is_that_of_the_lines(shop, computed):
    lines = joined(2, 14, 120, {0: 0.3, 9: 0.4}, {0: 20.0})
    made, days = computed("cohorts", shop(lines)), 90
    first = lines.groupby("customer_id")["ordered_at"].transform("min")
    gap = (lines["ordered_at"] - first).dt.days
    people = lines.assign(first=first, net=lines["amount"].where(gap <= days, 0), again=(gap > 0) & (gap <= days))
    people = people.groupby("customer_id").agg(first=("first", "first"), net=("net", "sum"), again=("again", "max"))
    end = lines["ordered_at"].max()
    month = people["first"].dt.to_period("M")
    kept = people[(month.dt.end_time.dt.normalize() + pd.Timedelta(days=days) <= end) & (month >= "2023-04")]
    month = kept["first"].dt.to_period("M")
    new = month > month.max() - 3
    for key, of in (("newest", kept[new]), ("older", kept[~new])):
        assert made.findings[f"second_{key}"].value == of["again"].mean()
        assert made.findings[f"second_{key}"].n == len(of)
        assert float(made.findings[f"value_{key}"].value) == pytest.approx(of["net"].mean())
    assert made.findings["value_gap"].interval == pytest.approx(
        tuple(stats.ttest_ind(kept[new]["net"], kept[~new]["net"], equal_var=False).confidence_interval())
    )


def test_without_money_retention_and_second_orders_are_left(shop, computed):
    lines = joined(3, 14, 120, {0: 0.3}, {0: 20.0}).assign(amount=None)
    why = "no prices in the files"
    made = computed("cohorts", shop(lines, settings={"no_money": why}, no_money=why))
    assert made.value is None and made.base is None and made.worth is None
    assert "net" not in made.cells.frame and not any(f.unit == "money" for f in made.findings.values())
    assert made.findings["headline"].value == made.findings["second_newest"].value
    assert len(made.retention.frame) >= 10


# Another way to the same


def product_limit(first: pd.Series, second: pd.Series, last: pd.Timestamp, day: int) -> float:
    """Kaplan and Meier by a loop over days."""
    wait, followed = (second - first).dt.days, (last - first).dt.days
    survival = 1.0
    for t in range(day + 1):
        at_risk = int((wait.fillna(math.inf).clip(upper=followed) >= t).sum())
        if at_risk:
            survival *= 1 - int((wait == t).sum()) / at_risk
    return 1 - survival


@pytest.mark.parametrize("seed", range(4))
def test_pandas_agrees(shop, computed, random_lines, seed):
    lines = random_lines(seed, 600)
    made = computed("cohorts", shop(lines))
    assert made.grid.grain == "quarter" if seed > 90 else made.grid.grain in ("month", "quarter")
    letter = "Q" if made.grid.grain == "quarter" else "M"
    known = lines.dropna(subset="customer_id")
    known = known.assign(period=known["ordered_at"].dt.to_period(letter))
    sales = known[known["kind"] == "sale"]
    cohort = sales.groupby("customer_id")["period"].min()
    placed = sales.groupby(["customer_id", "order_id"], as_index=False)["period"].min()
    kept = known[known["kind"].isin(["sale", "refund"])]
    whole = [p for p, w in zip(made.grid.starts, made.grid.whole, strict=True) if w]
    whole = [pd.Period(p, letter) for p in whole]
    expected = {}
    for start in cohort.unique():
        people = cohort.index[cohort == start]
        for period in whole:
            if period < start:
                continue
            mine = (kept["customer_id"].isin(people)) & (kept["period"] == period)
            expected[_key(start, letter), (period - start).n] = (
                len(people),
                sales[sales["customer_id"].isin(people) & (sales["period"] == period)]["customer_id"].nunique(),
                int((placed["customer_id"].isin(people) & (placed["period"] == period)).sum()),
                round(float(kept[mine]["amount"].sum()), 2),
            )
    found = {key: (*value[:3], round(value[3], 2)) for key, value in cells(made).items()}
    assert found == expected
    assert_second_orders(made, sales)


def assert_second_orders(made: Any, sales: pd.DataFrame) -> None:
    day = sales.groupby(["customer_id", "order_id"], as_index=False)["ordered_at"].min()
    day = day.assign(day=day["ordered_at"].dt.normalize()).sort_values("day").groupby("customer_id")["day"]
    first, second = day.first(), day.apply(lambda d: d.iloc[1] if len(d) > 1 else pd.NaT)
    kept = first >= pd.Timestamp(made.grid.since or date.min)
    last = pd.Timestamp(made.findings["headline"].window[1])
    for days in (30, 90):
        finding = made.findings[f"second_{days}"]
        assert finding.value == pytest.approx(product_limit(first[kept], second[kept], last, days))
        assert finding.interval[0] <= finding.value <= finding.interval[1]


def _key(period: pd.Period, letter: str) -> str:
    return f"{period.year}-Q{period.quarter}" if letter == "Q" else str(period)


# The cells once more, over the raw file: customers' first months by a window, each cell by its own distinct counts.
ORACLE = """
with rows as (
    select InvoiceNo as invoice, CustomerID as customer, cast(InvoiceDate as timestamp) as placed,
        cast(Quantity as integer) as units, cast(UnitPrice as decimal(18, 4)) as price
    from read_csv($file, all_varchar = true)
    where CustomerID is not null and CustomerID <> ''
),
kinds as (
    select *, units > 0 and price > 0 and invoice not like 'C%' as sale,
        (invoice like 'C%' or units < 0) as refund
    from rows
),
dated as (
    select *, min(case when sale then placed end) over (partition by customer) as first_at,
        min(case when sale then placed end) over (partition by customer, invoice) as placed_at
    from kinds
    where sale or refund
),
aged as (
    select *, strftime(first_at, '%Y-%m') as cohort,
        (year(placed) - year(first_at)) * 12 + month(placed) - month(first_at) as age,
        (year(placed_at) - year(first_at)) * 12 + month(placed_at) - month(first_at) as order_age
    from dated
    where first_at is not null
)
select a.cohort, a.age,
    (select count(distinct customer) from aged s where s.cohort = a.cohort) as customers,
    count(distinct case when sale then customer end) as active,
    (select count(distinct invoice) from aged o where o.cohort = a.cohort and o.order_age = a.age and o.sale) as orders,
    cast(sum(units * price) as double) as net
from aged a
where a.age >= 0 and strftime(a.placed, '%Y-%m') < '2011-12'
group by a.cohort, a.age
"""


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not RETAIL.exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    dataset, settings = opening.open_data(
        str(RETAIL), "online_retail", None, Settings(), tmp_path_factory.mktemp("retail")
    )
    yield run(["cohorts"], dataset, settings).results["cohorts"]
    dataset.engine.close()


def test_online_retail_is_what_another_query_says_cell_by_cell(retail):
    rows = duckdb.execute(ORACLE, {"file": str(RETAIL)}).fetchall()
    expected = {(cohort, age): (customers, active, orders, net) for cohort, age, customers, active, orders, net in rows}
    found = {key: value[:4] for key, value in cells(retail).items()}
    assert len(expected) == 78 and found.keys() == expected.keys()  # the triangle of twelve whole months
    for key, (*counts, net) in expected.items():
        assert list(found[key][:3]) == counts, key
        assert found[key][3] == pytest.approx(net, abs=0.005), key
    assert found["2010-12", 0][0] == 885 and found["2010-12", 1][1] == 324  # as published over and over


def test_online_retails_second_orders_are_those_of_the_raw_file(retail):
    sales = duckdb.execute(
        "select CustomerID as customer_id, InvoiceNo as order_id, cast(InvoiceDate as timestamp) as ordered_at "
        "from read_csv($file, all_varchar = true) where CustomerID <> '' and InvoiceNo not like 'C%' "
        "and cast(Quantity as integer) > 0 and cast(UnitPrice as double) > 0",
        {"file": str(RETAIL)},
    ).df()
    assert_second_orders(retail, sales)
    assert retail.findings["second_90"].n == 4338 - 885 - 417 - 380  # without who may be older than the data
    assert retail.findings["first_size"].value > 2.5 and "before the data begin" in retail.findings["first_size"].claim


# What must not change


def same(one: Any, other: Any, but: tuple[str, ...] = ()) -> None:
    assert one.findings.keys() == other.findings.keys()
    for key in one.findings.keys() - set(but):
        assert one.findings[key] == other.findings[key], key
    for name in ("cells", "retention", "value", "second", "compared", "base", "curves", "worth"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None), name
        if a is not None:
            pd.testing.assert_frame_equal(a.frame, b.frame)


@pytest.fixture
def lines() -> pd.DataFrame:
    made = joined(5, 14, 60, {0: 0.3, 9: 0.5}, {0: 20.0, 9: 40.0})
    back = made.iloc[::17].assign(kind="refund", amount=-1.25, order_id=None)
    return pd.concat([made.assign(kind="sale"), back], ignore_index=True)


def test_the_order_of_rows_and_the_names_change_nothing(shop, computed, lines):
    other = lines.sample(frac=1, random_state=3).assign(
        customer_id=lambda f: "y" + f["customer_id"].str[::-1], order_id=lambda f: "z" + f["order_id"].str[::-1]
    )
    same(*(computed("cohorts", shop(f)) for f in (lines, other)))


def test_another_unit_of_money_changes_money_only(shop, computed, lines):
    one, other = (computed("cohorts", shop(lines.assign(amount=lines["amount"] * k))) for k in (1, 1000))
    assert one.proof == other.proof and one.findings["headline"].claim == other.findings["headline"].claim
    for key, finding in one.findings.items():
        times = 1000 if finding.unit == "money" else 1
        if isinstance(finding.value, float | int | Decimal):
            assert float(other.findings[key].value) == pytest.approx(float(finding.value) * times, rel=1e-9)
            if finding.interval:
                assert other.findings[key].interval == pytest.approx(tuple(times * x for x in finding.interval))
        else:
            assert other.findings[key].value == finding.value
    money = ["net", "cumulative_net"]
    pd.testing.assert_frame_equal(one.cells.frame.drop(columns=money), other.cells.frame.drop(columns=money))
    np.testing.assert_allclose(one.cells.frame[money] * 1000, other.cells.frame[money])


def test_a_year_later_the_cohorts_are_the_same_a_year_later(shop, computed, lines):
    """2021 and January 2022 have the months of 2023 and January 2024."""
    lines = lines[lines["ordered_at"] < "2024-02-01"]
    early = lines.assign(ordered_at=lines["ordered_at"] - pd.Timedelta(days=730))
    one, other = (computed("cohorts", shop(f)) for f in (early, lines))
    shifted = [str(pd.Period(c, "M") + 24) for c in one.cells.frame["cohort"]]
    assert shifted == list(other.cells.frame["cohort"])
    rest = one.cells.frame.columns.difference(["cohort", "start"])
    pd.testing.assert_frame_equal(one.cells.frame[rest], other.cells.frame[rest])
    assert {k: f.value for k, f in one.findings.items() if f.unit != "name"} == {
        k: f.value for k, f in other.findings.items() if f.unit != "name"
    }


def test_four_weeks_later_weeks_and_second_orders_are_the_same(shop, computed, lines):
    later = {"ordered_at": lambda f: f["ordered_at"] + pd.Timedelta(days=28)}
    short = lines[lines["ordered_at"] < "2023-03-15"]
    one, other = (computed("cohorts", shop(f)) for f in (short, short.assign(**later)))
    assert one.grid.grain == "week"
    rest = one.cells.frame.columns.difference(["cohort", "start"])
    pd.testing.assert_frame_equal(one.cells.frame[rest], other.cells.frame[rest])
    pd.testing.assert_frame_equal(one.curves.frame, other.curves.frame)
    one, other = (computed("cohorts", shop(f)) for f in (lines, lines.assign(**later)))
    assert one.grid.since and other.grid.since == one.grid.since + timedelta(days=28)
    pd.testing.assert_frame_equal(one.second.frame, other.second.frame)
    both = [made.curves.frame.query("group == 'all'") for made in (one, other)]
    pd.testing.assert_frame_equal(*both)


def test_every_customer_twice_leaves_the_shares(shop, computed, lines):
    copy = lines.assign(customer_id="d" + lines["customer_id"], order_id="d" + lines["order_id"])
    one, other = (computed("cohorts", shop(f)) for f in (lines, pd.concat([lines, copy])))
    a, b = one.cells.frame, other.cells.frame
    for column in ("customers", "active", "orders", "net"):
        np.testing.assert_allclose(a[column] * 2, b[column])
    for column in ("share", "cumulative_net"):
        np.testing.assert_allclose(a[column], b[column])
    np.testing.assert_allclose(one.second.frame[["share", "share_all"]], other.second.frame[["share", "share_all"]])
    for key in ("second_newest", "second_older", "second_median", "active_next", "first_band_share", "same_day_share"):
        assert other.findings[key].value == pytest.approx(one.findings[key].value)
    width = [f.findings["second_gap"].interval[1] - f.findings["second_gap"].interval[0] for f in (one, other)]
    assert width[1] == pytest.approx(width[0] / math.sqrt(2), rel=0.05)


def test_a_split_line_is_the_same_line(shop, computed, lines):
    half = lines["amount"].map(lambda a: Decimal(str(a)) / 2)
    split = pd.concat([lines.assign(amount=half), lines.assign(amount=half)], ignore_index=True)
    same(*(computed("cohorts", shop(f)) for f in (lines, split)))


def test_what_lies_after_the_snapshot_is_not_seen(shop, computed, lines):
    day = date(2023, 12, 1)
    before = lines[lines["ordered_at"] < pd.Timestamp(day)]
    same(*(computed("cohorts", shop(f, settings={"snapshot": day})) for f in (lines, before)))


# Claims


def spoken(done: Any, settings: Settings) -> dict[str, str]:
    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, f"{key} is cited, but unknown: {finding.reason}"
        return text(finding.value, finding.unit, settings, compact=True)

    return {
        key: PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1]), f.claim)
        for key, f in done.findings.items()
        if f.value is not None
    }


@pytest.mark.parametrize("seed", range(12))
def test_claims_are_sentences_and_titles_fit(shop, seed):
    rng = np.random.default_rng(seed)
    months, each = int(rng.choice([2, 6, 14, 40])), int(rng.choice([3, 40, 130]))
    grown = {0: 20.0, int(months * 0.6): float(rng.choice([20, 60, 12345678]))}
    made = shop(joined(seed, months, each, {0: float(rng.choice([0, 0.3, 1])), int(months * 0.6): 0.4}, grown))
    done = run(["cohorts"], *made)
    assert not done.skipped
    claims = spoken(done, made[1])
    check_claims_are_sentences(claims)
    check_one_is_singular(claims)
    assert len(claims["cohorts.headline"]) <= TITLE
    for key, finding in done.findings.items():
        assert finding.value is not None or not re.search(r"\d", finding.reason), key
        if finding.interval and finding.value is not None:
            assert finding.interval[0] <= float(finding.value) <= finding.interval[1], key
