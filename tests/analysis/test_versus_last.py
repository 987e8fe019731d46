"""Against the last report: told again by hand, in every branch, and silent where nothing can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.claims_then import CHANGED, HELD, SILENT, compared
from analysis.customers import Customers
from analysis.finding import PLACE, Finding, Skip
from analysis.ground import Ground
from analysis.previous import Said
from analysis.run import Run, run
from analysis.versus_last import NONE, OTHER, VersusLast
from dataset.settings import Settings
from report.figure import SLOTS, Style, finished
from report.figures.versus_last import FIGURES
from report.number import text
from tests.analysis.released import released, rewritten
from tests.analysis.test_experiment import shop_lines

TITLE = 105
HEAVY = ("clusters", "clv", "spend_90d", "churn", "propensity", "value_at_risk", "clv_check", "cohorts", "migration")
NAMES = ("kpis", "rfm", "pareto", "mix", "versus_last")
DAY = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Without what takes most of the time."""

    def skipped(customers: Customers) -> VersusLast:
        raise Skip("not asked for")

    for name in HEAVY:
        monkeypatch.setattr(f"analysis.{name}.compute", skipped)


@pytest.fixture
def twice(shop, tmp_path) -> Callable[..., Run]:
    """twice(then, now): a release of the lines of then, and a run over those of now beside it."""

    def make(then: pd.DataFrame, now: pd.DataFrame, entries: dict[str, Any] | None = None, **settings: Any) -> Run:
        dataset, told = shop(then)
        folder = released(tmp_path / "release", run(NAMES, dataset, told), dataset, told)
        if entries:
            rewritten(folder, **entries)
        return run(NAMES, *shop(now, settings={"previous": folder} | settings))

    return make


def of(done: Run) -> VersusLast:
    assert "versus_last" in done.results, done.skipped["versus_last"]
    return done.results["versus_last"]  # type: ignore[return-value]


def halves() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first two hundred days, and all four hundred."""
    lines = shop_lines(1, customers=150)
    return lines[lines["ordered_at"] < date(2023, 7, 20)], lines


def test_what_came_in_is_what_was_sold_since(twice):
    then, now = halves()
    found = of(twice(then, now)).findings
    since = now[now["ordered_at"] > then["ordered_at"].max()]
    assert float(found["net_added"].value) == since["amount"].sum()  # type: ignore[arg-type]
    assert found["orders_added"].value == since["order_id"].nunique()
    assert found["net_change"].value == pytest.approx(since["amount"].sum() / then["amount"].sum())
    assert found["buyers_before"].value == then["customer_id"].nunique()
    assert found["day"].value == then["ordered_at"].max() + timedelta(days=1)
    assert found["net_restated"].value == 0 and found["orders_restated"].value == 0


def test_shares_change_by_points(twice):
    done = twice(*halves())
    found = of(done).findings
    repeat = done.results["kpis"].findings["repeat_share"].value
    assert found["repeat_share_change"].value == pytest.approx(repeat - found["repeat_share_before"].value)


def test_moves_are_those_of_the_two_segmentations(twice, tmp_path):
    then, now = halves()
    done = twice(then, now)
    made = of(done)
    before = pd.read_parquet(tmp_path / "release" / "exports" / "customers.parquet").set_index("customer_id")["segment"]
    after = done.results["rfm"].frame.set_index("customer_id")["segment"].astype(str)
    both = pd.concat([before, after], axis=1, keys=["a", "b"], sort=True)
    assert made.findings["new_customers"].value == both["a"].isna().sum()
    assert made.findings["absent_customers"].value == 0
    kept = both.dropna()
    assert made.findings["moved_share"].value == pytest.approx((kept["a"] != kept["b"]).mean())
    for row in made.moves.frame.itertuples(index=False):  # type: ignore[union-attr]
        here = (both["a"].isna() if row[0] == "New customers" else both["a"] == row[0]) & (both["b"] == row[1])
        assert here.sum() == row[2]
    sizes = made.segments.frame.set_index("segment")  # type: ignore[union-attr]
    assert (sizes["then"] - sizes["left"] + sizes["came"] == sizes["now"]).all()
    assert sizes["now"].sum() == len(after) and sizes["then"].sum() == len(before)


def test_the_same_data_a_day_later_changes_nothing(twice):
    then, _ = halves()
    found = of(twice(then, then, snapshot=then["ordered_at"].max() + timedelta(days=2))).findings
    assert found["orders_added"].value == 0 and found["moved_share"].value == 0
    assert "did not change" in found["headline"].claim


def test_sales_told_otherwise_now_are_said(twice):
    then, now = halves()
    dropped = now.drop(index=now.index[(now["ordered_at"] < date(2023, 3, 1))][:10])
    found = of(twice(then, dropped)).findings
    assert found["orders_restated"].value == -10
    assert "fewer orders" in found["orders_restated"].claim


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"currency": "GBP"}, "in another currency: GBP, and this report in EUR"),
        ({"currency": ""}, "no named currency"),
    ],
)
def test_other_money_is_not_compared(twice, entries, why):
    assert why in twice(*halves(), entries).skipped["versus_last"]


def test_other_customers_are_not_compared(twice):
    then, now = halves()
    assert twice(then, now.assign(customer_id="x" + now["customer_id"])).skipped["versus_last"] == OTHER


def test_no_earlier_release(shop):
    assert run(["versus_last"], *shop(halves()[0])).skipped["versus_last"] == NONE


def test_without_customers_the_figures_remain(twice):
    then, now = (lines.assign(customer_id=None) for lines in halves())
    made = of(twice(then, now))
    assert made.moves is None and made.why and made.findings["net_added"].value
    assert [figure.draw(made, Style(Settings(), SLOTS["slide_steps"])) for figure in FIGURES] == [None]


# claims


def finding(claim: str, value: object = 3, unit: str = "count", reason: str = "") -> Finding:
    return Finding(value, unit, claim, "d", "p", 1, (DAY, DAY), "s", reason=reason)  # type: ignore[arg-type]


GROUND = Ground("p", 1, (DAY, DAY), "s")


@pytest.mark.parametrize(
    ("then", "now", "status"),
    [
        (Said(3, "count", "It rose to {value}."), finding("It rose to {value}.", 9), HELD),
        (Said(3, "count", "It rose to {value}."), finding("It fell to {value}.", 2), CHANGED),
        (Said(3, "count", "It rose to {value}."), finding("It {value}.", None, reason="why"), SILENT),
        (Said("Tea", "name", "Best is {value}."), finding("Best is {value}.", "Tea", "name"), HELD),
        (Said("Tea", "name", "Best is {value}."), finding("Best is {value}.", "Pen", "name"), CHANGED),
    ],
)
def test_a_claim_holds_when_its_words_and_names_do(then, now, status):
    (claim,) = compared({"mix.headline": then}, {"mix.headline": now}, GROUND)
    assert claim.status == status and bool(claim.quote) == (status != HELD)
    if claim.quote:
        assert claim.then[claim.quote].value == then.value and claim.quote == "was_mix__headline"


def test_the_names_of_periods_move_on():
    then = {"months.headline": Said("May", "name", "Last came {value}.")}
    (claim,) = compared(then, {"months.headline": finding("Last came {value}.", "June", "name")}, GROUND)
    assert claim.status == HELD


def test_other_numbers_of_a_sentence_are_quoted_as_they_were():
    then = {
        "rfm.headline": Said(0.5, "share", "VIP bring {value}, of {rfm.vip}; best {mix.top_product}."),
        "rfm.vip": Said(7, "count", "{value}."),
        "mix.top_product": Said("Tea {x} 5", "name", "{value}."),
    }
    (claim,) = compared(then, {"rfm.headline": finding("Other {value}.")}, GROUND)
    quote = claim.then["was_rfm__headline"]
    assert (
        quote.claim
        == "Then: VIP bring {value}, of {versus_last.was_rfm__vip}; best {versus_last.was_mix__top_product}."
    )
    assert claim.then["was_rfm__vip"].value == 7 and claim.then["was_mix__top_product"].value == "Tea {x} 5"


def test_a_number_of_an_analysis_with_a_digit_in_its_name_is_quoted():
    then = {
        "spend_90d.headline": Said(0.5, "share", "By {spend_90d.best_score}, {value} was found."),
        "spend_90d.best_score": Said("past spend", "name", "{value}."),
    }
    (claim,) = compared(then, {"spend_90d.headline": finding("Other {value}.")}, GROUND)
    assert claim.then["was_spend_90d__best_score"].value == "past spend"


def test_a_sentence_that_was_not_printed_is_not_quoted():
    then = {"rfm.headline": Said(0.5, "share", "{value} of {rfm.vip}."), "rfm.vip": Said(None, "count", "{value}.")}
    assert compared(then, {"rfm.headline": finding("Other {value}.")}, GROUND) == []


def shown(done: Run, settings: Settings) -> dict[str, str]:
    findings = done.findings

    def value(key: str) -> str:
        assert findings[key].value is not None, key
        return text(findings[key].value, findings[key].unit, settings, compact=True, signed="change" in key.split("_"))

    return {
        key: PLACE.sub(lambda m, key=key: value(key if m[1] == "value" else m[1]), f.claim)
        for key, f in findings.items()
        if key.startswith("versus_last.") and f.value is not None
    }


@pytest.mark.parametrize("shape", ["grown", "same", "unpriced", "nobody", "shrunk"])
def test_what_is_said_are_sentences(twice, shape):
    then, now = halves()
    if shape == "unpriced":
        then, now = (lines.assign(amount=None) for lines in (then, now))
    if shape == "nobody":
        then, now = (lines.assign(customer_id=None) for lines in (then, now))
    later = {"snapshot": then["ordered_at"].max() + timedelta(days=3)}
    now = {"same": then, "shrunk": then[then["ordered_at"] > date(2023, 4, 1)]}.get(shape, now)
    done = twice(then, now, **(later if shape in ("same", "shrunk") else {}))
    claims = shown(done, Settings(currency="EUR", snapshot=date(2024, 2, 1)))
    for key, claim in claims.items():
        assert claim.endswith(".") and ".." not in claim and "  " not in claim, (key, claim)
        assert not re.search(r"(?<![\d.,−])1 (?:orders|customers|claims) ", claim), (key, claim)
    assert len(claims["versus_last.headline"]) <= TITLE, claims["versus_last.headline"]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_figure(twice, narrow):
    made = of(twice(*halves()))
    style = Style(Settings(), replace(SLOTS["slide_steps"], width=440 if narrow else 752))
    (figure,) = FIGURES
    assert finished(figure.draw(made, style), style) is not None
    assert set(figure.columns) <= set(figure.table(made).frame.columns) and "VIP" in figure.alt(made, style)


def test_a_hostile_sentence_is_only_a_sentence(twice, tmp_path: Path):
    """The claim of a release is quoted, never run; its braces can name findings of that release only."""
    said = {"value": 3, "unit": "count", "claim": "<script>{value}</script> {kpis.absent} {{ settings }}."}
    done = twice(*halves(), {"findings": {"pareto.headline": said}})
    assert not [key for key in of(done).findings if key.startswith("was_")]
    assert json.loads((tmp_path / "release" / "metrics.json").read_text(encoding="utf-8"))["findings"]
