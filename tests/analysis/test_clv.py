"""Lifetime value: lifetimes as the oracle, planted truth, what must not change it, and when nothing may be said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import btyd, clv_worth
from analysis.clv import Clv
from analysis.clv_tables import EVERYONE
from analysis.finding import PLACE
from analysis.run import Run, run
from dataset.opening import open_data
from dataset.settings import load
from report.figure import SLOTS, Style, finished
from report.figures.clv import FIGURES
from report.number import text
from tests.analysis.test_btyd import lifetimes_of, silent

CDNOW = Path(__file__).resolve().parents[3] / "shared/data/cdnow/sample_csv/cdnow.csv"
TITLE = 105


def lines_of(seed: int, n: int = 700, days: int = 400) -> pd.DataFrame:
    """Lines of customers who live, die and spend as the models say: one a purchase day."""
    rng = np.random.default_rng(seed)
    rate, leave, mean = rng.gamma(0.7, 1 / 60, n), rng.beta(0.6, 1.8, n), 300 / rng.gamma(4, 1, n)
    rows = []
    for i in range(n):
        day, again = float(rng.integers(0, days)), False
        while day < days:
            amount = round(rng.gamma(5) * mean[i] / 5, 2) + 0.02
            rows.append((f"o{len(rows)}", f"c{i:04}", date.fromordinal(738521 + int(day)), amount))
            if again and rng.random() < leave[i]:
                break
            day, again = day + max(rng.exponential(1 / rate[i]), 1), True
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


@pytest.fixture
def valued(shop) -> Callable[..., Clv]:
    def of(lines: Any, **more: Any) -> Clv:
        done = run(["clv"], *shop(lines, **more))
        assert "clv" in done.results, done.skipped
        return done.results["clv"]  # type: ignore[return-value]

    return of


@pytest.fixture
def clv(valued) -> Clv:
    return valued(lines_of(1))


def numbers(clv: Clv) -> dict[str, float]:
    return {k: float(f.value) for k, f in clv.findings.items() if isinstance(f.value, int | float) or k[:5] == "value"}


def test_value_is_lifetimes_own(shop):
    """Month by month at one percent, with months as long as theirs: customer_lifetime_value, customer for customer."""
    dataset, settings = shop(lines_of(2))
    from analysis.plan import ROOT
    from dataset.engine import Relation

    people = btyd.purchases(Relation(dataset.engine, "lines", ROOT), settings.snapshot)
    rows = btyd.histories(people)
    orders, known = btyd.fit_orders(rows), btyd.spenders(people)
    x, recency, age = (people[c] for c in ("frequency", "recency", "T"))
    spend = btyd.fit_spend(x.to_numpy()[known], people["spend"].to_numpy()[known])
    theirs = lifetimes_of("BetaGeoFitter", dict(zip(orders.names, orders.values, strict=True)))
    theirs.predict = theirs.conditional_expected_number_of_purchases_up_to_time
    money = lifetimes_of("GammaGammaFitter", dict(zip(spend.names, spend.values, strict=True)))
    wanted = silent(
        lambda: money.customer_lifetime_value(
            theirs, x, recency, age, people["spend"].fillna(0), time=12, discount_rate=0.01, freq="W"
        )
    )
    alive = btyd.alive(orders, rows.x, rows.recency, rows.age)
    year = clv_worth.discounted(orders, rows, month=4.345, months=12, rate=0.01) * alive
    each = btyd.expected_spend(spend, x.to_numpy(), people["spend"].to_numpy())
    assert year[rows.of] * each == pytest.approx(wanted.to_numpy(), rel=1e-6)
    undiscounted = clv_worth.discounted(orders, rows, month=52 / 12, rate=0.0) * alive
    assert undiscounted == pytest.approx(btyd.expected(orders, 52, rows.x, rows.recency, rows.age), rel=1e-9)


def test_totals_add_up(clv):
    for name in ("value_90", "value_365"):
        assert float(clv.findings[name].value) == pytest.approx(clv.frame[name].sum(), abs=1e-3)
        for table in (clv.segments, clv.clusters):
            parts = table.frame.iloc[:-1]
            assert (
                parts[name].sum()
                == pytest.approx(table.frame[name].iloc[-1])
                == pytest.approx(float(clv.findings[name].value), abs=1)
            )
            assert parts["share"].sum() == pytest.approx(1) and parts["customers"].sum() == len(clv.frame)
            assert parts["value_365"].is_monotonic_decreasing and table.frame.iloc[-1, 0] == EVERYONE
    assert clv.frame["p_alive"].mean() == pytest.approx(clv.findings["alive_share"].value, abs=1e-5)
    assert clv.findings["orders_365"].value == round(clv.frame["orders_365"].sum())
    assert clv.tenths.frame["value_365"].sum() == pytest.approx(clv.frame["value_365"].sum(), abs=1e-3)
    best = clv.frame["value_365"].nlargest(round(len(clv.frame) / 5)).sum()
    assert clv.findings["top_20_share"].value == pytest.approx(best / clv.frame["value_365"].sum(), abs=1e-6)
    assert clv.chances.frame["customers"].sum() == clv.grid.frame["customers"].sum() == len(clv.frame)
    curve = clv.curve.frame
    assert curve.iloc[0].tolist() == [0, 0] and curve.iloc[-1].tolist() == pytest.approx([1, 1])
    assert (np.diff(curve["share_of_value"]) >= 0).all() and (np.diff(curve["share_of_value"], 2) <= 1e-12).all()


def test_frame_is_that_of_the_customers(shop):
    done = run(["customers", "clv"], *shop(lines_of(3)))
    frame = done.results["clv"].frame
    assert list(frame) == ["customer_id", "p_alive", "orders_90", "orders_365", "value_90", "value_365"]
    assert frame["customer_id"].tolist() == done.results["customers"].frame["customer_id"].tolist()
    assert frame.notna().all().all() and (frame.drop(columns="customer_id") >= 0).all().all()
    assert (frame["p_alive"] <= 1).all() and (frame["orders_90"] <= frame["orders_365"]).all()


def test_estimates_have_intervals_that_hold_them(clv):
    for name, finding in clv.findings.items():
        if finding.kind == "estimated":
            low, high = finding.interval
            room = 1 if finding.unit == "count" else 1e-3
            assert low - room <= float(finding.value) <= high + room, name
            assert low < high or name == "alive_share", name
    ends = [float(clv.findings[f"value_365{end}"].value) for end in ("_low", "", "_high")]
    assert ends == sorted(ends) and ends[0] > 0.5 * ends[1] and ends[2] < 2 * ends[1]


def test_intervals_are_those_of_every_customer_followed(clv, shop, monkeypatch):
    """The sampled customers stand for all: following each of them gives the same intervals."""
    monkeypatch.setattr(clv_worth, "SAMPLE", 10**6)
    every = run(["clv"], *shop(lines_of(1))).results["clv"]
    for name in ("value_365", "value_90", "orders_365", "repeat_alive_share", "top_20_share", "vip_value"):
        wide = np.ptp(every.findings[name].interval)
        assert clv.findings[name].interval == pytest.approx(every.findings[name].interval, abs=0.12 * wide), name


def test_more_customers_are_surer(valued):
    few, many = valued(lines_of(1)), valued(lines_of(4, 3000))
    width = [np.ptp(c.findings["value_365"].interval) / float(c.findings["value_365"].value) for c in (few, many)]
    assert width[1] < 0.7 * width[0]


def test_a_part_drawn_anew_is_as_sure_as_all(clv, shop, monkeypatch):
    """Of many customers a part is drawn anew, its spread scaled down to that of all."""
    monkeypatch.setattr(clv_worth, "RESAMPLED", 300)
    monkeypatch.setattr(clv_worth, "DRAWS", 1)
    part = run(["clv"], *shop(lines_of(1))).results["clv"]
    wide = [np.ptp(c.findings["value_365"].interval) for c in (clv, part)]
    assert 0.5 < wide[1] / wide[0] < 2


def test_lifetimes_agrees_or_nothing_is_said(clv, shop, monkeypatch):
    assert clv.findings["agreement"].value >= 4
    monkeypatch.setattr(btyd, "reference", lambda rows: np.array([0.7, 8.0, 0.6, 1.8]))
    done = run(["clv"], *shop(lines_of(1)))
    assert done.skipped["clv"] == "two independent fits of the model do not agree"


def test_many_histories_are_fitted_once(shop, monkeypatch):
    monkeypatch.setattr("analysis.clv.FEW", 10)
    found = run(["clv"], *shop(lines_of(1))).results["clv"].findings["agreement"]
    assert found.value is None and "fewer than twenty thousand" in found.reason


@pytest.mark.skipif(not CDNOW.exists(), reason="the CDNOW sample is not there")
def test_cdnow_as_published(tmp_path):
    dataset, settings = open_data(str(CDNOW.parent), "generic", None, load(None, as_of=date(1997, 10, 1)), tmp_path)
    found = run(["clv"], dataset, settings).findings
    wanted = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.43, "p": 6.25, "q": 3.74,
              "v": 15.44, "correlation": 0.114}  # fmt: skip
    for name, value in wanted.items():
        places = len(str(value).split(".")[1])
        assert round(float(found[f"clv.{name}"].value), places) == value, name
    assert found["clv.headline"].n == 2357 and found["clv.agreement"].value >= 5


# What must not change it, or only so


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "shuffled": lambda f: f.sample(frac=1, random_state=3),
    "relabelled": lambda f: f.assign(customer_id=f["customer_id"].map(lambda c: f"x{hash_of(c)}")),
    "later": lambda f: f.assign(ordered_at=f["ordered_at"].map(lambda d: date.fromordinal(d.toordinal() + 28))),
    "split": lambda f: pd.concat(
        [f.assign(amount=f["amount"].round(2) - 0.01), f.assign(amount=0.01)], ignore_index=True
    ),
}  # fmt: skip


def hash_of(name: str) -> int:
    return int(name[1:]) * 7919 % 100_003


@pytest.mark.parametrize("change", CHANGES)
def test_what_must_not_change_it(clv, valued, change):
    after = numbers(valued(CHANGES[change](lines_of(1))))
    before = numbers(clv)
    assert after.keys() == before.keys()
    exactly = change == "shuffled"
    for name, value in before.items():
        assert after[name] == (value if exactly else pytest.approx(value, rel=2e-5, abs=1e-5)), name


def test_another_unit_of_money(clv, valued):
    """Amounts x 1000: value and v x 1000; all that is not money stays."""
    after, before = numbers(valued(lines_of(1).assign(amount=lambda f: (f["amount"] * 1000).round(2)))), numbers(clv)
    for name, value in before.items():
        money = clv.findings[name].unit == "money" or name == "v"
        assert after[name] == pytest.approx(value * (1000 if money else 1), rel=1e-5, abs=1e-6), name


def test_every_customer_twice(clv, valued):
    """Parameters and shares stay, totals double, and all is surer."""
    lines = lines_of(1)
    again = lines.assign(customer_id=lines["customer_id"] + "b", order_id=lines["order_id"] + "b")
    twice = valued(pd.concat([lines, again]))
    for name in ("r", "alpha", "a", "b", "p", "q", "v", "alive_share", "top_20_share"):
        assert twice.findings[name].value == pytest.approx(clv.findings[name].value, rel=1e-5), name
    for name in ("value_30", "value_90", "value_365", "log_likelihood"):
        assert float(twice.findings[name].value) == pytest.approx(2 * float(clv.findings[name].value), rel=1e-5), name
    assert np.ptp(twice.findings["r"].interval) < 0.75 * np.ptp(clv.findings["r"].interval)


# When nothing, or less, may be said


def one_each(n: int) -> list[tuple[str, str, str, int]]:
    return [(f"o{i}", f"c{i}", f"2024-{1 + i % 12:02}-{1 + i % 28:02}", 10 + i % 7) for i in range(n)]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (one_each(400), "no customer came back"),
        (lines_of(5, 10), "fewer than two hundred"),
        (lines_of(5, 50), "fewer than two hundred"),
        (lines_of(5).assign(ordered_at=date(2024, 1, 1)), "every purchase falls on one day"),
        ([*one_each(300), ("a", "c1", "2024-12-30", 5)], "no customer came back"),
    ],
)
def test_what_tells_nothing_says_so(shop, lines, why):
    done = run(["clv"], *shop(lines))
    assert why in done.skipped["clv"]
    assert not any(key.startswith("clv.") for key in done.findings)


def test_constant_prices_make_no_value(valued):
    """Orders are still expected; there is no value, and the reason."""
    clv = valued(lines_of(1).assign(amount=20).drop_duplicates(["customer_id", "ordered_at"]))
    assert "spends the same" in clv.why
    without_value(clv)


def test_no_money_makes_no_value(shop):
    done = run(
        ["clv"], *shop(lines_of(1).assign(amount=None), settings={"no_money": "no prices"}, no_money="no prices")
    )
    clv = done.results["clv"]
    assert clv.why == "no prices" and clv.segments is None
    without_value(clv)


def without_value(clv: Clv) -> None:
    for name, finding in clv.findings.items():
        if finding.unit == "money" or name in ("p", "q", "v", "top_20_share"):
            assert finding.value is None and finding.reason == clv.why, name
    assert "order {value} times" in clv.findings["headline"].claim
    assert clv.findings["orders_365"].value > 0 and clv.findings["repeat_alive_share"].value > 0
    assert clv.frame["p_alive"].notna().all() and clv.frame["value_365"].isna().all()
    assert clv.curve is None and clv.tenths is None and clv.model.spend is None
    assert "gamma_gamma" not in clv.model.json()


@pytest.mark.parametrize("shape", ["plain", "constant", "dear", "many"])
def test_claims(shop, shape):
    lines = {
        "plain": lines_of(1),
        "constant": lines_of(1).assign(amount=20).drop_duplicates(["customer_id", "ordered_at"]),
        "dear": lines_of(1).assign(amount=lambda f: f["amount"] * 123456),
        "many": lines_of(6, 2500),
    }[shape]
    dataset, settings = shop(lines)
    done = run(["clv"], dataset, settings)
    for key, said in claims(done, settings).items():
        assert said.endswith(".") and ".." not in said and "None" not in said, (key, said)
        assert not key.endswith("headline") or len(said) <= TITLE, (len(said), said)


def claims(done: Run, settings: Any) -> dict[str, str]:
    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, key
        return text(finding.value, finding.unit, settings, compact=True)

    known = {k: f for k, f in done.findings.items() if f.value is not None and k.startswith("clv.")}
    return {k: PLACE.sub(lambda m, k=k: shown(k if m[1] == "value" else m[1]), f.claim) for k, f in known.items()}


def test_model_is_kept_as_plain_numbers(clv):
    told = clv.model.json()
    assert told["time"] == "weeks" and told["bg_nbd"]["parameters"]["alpha"] == clv.findings["alpha"].value
    assert np.array(told["gamma_gamma"]["covariance_of_logs"]).shape == (3, 3)
    assert told["bg_nbd"]["customers"] == len(clv.frame)


def test_figures(clv, shop):
    style = Style(shop(lines_of(1))[1], SLOTS["slide"])
    for figure in FIGURES:
        drawn = finished(figure.draw(clv, style), style)
        assert drawn is not None and drawn.layout.width == 752, figure.name
        assert len(figure.alt(clv, style)) > 40
        assert set(figure.columns) <= set(figure.table(clv).frame), figure.name
    (bars,) = FIGURES[0].draw(clv, style).data
    assert list(bars.x) == clv.segments.frame["value_365"].tolist()[:-1]
    low = np.array(bars.x) - np.array(bars.error_x.arrayminus)
    assert low == pytest.approx(clv.segments.frame["low"].to_numpy()[:-1])


def test_nothing_to_draw(shop):
    done = run(
        ["clv"], *shop(lines_of(1).assign(amount=None), settings={"no_money": "no prices"}, no_money="no prices")
    )
    clv = done.results["clv"]
    style = Style(shop(lines_of(1))[1], SLOTS["slide"])
    drawn = {f.name for f in FIGURES if f.draw(clv, style) is not None}
    assert drawn == {"chances", "grid"}


# The built-in shop


def planted(folder: Path, seed: int, customers: int) -> pd.Series:
    """How many standard errors each planted parameter lies from its estimate, by the printed interval."""
    from dataset.sample import write
    from dataset.sample.truth import TRUTH

    write(folder / "raw", "thelook", customers, seed, "parquet", events=False)
    (folder / "work").mkdir()
    dataset, settings = open_data(str(folder / "raw"), "thelook", None, load(None), folder / "work")
    found = run(["clv"], dataset, settings).findings
    dataset.engine.close()
    true = {name: getattr(TRUTH, name) for name in ("r", "a", "b", "p", "q", "v")} | {"alpha": TRUTH.alpha / 7}
    apart = {}
    for name, value in true.items():
        low, high = np.log(found[f"clv.{name}"].interval)
        apart[name] = (np.log(value) - (low + high) / 2) / (high - low) * 2 * btyd.Z95
    return pd.Series(apart)


def test_planted_parameters_are_found_again(tmp_path):
    """In the built-in shop all lie in the 99 % intervals, and all but at most one in the printed ones of 95 %."""
    from dataset.sample import CUSTOMERS, SEED

    apart = planted(tmp_path, SEED, CUSTOMERS).abs()
    assert (apart < 2.5758).all() and (apart > btyd.Z95).sum() <= 1, apart


@pytest.mark.slow
def test_intervals_cover_the_truth(tmp_path):
    """Forty shops: the printed 95 % intervals hold the planted parameters in at least 88 %, each in at least 80 %."""
    apart = []
    for seed in range(40):
        (tmp_path / str(seed)).mkdir()
        apart.append(planted(tmp_path / str(seed), 1000 + seed, 3000))
    covered = (pd.DataFrame(apart).abs() < btyd.Z95).mean()
    assert covered.mean() >= 0.88 and (covered >= 0.8).all(), covered
