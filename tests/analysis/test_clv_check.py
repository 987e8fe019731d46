"""The lifetime model on trial: published figures, second ways to every number, and what must not change a verdict."""

from __future__ import annotations

import contextlib
import io
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from analysis import (
    btyd,
    clv_check,
    clv_check_findings,
    clv_check_tables,
    clv_evidence,
    clv_gate,
    clv_trial,
    rival_models,
)
from analysis.clv_check import ClvCheck
from analysis.clv_evidence import Evidence
from analysis.clv_gate import RULES, Verdict
from analysis.finding import PLACE, Finding, Skip
from analysis.plan import ROOT
from analysis.purchase_days import Days
from dataset import opening
from dataset.engine import Relation
from dataset.settings import Settings
from report.figure import SLOTS, Style
from report.figures.clv_check import FIGURES
from report.number import text

CDNOW = Path(__file__).resolve().parents[3] / "shared/data/cdnow/sample_csv"
FIRST = date(2022, 1, 3)
WEEKS = 104
TITLE = 105


def lines_of(seed: int, n: int = 1500, leave: bool = True, step: int = 1) -> pd.DataFrame:
    """Lines of customers who live and die as BG/NBD says and spend as Gamma-Gamma says; leave: else nobody dies."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.7, 1 / 9, n)
    dies = rng.beta(0.7, 2.1, n) if leave else np.zeros(n)
    born, mean = rng.integers(0, WEEKS * 7 - 7, n), 15 / rng.gamma(3.5, 1, n)
    rows = []
    for i in range(n):
        at = float(born[i])
        while at < WEEKS * 7:
            rows.append((f"c{i:05d}", int(at) * step, round(float(rng.gamma(6)) * mean[i], 2) + 0.01))
            at += 7 * rng.exponential(1 / rate[i])
            if len(rows) > 1 and rows[-1][1] > born[i] and rng.random() < dies[i]:
                break
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    frame["ordered_at"] = [str(FIRST + timedelta(days=d)) for d in frame["day"]]
    frame["order_id"] = [f"o{i}" for i in range(len(frame))]
    return frame.drop(columns="day").assign(kind="sale")


def relation(dataset: Any) -> Relation:
    return Relation(dataset.engine, "lines", ROOT)


def silent(work: Any) -> Any:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return work()


@pytest.fixture(scope="module")
def sold() -> pd.DataFrame:
    return lines_of(1)


@pytest.fixture(scope="module")
def made(sold, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Settings]]:
    """The shop as a file, opened once."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "data").mkdir()
    sold.to_csv(folder / "data" / "lines.csv", index=False)
    columns = {"customer_id": "customer_id", "timestamp": "ordered_at", "amount": "amount", "order_id": "order_id"}
    plain = {"decimal": ".", "thousands": "", "encoding": "utf-8", "delimiter": ",", "date_format": "%Y-%m-%d"}
    mapping = {"layout": "generic", "file": "lines.csv", "columns": columns, "currency": "EUR", "timezone": "UTC"}
    (folder / "data" / "mapping.json").write_text(json.dumps(mapping | plain))
    dataset, settings = opening.open_data(str(folder / "data"), "generic", None, Settings(), folder)
    yield dataset, settings
    dataset.engine.close()


@pytest.fixture(scope="module")
def check(made) -> ClvCheck:
    return clv_check.compute(relation(made[0]), made[1])


@pytest.fixture(scope="module")
def evidence(made) -> Evidence:
    return evidence_of(*made)


def evidence_of(dataset: Any, settings: Settings) -> Evidence:
    days = Days.of(relation(dataset), settings.snapshot)
    found = clv_trial.split(days, settings.snapshot, settings.calibration_end)
    assert found is not None
    return clv_evidence.gathered(days, clv_trial.trial(days, found, settings.no_money))


def values(check: ClvCheck) -> dict[str, Any]:
    return {key: finding.value for key, finding in check.findings.items()}


def said(findings: dict[str, Finding] | Any, key: str, settings: Settings | None = None) -> str:
    """A finding's claim as it is read."""
    options = settings or Settings(currency="EUR")

    def shown(place: re.Match[str]) -> str:
        name = key if place[1] == "value" else place[1].removeprefix("clv_check.")
        found = findings[name]
        assert found.value is not None, name
        return text(found.value, found.unit, options, compact=True, signed="change" in name)

    return PLACE.sub(shown, findings[key].claim)


# Published figures


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClvCheck]:
    if not CDNOW.exists():
        pytest.skip("the CDNOW sample is not there")
    options = Settings(calibration_end=date(1997, 9, 30))
    dataset, settings = opening.open_data(str(CDNOW), "generic", None, options, tmp_path_factory.mktemp("cdnow"))
    yield clv_check.compute(relation(dataset), settings)
    dataset.engine.close()


def test_cdnow_as_published(cdnow):
    """Fader, Hardie and Lee 2005; Fader and Hardie 2013."""
    found = values(cdnow)
    assert [round(found[name], 3) for name in ("r", "alpha", "a", "b")] == [0.243, 4.414, 0.793, 2.426]
    assert round(found["log_likelihood"], 2) == -9582.43
    assert found["mbg_log_likelihood"] == pytest.approx(-9582.14, abs=5e-3)
    assert [round(found[name], 2) for name in ("p", "q", "v")] == [6.25, 3.74, 15.44]
    assert (found["customers"], found["repeat_customers"], found["once_customers"]) == (2357, 946, 1411)
    assert found["holdout_purchases"] == 1882
    assert found["example_expected"] == pytest.approx(1.226, abs=5e-4)
    assert found["example_alive"] == pytest.approx(0.7266, abs=5e-5)
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    expected = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    assert [round(found[f"holdout_actual_{x}"], 3) for x in range(8)] == actual
    assert [round(found[f"holdout_expected_{x}"], 3) for x in range(8)] == expected
    assert found["cumulative_actual"] == 4339 and len(cdnow.tracking.frame) == 78
    assert found["cumulative_change"] == pytest.approx(-0.0411, abs=5e-5)
    assert found["correlation"] == pytest.approx(0.114, abs=5e-4)
    assert found["calibration_end"] == date(1997, 9, 30)


def test_the_textbook_example_may_be_believed(cdnow):
    assert cdnow.passed and cdnow.orders_passed and cdnow.why == ""
    assert set(cdnow.gate.frame["result"]) == {"passed"}
    assert said(cdnow.findings, "headline") == (
        "Purchases of the last nine months would have been foretold within 12.1%."
    )


# The days


def test_histories_are_those_of_btyd_at_any_day(shop, random_lines):
    dataset, settings = shop(random_lines(3, 500))
    days = Days.of(relation(dataset), settings.snapshot)
    for back in (0, 1, 30, 200, 390):
        cut = settings.snapshot - timedelta(days=back)
        theirs = btyd.purchases(relation(dataset), cut).drop(columns="customer_id")
        pd.testing.assert_frame_equal(days.histories(clv_trial.number(cut)), theirs)


def test_afterwards_by_pandas(shop, random_lines):
    lines = random_lines(4, 500)
    dataset, settings = shop(lines)
    days, cut = Days.of(relation(dataset), settings.snapshot), date(2023, 9, 1)
    bought, brought = days.afterwards(clv_trial.number(cut), clv_trial.number(settings.snapshot))
    sales = lines[(lines["kind"] == "sale") & lines["customer_id"].notna()]
    sales = sales.assign(day=sales["ordered_at"].dt.normalize())
    first = sales.groupby("customer_id")["day"].min()
    known = sorted(first[first < pd.Timestamp(cut)].index)
    later = sales[sales["day"] >= pd.Timestamp(cut)]
    assert bought.tolist() == later.groupby("customer_id")["day"].nunique().reindex(known, fill_value=0).tolist()
    spent = later.groupby("customer_id")["amount"].sum().reindex(known, fill_value=0)
    assert brought / clv_trial.SCALE == pytest.approx(spent.to_numpy())
    assert bought.sum() > 50 and len(known) > 20


def test_days_unknown_amounts_and_what_is_no_sale(shop):
    dataset, _ = shop(
        [
            ("o1", "b", "2024-01-01", 10, "sale"),
            ("o2", "b", "2024-01-01 18:00", 5, "sale"),
            ("o3", "b", "2024-01-08", None, "sale"),
            ("o4", "b", "2024-01-22", 30, "sale"),
            ("o5", "b", "2024-02-05", 99, "sale"),
            ("o6", "b", "2024-01-15", 50, "returned"),
            ("o7", "b", "2024-01-16", -7, "refund"),
            ("o8", None, "2024-01-10", 4, "sale"),
            ("o9", "late", "2024-02-01", 4, "sale"),
        ]
    )
    days = Days.of(relation(dataset), date(2024, 3, 1))
    cut = clv_trial.number(date(2024, 1, 23))
    assert days.histories(cut).values.tolist() == [[2, 3.0, 3.0, 30.0]]
    bought, brought = days.afterwards(cut, cut + 30)
    assert bought.tolist() == [1] and brought.tolist() == [99 * clv_trial.SCALE]
    assert [clv_trial.day(d) for d in days.repeats(cut)] == [date(2024, 1, 8), date(2024, 1, 22), date(2024, 2, 5)]
    one, two = days.first_gaps()
    assert (one.tolist(), two.tolist()) == ([7], [14])


# Where to split


def days_of(span: int) -> Days:
    day = np.array([0, span - 1])
    return Days(day, np.array([0]), day[:1], np.array([1, 1]), np.array([True, True]))


@pytest.mark.parametrize(
    ("span", "weeks", "words"),
    [
        (3 * 364, 52, "year"),
        (3 * 364 - 1, 39, "nine months"),
        (3 * 273, 39, "nine months"),
        (3 * 182, 26, "half-year"),
        (373, 13, "quarter"),
        (3 * 91, 13, "quarter"),
        (3 * 91 - 1, 8, "eight weeks"),
        (112, 8, "eight weeks"),
        (111, None, ""),
        (1, None, ""),
    ],
)
def test_the_split_by_rule(span, weeks, words):
    found = clv_trial.split(days_of(span), clv_trial.day(span), None)
    if weeks is None:
        assert found is None
    else:
        assert found is not None and (found.until - found.cut, found.words) == (7 * weeks, words)
        assert found.cut - found.origin >= found.until - found.cut


def test_the_split_as_the_settings_say():
    found = clv_trial.split(days_of(200), clv_trial.day(200), clv_trial.day(99))
    assert found is not None and (found.cut, found.words) == (100, "100 days")
    assert clv_trial.split(days_of(200), clv_trial.day(200), clv_trial.day(5)) is None
    assert clv_trial.split(days_of(200), clv_trial.day(200), clv_trial.day(193)) is None


# The models


def test_mbg_is_lifetimes_own(made):
    """Batislam, Denizel and Filiztekin 2007, by the package lifetimes."""
    from lifetimes import ModifiedBetaGeoFitter

    dataset, settings = made
    rows = btyd.histories(btyd.purchases(relation(dataset), settings.snapshot))
    found = rival_models.fit_mbg(rows)
    some = rows.age > 0
    of = (rows.x[some], rows.recency[some], rows.age[some])
    theirs = silent(lambda: ModifiedBetaGeoFitter().fit(*of, weights=rows.weight[some].astype(int)))
    assert found.values == pytest.approx(theirs.params_[list(found.names)].to_numpy(), rel=2e-3)
    theirs.params_ = pd.Series(dict(zip(found.names, found.values, strict=True)))
    assert rival_models.alive(found, *of) == pytest.approx(theirs.conditional_probability_alive(*of), abs=1e-9)
    assert rival_models.expected(found, 26, *of) == pytest.approx(
        theirs.conditional_expected_number_of_purchases_up_to_time(26, *of), rel=1e-6
    )


def test_gradients_are_those_of_the_likelihoods(shop, sold):
    dataset, settings = shop(sold.head(800))
    slope = rival_models._Leaving(btyd.histories(btyd.purchases(relation(dataset), settings.snapshot)))
    at = np.log([0.4, 9.0, 1.3, 2.2])
    steps = 1e-6 * np.eye(4)
    assert slope(at)[1] == pytest.approx([(slope(at + s)[0] - slope(at - s)[0]) / 2e-6 for s in steps], abs=1e-7)


def test_nobody_leaves_is_the_limit_of_bg_nbd(made):
    """Its likelihood is that of BG/NBD with a chance to leave of nought; its maximum; E = (r + x) / (alpha + T) t."""
    dataset, settings = made
    rows = btyd.histories(btyd.purchases(relation(dataset), settings.snapshot))
    found = rival_models.fit_nbd(rows)
    r, alpha, a, b = found.values
    assert found.log_likelihood == pytest.approx(btyd.log_likelihood(rows, r, alpha, a, b), abs=1e-4)
    for times in ((1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98)):
        assert btyd.log_likelihood(rows, r * times[0], alpha * times[1], a, b) < found.log_likelihood
    wanted = (r + rows.x) / (alpha + rows.age) * 13
    assert btyd.expected(found, 13, rows.x, rows.recency, rows.age) == pytest.approx(wanted, rel=1e-7)


# What is measured


def test_measures_by_hand():
    actual, predicted = np.array([0.0, 1, 3, 0]), np.array([1.0, 1, 2, 0])
    found = clv_trial.measures({"model": lambda: predicted, "mean": lambda: np.ones(4)}, actual).set_index("method")
    model = found.loc["model"]
    assert (model["total"], model["error_change"], model["mae"]) == (4, 0, 0.5)
    assert model["rmse"] == pytest.approx(np.sqrt(0.5))
    assert model["rank"] == pytest.approx(spearmanr(predicted, actual).statistic)
    assert model["capture_20"] == pytest.approx(0.8 * 3 / 4)
    assert found.loc["mean", "rank"] == 0 and found.loc["mean", "capture_10"] == pytest.approx(0.1)
    none = clv_trial.measures({"model": lambda: predicted}, np.zeros(4)).iloc[0]
    assert np.isnan(none["error_change"])


def test_tracking_by_a_second_way(evidence, sold):
    """Weeks counted by pandas; expected purchases a customer at a time by lifetimes; the forecast adds up."""
    from lifetimes import BetaGeoFitter

    trial, tracked = evidence.trial, evidence.tracked
    first = sold.groupby("customer_id")["ordered_at"].min()
    cut = str(clv_trial.day(trial.split.cut))
    days = sold[sold["customer_id"].isin(first[first < cut].index)].drop_duplicates(["customer_id", "ordered_at"])
    repeats = days[days["ordered_at"] > days["customer_id"].map(first)]
    for row in tracked.iloc[[0, 5, 40, -1]].itertuples():
        end = str(row.start + timedelta(days=int(row.days)))
        assert row.actual == ((repeats["ordered_at"] >= str(row.start)) & (repeats["ordered_at"] < end)).sum()
    theirs = BetaGeoFitter()
    theirs.params_ = pd.Series(dict(zip(trial.orders.names, trial.orders.values, strict=True)))
    born = pd.to_datetime(first[first < cut])
    for row in tracked.iloc[[3, 60, -1]].itertuples():
        end = pd.Timestamp(row.start) + pd.Timedelta(days=int(row.days) - 1)
        ages = (end - born).dt.days.to_numpy() / 7
        wanted = theirs.expected_number_of_purchases_up_to_time(ages[ages > 0]).sum()
        assert row.cumulative_expected == pytest.approx(wanted, rel=1e-9)
    assert tracked["foretold"].sum() == pytest.approx(trial.foretold.sum(), rel=1e-9)
    assert tracked.loc[tracked["holdout"], "actual"].sum() == trial.bought.sum()
    assert tracked["foretold"].isna().equals(~tracked["holdout"])


def test_what_chance_allows_for_is_what_customers_drawn_anew_show(evidence):
    trial, rng = evidence.trial, np.random.default_rng(5)
    expected, actual = trial.foretold, trial.bought.astype(float)
    change = expected.sum() / actual.sum() - 1
    low, high = clv_check_findings._by_chance(change, expected, actual)
    drawn = [expected[i].sum() / actual[i].sum() - 1 for i in rng.integers(0, len(actual), (600, len(actual)))]
    assert (high - low) / 2 == pytest.approx(1.96 * np.std(drawn), rel=0.12)
    assert (low + high) / 2 == pytest.approx(change)


def test_groups_add_up(check):
    for table in (check.frequency, check.recency, check.deciles):
        frame = table.frame.rename(columns={"predicted": "expected"})
        assert frame["customers"].sum() == check.findings["customers"].value
        assert (frame["actual"] * frame["customers"]).sum() == pytest.approx(check.findings["holdout_purchases"].value)
        total = check.methods.frame["total"].iloc[0]
        assert (frame["expected"] * frame["customers"]).sum() == pytest.approx(total)


def test_the_planted_model_is_believed(check):
    assert check.passed and check.identified, check.gate.frame
    low, high = check.findings["r"].interval
    assert low < 0.7 < high
    assert abs(check.findings["purchases_change"].value) < 0.15
    assert check.findings["once_alive"].value < 1
    low, high = check.findings["regularity"].interval
    assert low < 1.1 and high > 0.9


def test_stability_repeats_the_trial(check):
    frame = check.stability.frame
    assert len(frame) == 4 and frame["split"].is_monotonic_increasing
    assert frame["expected"].iloc[-1] == pytest.approx(check.methods.frame["total"].iloc[0])
    assert frame["actual"].iloc[-1] == check.findings["holdout_purchases"].value
    assert not frame["actual"].duplicated().any()


# Rhythm


def test_rhythm_of_random_regular_and_bursty_purchases():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(40):
        one, two = rng.geometric(0.05, 600), rng.geometric(0.05, 600)
        ratio, interval = clv_check_findings.rhythm(one, two)
        held += interval[0] <= 1 <= interval[1]
        assert interval[0] < ratio < interval[1]
    assert held >= 34
    regular, interval = clv_check_findings.rhythm(*(np.rint(rng.gamma(4, 5, (2, 600))) + 1))
    assert interval[1] < 0.85 and regular < 0.8
    bursts, interval = clv_check_findings.rhythm(*(np.rint(rng.gamma(0.3, 60, (2, 600))) + 1))
    assert interval[0] > 1.15 and bursts > 1.3
    assert clv_check_findings.rhythm(np.full(40, 9), np.full(40, 9))[0] == pytest.approx(0)
    assert clv_check_findings.rhythm(np.ones(40), np.ones(40)) == (None, None)


def test_what_is_said_of_rhythm():
    say = clv_check_findings._rhythm_claim
    assert "at random times" in say((0.9, 1.1)) and "nearly" in say((1.02, 1.2))
    assert "grow shorter" in say((1.0, 1.1), 0.67) and "grow longer" in say((1.0, 1.1), 0.35)
    assert "more regularly" in say((0.6, 0.8)) and "bursts" in say((1.2, 1.6))


def test_classes_of_gaps_at_random_times():
    """Of two gaps of four days in all, the first is one, two or three days alike."""
    found = clv_check_tables._random_gaps(np.array([4, 4, 4]), np.linspace(0, 1, 11))
    assert found == pytest.approx([0, 0, 1, 0, 0, 1, 0, 1, 0, 0])


# The gate

GOOD = {
    "uncertainty": 0.3, "moved": 500.0, "leaving": 180.0, "total_change": -0.12, "tracking_change": -0.04,
    "rank": 0.45, "capture": -0.01, "rmse": 0.76, "deciles": 0.14, "correlation": 0.11, "value_change": -0.16,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "just", "beyond"),
    [
        ("uncertainty", 2.0, 2.01),
        ("moved", 2.0, 1.99),
        ("leaving", 2.0, 1.99),
        ("total_change", -0.25, -0.251),
        ("total_change", 0.25, 0.251),
        ("tracking_change", -0.15, -0.151),
        ("rank", 0.1, 0.099),
        ("capture", -0.05, -0.051),
        ("rmse", 1.0, 1.01),
        ("deciles", 0.3, 0.301),
        ("correlation", 0.3, 0.301),
        ("value_change", 0.3, 0.301),
    ],
)
def test_each_criterion_on_its_own_terms(key, just, beyond):
    assert not clv_gate.verdict(GOOD | {key: just}, ()).failed
    assert clv_gate.verdict(GOOD | {key: beyond}, ()).failed == (key,)
    assert clv_gate.verdict(GOOD | {key: None}, ()).failed == (key,)
    assert not clv_gate.verdict(GOOD | {key: None}, (key,)).failed
    table = clv_gate.verdict(GOOD | {key: beyond}, ()).table().set_index("result")
    assert len(table) == len(RULES) and table.loc["failed", "measured"] == beyond


def test_reasons_hold_no_digit():
    assert [rule.key for rule in RULES] == list(GOOD)
    assert not any(re.search(r"\d", rule.otherwise) or rule.otherwise.endswith(".") for rule in RULES)


@pytest.mark.parametrize("key", list(GOOD))
def test_the_headline_names_what_failed(evidence, made, key):
    settings = made[1]
    verdict = Verdict(GOOD, tuple(GOOD), (key,))
    why = clv_evidence.why(evidence, verdict)
    assert why == clv_gate.why(key)
    found = clv_check_findings.findings(evidence, verdict, why, settings)
    title = said(found, "headline", settings)
    assert "not reliable here" in title and len(title) <= TITLE, title
    for text_of in (said(found, name, settings) for name in found if found[name].value is not None):
        assert text_of.endswith(".") and "  " not in text_of and ".." not in text_of


# Who is refused


def refused(shop: Any, lines: Any, **settings: Any) -> str:
    dataset, made = shop(lines, settings=settings)
    with pytest.raises(Skip) as skip:
        clv_check.compute(relation(dataset), made)
    assert not re.search(r"\d", skip.value.reason)
    return skip.value.reason


def test_too_little_is_refused_with_the_reason(shop, sold):
    once = sold.drop_duplicates("customer_id")
    assert "no customer came back" in refused(shop, once)
    few = sold[sold["customer_id"].isin(sold["customer_id"].unique()[:10])]
    assert "fewer than two hundred" in refused(shop, few)
    assert "one day" in refused(shop, sold.assign(ordered_at="2024-01-01"))
    assert "sixteen weeks" in refused(shop, sold[sold["ordered_at"] < "2022-03-01"])
    assert "names its customer" in refused(shop, sold.assign(customer_id=None))
    assert "settings" in refused(shop, sold, calibration_end=FIRST)
    assert "settings" in refused(shop, sold, calibration_end=date(2030, 1, 1))
    new = sold[(sold["ordered_at"] < "2022-12-01") | ~sold["customer_id"].duplicated()]
    later = new.assign(
        customer_id=np.where(new["ordered_at"] > "2022-12-01", "new" + new["order_id"], new["customer_id"])
    )
    assert "no customer known before it bought" in refused(shop, later, calibration_end=date(2022, 12, 1))


def test_who_never_leaves_is_told_apart(shop):
    """Where nobody leaves BG/NBD is not identified: no parameter, no verdict on it, and NBD in its place."""
    dataset, settings = shop(lines_of(5, 900, leave=False))
    found = clv_check.compute(relation(dataset), settings)
    assert not (found.passed or found.orders_passed or found.identified)
    assert found.why == btyd.NOT_LEFT and found.parameters is None and found.once is None
    assert found.findings["r"].value is None and found.findings["r"].reason == found.why
    results = found.gate.frame.set_index("scope")["result"]
    assert results["purchases"].tolist() == ["failed"] + ["not tried"] * 8
    assert "do not show who left" in said(found.findings, "headline")
    assert found.methods.frame["method"].iloc[0] == clv_trial.NOBODY
    assert abs(found.findings["purchases_change"].value) < 0.1
    assert said(found.findings, "holdout_expected").startswith("A model in which nobody leaves")


def test_without_money_purchases_are_judged(shop, sold):
    dataset, settings = shop(sold.assign(amount=None), settings={"no_money": "no prices"}, no_money="no prices")
    found = clv_check.compute(relation(dataset), settings)
    assert found.passed and found.value_methods is None
    results = found.gate.frame.groupby("scope")["result"].unique()
    assert results["value"].tolist() == ["not tried"] and results["purchases"].tolist() == ["passed"]
    for key in ("p", "holdout_sales", "sales_change", "correlation"):
        assert found.findings[key].value is None and found.findings[key].reason == "no prices"


def test_constant_prices_leave_value_unbelieved(shop, sold):
    dataset, settings = shop(sold.drop_duplicates(["customer_id", "ordered_at"]).assign(amount=10))
    found = clv_check.compute(relation(dataset), settings)
    assert not found.passed and found.orders_passed
    assert "spends the same" in found.why
    assert said(found.findings, "headline").startswith("Lifetime value is not reliable here")


def test_spend_that_goes_with_frequency_is_caught(shop, sold):
    often = sold.groupby("customer_id")["amount"].transform("size")
    dataset, settings = shop(sold.assign(amount=(sold["amount"] / 50 + often).round(2)))
    found = clv_check.compute(relation(dataset), settings)
    assert found.orders_passed and not found.passed and "correlation" in said(found.findings, "headline")


# What must not change it


def test_nothing_after_the_split_reaches_the_model(shop, sold):
    cut = "2023-07-01"
    options = {"calibration_end": date(2023, 6, 30)}
    moved = sold.assign(ordered_at=sold["ordered_at"].where(sold["ordered_at"] < cut, "2023-12-30"))
    one, other = (
        clv_check.compute(relation(dataset), settings)
        for dataset, settings in (shop(sold, settings=options), shop(moved, settings=options))
    )
    for key in ("r", "alpha", "a", "b", "p", "q", "v", "log_likelihood", "customers", "correlation"):
        assert one.findings[key].value == other.findings[key].value
    assert one.findings["holdout_purchases"].value > other.findings["holdout_purchases"].value


def test_order_of_rows_changes_no_byte(shop, sold, check):
    dataset, settings = shop(sold.sample(frac=1, random_state=3))
    again = clv_check.compute(relation(dataset), settings)
    assert values(again) == values(check)
    assert again.tracking.frame.equals(check.tracking.frame) and again.methods.frame.equals(check.methods.frame)


def test_names_currency_days_and_split_lines_change_nothing(shop, sold, check):
    half = pd.concat([sold, sold.assign(amount=0)])
    changed = {
        "names": sold.assign(customer_id=[f"k{c[::-1]}" for c in sold["customer_id"]]),
        "days": sold.assign(ordered_at=[str(date.fromisoformat(d) + timedelta(days=28)) for d in sold["ordered_at"]]),
        "split": half,
        "money": sold.assign(amount=sold["amount"] * 1000),
    }
    for what, lines in changed.items():
        dataset, settings = shop(lines)
        found = clv_check.compute(relation(dataset), settings)
        assert found.passed == check.passed
        for key, value in values(check).items():
            if isinstance(value, float | int) and what != "money":
                assert found.findings[key].value == pytest.approx(value, rel=1e-4), (what, key)
        if what == "money":
            for key in ("v", "holdout_sales", "holdout_sales_expected"):
                assert float(found.findings[key].value) == pytest.approx(
                    1000 * float(check.findings[key].value), rel=1e-5
                )
            for key in ("r", "p", "sales_change", "correlation", "capture_20"):
                assert found.findings[key].value == pytest.approx(check.findings[key].value, rel=1e-5)


def test_every_customer_twice(shop, sold, check):
    twin = sold.assign(customer_id="t" + sold["customer_id"], order_id="t" + sold["order_id"])
    dataset, settings = shop(pd.concat([sold, twin]))
    found = clv_check.compute(relation(dataset), settings)
    for key in ("r", "alpha", "a", "b", "purchases_change", "rank", "mae", "rmse", "capture_20", "cumulative_change"):
        assert found.findings[key].value == pytest.approx(check.findings[key].value, rel=1e-4), key
    assert found.findings["holdout_purchases"].value == 2 * check.findings["holdout_purchases"].value


# Figures


def test_figures_of_a_trial_and_of_a_refusal(shop, check):
    dataset, settings = shop(lines_of(5, 900, leave=False))
    other = clv_check.compute(relation(dataset), settings)
    for result in (check, other):
        for figure in FIGURES:
            for slot in (SLOTS[figure.slot], replace(SLOTS[figure.slot], width=440)):
                style = Style(Settings(currency="EUR", snapshot=settings.snapshot), slot)
                assert figure.draw(result, style) is not None, figure.name
                assert figure.alt(result, style).endswith(".") and len(figure.alt(result, style)) > 60
            assert set(figure.columns) <= set(figure.table(result).frame.columns), figure.name
    refused, tried = (str(FIGURES[0].draw(result, style).to_plotly_json()) for result in (other, check))
    assert "if nobody ever left" in refused and "by the model" in tried


def test_the_chart_shows_the_weeks_of_the_table(check):
    style = Style(Settings(), SLOTS["slide"])
    frame = check.tracking.frame
    full = frame[frame["days"] == 7]
    drawn = FIGURES[0].draw(check, style)
    assert list(drawn.data[0].y) == full["actual"].tolist()
    assert list(drawn.data[2].y) == full.loc[full["part"] == "holdout", "foretold"].tolist()


def test_nothing_to_draw(check):
    style = Style(Settings(), SLOTS["page"])
    drawings = {figure.name: figure.draw for figure in FIGURES}
    short = replace(check.tracking, frame=check.tracking.frame.head(3))
    assert drawings["weeks"](replace(check, tracking=short), style) is None
    assert drawings["cumulative"](replace(check, tracking=short), style) is None
    assert drawings["gaps"](replace(check, gaps=None), style) is None
    one = replace(check.frequency, frame=check.frequency.frame.head(1))
    assert drawings["frequency"](replace(check, frequency=one), style) is None
