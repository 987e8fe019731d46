"""The action plan: whom each trigger selects, told again by pandas; what they are worth; hostile texts stay texts."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import playbook
from analysis.actions import ROWS, Actions
from analysis.clv_check import ClvCheck
from analysis.customers import Customers
from analysis.finding import PLACE, Result, Skip
from analysis.rfm import SEGMENTS
from analysis.run import Run, run
from dataset.errors import DataError
from report import exports
from report.number import text
from report.pages import Page, Report
from tests.analysis.test_clv import lines_of as many_lines
from tests.analysis.test_playbook import SMALL
from tests.analysis.test_value_at_risk import PASSED, alone

NO_MONEY = {"settings": {"no_money": "no prices"}, "no_money": "no prices"}
VISITS = [("x", "view", "2024-02-01"), ("y", "view", "2024-02-02"), ("c0001", "view", "2024-02-02")]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Without the models that take time; lifetime value as if its trial had gone well."""
    alone(monkeypatch)

    def refused(customers: Customers) -> Result:
        raise Skip("not asked for")

    for name in ("spend_90d", "churn", "propensity"):
        monkeypatch.setattr(f"analysis.{name}.compute", refused)


def lines_of(seed: int) -> pd.DataFrame:
    """Lines of customers as the lifetime model has them."""
    return many_lines(seed, 400)


def refuse_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(customers: Customers) -> ClvCheck:
        return SimpleNamespace(passed=False, full=None, orders_passed=False, why="it was wrong", findings={})  # type: ignore[return-value]

    monkeypatch.setattr("analysis.clv_check.compute", tried)


@pytest.fixture
def ran(shop) -> Callable[..., Run]:
    return lambda lines, names=("actions",), **more: run(names, *shop(lines, **more))


@pytest.fixture
def planned(ran) -> Callable[..., Actions]:
    return lambda lines, **more: ran(lines, **more).results["actions"]


def own(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return {"settings": {"playbook": path}}


def share_from_top(values: pd.Series) -> pd.Series:
    return (values.rank(ascending=False, method="average") - 0.5) / len(values)


def by_pandas(done: Run, valued: bool) -> pd.Series:
    """The house's rules in pandas, from the reduced customers alone: nothing of trigger or playbook."""
    people: Any = done.results
    frame = people["customers"].frame.set_index("customer_id")
    segment = people["rfm"].frame.set_index("customer_id")["segment"].astype(str)
    best = 1 - share_from_top(frame["net"]) >= 0.8
    ranked = people["clv"].frame.set_index("customer_id")["value_90"] if valued else frame["net"]
    within = ranked.groupby(segment).transform(share_from_top)
    action = pd.Series("low_touch", index=frame.index)
    action[segment == "Regular"] = "second_order"
    action[segment == "Potential Loyalist"] = "next_order"
    action[segment == "Loyal"] = "loyal_growth"
    action[(segment == "At Risk") & (within <= 0.4)] = "win_back"
    action[segment == "VIP"] = "vip_care"
    if valued:
        alive = people["clv"].frame.set_index("customer_id")["p_alive"]
        action[(segment == "At Risk") & best & (alive < 0.5)] = "rescue"
    return action


@pytest.mark.parametrize("seed", [1, 2])
def test_triggers_select_exactly_those_customers(ran, seed):
    done = ran(lines_of(seed))
    plan: Any = done.results["actions"]
    assert list(plan.frame["customer_id"]) == list(done.results["customers"].frame["customer_id"])
    wanted = by_pandas(done, valued=True)
    assert dict(zip(plan.frame["customer_id"], plan.frame["action"], strict=True)) == dict(wanted)
    assert set(wanted) == {p.key for p in playbook.read().plans} - {"first_purchase"}


def test_without_a_lifetime_model_the_rules_fall_back_on_what_was_spent(ran, monkeypatch):
    refuse_lifetime(monkeypatch)
    done = ran(lines_of(1))
    plan: Any = done.results["actions"]
    assert "clv" in done.skipped and dict(plan.frame.set_index("customer_id")["action"]) == dict(by_pandas(done, False))
    assert plan.findings["win_back_expected"].value is None and plan.findings["win_back_expected"].reason
    assert plan.findings["rescue_customers"].value == 0 and "rescue" not in [row.plan.key for row in plan.rows]
    known = plan.columns.frame.set_index("column")["known"]
    assert known["net_rank"] == "yes" and known["value_rank"].startswith("no")


def test_what_they_are_worth_is_told_again(ran):
    done = ran(lines_of(1))
    results: Any = done.results
    plan, customers, value = results["actions"], results["customers"].frame, results["clv"].frame["value_90"]
    listed = set(results["value_at_risk"].customers.frame["customer_id"])
    for row in plan.plans.frame.to_dict("records"):
        here = (plan.frame["action"] == row["key"]).to_numpy()
        told = {
            name: plan.findings[f"{row['key']}_{name}"]
            for name in ("customers", "revenue", "share", "expected", "risk")
        }
        assert told["customers"].value == row["customers"] == here.sum()
        assert (
            float(told["revenue"].value) == pytest.approx(customers["net"][here].sum()) == pytest.approx(row["revenue"])
        )
        assert told["share"].value == pytest.approx(customers["net"][here].sum() / customers["net"].sum())
        assert float(told["expected"].value) == pytest.approx(value[here].sum(), abs=1e-3)
        low, high = told["expected"].interval
        assert low <= float(told["expected"].value) <= high and (not here.any() or low < high)
        at_risk = customers["net"][here & customers["customer_id"].isin(listed).to_numpy()].sum()
        assert float(told["risk"].value) == pytest.approx(at_risk) == pytest.approx(row["value_at_risk"])
        if here.any():
            each = customers["net"][here].sum() / customers["orders"][here].sum()
            assert row["order_value"] == pytest.approx(each)
    assert plan.plans.frame["customers"].sum() + plan.findings["unplanned"].value == len(customers)
    net = sum(plan.findings[f"{key}_revenue"].value for key in plan.plans.frame["key"])
    assert net == results["customers"].findings["net"].value


def test_expected_value_by_plan_sums_to_that_of_all(ran):
    done = ran(lines_of(2))
    plan = done.results["actions"]
    total = sum(plan.findings[f"{p.key}_expected"].value for p in playbook.read().plans)
    assert float(total) == pytest.approx(float(done.findings["clv.value_90"].value), rel=1e-6)


def test_visitors_who_never_bought_are_counted_and_in_no_row_of_customers(planned):
    plan = planned(lines_of(1), events=VISITS)
    assert plan.visitors == 2 == plan.findings["first_purchase_customers"].value
    assert "first_purchase" not in set(plan.frame["action"].dropna())
    row = plan.plans.frame.set_index("key").loc["first_purchase"]
    assert (row["customers"], row["visitors"]) == (0, 2)
    assert "have not bought yet" in next(r.why for r in plan.rows if r.plan.key == "first_purchase")


def test_visits_without_prices_still_have_a_plan(planned):
    """As retailrocket without its properties: no segment, so rules go by orders."""
    lines = lines_of(1).assign(amount=None)
    plan = planned(lines, events=VISITS, **NO_MONEY)
    orders = lines.groupby("customer_id")["order_id"].nunique()
    counts = plan.frame["action"].value_counts()
    assert counts["loyal_growth"] == (orders >= 2).sum() and counts["second_order"] == (orders == 1).sum()
    assert plan.visitors == 2 and all(row.segment in ("", "Window Shoppers") for row in plan.rows)
    assert plan.findings["loyal_growth_revenue"].reason == "no prices" == plan.findings["loyal_growth_expected"].reason
    assert plan.findings["headline"].value == (orders >= 2).sum()


def test_visitors_alone_have_a_plan_and_nobody_has_none(ran):
    unknown = lines_of(1).assign(customer_id=None)
    plan = ran(unknown, events=VISITS).results["actions"]
    assert plan.visitors == 3 and not len(plan.frame) and [row.plan.key for row in plan.rows] == ["first_purchase"]
    assert "no sale names its customer" in ran(unknown).skipped["actions"]


def test_who_no_rule_fits_has_no_action(planned, tmp_path):
    text = SMALL.replace("segment <> 'VIP'", "segment = 'Dormant' and net > 1e9")
    plan = planned(lines_of(1), **own(tmp_path, text))
    vip = plan.findings["best_customers"].value
    assert plan.frame["action"].isna().sum() == len(plan.frame) - vip == plan.findings["unplanned"].value > 0
    assert list(plan.frame["action"].cat.categories) == ["best", "rest"]
    nobody = planned(lines_of(1), **own(tmp_path, text.replace("segment = 'VIP'", "net > 1e9")))
    assert nobody.findings["headline"].value == 0 and not nobody.rows


def test_a_faulty_playbook_stops_the_run(ran, tmp_path):
    with pytest.raises(DataError, match=r"E_PLAYBOOK own\.toml, row 8: two actions have priority = 2|E_PLAYBOOK"):
        ran(lines_of(1), **own(tmp_path, SMALL.replace("priority = 1", "priority = 2")))


def numbers(plan: Actions) -> dict[str, Any]:
    return {key: found.value for key, found in plan.findings.items()}


def test_order_of_rows_and_names_of_customers_do_not_matter(planned):
    lines = lines_of(1)
    plain = planned(lines)
    shuffled = planned(lines.sample(frac=1, random_state=3))
    assert numbers(shuffled) == numbers(plain)
    pd.testing.assert_frame_equal(shuffled.frame, plain.frame)
    renamed = planned(lines.assign(customer_id="z" + lines["customer_id"].str[::-1]))
    assert {k: v for k, v in numbers(renamed).items() if "expected" not in k} == {
        k: v for k, v in numbers(plain).items() if "expected" not in k
    }
    old = dict(zip("z" + plain.frame["customer_id"].str[::-1], plain.frame["action"], strict=True))
    assert dict(zip(renamed.frame["customer_id"], renamed.frame["action"], strict=True)) == old


def test_another_unit_of_money_changes_amounts_only(planned):
    lines = lines_of(1)
    plain, dear = planned(lines), planned(lines.assign(amount=lines["amount"] * 1000))
    pd.testing.assert_frame_equal(plain.frame, dear.frame)
    for key, value in numbers(plain).items():
        if plain.findings[key].unit == "money":
            assert float(dear.findings[key].value) == pytest.approx(float(value) * 1000, rel=1e-6)
        elif plain.findings[key].unit == "share":
            assert dear.findings[key].value == pytest.approx(value)
        else:
            assert dear.findings[key].value == value


HOSTILE = (
    "<img src=x onerror=alert(1)>", "{{ 7 * 7 }}{% raw %}", "=HYPERLINK(1)", "</script><script>", "{value} {rfm.vip}",
    "@SUM(A1)", "{{< include x >}}", "<b>bold</b>",
)  # fmt: skip


def hostile(base: str = SMALL) -> str:
    """A playbook whose every text is an attack."""
    attacks = iter(HOSTILE * 20)
    made = []
    for line in base.splitlines():
        if re.match(r"(name|goal|strategy|channel|campaign|kpi) =", line):
            key = line.split(" =")[0]
            line = f"{key} = {json.dumps(next(attacks)[:22])}"
        made.append(line.replace('"One"', json.dumps(next(attacks))).replace('"Two"', json.dumps(next(attacks))))
    return "\n".join(made).replace('"Whom to write to."', json.dumps(HOSTILE[0])).replace('"What it brings"', '"{{x}}"')


def test_hostile_texts_of_a_playbook_stay_texts(shop, tmp_path):
    dataset, settings = shop(lines_of(1), **own(tmp_path, hostile()))
    done = run(("actions", "budget"), dataset, settings)
    done = Run({name: done.results[name] for name in ("customers", "rfm", "actions", "budget")}, done.skipped)
    report = Report.of(done, dataset, settings)
    report.svgs.update(dict.fromkeys(report.figures, '<svg viewBox="0 0 2 1"><text>chart</text></svg>'))
    for which in ("deck", "appendix"):
        for printed in (False, True):
            html = Page(which, printed, report).html()
            assert "<img src=x" not in html and "<b>bold" not in html and "</script><script>" not in html
            assert "49{%" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html and "{{ 7 * 7 }}" in html
    written = exports.write(tmp_path / "exports", done.results, settings)
    assert {"segment_strategies.csv", "segment_strategies.json", "budget.csv"} <= set(written)
    with (tmp_path / "exports" / "segment_strategies.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=@" and cell]
    told = json.loads((tmp_path / "exports" / "segment_strategies.json").read_text(encoding="utf-8"))
    assert told["decision"] == HOSTILE[0] and told["segments"][0]["key"] == "best"
    assert [one["trigger"] for one in told["segments"]] == ["segment = 'VIP'", "segment <> 'VIP'"]


def test_the_strategies_file_holds_the_plan(ran):
    done = ran(lines_of(1), events=VISITS)
    told = done.results["actions"].json()
    frame = done.results["actions"].plans.frame
    assert [one["customers"] for one in told["segments"]] == list(frame["customers"])
    assert all(2 <= len(one["actions"]) <= 4 for one in told["segments"])
    assert sum(one["budget_share"] for one in told["segments"]) == pytest.approx(1)
    assert told["segments"][0]["assumed"]["response"] == {"low": 0.03, "expected": 0.08, "high": 0.15}
    json.dumps(told, allow_nan=False)


def test_the_slide_holds_seven_rows_and_names_the_rest(planned):
    plan = planned(lines_of(1), events=VISITS)
    assert len(plan.rows) == ROWS and [row.plan.key for row in plan.others] == ["low_touch"]
    assert [row.place for row in plan.rows] == list(range(1, 8))
    assert all(set(PLACE.findall(row.why)) <= {f"actions.{k}" for k in plan.findings} for row in plan.rows)
    assert not any(c.isdigit() for row in plan.rows for c in PLACE.sub("", row.why))


@pytest.mark.parametrize("make", ["plain", "no_money", "visitors", "refused"])
def test_claims_are_sentences_and_the_title_fits(shop, monkeypatch, make):
    lines = lines_of(1)
    more: dict[str, Any] = {}
    if make == "no_money":
        lines, more = lines.assign(amount=None), dict(NO_MONEY)
    if make == "visitors":
        lines, more = lines.assign(customer_id=None), {"events": VISITS[:1]}
    if make == "refused":
        refuse_lifetime(monkeypatch)
    dataset, settings = shop(lines, **more)
    done = run(("actions",), dataset, settings)
    for key, finding in done.results["actions"].findings.items():
        if finding.value is None:
            assert finding.reason and not any(c.isdigit() for c in finding.reason), key
            continue
        said = {"value": finding} | {p: done.findings[p] for p in PLACE.findall(finding.claim) if p != "value"}
        assert all(one.value is not None for one in said.values()), key
        claim = PLACE.sub(lambda m, s=said: text(s[m[1]].value, s[m[1]].unit, settings, compact=True), finding.claim)
        assert claim.endswith(".") and "  " not in claim, claim
        assert not re.search(r"(?<![\d.,])1 (customers|visitors)\b", claim), claim
        if key == "headline":
            assert len(claim) <= 105, claim


def test_segments_are_those_of_the_rules(planned):
    """Where segments are known, whom an action of the house selects are of the segment it is named for."""
    plan = planned(lines_of(1))
    assert {row.segment for row in plan.rows} <= set(SEGMENTS)
    assert PASSED.passed and replace(plan, visitors=1).visitors == 1 and np.isfinite(plan.plans.frame["cost"]).all()
    assert isinstance(plan.findings["vip_care_revenue"].value, Decimal)
