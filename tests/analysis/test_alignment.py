"""Whom to spend on: told again from the exports, intervals that part or not, and in every branch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import alignment
from analysis.alignment import AHEAD, BEHIND, LESS, MORE, UNTOLD, Alignment, places, verdict
from analysis.clv_tables import EVERYONE
from analysis.finding import PLACE
from analysis.rfm import SEGMENTS, key
from analysis.run import Run, run
from dataset.settings import Settings
from report import exports
from report.figure import SLOTS, Style, finished
from report.figures.alignment import FIGURES
from report.number import text
from tests.analysis.test_clv import lines_of, one_each
from tests.analysis.test_value_at_risk import alone, constant

NAMES = ("customers", "rfm", "clv", "alignment")
TITLE = 105
NO_MONEY = {"settings": {"no_money": "no prices"}, "no_money": "no prices"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    alone(monkeypatch)


@pytest.fixture
def ran(shop) -> Callable[..., Run]:
    return lambda lines, **more: run(NAMES, *shop(lines, **more))


def numbers(found: Any) -> dict[str, float]:
    return {k: float(f.value) for k, f in found.findings.items() if f.value is not None}


# Told again


def test_told_again_from_the_exports(ran, tmp_path):
    lines = lines_of(1)
    done = ran(lines)
    exports.write(tmp_path, done.results, Settings(snapshot=date(2025, 1, 1)))
    people = pd.read_csv(tmp_path / "customers.csv", dtype={"customer_id": str})
    told = pd.read_csv(tmp_path / "alignment.csv").set_index("segment")
    again = people[people["customer_id"].map(lines.groupby("customer_id")["ordered_at"].nunique()) > 1]
    assert len(told) == people["segment"].nunique() > 3
    for segment, here in people.groupby("segment"):
        row = told.loc[segment]
        assert row["customers"] == len(here) and row["share_customers"] == pytest.approx(len(here) / len(people))
        assert row["share_net"] == pytest.approx(here["net"].sum() / people["net"].sum())
        assert row["share"] == pytest.approx(here["value_365"].sum() / people["value_365"].sum(), rel=1e-4)
        assert row["each"] == pytest.approx(here["value_365"].mean(), rel=1e-4)
        assert row["index"] == pytest.approx(here["value_365"].mean() / people["value_365"].mean(), rel=1e-4)
        assert row["alive"] == pytest.approx(here["p_alive"].mean())
        back = again["p_alive"][again["segment"] == segment]
        assert row["repeat_alive"] == pytest.approx(back.mean(), nan_ok=True)
    assert told["each"].is_monotonic_decreasing and told["share"].sum() == pytest.approx(1)
    average = done.findings["alignment.average"]
    assert average.value == pytest.approx(people["value_365"].mean(), rel=1e-4)


def test_no_verdict_without_parted_intervals(ran):
    """Every verdict is what its printed interval says, and every estimate lies in its interval."""
    for seed, n in ((1, 700), (4, 3000), (7, 250)):
        found: Any = ran(lines_of(seed, n)).results["alignment"]
        for row in found.segments.frame.to_dict("records"):
            assert row["share_low"] <= row["share"] <= row["share_high"] <= 1
            assert row["each_low"] <= row["each"] <= row["each_high"]
            assert row["worth"] == (MORE if row["index_low"] > 1 else LESS if row["index_high"] < 1 else UNTOLD)
            assert row["change"] != AHEAD or row["share_low"] > row["share_net"]
            assert row["change"] != BEHIND or row["share_high"] < row["share_net"]
        if found.best:
            first, rest = found.segments.frame.iloc[0], found.segments.frame.iloc[1:]
            assert first["segment"] == found.best and first["index_low"] > rest["index_high"].max()


# By hand


@pytest.mark.parametrize(
    ("low", "high", "least", "most", "said"),
    [
        (1.01, 2, 1, 1, MORE),
        (1, 2, 1, 1, UNTOLD),
        (0.5, 1, 1, 1, UNTOLD),
        (0.5, 0.99, 1, 1, LESS),
        (0.25, 0.3, 0.2, 0.26, UNTOLD),
        (0.27, 0.3, 0.2, 0.26, MORE),
        (0.1, 0.19, 0.2, 0.26, LESS),
        (0.1, 0.2, float("nan"), float("nan"), UNTOLD),
    ],
)
def test_verdict(low, high, least, most, said):
    assert verdict(low, high, least, most) == said


def test_places_are_a_range_where_intervals_overlap():
    low, high = np.array([9.0, 4.0, 3.0, 1.0, 0.0]), np.array([10.0, 6.0, 5.0, 3.5, 0.5])
    assert places(low, high) == ["1", "2 to 3", "2 to 4", "3 to 4", "5"]
    assert places(np.zeros(3), np.ones(3)) == ["1 to 3"] * 3 and places(np.ones(1), np.ones(1)) == ["1"]


# Every branch: real customers, planted estimates


def planted(done: Run, shares: dict[str, tuple[float, float, float]]) -> Alignment:
    """The analysis with these shares of expected value and their ends, in place of those of the model."""
    customers: Any = done.results["customers"]
    rfm: Any = done.results["rfm"]
    clv: Any = done.results["clv"]
    count = rfm.frame["segment"].value_counts()
    total, n = 90_000.0, len(rfm.frame)
    rows = [
        {"segment": s, "customers": count[s], "value_365": total * share, "low": total * low, "high": total * high,
         "share": share, "share_low": low, "share_high": high, "each": total * share / count[s]}
        for s, (low, share, high) in shares.items()
    ]  # fmt: skip
    rows.append({"segment": EVERYONE, "customers": n, "low": 0.9 * total, "high": 1.1 * total, "share": 1.0,
                 "each": total / n})  # fmt: skip
    told = replace(clv.segments, frame=pd.DataFrame(rows))
    return alignment.compute(customers, rfm, replace(clv, segments=told))


def past(done: Run) -> pd.DataFrame:
    """Share of customers and of revenue by segment."""
    frame: pd.DataFrame = done.results["rfm"].segments.frame  # type: ignore[attr-defined]
    return frame[frame["customers"] > 0].set_index("segment")[["share_customers", "share_net"]]


def even(done: Run, wide: float) -> dict[str, tuple[float, float, float]]:
    """All customers worth the same, intervals so wide."""
    return {str(s): (max(c - wide, 0), c, min(c + wide, 1)) for s, c in past(done)["share_customers"].items()}


def claims(done: Run, found: Alignment, settings: Any) -> dict[str, str]:
    every = done.findings | {f"alignment.{k}": f for k, f in found.findings.items()}

    def shown(k: str) -> str:
        assert every[k].value is not None, k
        return text(every[k].value, every[k].unit, settings, compact=True)

    known = {f"alignment.{k}": f for k, f in found.findings.items() if f.value is not None}
    made = {k: PLACE.sub(lambda m, k=k: shown(k if m[1] == "value" else m[1]), f.claim) for k, f in known.items()}
    for k, sentence in made.items():
        assert sentence.endswith(".") and ".." not in sentence and "None" not in sentence, (k, sentence)
        assert not k.endswith("headline") or len(sentence) <= TITLE, (len(sentence), sentence)
    return made


KNOWN: list[tuple[Run, Any]] = []


@pytest.fixture
def known(shop) -> tuple[Run, Any]:
    """One shop's results, computed once for all tests that only read them."""
    if not KNOWN:
        dataset, settings = shop(lines_of(1))
        KNOWN.append((run(NAMES, dataset, settings), settings))
    return KNOWN[0]


def test_nobody_parts(known):
    done, settings = known
    found = planted(done, even(done, 1.0))
    said = claims(done, found, settings)
    assert found.best == found.falling == ""
    assert set(found.segments.frame["worth"]) == set(found.segments.frame["change"]) == {UNTOLD}
    assert said["alignment.headline"].startswith("No segment is clearly worth most: a customer is expected to bring")
    assert "cannot be told" in said["alignment.vip_each"] and found.shifts == []
    assert set(found.segments.frame["place"]) == {f"1 to {len(past(done))}"}


def test_one_is_worth_most(known):
    """Past shares kept by all but one who gains what the rest lose evenly: no fall, one clearly best."""
    done, settings = known
    net = past(done)["share_net"]
    given = {str(s): (n * 0.99 - 0.001, n * 0.99, n * 0.99 + 0.001) for s, n in net.items()}
    top = 1 - 0.99 * (1 - net["VIP"])
    given["VIP"] = (top - 0.001, top, top + 0.001)
    found = planted(done, given)
    said = claims(done, found, settings)
    assert (found.best, found.falling) == ("VIP", "")
    assert said["alignment.headline"].startswith("VIP customers are worth most: ")
    assert found.findings["headline"].value == found.findings["vip_each"].value
    assert "more than the average" in said["alignment.vip_each"]


def test_one_is_worth_most_and_one_falls(known):
    done, settings = known
    given = {str(s): (n - 0.001, n, n + 0.001) for s, n in past(done)["share_net"].items()}
    falls = max((s for s in given if s != "VIP"), key=lambda s: given[s][1])
    lost = given[falls][1] * 0.8
    given[falls] = (given[falls][0] - lost, given[falls][1] - lost, given[falls][2] - lost)
    given["VIP"] = tuple(part + lost for part in given["VIP"])  # type: ignore[assignment]
    found = planted(done, given)
    said = claims(done, found, settings)
    assert lost > alignment.FALL and (found.best, found.falling) == ("VIP", falls)
    assert (
        said["alignment.headline"].startswith("VIP are worth most next year, €")
        and f"; {falls} fall from " in said["alignment.headline"]
    )
    assert "clearly less" in said[f"alignment.{key(falls)}_share"] and "clearly more" in said["alignment.vip_share"]
    assert found.shifts == ["alignment.vip_share"]


def test_one_falls_and_nobody_is_worth_most(known):
    """The best two overlap; a third loses most of its share beyond doubt."""
    done, settings = known
    given = even(done, 1.0)
    net = past(done)["share_net"]
    given["VIP"] = (0.01, 0.02, 0.03)
    found = planted(done, given)
    said = claims(done, found, settings)
    assert net["VIP"] > 0.1 and (found.best, found.falling) == ("", "VIP")
    assert (
        said["alignment.headline"].startswith("VIP customers brought ")
        and "less than the average" in said["alignment.vip_each"]
    )


def test_a_small_or_unsure_fall_is_no_headline(known):
    done, _ = known
    net = past(done)["share_net"]
    for low, high in ((-0.03, -0.02), (-0.2, 0.001)):
        given = {str(s): (max(n + low, 0), max(n + (low + high) / 2, 0), n + high) for s, n in net.items()}
        assert planted(done, given).falling == ""


def test_titles_fit_whatever_the_names(known):
    """The longest names and dear money in the longest title."""
    done, _ = known
    real: Any = done.results["alignment"]
    told = real.findings
    for best in SEGMENTS:
        for falling in SEGMENTS:
            if best != falling:
                made = alignment._headline(best, falling, told, lambda *given, **more: given[2])  # type: ignore[attr-defined]
                said = PLACE.sub(lambda m: "US$123.4k" if m[1] == "value" else "23.9%", str(made))
                assert len(said) <= TITLE, (len(said), said)


# What must not change it, or only so

CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "shuffled": lambda f: f.sample(frac=1, random_state=3),
    "relabelled": lambda f: f.assign(customer_id=f["customer_id"].map(lambda c: f"x{int(c[1:]) * 7919 % 100_003}")),
    "later": lambda f: f.assign(ordered_at=f["ordered_at"].map(lambda d: date.fromordinal(d.toordinal() + 28))),
    "thousandfold": lambda f: f.assign(amount=(f["amount"] * 1000).round(2)),
    "twice": lambda f: pd.concat([f, f.assign(customer_id=f["customer_id"] + "b", order_id=f["order_id"] + "b")]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_must_not_change_it(known, ran, change):
    before: Any = known[0].results["alignment"]
    after: Any = ran(CHANGES[change](lines_of(1))).results["alignment"]
    assert numbers(before).keys() == numbers(after).keys()
    for name, wanted in numbers(before).items():
        money = change == "thousandfold" and before.findings[name].unit == "money"
        exact = change == "shuffled"
        wanted *= 1000 if money else 1
        assert numbers(after)[name] == (wanted if exact else pytest.approx(wanted, rel=1e-4)), name
    assert after.segments.frame["segment"].tolist() == before.segments.frame["segment"].tolist()
    if change != "twice":
        assert after.segments.frame["worth"].tolist() == before.segments.frame["worth"].tolist()
        assert (after.best, after.falling) == (before.best, before.falling)


# When less, or nothing, may be said


def test_without_value_no_number_of_it(ran, shop):
    found: Any = ran(constant()).results["alignment"]
    assert "spends the same" in found.why and found.best == found.falling == "" and found.shifts == []
    for name, finding in found.findings.items():
        if name.endswith("_past"):
            assert finding.value is not None
        else:
            assert finding.value is None and finding.reason == found.why, name
    assert not {"share", "each", "index", "worth", "place"} & set(found.segments.frame)
    assert {"share_net", "alive"} <= set(found.segments.frame)
    assert FIGURES[0].draw(found, Style(shop(constant())[1], SLOTS["slide"])) is None


@pytest.mark.parametrize(
    ("lines", "more", "why"),
    [
        (one_each(400), {}, "needs clv: no customer came back"),
        (lines_of(1).assign(amount=None), NO_MONEY, "prices"),
        (lines_of(1).assign(customer_id=None), {}, "no sale names its customer"),
    ],
)  # fmt: skip
def test_skipped_with_the_reason(ran, lines, more, why):
    done = ran(lines, **more)
    assert why in done.skipped["alignment"]
    assert not any(k.startswith("alignment.") for k in done.findings)


def test_what_failed_its_trial_is_not_told(ran, monkeypatch):
    for orders_passed in (True, False):
        trial = SimpleNamespace(
            passed=False, full=None, orders_passed=orders_passed, why="it foretold too much", findings={}
        )
        alone(monkeypatch, trial)
        done = ran(lines_of(1))
        told = [k for k, f in done.findings.items() if k.startswith("alignment.") and f.value is not None]
        assert all(k.endswith("_past") for k in told) and bool(told) == orders_passed
        if orders_passed:
            assert done.findings["alignment.headline"].reason == "it foretold too much"
        else:
            assert "it did not pass its trial: it foretold too much" in done.skipped["alignment"]


def test_figure(known):
    done, settings = known
    found: Any = done.results["alignment"]
    style = Style(settings, SLOTS["slide"])
    (figure,) = FIGURES
    drawn = finished(figure.draw(found, style), style)
    assert drawn is not None and drawn.layout.width == SLOTS["slide"].width
    rings, dots = drawn.data
    frame = found.segments.frame
    assert list(rings.x) == frame["share_net"].tolist() and list(dots.x) == frame["share"].tolist()
    assert np.array(dots.x) - np.array(dots.error_x.arrayminus) == pytest.approx(frame["share_low"].to_numpy())
    assert np.array(dots.x) + np.array(dots.error_x.array) == pytest.approx(frame["share_high"].to_numpy())
    coloured = [s for s, c in zip(frame["segment"], dots.marker.color, strict=True) if c == style.accent]
    assert set(coloured) == {found.best, found.falling} - {""}
    assert all(s in figure.alt(found, style) for s in frame["segment"])
    assert set(figure.columns) <= set(figure.table(found).frame)
    one = replace(found, segments=replace(found.segments, frame=frame.head(1)))
    assert figure.draw(one, style) is None
