"""Value at risk: told again from the exports, by hand, under what must not change it, and in every branch."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import btyd, value_at_risk
from analysis.clusters import Clusters
from analysis.clv_check import ClvCheck
from analysis.clv_worth import YEAR
from analysis.customers import Customers
from analysis.finding import PLACE, Skip
from analysis.run import Run, run
from analysis.value_at_risk import ValueAtRisk
from dataset.settings import Settings
from report import exports
from report.figure import SLOTS, Style, finished
from report.figures.value_at_risk import FIGURES
from report.number import text
from tests.analysis.test_clv import lines_of, one_each

NAMES = ("customers", "rfm", "clv", "value_at_risk")
TITLE = 105
NO_MONEY = {"settings": {"no_money": "no prices"}, "no_money": "no prices"}
MONEY = ("revenue", "once_revenue", "high_value_from", "expected", "if_customers")


def constant() -> pd.DataFrame:
    return lines_of(1).assign(amount=20).drop_duplicates(["customer_id", "ordered_at"])


def dear_once() -> pd.DataFrame:
    """Among customers as the model has them, as many who bought once and much: they are the top fifth."""
    lines = lines_of(1)
    once = pd.DataFrame([(f"x{i}", f"x{i:04}", date(2023, 1 + i % 12, 5), 90_000 + i) for i in range(400)])
    return pd.concat([lines, once.set_axis(lines.columns, axis=1)], ignore_index=True)


PASSED = SimpleNamespace(passed=True, full=None, orders_passed=True, why="", findings={})


def alone(monkeypatch: pytest.MonkeyPatch, trial: SimpleNamespace = PASSED) -> None:
    """Lifetime value without what takes most of its time: no clusters, and a trial that ended so."""

    def clusters(customers: Customers) -> Clusters:
        raise Skip("not asked for")

    def tried(customers: Customers) -> ClvCheck:
        return trial  # type: ignore[return-value]

    monkeypatch.setattr("analysis.clusters.compute", clusters)
    monkeypatch.setattr("analysis.clv_check.compute", tried)


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    alone(monkeypatch)


@pytest.fixture
def ran(shop) -> Callable[..., Run]:
    return lambda lines, **more: run(NAMES, *shop(lines, **more))


@pytest.fixture
def risk(ran) -> Callable[..., Any]:
    return lambda lines, **more: ran(lines, **more).results["value_at_risk"]


def value(risk: ValueAtRisk, name: str) -> float:
    found = risk.findings[name].value
    assert isinstance(found, int | float | Decimal), name
    return float(found)


# Told again


def test_told_again_from_the_exports(ran, tmp_path):
    """Whoever has exports/customers.csv and the purchases finds the same customers and the same sums."""
    lines = lines_of(1)
    done = ran(lines)
    found: Any = done.results["value_at_risk"]
    exports.write(tmp_path, done.results, Settings(snapshot=date(2025, 1, 1)))
    people = pd.read_csv(tmp_path / "customers.csv", dtype={"customer_id": str})
    high = np.floor(5 * (people["net"].rank() - 0.5) / len(people)) == 4
    days = lines.groupby("customer_id")["ordered_at"].nunique()
    once = people["customer_id"].map(days) == 1
    gone = people[high & ~once & (people["p_alive"] < 0.5)]
    assert len(gone) > 5 and value(found, "customers") == len(gone)
    exact = sum(Decimal(str(amount)) for amount in gone["net"])
    assert found.findings["revenue"].value == exact
    assert value(found, "revenue_share") == pytest.approx(float(exact) / people["net"].sum())
    assert value(found, "expected") == pytest.approx(gone["value_365"].sum(), abs=0.01)
    assert value(found, "if_customers") == pytest.approx((gone["value_365"] / gone["p_alive"]).sum(), rel=1e-4)
    assert value(found, "median_recency") == gone["recency_days"].median()
    assert value(found, "high_value") == high.sum()
    assert value(found, "high_value_from") == people["net"][high].min()
    assert value(found, "once") == (high & once).sum()
    assert value(found, "once_revenue") == pytest.approx(people["net"][high & once].sum())
    assert value(found, "customer_share") == pytest.approx(len(gone) / (high & ~once).sum())
    listed = pd.read_csv(tmp_path / "value_at_risk.csv", dtype={"customer_id": str})
    assert sorted(listed["customer_id"]) == sorted(gone["customer_id"])
    assert listed["rank"].tolist() == list(range(1, len(gone) + 1)) and listed["net"].is_monotonic_decreasing
    assert listed["net"].tolist() == sorted(gone["net"], reverse=True)
    assert (listed["expected"] < listed["if_customer"]).all()
    assert listed["expected"].to_numpy() == pytest.approx(listed["if_customer"] * listed["p_alive"], rel=1e-3)
    assert stat.S_IMODE((tmp_path / "value_at_risk.csv").stat().st_mode) == 0o600


def test_chances_hold_every_high_value_customer_who_came_back(risk):
    found = risk(lines_of(1))
    frame = found.chances.frame
    assert frame["customers"].sum() == value(found, "high_value") - value(found, "once")
    assert frame["customers"][frame["low"] < 0.5].sum() == value(found, "customers")
    assert frame["net"][frame["low"] < 0.5].sum() == pytest.approx(value(found, "revenue"))


def test_intervals_are_those_of_each_listed_customer_followed(ran):
    """Customer by customer through every draw of the parameters, the wider of the two kinds of draws."""
    done = ran(lines_of(1))
    found: Any = done.results["value_at_risk"]
    clv: Any = done.results["clv"]
    basis, names = clv.basis, set(found.customers.frame["customer_id"])
    at = [i for i, c in enumerate(clv.frame["customer_id"]) if c in names]
    x, recency, age = (getattr(basis.rows, c)[basis.rows.of[at]] for c in ("x", "recency", "age"))
    discount = basis.made.value[YEAR][at] / (basis.made.orders[YEAR][at] * basis.made.spend[at])
    expected, still = [], []
    for orders, spend in zip(basis.drawn.orders[1:], basis.drawn.spend[1:], strict=True):
        each = btyd.while_alive_at(orders, YEAR / 7, x, age) * btyd.expected_spend_at(spend, x, basis.amounts[at])
        still.append((each * discount).sum())
        expected.append((each * discount * btyd.alive_at(orders, x, recency, age)).sum())
    refits = basis.drawn.refits
    for name, sums in (("expected", expected), ("if_customers", still)):
        parts = [np.quantile(part, [0.025, 0.975]) for part in (sums[:-refits], sums[-refits:])]
        low, high = max(parts, key=np.ptp)
        assert found.findings[name].interval == pytest.approx((low, high), rel=1e-6), name
        assert low < value(found, name) < high
        assert value(found, f"{name}_low") == pytest.approx(low) and value(found, f"{name}_high") == pytest.approx(high)


def test_how_many_moves_with_the_draws(ran):
    done = ran(lines_of(1))
    found: Any = done.results["value_at_risk"]
    clv: Any = done.results["clv"]
    frame = done.results["customers"].frame  # type: ignore[attr-defined]
    rows, drawn = clv.basis.rows, clv.basis.drawn
    at = [i for i in range(len(frame)) if done.results["rfm"].frame["m"][i] == 5 and rows.x[rows.of[i]] > 0]  # type: ignore[attr-defined]
    counts = []
    for logs in drawn.orders[1:]:
        chance = btyd.alive_at(logs, rows.x[rows.of[at]], rows.recency[rows.of[at]], rows.age[rows.of[at]])
        counts.append(int((chance < 0.5).sum()))
    parts = [np.quantile(p, [0.025, 0.975]) for p in (counts[: -drawn.refits], counts[-drawn.refits :])]
    assert found.findings["customers"].interval == pytest.approx(tuple(max(parts, key=np.ptp)))
    assert np.ptp(found.findings["customers"].interval) > 0


# By hand


@pytest.mark.parametrize(
    ("net", "high"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [8, 9]),
        ([1, 1, 1, 1, 1, 1, 80, 80, 80, 100], [9]),  # three share ranks 7 to 9: their mean is 8, not of the top fifth
        ([1, 1, 1, 1, 1, 1, 1, 80, 80, 80], [7, 8, 9]),  # three share ranks 8 to 10: whole customers, all of them
        ([5] * 10, []),
        ([-9, -8, -7, -6, -5], []),
    ],
)
def test_high_value_is_whole_customers(net, high):
    rows = SimpleNamespace(x=np.array([1, 0]), of=np.array([0] * (len(net) - 1) + [1]))
    frame = pd.DataFrame({"p_alive": np.linspace(0, 1, len(net))})
    clv: Any = SimpleNamespace(frame=frame, basis=SimpleNamespace(rows=rows))
    people = value_at_risk._people(np.array(net, dtype=float), clv)
    assert np.flatnonzero(people.high).tolist() == high
    assert np.flatnonzero(people.once).tolist() == [len(net) - 1]
    assert not people.listed[-1] and not people.listed[frame["p_alive"] >= 0.5].any()


def test_the_threshold_itself_is_not_gone():
    rows = SimpleNamespace(x=np.array([1]), of=np.zeros(5, dtype=int))
    for chance, listed in ((0.5, 0), (0.499999, 1)):
        frame = pd.DataFrame({"p_alive": [0.1, 0.1, 0.1, 0.1, chance]})
        clv: Any = SimpleNamespace(frame=frame, basis=SimpleNamespace(rows=rows))
        assert value_at_risk._people(np.arange(1.0, 6.0), clv).listed.sum() == listed


# What must not change it, or only so

CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "shuffled": lambda f: f.sample(frac=1, random_state=3),
    "relabelled": lambda f: f.assign(customer_id=f["customer_id"].map(lambda c: f"x{int(c[1:]) * 7919 % 100_003}")),
    "later": lambda f: f.assign(ordered_at=f["ordered_at"].map(lambda d: date.fromordinal(d.toordinal() + 28))),
    "split": lambda f: pd.concat([f.assign(amount=f["amount"].round(2) - 0.01), f.assign(amount=0.01)]),
    "thousandfold": lambda f: f.assign(amount=(f["amount"] * 1000).round(2)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_must_not_change_it(risk, change):
    before, after = risk(lines_of(1)), risk(CHANGES[change](lines_of(1)))
    assert value(before, "customers") > 5
    for name, finding in before.findings.items():
        unit = 1000 if change == "thousandfold" and finding.unit == "money" else 1
        exact = change == "shuffled"
        wanted = value(before, name) * unit
        assert value(after, name) == (wanted if exact else pytest.approx(wanted, rel=1e-4, abs=1e-4)), name
        if exact:
            assert after.findings[name].interval == finding.interval
    if change == "shuffled":
        pd.testing.assert_frame_equal(after.customers.frame, before.customers.frame)


def test_every_customer_twice(risk):
    lines = lines_of(1)
    again = lines.assign(customer_id=lines["customer_id"] + "b", order_id=lines["order_id"] + "b")
    once, twice = risk(lines), risk(pd.concat([lines, again]))
    for name in ("customers", "revenue", "expected", "if_customers", "high_value", "once", "once_revenue"):
        assert value(twice, name) == pytest.approx(2 * value(once, name), rel=1e-4), name
    for name in ("revenue_share", "customer_share", "median_recency", "high_value_from"):
        assert value(twice, name) == pytest.approx(value(once, name), rel=1e-4), name


# Every branch, and when less may be said


def said(done: Run, settings: Any) -> dict[str, str]:
    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, key
        return text(finding.value, finding.unit, settings, compact=True)

    known = {k: f for k, f in done.findings.items() if f.value is not None and k.startswith("value_at_risk.")}
    return {k: PLACE.sub(lambda m, k=k: shown(k if m[1] == "value" else m[1]), f.claim) for k, f in known.items()}


def test_claims_where_some_are_gone(shop):
    for lines in (lines_of(1), lines_of(1).assign(amount=lambda f: f["amount"] * 123456)):
        dataset, settings = shop(lines)
        claims = said(run(NAMES, dataset, settings), settings)
        check_sentences(claims)
        assert re.match(r"\d+ high-value customers have probably gone quiet: they brought .*, .* is still expected\.$",
                        claims["value_at_risk.headline"])  # fmt: skip


def check_sentences(claims: dict[str, str]) -> None:
    for key, sentence in claims.items():
        assert sentence.endswith(".") and ".." not in sentence and "None" not in sentence, (key, sentence)
        assert not key.endswith("headline") or len(sentence) <= TITLE, (len(sentence), sentence)
        assert not re.search(r"(?<![\d.,])1 (more )?(high-value )?customers", sentence), sentence


@pytest.mark.parametrize("many", [0, 1])
def test_claims_where_none_or_one_is_gone(shop, monkeypatch, many):
    dataset, settings = shop(lines_of(1))
    chances = run(NAMES, dataset, settings).results["value_at_risk"].customers.frame["p_alive"].sort_values()  # type: ignore[attr-defined]
    monkeypatch.setattr(value_at_risk, "PROBABLY_GONE", float(chances.iloc[many]) if many else 0.0)
    done = run(NAMES, dataset, settings)
    found: Any = done.results["value_at_risk"]
    claims = said(done, settings)
    check_sentences(claims)
    assert value(found, "customers") == many == len(found.customers.frame)
    style = Style(settings, SLOTS["slide"])
    assert (FIGURES[0].draw(found, style) is None) == (many == 0)
    if many:
        assert claims["value_at_risk.headline"].startswith("1 high-value customer has probably gone quiet")
        return
    assert claims["value_at_risk.headline"] == "No high-value customer who came back is likelier gone than not (0)."
    assert value(found, "revenue") == value(found, "expected") == value(found, "if_customers") == 0
    assert found.findings["median_recency"].value is None


def test_where_the_best_bought_once_nothing_is_told_of_them(shop):
    dataset, settings = shop(dear_once())
    done = run(NAMES, dataset, settings)
    found: Any = done.results["value_at_risk"]
    claims = said(done, settings)
    check_sentences(claims)
    assert claims["value_at_risk.headline"].startswith("No high-value customer came back yet")
    assert value(found, "once") == value(found, "high_value") == 220 and value(found, "customers") == 0
    assert found.findings["customer_share"].value is None
    assert FIGURES[0].draw(found, Style(settings, SLOTS["slide"])) is None


def test_without_value_only_counts_and_what_was_spent(shop):
    dataset, settings = shop(constant())
    done = run(NAMES, dataset, settings)
    found: Any = done.results["value_at_risk"]
    assert "spends the same" in found.why
    claims = said(done, settings)
    check_sentences(claims)
    assert value(found, "customers") > 0 and value(found, "revenue") > 0
    for name in ("expected", "if_customers", "expected_low", "if_customers_high"):
        assert found.findings[name].value is None and found.findings[name].reason == found.why
    assert claims["value_at_risk.headline"].endswith(
        f"they brought {text(found.findings['revenue'].value, 'money', settings, compact=True)}."
    )
    assert found.customers.frame[["expected", "if_customer"]].isna().all().all()
    assert FIGURES[0].draw(found, Style(settings, SLOTS["slide"])) is not None


@pytest.mark.parametrize(
    ("lines", "more", "why"),
    [
        (one_each(400), {}, "needs clv: no customer came back"),
        (lines_of(5, 10), {}, "needs clv: fewer than two hundred"),
        (lines_of(1).assign(amount=None), NO_MONEY, "prices"),
        (lines_of(1).assign(customer_id=None), {}, "no sale names its customer"),
    ],
)  # fmt: skip
def test_skipped_with_the_reason(ran, lines, more, why):
    done = ran(lines, **more)
    assert why in done.skipped["value_at_risk"]
    assert not any(key.startswith("value_at_risk.") for key in done.findings)


def test_what_failed_its_trial_is_not_told(ran, monkeypatch):
    """Who left, when only money failed; nothing, when purchases did."""
    alone(
        monkeypatch,
        SimpleNamespace(passed=False, full=None, orders_passed=True, why="spend goes with frequency", findings={}),
    )
    found: Any = ran(lines_of(1)).results["value_at_risk"]
    assert found.why == "spend goes with frequency" and value(found, "customers") > 5
    assert found.findings["expected"].value is None and found.findings["expected"].reason == found.why
    alone(
        monkeypatch,
        SimpleNamespace(passed=False, full=None, orders_passed=False, why="it foretold too much", findings={}),
    )
    done = ran(lines_of(1))
    assert done.skipped["value_at_risk"].endswith("it did not pass its trial: it foretold too much")


def test_names_only_where_the_settings_ask(risk):
    unnamed, named = risk(lines_of(1)), risk(lines_of(1), settings={"include_customers": True})
    assert "customer_id" not in unnamed.listed.frame and "customer_id" in unnamed.customers.frame
    assert "customer_id" in named.listed.frame and "customer_id" in named.listed.labels
    assert unnamed.listed.frame["net"].tolist() == named.listed.frame["net"].tolist()


def test_figure(risk, shop):
    found, style = risk(lines_of(1)), Style(shop(lines_of(1))[1], SLOTS["slide"])
    (figure,) = FIGURES
    drawn = finished(figure.draw(found, style), style)
    assert drawn is not None and drawn.layout.width == SLOTS["slide"].width
    (bars,) = drawn.data
    assert list(bars.x) == found.chances.frame["net"].tolist()
    assert list(bars.marker.color) == [style.accent] * 5 + ["#a3acb6"] * 5
    assert "0% to 10%" in figure.alt(found, style) and set(figure.columns) <= set(figure.table(found).frame)
