"""Propensity and churn: no look ahead, nothing learned from noise, the relations that must hold, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import chance_people, chance_report, chances, outcomes, sampled
from analysis.chance_people import CUSTOMER, who_ordered
from analysis.chances import BOOSTED, LOGISTIC, Cases
from analysis.plan import ROOT
from analysis.propensity import ASKED
from analysis.run import run
from dataset.engine import Relation

START, DAYS = pd.Timestamp("2023-01-02"), 500


def relation(made: Any, name: str = "lines") -> Relation:
    engine = made[0].engine
    return Relation(engine, name, ROOT)


def orders(seed: int, people: int = 500, rate: float = 1.0) -> pd.DataFrame:
    """Lines of people who order at paces of their own, some of whom stop."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(people):
        pace, day = rng.gamma(0.9, 0.03) * rate + 0.002, float(rng.uniform(0, 330))
        while day < DAYS:
            rows.append((f"c{who:04d}", day, int(rng.integers(500, 9000))))
            day += rng.exponential(1 / pace)
            if rng.random() < 0.05:
                break
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "cents"])
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(len(frame))],
            "customer_id": frame["customer_id"],
            "ordered_at": START + pd.to_timedelta(frame["day"].round(3), unit="D"),
            "amount": frame["cents"] / 100,
        }
    )


LINES = orders(5)


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def base(shop, kept):
    """Both results on LINES, computed once."""
    if not kept:
        done = run(["propensity", "churn"], *shop(LINES))
        kept.update(done.results)
        assert {"propensity", "churn"} <= set(kept), done.skipped
    return kept


def results(made: Any) -> dict[str, Any]:
    done = run(["propensity", "churn"], *made)
    assert not done.skipped
    return done.results


def figures(result: Any) -> dict[str, Any]:
    return {key: (f.value, f.interval) for key, f in result.findings.items()}


def test_both_pass_and_look_ahead(base):
    for name, column in (("propensity", "propensity_7d"), ("churn", "churn_90d")):
        result = base[name]
        assert result.findings["headline"].value is not None
        chance = result.frame[column].dropna()
        assert ((chance > 0) & (chance < 1)).all()
        assert round(chance.sum()) == result.findings["expected"].value
        low, high = result.findings["expected"].interval
        assert low < result.findings["expected"].value < high
        assert result.frame["customer_id"].tolist() == base["customers"].frame["customer_id"].tolist()
        assert (result.gate.frame["met"] == "yes").all()


def test_churn_is_asked_of_who_bought_within_a_year(base):
    """Everybody else has no chance, not a chance of nought."""
    active = base["customers"].frame["recency_days"].to_numpy() <= 365
    assert not active.all()
    assert (base["churn"].frame["churn_90d"].notna().to_numpy() == active).all()
    assert base["churn"].findings["headline"].n == active.sum()


def test_measures_are_those_of_pandas(shop):
    day = date(2024, 1, 15)
    made = shop(LINES)
    people = outcomes.features(relation(made), None, day)
    found = chance_people.customers(relation(made), people, day).of(slice(None)).set_index(people["customer_id"])
    before = LINES[LINES["ordered_at"] < pd.Timestamp(day)]
    by = before.assign(on=before["ordered_at"].dt.normalize()).groupby("customer_id")
    last, first, count = by["on"].max(), by["on"].min(), by["order_id"].nunique()
    lately = before[before["ordered_at"] >= pd.Timestamp(day) - pd.Timedelta(days=90)].groupby("customer_id").size()
    assert found.index.tolist() == last.index.tolist()
    assert (found["recency"] == (pd.Timestamp(day) - last).dt.days).all()
    assert (found["tenure"] == (pd.Timestamp(day) - first).dt.days).all()
    assert (found["orders"] == count).all() and (found["again"] == (count > 1)).all()
    assert (found["lately"] == lately.reindex(found.index, fill_value=0)).all()
    gap = ((last - first).dt.days / (count - 1)).where(count > 1)
    pd.testing.assert_series_equal(found["interval"], gap, check_names=False)
    np.testing.assert_allclose(found["order_value"], by["amount"].sum() / count)


def test_later_purchases_change_no_measure(shop):
    day = date(2024, 1, 15)
    later = LINES["ordered_at"] >= pd.Timestamp(day)
    assert later.sum() > 200
    moved = LINES.assign(
        ordered_at=LINES["ordered_at"].where(~later, LINES["ordered_at"] + pd.Timedelta(days=9)),
        amount=LINES["amount"].where(~later, 1.0),
    )
    tables = []
    for frame in (LINES, moved):
        lines = relation(shop(frame))
        tables.append(chance_people.customers(lines, outcomes.features(lines, None, day), day).of(slice(None)))
    pd.testing.assert_frame_equal(*tables)


def test_the_end_does_not_reach_the_model_that_is_tested(shop, base):
    """Chances given on the test day do not know what was bought from then: only the outcomes move."""
    snapshot = base["propensity"].findings["expected"].window[0]
    cut = pd.Timestamp(snapshot) - pd.Timedelta(days=7)
    last = LINES["ordered_at"] >= cut
    others = LINES["customer_id"].drop_duplicates().sample(int(last.sum()), random_state=3)
    moved = LINES.copy()
    moved.loc[last, "customer_id"] = others.tolist()
    again = results(shop(moved, settings={"snapshot": snapshot}))["propensity"]
    pd.testing.assert_series_equal(again.tenths.frame["predicted"], base["propensity"].tenths.frame["predicted"])
    pd.testing.assert_frame_equal(again.histogram.frame, base["propensity"].histogram.frame)
    assert again.findings["auc"].value != base["propensity"].findings["auc"].value


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_outcomes_are_not_learned(shop, seed):
    """Outcomes dealt out at random: the ROC area's interval holds a half, and nothing is said of the future."""
    rng = np.random.default_rng(seed)
    lines = relation(shop(LINES))

    def dealt(people: pd.DataFrame, day: date) -> np.ndarray:
        there = outcomes.of_each(people, outcomes.outcome(lines, day, day + timedelta(days=7)))[1] > 0
        return rng.permutation(there)

    made = shop(LINES)
    customers = run(["customers"], *made).results["customers"]
    who = who_ordered(lines, customers, made[1])
    past = chances.Past.of(
        who.known, dealt, made[1].snapshot, date(2023, 2, 1), timedelta(days=7), "too few", "too short", 0
    )
    found = chance_report.made(ASKED, who, past, customers.frame, made[1])
    low, high = found["findings"]["auc"].interval
    assert low <= 0.5 <= high
    assert found["frame"] is None and found["model"] is None
    assert "no better than a draw" in found["findings"]["headline"].reason
    assert found["findings"]["expected"].value is None


def test_shuffled_rows_change_nothing(shop, base):
    again = results(shop(LINES.sample(frac=1, random_state=2)))
    for name in ("propensity", "churn"):
        assert figures(again[name]) == figures(base[name])
        pd.testing.assert_frame_equal(again[name].frame, base[name].frame)
        assert again[name].model.json() == base[name].model.json()


def test_of_many_people_some_are_asked_and_that_is_said(shop, base, monkeypatch):
    monkeypatch.setattr(sampled, "MOST", 300)
    few, again = results(shop(LINES)), results(shop(LINES.sample(frac=1, random_state=3)))
    for name, column in (("propensity", "propensity_7d"), ("churn", "churn_90d")):
        own, test = few[name], few[name].parts.frame.set_index("part").loc["test"]
        assert test["people"] == 300 * test["cuts"] == own.findings["auc"].n
        assert own.findings["auc"].population.endswith("on the days tested, drawn at random")
        assert "Of more than 300 people on a day, so many were drawn at random" in own.parts.note
        assert "drawn" not in base[name].findings["auc"].population + base[name].parts.note
        assert own.findings["auc"].value == pytest.approx(base[name].findings["auc"].value, abs=0.1)
        assert (own.frame[column].notna() == base[name].frame[column].notna()).all()  # everybody is still scored
        assert figures(again[name]) == figures(own)


def test_other_names_change_no_chance(shop, base):
    names = {who: f"x{hash_of(who):06d}" for who in LINES["customer_id"].unique()}
    again = results(shop(LINES.assign(customer_id=LINES["customer_id"].map(names))))
    for name, column in (("propensity", "propensity_7d"), ("churn", "churn_90d")):
        own = again[name].frame.set_index("customer_id")[column]
        was = base[name].frame.set_index("customer_id")[column]
        np.testing.assert_array_equal(own.loc[[names[who] for who in was.index]], was)


def hash_of(name: str) -> int:
    return int(name[1:]) * 7919 % 1_000_003


def test_the_unit_of_money_and_the_calendar_change_no_chance(shop, base):
    moved = LINES.assign(amount=LINES["amount"] * 1000, ordered_at=LINES["ordered_at"] + pd.Timedelta(days=28))
    again = results(shop(moved))
    for name, column in (("propensity", "propensity_7d"), ("churn", "churn_90d")):
        np.testing.assert_allclose(again[name].frame[column], base[name].frame[column], atol=1e-8)
        assert again[name].findings["auc"].value == pytest.approx(base[name].findings["auc"].value)


def test_twice_the_customers_have_the_same_chances(shop, monkeypatch):
    """On the same days; of which there are fewer when there are more people to learn from."""
    monkeypatch.setattr(chances, "ENOUGH", {"calibration": 1, "training": 1})
    twin = LINES.assign(customer_id="t" + LINES["customer_id"], order_id="t" + LINES["order_id"])
    was, again = (run(["churn"], *shop(frame)).results["churn"] for frame in (LINES, pd.concat([LINES, twin])))
    assert again.findings["auc"].value == pytest.approx(was.findings["auc"].value, abs=1e-3)
    ours = again.frame.set_index("customer_id")["churn_90d"]
    np.testing.assert_allclose(ours.loc[was.frame["customer_id"]], was.frame["churn_90d"], atol=5e-3)
    assert again.findings["expected"].value == pytest.approx(2 * was.findings["expected"].value, rel=2e-3)


def test_chances_hold_over_many_shops(shop):
    """Of those expected to stay away, the interval holds who did: a shop is cut short, then seen a quarter later."""
    inside, asked = 0, 0
    for seed in range(8):
        lines = orders(100 + seed, people=400)
        snapshot = date(2024, 2, 15)
        done = run(["churn"], *shop(lines, settings={"snapshot": snapshot}))
        if "churn" not in done.results or done.results["churn"].frame is None:
            continue
        frame = done.results["churn"].frame.dropna()
        end = pd.Timestamp(snapshot) + pd.Timedelta(days=90)
        next_ = lines[(lines["ordered_at"] >= pd.Timestamp(snapshot)) & (lines["ordered_at"] < end)]
        away = (~frame["customer_id"].isin(next_["customer_id"])).sum()
        low, high = done.results["churn"].findings["expected"].interval
        asked, inside = asked + 1, inside + (low <= away <= high)
    assert asked >= 4 and inside >= asked - 1


# Models


def people(seed: int, n: int = 3000, share: float = 0.1) -> Cases:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.gamma(1.5, 20, n) for name in CUSTOMER}).assign(group=np.int8(0))
    logit = np.log(share / (1 - share)) + 0.9 * (np.log1p(frame["orders"]) - 3.0)
    return Cases(frame, rng.random(n) < 1 / (1 + np.exp(-logit)), (date(2024, 1, 1),))


def test_the_regression_finds_what_was_planted():
    model = chances.fitted(LOGISTIC, people(1, 20_000), CUSTOMER, 0)
    weights = {f.name: f.weight / f.deviation for f in model.features}
    assert weights.pop("orders") == pytest.approx(0.9, abs=0.08)
    assert max(abs(w) for w in weights.values()) < 0.1


def test_the_sample_keeps_the_share(monkeypatch):
    """A fit on an even part gives the same chances on average: no outcome is drawn more often than it happened."""
    whole = people(2, 20_000, 0.02)
    mean = [float(chances.calibrated(chances.fitted(LOGISTIC, whole, CUSTOMER, 0), whole).chance(whole.people).mean())]
    monkeypatch.setattr(chances, "SAMPLE", 4000)
    made = chances.fitted(LOGISTIC, whole, CUSTOMER, 0)
    bare = 1 / (1 + np.exp(-made.score(whole.people)))
    assert bare.mean() == pytest.approx(whole.rate, rel=0.05)
    assert mean[0] == pytest.approx(whole.rate, rel=0.02)


@pytest.mark.parametrize("kind", [LOGISTIC, BOOSTED])
def test_calibration_sets_the_level(kind):
    """Trained where a tenth did and calibrated where a quarter did: a quarter is said."""
    model = chances.fitted(kind, people(3), CUSTOMER, 0)
    later = people(4, share=0.25)
    chance = chances.calibrated(model, later).chance(people(5, share=0.25).people)
    assert chance.mean() == pytest.approx(later.rate, abs=0.02)


def test_isotonic_from_a_thousand_of_both():
    model = chances.fitted(LOGISTIC, people(3), CUSTOMER, 0)
    few, many = (chances.calibrated(model, people(6, n, 0.3)) for n in (2000, 8000))
    assert not few.pairs and many.pairs
    rising = np.array(many.pairs)
    assert (np.diff(rising) >= 0).all() or (np.diff(rising, axis=0) >= 0).all()
    chance = many.chance(people(7, 8000, 0.3).people)
    assert chance.mean() == pytest.approx(people(6, 8000, 0.3).rate, abs=0.02)


def test_a_score_that_says_the_contrary_gives_everybody_the_share():
    cases = people(8)
    model = chances.fitted(LOGISTIC, cases, CUSTOMER, 0)
    turned = replace(model, features=tuple(replace(f, weight=-f.weight) for f in model.features))
    chance = chances.calibrated(turned, cases).chance(cases.people)
    assert len(np.unique(chance)) == 1 and chance[0] == pytest.approx(cases.rate, abs=1e-3)


def test_boosting_is_chosen_only_where_it_is_surely_better():
    cases = people(9)
    made = {
        kind: chances.calibrated(chances.fitted(kind, cases, CUSTOMER, 0), people(10)) for kind in (LOGISTIC, BOOSTED)
    }
    assert chances.chosen(made, people(10)).kind == LOGISTIC
    crossed = people(11, 6000, 0.5)
    band = crossed.people["orders"].between(15, 35).to_numpy()
    crossed = replace(crossed, yes=band)
    made = {
        kind: chances.calibrated(chances.fitted(kind, crossed, CUSTOMER, 0), crossed) for kind in (LOGISTIC, BOOSTED)
    }
    choice = chances.chosen(made, crossed)
    assert choice.kind == BOOSTED and choice.boosted_less[1][0] > 0


def test_the_model_file_gives_the_same_chances(base, shop):
    """The JSON and nothing else: features, weights, line."""
    result, made = base["churn"], shop(LINES)
    told = result.model.json()
    day = date.fromisoformat(told["snapshot"])
    people = base["customers"].numbered
    measured = chance_people.customers(relation(made), people, day).of(slice(None)).set_index(people["customer_id"])
    logit = np.full(len(measured), told["intercept"])
    for f in told["features"]:
        x = measured[f["name"]] / f["scale"]
        x = np.log1p(x) if f["log"] else x
        logit += (((x - f["mean"]) / f["deviation"]).fillna(0) * f["weight"]).to_numpy()
    at = told["line"][0] + told["line"][1] * logit
    at = np.interp(logit, *np.array(told["pairs"]).T) if told["pairs"] else at
    own = result.frame.set_index("customer_id")["churn_90d"]
    np.testing.assert_allclose((1 / (1 + np.exp(-at)))[own.notna().to_numpy()], own.dropna(), atol=1e-9)


# Visitors

EVENTS = [
    ("ann", "view", "2024-03-01 10:00", "p1"),
    ("ann", "view", "2024-03-01 10:20", "p2"),
    ("ann", "cart", "2024-03-01 10:51", "p1"),  # more than half an hour later: a second session
    ("ann", "purchase", "2024-03-05 09:00", "p2"),
    ("bob", "cart", "2024-03-08 12:00", "p1"),
    ("bob", "cart", "2024-03-09 12:00", "p3"),
    ("bob", "purchase", "2024-03-09 12:01", None),  # without a product: empties the cart
    ("cid", "view", "2024-03-09 18:00", "p1"),
    ("cid", "cart", "2024-03-09 18:01", "p1"),
    ("cid", "purchase", "2024-03-10 00:00", "p1"),  # of the day itself: not known yet
    ("dan", "view", "2023-10-01 12:00", "p1"),  # too long ago
    (None, "view", "2024-03-09 12:00", "p1"),
]


def test_visitors_by_hand(shop):
    made = shop([("o1", "ann", "2024-03-05 09:00", 5), ("o2", "cid", "2024-03-10 00:00", 5)], events=EVENTS)
    found = chance_people.visitors(relation(made, "events"), *2 * [date(2024, 3, 10)]).of(slice(None))
    found = found.sort_values("sessions", ascending=False, ignore_index=True)
    assert found["customer"].tolist() == [0, -1, 1]  # ann, bob, who bought nothing, and cid
    assert found["sessions"].tolist() == [3, 2, 1]
    assert found["views_30"].tolist() == [2, 0, 1] and found["views_1"].tolist() == [0, 0, 1]
    assert found["views_7"].tolist() == [0, 0, 1]
    assert found["carts_left"].tolist() == [1, 0, 1]
    assert found["orders"].tolist() == [1, 0, 0]
    assert found["view_days"][2] == 0.25 and np.isnan(found["view_days"][1])
    assert found["cart_days"][0] == pytest.approx(9 - (10 * 60 + 51) / 1440)
    assert found["sale_days"][0] == pytest.approx(5 - 9 / 24)
    stages = [chance_people.STAGES[at] for at in found["group"]]
    assert stages == ["Cart left", "Came back", "Cart left"]


@pytest.mark.parametrize("seed", [1, 2])
def test_visitors_by_their_events_one_by_one(shop, seed):
    """Sessions, views and carts as found event by event, of visits on both sides of midnights and half hours."""
    rng = np.random.default_rng(seed)
    n, day = 6000, pd.Timestamp("2024-03-10")
    start = day - pd.to_timedelta(rng.integers(0, 130, n), unit="D") + pd.to_timedelta(rng.integers(-4, 5, n), unit="h")
    events = pd.DataFrame(
        {
            "customer_id": [f"v{i}" for i in rng.integers(0, 300, n)],
            "kind": rng.choice(["view", "cart", "purchase"], n, p=[0.5, 0.35, 0.15]),
            "at": start + pd.to_timedelta(rng.integers(-6, 7, n) * 5, unit="min"),
            "product_id": _some([f"p{i}" for i in rng.integers(0, 4, n)], rng.random(n) < 0.9),
        }
    )
    lines = [("o1", "v1", "2024-01-05 09:00", 5), ("o1", "v1", "2024-01-07 10:00", 5), ("o2", "v2", "2024-03-10", 5)]
    for back in (0, 9):
        until = day - pd.Timedelta(days=back)
        made = shop(lines, events=events)
        found = chance_people.visitors(relation(made, "events"), until.date(), day.date()).of(slice(None))
        people = [_visitor(own, until) for _, own in events.groupby("customer_id")]
        expected = pd.DataFrame([one for one in people if one], dtype=float)
        same = in_order(found[list(expected.columns)])
        pd.testing.assert_frame_equal(same, in_order(expected), check_exact=False, rtol=1e-12)
        buyers = found.set_index("customer")["orders"]
        assert buyers[0] == 1 and buyers[1] == 0 and (buyers[-1] == 0).all()


def _some(names: list[str], kept: np.ndarray) -> list[str | None]:
    return [name if keep else None for name, keep in zip(names, kept, strict=True)]


def _visitor(events: pd.DataFrame, until: pd.Timestamp) -> dict[str, float]:
    """The measures of one visitor's events; empty of who was not seen in the ninety days before."""
    own = events[(events["at"] >= until - pd.Timedelta(days=90)) & (events["at"] < until)].sort_values("at")
    if own.empty:
        return {}
    views, bought = own.loc[own["kind"] == "view", "at"], own[own["kind"] == "purchase"]
    left = {}
    for cart in own[own["kind"] == "cart"].itertuples():
        after = bought[bought["at"] >= cart.at]
        empties = after["product_id"].isna() | (after["product_id"] == cart.product_id) | pd.isna(cart.product_id)
        if not empties.any():
            left[cart.product_id] = cart.at
    return {
        "view_days": (until - views.max()) / pd.Timedelta(days=1),
        **{f"views_{days}": (views >= until - pd.Timedelta(days=days)).sum() for days in (1, 7, 30)},
        "sessions": 1 + (own["at"].diff() > pd.Timedelta(minutes=30)).sum(),
        "carts_left": len(left),
        "cart_days": (until - max(left.values())) / pd.Timedelta(days=1) if left else np.nan,
    }


def visits(seed: int, people: int = 2500) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visitors who come at random; carts make a purchase in the days after likelier. Some never buy."""
    rng = np.random.default_rng(seed)
    events, lines = [], []
    for who in range(people):
        for day in rng.uniform(0, 150, rng.poisson(3)):
            at, product = START + pd.Timedelta(days=round(float(day), 4)), f"p{rng.integers(0, 9)}"
            events.append((f"v{who}", "view", at, product))
            carted = rng.random() < 0.25
            if carted:
                events.append((f"v{who}", "cart", at + pd.Timedelta(minutes=1), product))
            if rng.random() < (0.45 if carted else 0.03):
                then = at + pd.Timedelta(days=round(float(rng.exponential(3)), 4), minutes=5)
                if then < START + pd.Timedelta(days=150):
                    events.append((f"v{who}", "purchase", then, product))
                    lines.append((f"o{len(lines)}", f"v{who}", then, 10.0, "sale", product))
    return (
        pd.DataFrame(events, columns=["customer_id", "kind", "at", "product_id"]),
        pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "amount", "kind", "product_id"]),
    )


def test_visitors_are_told_apart_by_what_they_looked_at(shop):
    events, lines = visits(1)
    found = run(["propensity"], *shop(lines, events=events)).results["propensity"]
    assert found.one == "visitor" and found.findings["headline"].value is not None
    assert found.findings["auc"].interval[0] > 0.55
    for table, chance in ((found.groups, "predicted"), (found.groups_ahead, "chance")):
        assert table.frame.set_index("group")[chance].idxmax() == "Cart left"
    assert "visitors" not in found.findings
    customers = run(["customers"], *shop(lines)).results["customers"].frame
    assert len(found.frame) == len(customers)  # who never bought is only in the counts
    assert found.findings["expected"].n > len(customers)


def test_of_many_visitors_the_same_are_drawn_whatever_the_order_of_events(shop, monkeypatch):
    monkeypatch.setattr(sampled, "MOST", 100)
    events, lines = visits(1)
    drawn = []
    for of in (events, events.sample(frac=1, random_state=3)):
        made = shop(lines, events=of)
        who = chance_people.who_looked(relation(made, "events"), made[1])
        past = chances.Past.of(
            who.known,
            lambda people, _: np.ones(len(people), bool),
            made[1].snapshot,
            made[1].snapshot - timedelta(days=21),
            timedelta(days=7),
            "",
            "",
            0,
        )
        drawn.append(past.cases(past.days[0]))
    assert drawn[0].drawn and len(drawn[0].people) == 100
    pd.testing.assert_frame_equal(drawn[0].people, drawn[1].people)


def in_order(people: pd.DataFrame) -> pd.DataFrame:
    return people.sort_values(list(people.columns), ignore_index=True)


def test_later_events_change_no_measure_of_visitors(shop):
    events, lines = visits(2, 400)
    day = date(2023, 4, 20)
    later, bought = events["at"] >= pd.Timestamp(day), lines["ordered_at"] >= pd.Timestamp(day)
    assert later.sum() > 100 and bought.sum() > 20
    moved = events.assign(
        kind=events["kind"].where(~later, "cart"), at=events["at"].where(~later, events["at"] + pd.Timedelta(days=5))
    )
    lines_moved = lines.assign(
        ordered_at=lines["ordered_at"].where(~bought, lines["ordered_at"] + pd.Timedelta(days=2))
    )
    tables = [
        in_order(chance_people.visitors(relation(shop(sold, events=seen), "events"), day, snapshot).of(slice(None)))
        for sold, seen, snapshot in (
            (lines, events, day),
            (lines_moved, moved, day),
            (lines, events, day + timedelta(days=33)),
        )
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_a_log_of_buyers_only_is_refused(shop):
    """Where only buyers are in the log, who has not bought yet surely will: that is no chance."""
    events, lines = visits(3)
    done = run(["propensity"], *shop(lines, events=events[events["customer_id"].isin(lines["customer_id"])]))
    assert "chosen by what is asked" in done.skipped["propensity"]


def test_visits_that_precede_only_orders_do_not_foretell(shop):
    """Customers who are seen only ahead of an order: the model is perfect before, and blind today."""
    rng = np.random.default_rng(4)
    sold = LINES[LINES["ordered_at"] < LINES["ordered_at"].max()]
    ahead = sold.assign(at=sold["ordered_at"] - pd.to_timedelta(rng.uniform(1, 7, len(sold)).round(3), unit="D"))
    seen = [(r.customer_id, "view", r.at, "p1") for r in ahead.itertuples()]
    seen += [
        (f"l{i}", "view", START + pd.Timedelta(days=float(d)), "p1") for i, d in enumerate(rng.uniform(0, DAYS, 900))
    ]
    events = pd.DataFrame(seen, columns=["customer_id", "kind", "at", "product_id"])
    found = run(["propensity"], *shop(LINES, events=events)).results["propensity"]
    assert found.one == "customer"
    assert "do not look like those it was tested on" in found.findings["visitors"].reason


def test_events_that_end_or_start_late_leave_customers(shop):
    """Nobody was seen in the last quarter, or nobody before it: the chances are of customers by their orders."""
    events, _ = visits(5, 600)
    early = events.assign(at=events["at"] - pd.Timedelta(days=30))
    late = events.assign(at=LINES["ordered_at"].max() - pd.to_timedelta(np.arange(len(events)) % 48, unit="h"))
    for seen in (early, late, early.assign(customer_id=None)):
        found = run(["propensity"], *shop(LINES, events=seen)).results["propensity"]
        assert found.one == "customer" and found.findings["headline"].value is not None


# Refusals


def test_few_and_short_data_are_refused(shop):
    few = run(["propensity", "churn"], *shop(orders(1, people=30)))
    assert "fewer than fifty" in few.skipped["propensity"] and "fewer than fifty" in few.skipped["churn"]
    short = LINES[LINES["ordered_at"] < START + pd.Timedelta(days=40)]
    assert "too few weeks" in run(["propensity"], *shop(short)).skipped["propensity"]
    assert "too short a time" in run(["churn"], *shop(short)).skipped["churn"]


def test_without_money_customers_are_grouped_by_orders(shop):
    made = shop(LINES.assign(amount=None, kind="sale"), no_money="no prices", settings={"no_money": "no prices"})
    found = run(["churn"], *made).results["churn"]
    assert set(found.groups.frame["group"]) <= set(chance_people.COUNTS)
    assert "vip_chance" not in found.findings and found.findings["headline"].claim.count("{") == 1
    assert "Net revenue per order" not in set(found.coefficients.frame["measure"])


def test_a_changed_world_fails_the_test(shop):
    """In the last quarter far fewer order: what was expected is missed, nothing is said, and why."""
    snapshot = LINES["ordered_at"].max().normalize() + pd.Timedelta(days=1)
    last = LINES["ordered_at"] >= snapshot - pd.Timedelta(days=90)
    rng = np.random.default_rng(1)
    gone = LINES[~last | (rng.random(len(LINES)) < 0.45)]
    found = run(["churn"], *shop(gone, settings={"snapshot": snapshot.date()})).results["churn"]
    assert "more stayed away than was predicted" in found.findings["headline"].reason
    assert found.frame is None and found.model is None and found.groups_ahead is None
    assert found.findings["expected"].value is None and "ahead" not in found.thresholds.frame
    assert found.findings["auc"].value > 0.5


def test_nothing_is_said_above_a_threshold_that_was_not_checked():
    frame = pd.DataFrame(
        [
            ("20", 0.2, 400, 0.3, 0.31, 0.27, 0.36),
            ("50", 0.5, 19, 0.6, 0.6, 0.4, 0.8),
            ("worth", 0.33, 99, 0.5, 0.2, 0.13, 0.29),
        ],
        columns=["key", "threshold", "people", "predicted", "observed", "low", "high"],
    )
    from types import SimpleNamespace

    from analysis import chance_findings

    why = {key: chance_findings._unproven(SimpleNamespace(above=frame), key) for key in frame["key"]}
    assert why["20"] == "" and "fewer than twenty" in why["50"] and "less often" in why["worth"]


def test_the_value_of_a_threshold_is_assumed(base):
    for key in ("contact_cost", "margin", "effect", "worth_threshold"):
        assert base["propensity"].findings[key].kind == "assumed"
    cost, margin, effect, worth = (
        base["churn"].findings[k].value for k in ("contact_cost", "margin", "effect", "worth_threshold")
    )
    assert worth == pytest.approx(cost / (margin * effect))
    row = base["churn"].thresholds.frame.set_index("threshold").loc[worth]
    assert row["worth"] == pytest.approx(row["people"] * (row["observed"] * margin * effect - cost))


def test_claims_fit(base):
    for name in ("propensity", "churn"):
        for key, finding in base[name].findings.items():
            assert finding.claim.endswith(".") and "  " not in finding.claim, key
            assert finding.value is not None or not any(c.isdigit() for c in finding.reason), key


def test_boosted_scores_are_those_of_each_alone():
    """Whom no tree tells apart is scored once; unknown values go where scikit-learn sends them."""
    cases, others = people(21, 5000), people(22, 3000).people
    model = chances.fitted(BOOSTED, cases, CUSTOMER, 0)
    gaps = (
        others.assign(interval=others["interval"].mask(np.arange(len(others)) % 3 == 0))
        if "interval" in others
        else others
    )
    matrix = np.column_stack(chances.seen(model.features, gaps))
    np.testing.assert_array_equal(model.score(gaps), np.round(model.trees.decision_function(matrix), chances.DIGITS))
