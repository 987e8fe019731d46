"""Scores by SQL: as scikit-learn, lifetimes and the build's own code have them; what does not fit is refused."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import chance_people, cluster_measures, outcomes, release_models, scores, spend_model
from analysis.btyd import Fitted
from analysis.chances import Calibrated, Feature, Logistic
from analysis.cluster_model import Feature as Measure
from analysis.cluster_model import Model as Groups
from analysis.clv_worth import Model as Lifetime
from analysis.customers import filed
from analysis.release_models import Models
from analysis.rfm import SEGMENTS
from analysis.rfm import Model as Segments
from analysis.run import run
from dataset.engine import Relation
from dataset.errors import DataError
from dataset.settings import Settings
from dataset.tables import Dataset
from tests.analysis.test_spend_90d import preparation

NONE = Models(None, None, None, None, None, None)
CLOSE = 1e-9
Made = tuple[Dataset, Settings]


def scored(made: Made, models: Models, day: date | None = None) -> pd.DataFrame:
    """What is written of a shop's customers, by id."""
    dataset, settings = made
    target = dataset.engine.folder / f"scores{len(list(dataset.engine.folder.glob('scores*')))}.parquet"
    scores.write(models, dataset, replace(settings, snapshot=day or settings.snapshot), str(target))
    return pq.read_table(target).to_pandas().sort_values("customer_id", ignore_index=True)


def relation(made: Made, name: str = "lines") -> Relation:
    return Relation(made[0].engine, name, scores.ROOT)


@pytest.fixture
def random_shop(shop, random_lines) -> Any:
    """A shop of some five hundred customers, most with age and income on file."""

    def make(seed: int, orders: int = 2000, **tables: Any) -> Made:
        lines, rng = random_lines(seed, orders), np.random.default_rng(seed)
        later = pd.to_timedelta(np.where(rng.random(len(lines)) < 0.1, rng.integers(0, 40, len(lines)), 0), unit="D")
        lines["ordered_at"] += later  # orders of several days
        names = sorted(lines["customer_id"].dropna().unique())[10:]
        people = pd.DataFrame({"customer_id": names, "country": rng.choice(["ES", "IT"], len(names))})
        people["age"] = pd.Series(rng.integers(18, 80, len(names))).where(rng.random(len(names)) < 0.9)
        people["income"] = pd.Series(rng.integers(1, 9, len(names)) * 10_000.5).where(rng.random(len(names)) < 0.9)
        return shop(lines, customers=people, **tables)

    return make


def groups(made: Made, seed: int, count: int = 5) -> tuple[Groups, np.ndarray, np.ndarray]:
    """K-means of a shop's customers by scikit-learn: the model, their places, and its own predictions."""
    from sklearn.cluster import KMeans

    customers = run(["customers"], *made).results["customers"]
    measures = cluster_measures.measured(customers, relation(made), made[1])  # type: ignore[arg-type]
    features = tuple(Measure(name, 2.5, float(np.nanmedian(values)), 0.75, 1.25) for name, values in measures.items())
    axes = np.random.default_rng(seed).normal(size=(len(features), 3))
    place = np.column_stack([f.standardised(measures[f.name]) for f in features]) @ axes
    means = KMeans(count, n_init=1, random_state=seed).fit(place)
    names = tuple(f"Group {at}" for at in range(count))
    model = Groups(features, axes, means.cluster_centers_, names, names, made[1].snapshot, "EUR")
    return model, place, means.predict(place)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_those_of_scikit_learn(random_shop, seed: int) -> None:
    made = random_shop(seed)
    model, place, theirs = groups(made, seed)
    found = scored(made, replace(NONE, clusters=model))
    assert list(found["cluster"]) == [model.names[at] for at in theirs]
    assert len(set(theirs)) == 5
    apart = made[0].engine.arrow(DISTANCES).to_pandas().pivot(index="customer_id", columns="cluster", values="distance")
    product = (model.centres**2).sum(axis=1) - 2 * place @ model.centres.T
    np.testing.assert_allclose(apart.to_numpy(), product, rtol=0, atol=CLOSE)


DISTANCES = (scores.ROOT / "scores_clusters.sql").read_text(encoding="utf-8")
DISTANCES = DISTANCES[: DISTANCES.index("nearest as (")].rstrip().rstrip(",") + "\nselect * from distances"
DISTANCES = DISTANCES.replace("$snapshot", "'2030-01-01'")


def test_of_two_clusters_as_near_the_first(shop) -> None:
    """Centres as far on either side of everybody, and once more in the other order."""
    made = shop([(f"o{i}", f"c{i}", "2024-01-01", 10.0) for i in range(3)])
    features = (
        Measure("frequency", 1.0, 0.0, float(np.log(2)), 1.0),
        Measure("items", 1.0, 0.0, float(np.log(2)), 1.0),
    )
    for centres in ([[1.0, 0.0], [-1.0, 0.0]], [[-0.3, 0.0], [0.3, 0.0]]):
        model = Groups(features, np.eye(2), np.array(centres), ("a", "b"), ("a", "b"), made[1].snapshot, "EUR")
        assert set(scored(made, replace(NONE, clusters=model))["cluster"]) == {"a"}


@pytest.mark.parametrize("seed", range(3))
def test_spend_is_that_of_scikit_learn(random_shop, seed: int) -> None:
    """The Tweedie regression with the parameters rounded as they are kept; its level left as it is."""
    made = random_shop(seed, 4000)
    day = made[1].snapshot - timedelta(days=90)
    people = outcomes.features(relation(made), filed(relation(made, "customers")), day)
    spent, _ = outcomes.of_each(people, outcomes.outcome(relation(made), day, day + timedelta(days=90)))
    data = spend_model.training(people, spent, seed)
    model = replace(spend_model.Fits(data).bare(1.5, 0.1), currency="EUR")
    table = pd.DataFrame(spend_model.measured(people))
    for name in spend_model.MONEY:
        table[name] /= data.scales[name]
    table["country"] = pd.Series(people["country"].astype(object)).map({n: i for i, n in enumerate(data.names)})
    table["country"] = table["country"].fillna(data.names.index("") if "" in data.names else -1).astype(int)
    prepared = preparation(data.table).fit(data.table)
    fitted = spend_model.regression(1.5, 0.1).fit(prepared.transform(data.table), data.spent / data.unit)
    for kind in ("log", "plain"):
        steps = prepared.named_transformers_[kind].named_steps
        for step, name in (("simpleimputer", "statistics_"), ("standardscaler", "mean_"), ("standardscaler", "scale_")):
            setattr(steps[step], name, np.round(getattr(steps[step], name), spend_model.DIGITS))
    fitted.coef_ = np.round(fitted.coef_, spend_model.DIGITS)
    fitted.intercept_ = round(float(fitted.intercept_), spend_model.DIGITS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of countries it has not seen
        theirs = fitted.predict(prepared.transform(table)) * model.unit
    found = scored(made, replace(NONE, spend_90d=model), day)
    assert list(found["customer_id"]) == list(people["customer_id"]) and len(found) > 300
    assert people["country"].isna().any() and people["age"].isna().any()
    np.testing.assert_allclose(found["spend_90d"], theirs, rtol=CLOSE)
    stepped = replace(model, level=((0.2, 0.1), (0.2, 0.3), (0.9, 0.3), (1.1, 1.5)))
    np.testing.assert_allclose(
        scored(made, replace(NONE, spend_90d=stepped), day)["spend_90d"],
        stepped.spend(stepped.score(people)),
        rtol=CLOSE,
    )


LEVEL = ((-0.5, -2.0), (0.1, 0.2), (0.1, 0.4), (0.6, 1.0))


@pytest.mark.parametrize("pairs", [(), LEVEL], ids=["line", "steps"])
def test_chances_are_those_of_scikit_learn(random_shop, pairs: tuple) -> None:
    from sklearn.linear_model import LogisticRegression

    made = random_shop(7)
    people = outcomes.features(relation(made), None, made[1].snapshot)
    known = chance_people.customers(relation(made), people, made[1].snapshot).of(slice(None))
    rng = np.random.default_rng(7)
    features = tuple(
        Feature(name, one.log, 1.5 if one.money else 1.0, 0.25, 0.8) for name, one in chance_people.CUSTOMER.items()
    )
    matrix = np.column_stack([np.nan_to_num((f.of(known) - f.mean) / f.deviation) for f in features])
    fitted = LogisticRegression().fit(matrix, rng.random(len(known)) < 0.3)
    own = tuple(replace(f, weight=float(w)) for f, w in zip(features, fitted.coef_[0], strict=True))
    model = Calibrated(Logistic(float(fitted.intercept_[0]), own), (0.0, 1.0), pairs)
    theirs = fitted.predict_proba(matrix)[:, 1]
    if pairs:
        odds = np.interp(np.log(theirs / (1 - theirs)), *np.array(pairs).T)
        theirs = 1 / (1 + np.exp(-odds))
    found = scored(made, replace(NONE, churn=model, propensity=model))
    np.testing.assert_allclose(found["propensity_7d"], theirs, rtol=0, atol=CLOSE)
    active = people["recency_days"].to_numpy() <= 365
    assert 0 < active.sum() < len(active)
    np.testing.assert_allclose(found["churn_90d"], np.where(active, theirs, np.nan), rtol=0, atol=CLOSE)


def test_a_score_at_a_point_of_the_lines(shop) -> None:
    """One chance, and one spend, of each; as the build reads it off."""
    made = shop([(f"o{i}", f"c{i}", "2024-01-01", 10.0) for i in range(3)])
    features = (Feature("lately", True, 1.0, 0.2, 1.0, 0.0),)
    feature = spend_model.Feature("net", True, 9.5, 0.5, 0.4, 1.3, 0.0)
    people = outcomes.features(relation(made), None, made[1].snapshot)
    for at in (-0.5, 0.1, 0.6, 0.0, -9.0, 9.0):
        model = Calibrated(Logistic(at, features), (0.0, 1.0), LEVEL)
        level = ((0.25, 0.1), (1.0, 0.4), (1.0, 0.5), (float(np.exp(0.1)), 0.75))
        spend = spend_model.Model(1.5, 0.1, at, (feature,), {}, 9.9, 10.0, level, currency="EUR")
        found = scored(made, replace(NONE, churn=model, spend_90d=spend))
        np.testing.assert_allclose(found["churn_90d"], 3 * [float(model.chance_at(np.array([at]))[0])], atol=CLOSE)
        np.testing.assert_allclose(found["spend_90d"], spend.spend(spend.score(people)), rtol=CLOSE)


def test_chances_of_visitors(random_shop) -> None:
    """By what they looked at; who did not come has none."""
    rng = np.random.default_rng(3)
    seen = pd.DataFrame({"customer_id": [f"c{i}" for i in rng.integers(0, 400, 3000)]})
    seen["at"] = pd.Timestamp("2023-12-01") + pd.to_timedelta(rng.integers(0, 70 * 86_400_000_000, 3000), unit="us")
    seen["kind"] = rng.choice(["view", "cart", "purchase"], 3000, p=[0.7, 0.2, 0.1])
    seen["product_id"] = [f"p{i}" for i in rng.integers(0, 9, 3000)]
    made = random_shop(3, events=seen)
    day = made[1].snapshot
    people = chance_people.visitors(relation(made, "events"), day, day).of(slice(None))
    features = tuple(
        Feature(name, one.log, 1.0, 0.5, 1.5, weight)
        for (name, one), weight in zip(chance_people.VISITOR.items(), rng.normal(size=9), strict=True)
    )
    model = Calibrated(Logistic(-0.4, features), (0.1, 0.9))
    theirs = pd.Series(model.chance(people), index=people["customer"]).drop(-1)
    found = scored(made, replace(NONE, propensity=model))
    number = dict(made[0].engine.rows("select customer_id, customer from everyone"))
    expected = theirs.reindex(found["customer_id"].map(number)).to_numpy()
    assert 50 < np.isnan(expected).sum() < len(expected) - 50
    np.testing.assert_allclose(found["propensity_7d"], expected, rtol=0, atol=CLOSE)
    dataset, settings = made
    without = replace(dataset, tables=("lines", "customers"))
    with pytest.raises(
        DataError, match=r"no model fits this data: .* it rests on events, which this data does not have"
    ):
        scores.write(replace(NONE, propensity=model), without, settings, str(dataset.engine.folder / "none.parquet"))


def test_lifetimes_are_those_of_lifetimes(random_shop) -> None:
    """P(alive), purchase days and sales ahead, to the millionth."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    from analysis import btyd

    made = random_shop(5)
    people = btyd.purchases(relation(made), made[1].snapshot)
    orders, spend = np.array([0.6, 12.0, 0.4, 1.5]), np.array([2.0, 3.0, 40.0])
    model = Lifetime(_fit("r alpha a b", orders), _fit("p q v", spend), made[1].snapshot, "EUR")
    found = scored(made, replace(NONE, clv=model))
    theirs, sizes = BetaGeoFitter(), GammaGammaFitter()
    theirs.params_ = pd.Series(orders, index=["r", "alpha", "a", "b"])
    sizes.params_ = pd.Series(spend, index=["p", "q", "v"])
    x, recency, age = (people[c].to_numpy(dtype=float) for c in ("frequency", "recency", "T"))
    alive = np.where(x > 0, theirs.conditional_probability_alive(x, recency, age), 1.0)
    np.testing.assert_allclose(found["p_alive"], alive, rtol=0, atol=0.6e-6)
    expected = theirs.conditional_expected_number_of_purchases_up_to_time(90 / 7, x, recency, age)
    np.testing.assert_allclose(found["orders_90"], expected, rtol=0, atol=0.6e-6)
    known = people["spend"].notna().to_numpy()
    each = sizes.conditional_expected_average_profit(pd.Series(np.where(known, x, 0)), people["spend"].fillna(0))
    np.testing.assert_allclose(found["value_90"], expected * each, rtol=1e-8, atol=0.6e-6)
    assert (~known).sum() > 20 and (x > 2).sum() > 20
    without = scored(made, replace(NONE, clv=replace(model, spend=None)))
    assert without["value_90"].isna().all() and without["orders_365"].equals(found["orders_365"])


def _fit(names: str, values: np.ndarray) -> Fitted:
    return Fitted(tuple(names.split()), values, np.eye(len(values)), 0.0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_segments_are_those_of_the_build(random_shop, seed: int) -> None:
    made = random_shop(seed, 400)
    rfm = run(["rfm"], *made).results["rfm"]
    found = scored(made, replace(NONE, rfm=rfm.model))  # type: ignore[attr-defined]
    for column in ("r", "f", "m", "segment"):
        assert list(found[column]) == list(rfm.frame[column]), column  # type: ignore[attr-defined]


def test_later_customers_are_scored_by_the_steps_of_the_release(shop) -> None:
    """Between two steps the lower score; below all the least there is, above all the best."""
    three = {(r + 1, f + 1, m + 1): SEGMENTS[(r + f + m) % 6] for r, f, m in np.ndindex(5, 5, 5)}
    steps = {
        "recency_days": ((1, 40.0, 50.0), (3, 20.0, 30.0), (5, 1.0, 10.0)),
        "orders": ((2, 1.0, 1.0), (4, 3.0, 4.0)),
        "net": ((1, -5.0, 1.0), (4, 10.3, 20.0), (5, 30.0, 99.0)),
    }
    days = {"a": 1, "b": 10, "c": 11, "d": 30, "e": 31, "f": 60}
    lines = [(f"o{who}", who, str(date(2024, 5, 1) - timedelta(days=back)), 10.3) for who, back in days.items()]
    lines += [("o1", "b", "2024-04-21", 10.0), ("o2", "c", "2024-04-20", 500.0), ("o3", "c", "2024-04-20", 0.0)]
    lines += [("o4", "d", "2024-04-01", -30.0), ("o5", "e", "2024-03-31", -0.01)]
    made = shop(lines, settings={"snapshot": date(2024, 5, 1)})
    found = scored(made, replace(NONE, rfm=Segments(steps, three, date(2024, 1, 1), "EUR")))
    assert list(found["r"]) == [5, 5, 3, 3, 1, 1]
    assert list(found["f"]) == [2, 2, 4, 2, 2, 2]
    assert list(found["m"]) == [4, 4, 5, 1, 1, 4]
    assert list(found["segment"]) == [three[r, f, m] for r, f, m in found[["r", "f", "m"]].itertuples(index=False)]


def test_who_is_known_by_little(shop) -> None:
    """No amount, no country, nothing on file: what the model takes for unknown; refunds alone are no customer."""
    lines = [
        {"order_id": "1", "customer_id": "money", "ordered_at": "2024-01-01", "amount": 20, "product_id": "p"},
        {"order_id": "2", "customer_id": "none", "ordered_at": "2024-01-02", "amount": None, "kind": "sale"},
        {"order_id": "3", "customer_id": "refund", "ordered_at": "2024-01-03", "amount": -5},
        {"order_id": "4", "customer_id": None, "ordered_at": "2024-01-03", "amount": 5},
    ]
    made = shop(lines)
    features = tuple(
        spend_model.Feature(name, log, 2.0, 0.5, 0.1, 1.1, 0.2)
        for name, log in spend_model.MEASURES.items()
        if name not in scores.ATTRIBUTES
    )
    model = spend_model.Model(1.5, 0.1, 0.3, features, {"FR": 0.4}, -0.7, 10.0, ((1.0, 1.0),), currency="EUR")
    found = scored(made, replace(NONE, spend_90d=model))
    people = run(["customers"], *made).results["customers"].frame  # type: ignore[attr-defined]
    assert list(found["customer_id"]) == ["money", "none"]
    np.testing.assert_allclose(found["spend_90d"], model.spend(model.score(people)), rtol=CLOSE)
    assert np.isnan(found["net"][1]) and found["country"].isna().all() and "age" not in found
    groups = tuple(Measure(name, 1.0, 3.0, 0.5, 2.0) for name in ("monetary", "products", "returns", "recency"))
    centres = np.array([[-1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0]])
    clusters = Groups(groups, np.eye(4), centres, ("a", "b"), ("a", "b"), date(2024, 1, 1), "EUR")
    measures = cluster_measures.measured(run(["customers"], *made).results["customers"], relation(made), made[1])  # type: ignore[arg-type]
    theirs = clusters.nearest(clusters.placed(measures))
    assert list(scored(made, replace(NONE, clusters=clusters))["cluster"]) == [clusters.names[at] for at in theirs]
    rested = replace(model, features=(*features, spend_model.Feature("age", False, 1.0, 1.0, 0.0, 1.0, 1.0)))
    with pytest.raises(DataError, match="spend_90d: it rests on age, which this data does not have"):
        scored(made, replace(NONE, spend_90d=rested))


@pytest.mark.parametrize("named", [True, False])
def test_country_and_returns_as_the_build_has_them(shop, named: bool) -> None:
    """On file where no line names a country; by product where refunds name nobody."""
    rng = np.random.default_rng(1)
    lines = [
        {
            "order_id": f"o{i}", "customer_id": f"c{i % 60}", "product_id": f"p{rng.integers(0, 7)}",
            "amount": 10 + i % 9, "ordered_at": f"2024-{1 + i % 6:02}-{1 + i % 27:02}",
            "country": "FR" if named and i % 3 else None,
        }
        for i in range(240)
    ]  # fmt: skip
    lines += [
        {"order_id": None, "customer_id": None, "product_id": f"p{i % 3}", "amount": -7, "ordered_at": "2024-05-03",
         "kind": "refund", "quantity": -1}
        for i in range(20)
    ]  # fmt: skip
    made = shop(lines, customers=[(f"c{i}", "DE" if i % 2 else None) for i in range(60)])
    customers = run(["customers"], *made).results["customers"]
    model, _, theirs = groups(made, 1, 3)
    assert customers.after != "after refunds"  # type: ignore[attr-defined]
    found = scored(made, replace(NONE, clusters=model))
    assert list(found["cluster"]) == [model.names[at] for at in theirs]
    known = customers.frame["country"].astype(object)  # type: ignore[attr-defined]
    assert list(found["country"].fillna("")) == list(known.where(known.notna(), ""))


def test_nobody_stands_in_for_another_day(random_shop) -> None:
    """Scored as of an earlier day, nothing later is read."""
    made = random_shop(2, 400)
    rfm = run(["rfm"], *made).results["rfm"]
    day = made[1].snapshot - timedelta(days=120)
    found = scored(made, replace(NONE, rfm=rfm.model), day)  # type: ignore[attr-defined]
    people = outcomes.features(relation(made), None, day)
    for column in ("recency_days", "orders", "net", "units"):
        np.testing.assert_array_equal(found[column], people[column])


# What is refused


def released(folder: Path, models: Models) -> Path:
    """A release with these models, as a build writes them."""
    (folder / "models").mkdir(parents=True)
    for name in models.__slots__:
        if (model := getattr(models, name)) is not None:
            (folder / "models" / f"{name}.json").write_text(json.dumps(model.json()), encoding="utf-8")
    return folder


@pytest.fixture
def every(random_shop) -> Models:
    made = random_shop(4, 400)
    rfm = run(["rfm"], *made).results["rfm"].model  # type: ignore[attr-defined]
    feature = spend_model.Feature("net", True, 9.5, 0.5, 0.4, 1.3, 0.2)
    chance = Calibrated(Logistic(0.1, (Feature("lately", True, 1.0, 0.2, 1.2, 0.3),)), (0.1, 0.9), LEVEL, horizon=7)
    return Models(
        rfm=rfm,
        clusters=groups(made, 4)[0],
        clv=Lifetime(_fit("r alpha a b", np.arange(1.5, 5)), _fit("p q v", np.arange(1.5, 4)), date(2024, 1, 1), "EUR"),
        spend_90d=spend_model.Model(1.5, 0.1, 0.3, (feature,), {"FR": 0.4}, 0.1, 2.0, ((1.0, 1.2),), currency="EUR"),
        propensity=chance,
        churn=chance,
    )


def test_models_are_read_as_they_were_written(every: Models, tmp_path: Path) -> None:
    back = release_models.read(released(tmp_path / "release", every))
    for name in every.__slots__:
        assert getattr(back, name).json() == getattr(every, name).json(), name
    assert back.missing == () and back.currencies == {"EUR"} and not back.by_visits


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("rfm", {"kind": "x"}, "kind is 'x'"),
        ("rfm", {"segments": {}}, "segments lacks 111"),
        ("rfm", {"steps": {"recency_days": [], "orders": [], "net": []}}, "the scores of recency_days must rise"),
        ("clusters", {"centres": [[1, 2], [1, 2]]}, "axes have 3 components"),
        ("clv", {"time": "days"}, "time is 'days'"),
        ("clv", {"bg_nbd": 3}, "a fit must be an object"),
        ("spend_90d", {"unit": 0}, "unit must be above nought"),
        ("spend_90d", {"level": [[2, 1], [1, 2]]}, "level must be pairs of numbers that rise"),
        ("spend_90d", {"intercept": float("nan")}, "intercept is 'nan'"),
        ("churn", {"features": [{"name": "shoes"}]}, "a feature lacks log"),
        ("churn", {"line": [1]}, "line must be two numbers"),
    ],
)
def test_a_damaged_model_is_refused(every: Models, tmp_path: Path, name: str, change: dict, said: str) -> None:
    file = released(tmp_path / "release", every) / "models" / f"{name}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(DataError, match=rf"E_MODEL {name}.json: this is not what a build wrote: ") as refused:
        release_models.read(tmp_path / "release")
    assert said in str(refused.value)


def test_no_json(every: Models, tmp_path: Path) -> None:
    (released(tmp_path / "release", every) / "models" / "churn.json").write_text("{")
    with pytest.raises(DataError, match=r"E_MODEL churn.json: cannot be read as JSON"):
        release_models.read(tmp_path / "release")
    with pytest.raises(DataError, match=r"E_MODEL none: there are no models to score by. Name a published release"):
        release_models.read(tmp_path / "none")


def test_other_money(shop, every: Models) -> None:
    made = shop([("o", "c", "2024-01-01", 10.0)], settings={"currency": "USD"})
    with pytest.raises(DataError, match=r"the models are in EUR, this data in USD. Give both the same currency"):
        scored(made, every)


def test_targets(shop, every: Models, tmp_path: Path) -> None:
    """What is there is left as it is; the file is its owner's alone, and nothing else is left."""
    made = shop([("o", "c", "2024-01-01", 10.0)])
    folder = made[0].engine.folder
    place = folder / "it's.parquet"
    models = replace(NONE, rfm=every.rfm)
    done = scores.write(models, *made, str(place))
    assert done.customers == 1 and done.models == ("rfm",) and set(done.left_out) == set(scores.COLUMNS) - {"rfm"}
    assert place.stat().st_mode & 0o777 == 0o600 and not list(folder.glob(".*"))
    before = place.read_bytes()
    for target, said in (
        (str(place), "it's.parquet is there already. Name a new one, or remove it first"),
        (str(folder / "no" / "x.parquet"), "there is no folder for"),
        ("tables://shop.scores", "DuckDB writes no tables://shop.scores"),
    ):
        with pytest.raises(DataError, match="E_TARGET") as refused:
            scores.write(models, *made, target)
        assert said in str(refused.value)
    assert place.read_bytes() == before
