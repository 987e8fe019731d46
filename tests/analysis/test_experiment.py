"""Experiments: designs solved by hand, planted uplift found and none invented, and every sentence true."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import assignment, experiment_design, experiment_outcome
from analysis.actions import Actions
from analysis.customers import Customers
from analysis.experiment import Experiment
from analysis.experiment_design import ALL, FILLS, NO_CONTROL, OWN, READY, SEGMENT, SMALL, STRATA, Design
from analysis.experiment_told import of_designs, of_outcomes
from analysis.finding import PLACE, Finding, Skip
from analysis.run import Run, run
from analysis.uplift import EMPTY, HARMED, NONE, WITHHELD, WORKED, Arm
from dataset.engine import Relation
from dataset.settings import Settings
from report import exports, pages
from report.figure import SLOTS, Style, finished
from report.figures.experiment import FIGURES
from report.number import text
from report.pages import Report
from tests.analysis.released import released

TITLE = 105
ROOT = Path(experiment_design.__file__).parent
HEAVY = ("clusters", "clv", "spend_90d", "churn", "propensity", "value_at_risk")
NAMES = ("customers", "rfm", "kpis", "actions", "experiment")


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Without the models, which the triggers may do without."""

    def skipped(customers: Customers) -> Actions:
        raise Skip("not asked for")

    for name in HEAVY:
        monkeypatch.setattr(f"analysis.{name}.compute", skipped)


def shop_lines(seed: int, customers: int = 400, days: int = 400) -> pd.DataFrame:
    """Customers who buy at rates of their own over `days` from 2023-01-01."""
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(customers):
        for i in range(1 + rng.poisson(rng.gamma(1, 3))):
            day = date(2023, 1, 1) + timedelta(days=int(rng.integers(0, days)))
            rows.append((f"o{c}-{i}", f"c{c:05}", day, int(rng.integers(5, 200))))
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


@pytest.fixture
def ran(shop) -> Callable[..., Run]:
    return lambda lines, **more: run(NAMES, *shop(lines, **more))


def of(done: Run) -> Any:
    assert "experiment" in done.results, done.skipped["experiment"]
    return done.results["experiment"]


def test_arms_are_those_of_the_hash(ran):
    made: Experiment = of(ran(shop_lines(1)))
    drawn = made.assignments.frame
    assert len(drawn) > 100 and drawn["customer_id"].is_monotonic_increasing
    for row in drawn.itertuples():
        u = assignment.draw([row.customer_id], row.action, row.seed)[0]
        assert row.arm == ("control" if u < row.share else "treatment")
    assert drawn["day"].nunique() == 1 and (made.frame["arm"] != "").sum() == len(drawn)


def test_counts_tell_the_same_everywhere(ran):
    made: Experiment = of(ran(shop_lines(2)))
    drawn, designs, balance = made.assignments.frame, made.designs.frame, made.balance.frame
    for column, arm in (("treatment", "treatment"), ("control", "control")):
        assert designs[column].sum() == balance[column].sum() == (drawn["arm"] == arm).sum()
    ordered = drawn.astype({"action": made.frame["action"].dtype, "segment": pd.CategoricalDtype(list(STRATA))})
    share = ordered.groupby(["action", "segment"], observed=True)["share"].first().to_numpy()
    assert balance["expected"].to_numpy() == pytest.approx((balance["treatment"] + balance["control"]) * share)


def test_shuffle_and_growth_keep_everybodys_arm(ran):
    lines = shop_lines(3)
    more = pd.concat([lines, shop_lines(4).assign(customer_id=lambda f: "x" + f["customer_id"])])
    one, mixed, grown = (of(ran(each)) for each in (lines, lines.sample(frac=1, random_state=1), more))
    pd.testing.assert_frame_equal(one.assignments.frame, mixed.assignments.frame)
    pd.testing.assert_frame_equal(one.designs.frame, mixed.designs.frame)
    both = one.assignments.frame.merge(grown.assignments.frame, on=["customer_id", "action"], suffixes=("", "_grown"))
    assert len(both) > 50 and (both["arm"] == both["arm_grown"]).all()


def test_the_baseline_is_counted_from_the_lines(ran):
    """Told again in pandas for the plan of one whole segment: VIP care."""
    lines = shop_lines(5)
    done = ran(lines)
    made = of(done)
    snapshot = lines["ordered_at"].max() + timedelta(days=1)
    day = snapshot - timedelta(days=90)
    then = lines[lines["ordered_at"] < day].groupby("customer_id").agg(
        last=("ordered_at", "max"), orders=("order_id", "nunique"), net=("amount", "sum"))  # fmt: skip
    p = pd.DataFrame({
        "r": then["last"].map(lambda d: -(day - d).days), "f": then["orders"], "m": then["net"],
    }).rank(method="average").sub(0.5).div(len(then))  # fmt: skip
    vip = then.index[((5 * p).astype(int) + 1 >= 4).all(axis=1)]
    again = lines[(lines["ordered_at"] >= day) & lines["customer_id"].isin(vip)]["customer_id"].nunique()
    found = made.findings["vip_care_baseline"]
    assert found.n == len(vip) and found.value == pytest.approx(again / len(vip))
    assert found.window == (day, snapshot - timedelta(days=1))


def test_the_baseline_of_a_part_of_a_segment_is_that_of_the_same_part(ran):
    """Win-back takes the best two fifths of At Risk, low touch leaves the rest: their rates are not the segment's."""
    lines = shop_lines(5, customers=900)
    made = of(ran(lines))
    day = lines["ordered_at"].max() + timedelta(days=1) - timedelta(days=90)
    then = lines[lines["ordered_at"] < day].groupby("customer_id").agg(
        last=("ordered_at", "max"), orders=("order_id", "nunique"), net=("amount", "sum"))  # fmt: skip
    r, f, m = (
        (v.rank(method="average").sub(0.5).div(len(then)) * 5).astype(int) + 1
        for v in (then["last"].map(lambda d: -(day - d).days), then["orders"], then["net"])
    )
    risk = then[(r <= 2) & ((f >= 3) | (m >= 3))]
    place = (risk["net"].rank(method="average", ascending=False) - 0.5) / len(risk)
    again = set(lines.loc[lines["ordered_at"] >= day, "customer_id"])
    best, rest = (risk.index[here].isin(again) for here in (place <= 0.4, place > 0.4))
    assert len(best) > 20 and abs(best.mean() - risk.index.isin(again).mean()) > 0.01
    found = made.findings["win_back_baseline"]
    assert found.value == pytest.approx(best.mean()) and found.n == len(best)
    assert found.population == "customers under this action a quarter ago"
    dormant = then.index[(r <= 2) & (f <= 2) & (m <= 2)].isin(again)
    low = made.findings["low_touch_baseline"]
    now = made.assignments.frame.query("action == 'low_touch'")["segment"].value_counts()
    weighted = (dormant.mean() * now["Dormant"] + rest.mean() * now["At Risk"]) / now.sum()
    assert low.n == len(dormant) + len(rest) and low.value == pytest.approx(weighted)


def test_a_baseline_falls_back_to_the_segment_where_the_rule_selected_too_few():
    none = np.zeros(len(experiment_design.STRATA), dtype=int)
    known = past(counts=1000, buyers=300)
    for many, whose, rate in ((40, OWN, 0.5), (19, SEGMENT, 0.3)):
        own = none.copy(), none.copy()
        own[0][0], own[1][0] = many, many // 2
        made = design(500, replace(known, selected={"vip_care": own}))
        assert (made.whose, made.baseline) == (whose, pytest.approx(rate))


def test_a_rule_that_asks_a_model_now_is_not_told_of_then(shop):
    """Ranked by another measure then, it would have selected other people; so would all rules after it."""
    dataset, settings = shop(shop_lines(5))
    done = run(NAMES, dataset, settings)
    columns, book = of_actions(done).columns.frame, of_actions(done).playbook
    day = shop_lines(5)["ordered_at"].max() + timedelta(days=1)
    lines = Relation(dataset.engine, "lines", ROOT)
    known = frozenset(columns.loc[columns["known"] == "yes", "column"])
    one = experiment_design.past(lines, day, True, book, known)
    other = experiment_design.past(lines, day, True, book, known | {"segment_value_rank"})
    assert one is not None and other is not None
    assert set(one.selected) == {plan.key for plan in book.plans}
    assert set(other.selected) == {"rescue", "vip_care"}


def of_actions(done: Run) -> Any:
    return done.results["actions"]


def test_what_all_together_show_is_as_unsure_as_the_baselines():
    made = [design(n, past(n), key=f"k{i}") for i, n in enumerate((2000, 900))]
    found = experiment_design.detectable_in_all(made)
    assert found is not None and found.interval[0] < found.value < found.interval[1]
    sure = [replace(d, within=(d.baseline or 0.0, d.baseline or 0.0)) for d in made]
    same = experiment_design.detectable_in_all(sure)
    assert same is not None and same.interval == (same.value, same.value) and same.value == found.value


def plan(**more: Any) -> dict[str, Any]:
    return {"key": "vip_care", "name": "VIP care", "control_share": 0.2, "response": 0.03} | more


def design(n: int, then: experiment_design.Past | None, **more: Any) -> Design:
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(n)]})
    alone = np.arange(n) % 5 == 0
    return experiment_design.designed(plan(**more), people, np.zeros(n, dtype=np.int8), alone, then)


def past(known: int = 1000, counts: int = 1000, buyers: int = 300) -> experiment_design.Past:
    """`known` of the customers were VIP a quarter ago; of `counts` VIP then `buyers` bought since."""
    size = len(experiment_design.STRATA)
    of = pd.Series(np.zeros(known, dtype=np.int8), index=[f"c{i}" for i in range(known)])
    return experiment_design.Past(of, np.eye(size, dtype=int)[0] * counts, np.eye(size, dtype=int)[0] * buyers,
                                  date(2024, 1, 1))  # fmt: skip


def test_a_design_by_hand():
    """Baseline 30 %, 3 points, one in five left alone: statsmodels asks for 9,403.99 and 2,351.00."""
    large = design(20_000, past(20_000))
    assert (large.baseline, large.base, large.whose) == (0.3, 1000, SEGMENT)
    assert large.needed == 9_404 + 2_351
    assert (large.weeks, large.status, large.entering) == (13, READY, 0)
    growing = design(9_000, past(3_000))
    assert growing.entering == pytest.approx(6_000 / (90 / 7))
    assert growing.status == FILLS and growing.weeks == int(np.ceil((large.needed - 9_000) * 90 / 7 / 6_000 + 90 / 7))
    small = design(500, past(500))
    assert (small.status, small.weeks) == (SMALL, None)


def test_designs_without_a_rate_a_control_or_anybody():
    assert design(100, None).baseline is None
    assert design(100, past(), control_share=0.0).status == NO_CONTROL
    assert design(0, past()).status == experiment_design.NOBODY
    few = design(100, past(counts=10, buyers=9))
    assert few.whose == ALL and few.baseline == 0.9


def test_too_small_ones_are_pooled_with_those_most_alike():
    def of(key: str, n: int, rate: float) -> Design:
        return replace(design(n, past(n, 1000, int(rate * 1000)), key=key, name=key))

    found = experiment_design.pooled([of("a", 7_000, 0.3), of("b", 8_000, 0.32), of("c", 7_000, 0.6)])
    assert [d.pool for d in found][:2] == [("b",), ("a",)] and found[2].pool == ("b",)
    assert experiment_design.pooled([of("a", 100, 0.3), of("b", 100, 0.3)])[0].pool == ()


def outcome(seed: int, treated: int, alone: int, rates: tuple[float, float], share: float = 0.2) -> Any:
    rng = np.random.default_rng(seed)
    arms = [
        Arm(net=bought * 10.0, orders=bought.astype(np.int32))
        for bought in (rng.random(treated) < rates[0], rng.random(alone) < rates[1])
    ]
    return experiment_outcome.compared("vip_care", share, *arms)


def test_three_points_are_found_and_none_is_not_at_the_stated_error():
    """200 seeds each, three points or none: arms by the hash, more than twice as large as the sizes ask for."""
    n = 12_800  # 10 % buy anyway, one in five left alone
    ids = [f"c{i}" for i in range(n)]
    found = {WORKED: 0, HARMED: 0, NONE: 0, "false": 0}
    for seed in range(200):
        alone = int(assignment.control(ids, "vip_care", seed, 0.2).sum())
        (planted,) = experiment_outcome.judged([outcome(seed, n - alone, alone, (0.13, 0.1))])
        (nothing,) = experiment_outcome.judged([outcome(1000 + seed, n - alone, alone, (0.1, 0.1))])
        found[planted.verdict] += 1
        found["false"] += nothing.verdict != NONE
    assert found[HARMED] == 0 and found[WORKED] / 200 > 0.95
    assert found["false"] / 200 <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_three_points_of_uplift_are_found_as_often_as_the_sizes_promise():
    from analysis import sample_size

    treated, alone = sample_size.needed(0.1, 0.03, 0.2) or (0, 0)
    verdicts = [experiment_outcome.judged([outcome(seed, treated, alone, (0.13, 0.1))])[0].verdict
                for seed in range(200)]  # fmt: skip
    assert abs(verdicts.count(WORKED) / 200 - 0.8) <= 3 * (0.8 * 0.2 / 200) ** 0.5


def test_one_false_verdict_in_many_actions_is_as_rare_as_in_one():
    """Six actions without any effect, 200 seeds: some verdict in at most 5 % of the reports."""
    wrong = 0
    for seed in range(200):
        tests = [outcome(seed * 10 + i, 800, 200, (0.3, 0.3)) for i in range(6)]
        wrong += any(o.verdict != NONE for o in experiment_outcome.judged([replace(o, key=str(i)) for i, o in
                                                                            enumerate(tests)]))  # fmt: skip
    assert wrong / 200 <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_no_verdict_where_the_arms_are_not_as_drawn():
    (uneven,) = experiment_outcome.judged([outcome(1, 5000, 800, (0.5, 0.1))])
    (empty,) = experiment_outcome.judged([outcome(1, 50, 0, (0.5, 0.1))])
    assert (uneven.verdict, empty.verdict) == (WITHHELD, EMPTY)
    assert not uneven.judged and experiment_outcome.together([uneven, empty]) is None


def test_together_is_the_mean_of_differences_within_actions():
    """By hand: 10/20 - 2/10 = 0.3 of weight 200/30; 5/50 - 5/50 = 0 of weight 25."""

    def arm(bought: int, n: int) -> Arm:
        orders = np.repeat([1, 0], [bought, n - bought]).astype(np.int32)
        return Arm(net=orders.astype(float), orders=orders)

    tests = [
        experiment_outcome.compared("a", 0.5, arm(10, 20), arm(2, 10)),
        experiment_outcome.compared("b", 0.5, arm(5, 50), arm(5, 50)),
    ]
    found = experiment_outcome.together(experiment_outcome.judged(tests))
    assert found is not None and found.value == pytest.approx(0.3 * (200 / 30) / (200 / 30 + 25))


# the last release, and what came of it


def planted(lines: pd.DataFrame, drawn: pd.DataFrame, since: date, rates: tuple[float, float], seed: int = 0):
    """The lines, and since then orders of the drawn: treated and left alone buy at these rates."""
    rng = np.random.default_rng(seed)
    rate = np.where(drawn["arm"] == "treatment", *rates)
    buys = drawn["customer_id"][rng.random(len(drawn)) < rate]
    new = pd.DataFrame(
        {
            "order_id": [f"n{i}" for i in range(len(buys))],
            "customer_id": list(buys),
            "ordered_at": [since + timedelta(days=int(d)) for d in rng.integers(0, 80, len(buys))],
            "amount": 50,
        }
    )
    late = pd.DataFrame({"order_id": ["last"], "customer_id": ["new"], "ordered_at": [since + timedelta(days=89)],
                         "amount": [1]})  # fmt: skip
    return pd.concat([lines, new, late], ignore_index=True)


@pytest.fixture
def twice(shop, tmp_path) -> Callable[..., tuple[Run, pd.DataFrame, pd.DataFrame]]:
    """A release of the lines, then a run over the lines with what was planted since."""

    def make(lines: pd.DataFrame, rates: tuple[float, float], **then: Any) -> tuple[Run, pd.DataFrame, pd.DataFrame]:
        dataset, settings = shop(lines)
        first = run(NAMES, dataset, settings)
        folder = released(tmp_path / "release", first, dataset, settings)
        drawn = of(first).assignments.frame
        later = planted(lines, drawn, settings.snapshot, rates)
        return run(NAMES, *shop(later, settings={"previous": folder} | then)), drawn, later

    return make


def test_the_outcome_is_counted_from_the_lines(twice):
    done, drawn, later = twice(shop_lines(6), (0.5, 0.2))
    made: Experiment = of(done)
    assert made.outcomes is not None and made.why == ""
    since = drawn["day"].iloc[0]
    bought = set(later.loc[later["ordered_at"] >= since, "customer_id"])
    for row, key in zip(made.outcomes.frame.itertuples(), [key for key, _ in made.tried], strict=True):
        of_action = drawn[drawn["action"] == key]
        for arm, n, rate in (
            ("treatment", row.treatment, row.treated_rate),
            ("control", row.control, row.control_rate),
        ):
            people = of_action.loc[of_action["arm"] == arm, "customer_id"]
            assert n == len(people) and rate == pytest.approx(people.isin(bought).mean())
        assert row.change == pytest.approx(row.treated_rate - row.control_rate) and row.lost == 0
    assert made.amounts is not None
    spend = made.amounts.frame.set_index("name")["spend_change"] / 50
    rates = made.outcomes.frame.set_index("name")["change"]
    assert spend.to_numpy() == pytest.approx(rates.to_numpy())


def test_a_planted_effect_is_named_and_none_is_not(twice, tmp_path):
    lines = shop_lines(7, customers=1500)
    worked, _, _ = twice(lines, (0.55, 0.25))
    assert WORKED in {verdict for _, verdict in of(worked).tried}
    assert "worked" in of(worked).findings["headline"].claim


def test_nothing_planted_nothing_said(twice):
    done, _, _ = twice(shop_lines(8, customers=800), (0.3, 0.3))
    assert {verdict for _, verdict in of(done).tried} <= {NONE, EMPTY}


def test_who_is_gone_is_lost_and_not_silent(shop, tmp_path):
    lines = shop_lines(9)
    dataset, settings = shop(lines)
    first = run(NAMES, dataset, settings)
    folder = released(tmp_path / "release", first, dataset, settings)
    drawn = of(first).assignments.frame
    gone = set(drawn.loc[drawn["arm"] == "control", "customer_id"])
    later = planted(lines, drawn[~drawn["customer_id"].isin(gone)], settings.snapshot, (0.5, 0.5))
    made = of(run(NAMES, *shop(later[~later["customer_id"].isin(gone)], settings={"previous": folder})))
    assert made.outcomes is not None and made.outcomes.frame["lost"].sum() == len(gone)
    assert {verdict for _, verdict in made.tried} <= {EMPTY, WITHHELD}


def test_other_data_and_no_experiment_say_so(shop, tmp_path):
    lines = shop_lines(10)
    dataset, settings = shop(lines)
    done = run(NAMES, dataset, settings)
    folder = released(tmp_path / "release", done, dataset, settings)
    other = lines.assign(customer_id="x" + lines["customer_id"], ordered_at=lines["ordered_at"] + timedelta(days=50))
    made = of(run(NAMES, *shop(other, settings={"previous": folder})))
    assert made.outcomes is None and "not one customer" in made.why
    bare = replace(settings, snapshot=settings.snapshot)
    del done.results["experiment"]
    folder = released(tmp_path / "bare", done, dataset, bare)
    later = lines.assign(ordered_at=lines["ordered_at"] + timedelta(days=50))
    made = of(run(NAMES, *shop(later, settings={"previous": folder})))
    assert made.outcomes is None and made.why == "the last release holds no experiment"


def test_short_history_without_money_and_without_anybody(ran, shop):
    young = of(ran(shop_lines(11, days=60)))
    assert not young.measured and young.findings["small"].value is None and len(young.assignments.frame)
    assert young.findings["headline"].value == young.findings["left_alone"].value
    unpriced = of(ran(shop_lines(12).assign(amount=None), settings={"no_money": "no prices"}, no_money="no prices"))
    assert set(unpriced.assignments.frame["segment"]) <= {"One order", "Several orders"}
    assert unpriced.findings["loyal_growth_baseline"].value > 0
    nobody = ran(shop_lines(13).assign(customer_id=None))
    assert "experiment" in nobody.skipped


def test_the_exports_hold_it_for_the_owner_only(ran, tmp_path):
    done = ran(shop_lines(14))
    exports.write(tmp_path, done.results, SETTINGS)
    for name in ("experiment_assignments.csv", "experiment_assignments.parquet"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    found = pd.read_parquet(tmp_path / "experiment_assignments.parquet")
    assert list(found.columns) == ["customer_id", "action", "segment", "arm", "share", "seed", "day"]
    assert len(found) == len(of(done).assignments.frame)


# what is said


def said(findings: dict[str, Finding], settings: Settings) -> dict[str, str]:
    def shown(full: str) -> str:
        finding = findings[full.removeprefix("experiment.")]
        assert finding.value is not None, full
        return text(finding.value, finding.unit, settings, compact=True, signed="change" in full.split("_"))

    known = {key: f for key, f in findings.items() if f.value is not None}
    return {
        key: PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1]), f.claim) for key, f in known.items()
    }


def check(claims: dict[str, str]) -> None:
    for key, claim in claims.items():
        assert claim.endswith(".") and ".." not in claim and "  " not in claim, (key, claim)
        assert not re.search(r"(?<![\d.,−])1 (?:customers|actions|tests) ", claim), claim
    assert len(claims["headline"]) <= TITLE, claims["headline"]


SETTINGS = Settings(currency="EUR", snapshot=date(2024, 9, 28))
WINDOW = (date(2023, 9, 1), date(2024, 9, 27))


@pytest.mark.parametrize("sizes", [(20_000,), (500,), (20_000, 500), (500, 400), (20_000, 30_000), (1,)])
@pytest.mark.parametrize("known", [True, False])
def test_designs_are_told_in_sentences(sizes, known):
    longest = "A name of six and twenty ch"[:26]
    made = [design(n, past(n) if known else None, key=f"k{i}", name=longest) for i, n in enumerate(sizes)]
    found = of_designs(experiment_design.pooled(made), past() if known else None, WINDOW)
    check(said(found, SETTINGS))
    assert max(len(finding.definition) for finding in found.values()) < 300


@pytest.mark.parametrize("rates", [(0.5, 0.2), (0.2, 0.5), (0.3, 0.3)])
@pytest.mark.parametrize("others", [(), ((0.5, 0.2),), ((0.2, 0.5),), ((0.3, 0.3),)])
@pytest.mark.parametrize("uneven", [False, True])
def test_outcomes_are_told_in_sentences(rates, others, uneven):
    tests = [outcome(1, 4000, 600 if uneven else 1000, rates)]
    tests += [outcome(2, 4000, 1000, other) for other in others]
    tests = experiment_outcome.judged([replace(o, key=f"k{i}") for i, o in enumerate(tests)])
    names = {o.key: "A name of six and twenty ch"[:26] for o in tests}
    found = of_outcomes(tests, names, date(2024, 6, 28), SETTINGS)
    check(said(found, SETTINGS))
    assert max(len(finding.definition) for finding in found.values()) < 300


# figures


@pytest.mark.parametrize("narrow", [False, True])
def test_the_figures(twice, ran, narrow):
    style = Style(SETTINGS, replace(SLOTS["slide"], width=440 if narrow else 752))
    done, _, _ = twice(shop_lines(15), (0.6, 0.2))
    made = of(done)
    designs, outcomes = FIGURES
    for figure in FIGURES:
        assert finished(figure.draw(made, style), style) is not None
        assert set(figure.columns) <= set(figure.table(made).frame.columns)
    assert f"{style.text(made.designs.frame['baseline'][0], 'share')} buy anyway" in designs.alt(made, style)
    assert made.outcomes is not None and made.outcomes.frame["verdict"][0] in outcomes.alt(made, style)


def test_nothing_to_draw(ran):
    made = of(ran(shop_lines(16, days=60)))
    style = Style(SETTINGS, SLOTS["slide"])
    assert [figure.draw(made, style) for figure in FIGURES] == [None, None]


def test_a_playbook_of_ones_own_is_followed(ran, tmp_path: Path):
    house = (Path(__file__).parents[2] / "templates" / "playbook.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(house.replace("control_share = 0.30", "control_share = 0.50"), encoding="utf-8")
    drawn = of(ran(shop_lines(17), settings={"playbook": mine})).assignments.frame
    assert set(drawn.loc[drawn["action"] == "win_back", "share"]) == {0.5}


def test_the_pages_of_both_states(twice, shop, monkeypatch):
    """Designs with actions to pool, and outcomes: slide and appendix are printed, and no digit is without a finding."""
    monkeypatch.setattr(experiment_design, "_enough", lambda together: True)
    dataset, settings = shop(shop_lines(18))
    done = run(NAMES, dataset, settings)
    assert "pool with" in " ".join(of(done).designs.frame["verdict"])
    slide = printed("deck", done, dataset, settings)
    assert "Test it together with" in slide and not re.search(r"\d", prose(slide))
    assert "BLAKE2b" in printed("appendix", done, dataset, settings)
    later, _, _ = twice(shop_lines(18), (0.6, 0.2))
    slide = printed("deck", later, dataset, settings)
    assert "treated less left alone" in slide and not re.search(r"\d", prose(slide))
    assert "What came of the last report" in printed("appendix", later, dataset, settings)


def printed(which: Any, done: Run, dataset: Any, settings: Settings) -> str:
    report = Report.of(done, dataset, settings)
    report.svgs.update(dict.fromkeys(report.figures, "<svg></svg>"))
    page = pages.for_print(which, report)
    return page[page.index('id="experiment"') :]


def prose(slide: str) -> str:
    """The text of the experiment's slide outside numbers, figures, tables, source and page number."""
    body = slide[slide.index(">") + 1 : slide.index("<footer")]
    for tag in ("data", "figure", "table"):
        body = re.sub(f"<{tag}.*?</{tag}>", "", body, flags=re.S)
    return re.sub("<[^>]*>", "", body)
