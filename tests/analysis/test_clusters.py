"""Clusters: groups that were put there are found, figures against scikit-learn's, and what must not change them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score

from analysis import cluster_fit, cluster_model, cluster_names, sampled
from analysis.cluster_model import Feature, Model
from analysis.cluster_names import Against
from analysis.clusters import EVERYONE, Clusters
from analysis.run import run
from dataset import opening
from dataset.errors import DataError
from dataset.settings import Settings

ADVENTUREWORKS = Path(__file__).parents[2].parent / "shared" / "data" / "adventureworks"
START = pd.Timestamp("2023-01-01")


def groups_of_three(seed: int = 1, each: int = 30) -> pd.DataFrame:
    """Three groups far apart: often, much and lately; once, little and lately (the half); once, much and long ago."""
    rng = np.random.default_rng(seed)
    rows = []
    for group, (orders, spent, last) in enumerate([(12, 100, 5), (1, 8, 40), (1, 900, 300)]):
        for i in range(each * (1 + (group == 1))):
            for order in range(orders + int(rng.integers(0, 2)) * (orders > 1)):
                days = 365 - last - order * 20 - int(rng.integers(0, 6))
                rows.append(
                    {
                        "order_id": f"o{group}-{i}-{order}",
                        "customer_id": f"c{group}-{i:02}",
                        "ordered_at": START + pd.Timedelta(days=days),
                        "amount": round(float(spent * rng.uniform(0.8, 1.25)), 2),
                        "product_id": f"p{rng.integers(0, 5)}",
                        "quantity": 1,
                    }
                )
    return pd.DataFrame(rows)


def labels(clusters: Clusters) -> dict[str, str]:
    return dict(zip(clusters.frame["customer_id"], clusters.frame["cluster"], strict=True))


def partition(clusters: Clusters) -> set[frozenset[str]]:
    """Who is with whom, whatever the groups are called."""
    return {frozenset(own["customer_id"]) for _, own in clusters.frame.groupby("cluster", observed=True)}


def test_groups_that_were_put_there_are_found_and_named_by_what_they_show(shop, computed):
    clusters = computed("clusters", shop(groups_of_three()))
    assert {frozenset(c[:2] for c in group) for group in partition(clusters)} == {
        frozenset({"c0"}),
        frozenset({"c1"}),
        frozenset({"c2"}),
    }
    assert list(clusters.model.names) == ["Best customers", "Valuable but quiet", "Small spenders"]
    frame = clusters.groups.frame.set_index("cluster")
    assert frame.loc["Valuable but quiet", "recency"] >= 1.25 * frame.loc[EVERYONE, "recency"]
    assert clusters.findings["headline"].value == pytest.approx(
        frame.loc["Best customers", "net"] / frame.loc[EVERYONE, "net"]
    )
    assert frame["customers"].tolist() == [30, 30, 60, 120]
    assert clusters.clear and clusters.findings["silhouette"].value > 0.5


def test_figures_are_those_of_scikit_learn_on_the_same_features(shop, computed):
    clusters = computed("clusters", shop(groups_of_three()))
    made = run(["customers"], *shop(groups_of_three())).results["customers"].frame
    orders, net = made["orders"].to_numpy(float), made["net"].to_numpy()
    raw = {
        "recency": made["recency_days"],
        "frequency": orders,
        "monetary": net / np.median(net),
        "order_value": net / orders / np.median(net / orders),
        "tenure": made["tenure_days"],
        "engagement": (e := orders * net / (made["recency_days"] + 1)) / np.median(e),
        "products": groups_of_three().groupby("customer_id")["product_id"].nunique().to_numpy(),
    }
    logs = np.column_stack([np.log1p(np.asarray(v, float)) for v in raw.values()])
    standard = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    assert [f.name for f in clusters.model.features] == list(raw)  # one item an order, no returns: both left out
    pca = PCA().fit(standard)
    kept = max(2, int((np.cumsum(pca.explained_variance_ratio_) < 0.6).sum()) + 1)
    place = pca.transform(standard)[:, :kept]
    found = clusters.frame["cluster"].cat.codes.to_numpy()
    assert clusters.findings["silhouette"].value == pytest.approx(silhouette_score(place, found), abs=1e-6)
    assert clusters.findings["davies_bouldin"].value == pytest.approx(davies_bouldin_score(place, found), abs=1e-6)
    assert clusters.findings["silhouette_all_measures"].value == pytest.approx(
        silhouette_score(standard, found), abs=1e-6
    )
    for k, inertia in clusters.choice.frame[["clusters", "inertia"]].itertuples(index=False):
        assert inertia <= KMeans(int(k), n_init=10, random_state=3).fit(place).inertia_ * 1.03


@pytest.mark.parametrize(
    "changed",
    [
        lambda lines: lines.sample(frac=1, random_state=4),
        lambda lines: lines.assign(amount=lines["amount"] * 1000),
        lambda lines: lines.assign(ordered_at=lines["ordered_at"] + pd.Timedelta(days=28)),
        lambda lines: lines.assign(product_id="x" + lines["product_id"]),
    ],
    ids=["shuffled", "amounts x 1000", "28 days later", "products renamed"],
)
def test_what_must_not_change_the_clusters(
    shop, computed, random_lines, changed: Callable[[pd.DataFrame], pd.DataFrame]
):
    lines = random_lines(7, orders=900)
    assert labels(computed("clusters", shop(lines))) == labels(computed("clusters", shop(changed(lines))))


def test_other_ids_and_rows_in_any_order_give_the_same_model_to_the_last_digit(shop, computed, random_lines):
    lines = random_lines(8, orders=900)
    names = {c: f"z{i * 37 % 100}-{i}" for i, c in enumerate(sorted(lines["customer_id"].dropna().unique()))}
    other = lines.assign(customer_id=lines["customer_id"].map(names))
    one, two = (computed("clusters", shop(rows)) for rows in (lines, other.sample(frac=1, random_state=2)))
    assert one.model.json() == two.model.json()
    assert {names[c]: label for c, label in labels(one).items()} == labels(two)


def test_a_customer_twice_is_in_the_same_group_and_the_shares_stay(shop, computed):
    lines = groups_of_three()
    twin = lines.assign(customer_id=lines["customer_id"] + "'", order_id=lines["order_id"] + "'")
    one, two = computed("clusters", shop(lines)), computed("clusters", shop(pd.concat([lines, twin])))
    assert {c: label for c, label in labels(two).items() if not c.endswith("'")} == labels(one)
    assert two.findings["headline"].value == pytest.approx(one.findings["headline"].value)


def test_importance_is_the_share_of_variance_between_clusters(shop, computed, random_lines):
    made = shop(random_lines(3, orders=800))
    clusters = computed("clusters", made)
    people = run(["customers"], *made).results["customers"].frame
    z = np.log1p(people["recency_days"].to_numpy(float))
    of = clusters.frame["cluster"].cat.codes.to_numpy()
    within = sum(((z[of == c] - z[of == c].mean()) ** 2).sum() for c in np.unique(of))
    frame = clusters.features.frame.set_index("measure")
    assert frame.loc["Days since the last sale", "importance"] == pytest.approx(
        1 - within / ((z - z.mean()) ** 2).sum()
    )


def test_agreement_with_the_segments(shop, computed, random_lines):
    made = shop(random_lines(3, orders=800))
    clusters, rfm = computed("clusters", made), run(["rfm"], *made).results["rfm"]
    assert clusters.findings["agreement"].value == pytest.approx(
        adjusted_rand_score(rfm.frame["segment"].astype(str), clusters.frame["cluster"].astype(str))
    )
    cross = pd.crosstab(rfm.frame["segment"], clusters.frame["cluster"]).stack()
    for row in clusters.agreement.frame.itertuples():
        assert row.customers == cross.get((row.segment, row.cluster), 0)


def test_where_refunds_name_no_customer_the_return_rate_is_that_of_the_products(shop, computed):
    lines = groups_of_three()
    lines.loc[lines["customer_id"] == "c0-00", "product_id"] = "bad"
    sold = int((lines["product_id"] == "bad").sum())
    back = pd.DataFrame([{"product_id": "bad", "quantity": -3, "amount": -30.0, "kind": "refund", "ordered_at": START}])
    made = shop(pd.concat([lines.assign(kind="sale"), back]))
    found = made[0].engine.arrow(
        (Path(cluster_fit.__file__).parent / "clusters_returns.sql").read_text(), snapshot=made[1].snapshot
    )
    rates = dict(zip(*(found[c].to_pylist() for c in ("customer_id", "rate")), strict=True))
    assert rates["c0-00"] == pytest.approx(3 / sold, abs=1e-6) and rates["c1-01"] == 0
    assert "Return rate" in computed("clusters", made).features.frame.query("importance >= 0")["measure"].tolist()


def test_too_few_or_too_alike_customers_make_no_groups(shop):
    few = shop([(f"o{i}", f"c{i}", f"2024-01-{1 + i % 28:02}", f"{i + 1}") for i in range(49)])
    assert run(["clusters"], *few).skipped["clusters"] == "fewer than fifty customers make no groups"
    alike = shop([(f"o{i}", f"c{i}", f"2024-01-0{1 + i % 2}", "5") for i in range(80)])
    assert "differ" in run(["clusters"], *alike).skipped["clusters"]


def test_a_cloud_without_groups_has_no_slide_title_that_claims_some(shop, computed):
    rng = np.random.default_rng(5)
    lines = [
        (f"o{i}", f"c{i}", str(START + pd.Timedelta(days=int(d)))[:10], f"{a:.2f}", "sale", f"p{i % 7}", int(q))
        for i, (d, a, q) in enumerate(
            zip(rng.integers(0, 300, 300), rng.lognormal(3, 1, 300), rng.integers(1, 40, 300), strict=True)
        )
    ]
    clusters = computed("clusters", shop(lines))
    assert clusters.clear == (clusters.findings["silhouette"].value > 0.25)
    unclear = replace(clusters, clear=False)
    from report.figure import SLOTS, Style
    from report.figures.clusters import shares

    assert shares(unclear, Style(Settings(currency="EUR"), SLOTS["slide"])) is None


medians = st.fixed_dictionaries(
    {name: st.floats(0, 1e6) for name in ("recency", "frequency", "monetary", "tenure", "order_value")}
)


@given(st.lists(medians, min_size=2, max_size=8), medians)
def test_no_name_claims_what_the_medians_do_not_show(own, population):
    names, rules = cluster_names.named(own, population)
    assert len(set(names)) == len(names) == len(rules)
    for name, cluster in zip(names, own, strict=True):
        if name.startswith("Valuable but quiet"):
            assert cluster["recency"] > population["recency"] or population["recency"] == 0 < cluster["recency"]
        if name.startswith(("Best", "Big")):
            assert cluster["monetary"] > population["monetary"]
        if name.startswith("Small"):
            assert cluster["monetary"] <= population["monetary"]
        if name.startswith("Newcomers"):
            assert cluster["tenure"] <= population["tenure"] and cluster["recency"] <= population["recency"]
        if name.startswith("Lapsed"):
            assert Against(cluster, population).longer_ago


def test_namesakes_are_told_apart_by_what_differs():
    base = {"recency": 10.0, "frequency": 1.0, "monetary": 10.0, "tenure": 10.0}
    names, _ = cluster_names.named([{**base, "tenure": 40.0}, base, base | {"monetary": 90.0}], base)
    assert names == ["Middle field (longer known)", "Middle field (newer)", "Big spenders"]
    names, _ = cluster_names.named([base, base, base], base)
    assert names == ["Middle field (group A)", "Middle field (group B)", "Middle field (group C)"]


MODEL = Model(
    features=(Feature("recency", 1.0, 30.0, 3.1, 0.7), Feature("monetary", 55.5, 80.0, 0.9, 1.3)),
    axes=np.array([[0.6, -0.8], [0.8, 0.6]]),
    centres=np.array([[1.5, 0.1], [-0.7, 0.4], [0.0, -2.0]]),
    names=("Best customers", "Lapsed", "Middle field"),
    rules=("much", "long ago", "all others"),
    snapshot=date(2024, 5, 1),
    currency="EUR",
)


def test_a_place_and_the_nearest_centre_by_hand():
    measures = {"recency": np.array([0.0, np.nan]), "monetary": np.array([55.5, -5.0])}
    first = ((np.log(1) - 3.1) / 0.7, (np.log(2) - 0.9) / 1.3)
    second = ((np.log(31) - 3.1) / 0.7, (0 - 0.9) / 1.3)
    place = MODEL.placed(measures).T
    assert place == pytest.approx(np.array([first, second]) @ MODEL.axes)
    distances = ((place[:, None, :] - MODEL.centres[None]) ** 2).sum(axis=2)
    assert MODEL.nearest(place.T).tolist() == distances.argmin(axis=1).tolist()


def test_silhouettes_are_those_of_scikit_learn():
    rng = np.random.default_rng(2)
    place = rng.normal(size=(1203, 3)).round(1)  # some of them at the same place
    two, many = np.repeat([0, 1], [1, 1202]), rng.integers(0, 5, 1203) * 2  # one alone; numbers nobody has
    found = cluster_fit.silhouettes(place, [two, many, np.zeros(1203, dtype=int), np.arange(1203)])
    assert found[:2] == pytest.approx([silhouette_score(place, two), silhouette_score(place, many)], rel=1e-9)
    assert np.isnan(found[2:]).all()


def test_of_many_customers_some_are_fitted_on_and_all_assigned_as_scikit_learn_would(
    shop, computed, random_lines, monkeypatch
):
    lines = random_lines(7, orders=900)
    whole = computed("clusters", shop(lines))
    monkeypatch.setattr(sampled, "MOST", 60)
    clusters = computed("clusters", shop(lines))
    n = len(clusters.frame)
    assert n > 60 and clusters.findings["davies_bouldin"].n == 60
    assert clusters.findings["davies_bouldin"].population == "known customers with at least one sale, drawn at random"
    assert "fitted on 60 customers drawn at random" in clusters.findings["groups"].definition
    assert "Fitted and measured on 60 customers drawn at random" in clusters.features.note
    assert "60 customers drawn at random" in clusters.profile.note
    assert "drawn at random" not in whole.features.note + whole.profile.note + whole.findings["groups"].definition
    assert clusters.groups.frame["customers"].tolist()[-1] == n == clusters.findings["headline"].n
    again = computed("clusters", shop(lines.sample(frac=1, random_state=5)))
    assert labels(again) == labels(clusters) and again.model.json() == clusters.model.json()
    other = computed("clusters", shop(lines, settings={"seed": 99}))
    assert other.model.json() != clusters.model.json()


def test_customers_are_put_where_scikit_learn_puts_them(monkeypatch):
    rng = np.random.default_rng(5)
    measures = {"recency": rng.integers(0, 400, 5000).astype(float), "monetary": rng.exponential(60, 5000)}
    measures["monetary"][::7] = np.nan
    theirs = KMeans(len(MODEL.centres), init=MODEL.centres, n_init=1, max_iter=1).fit(MODEL.centres)
    place = MODEL.placed(measures).T
    assert np.abs(theirs.cluster_centers_ - MODEL.centres).max() < 1e-9
    monkeypatch.setattr(cluster_model, "BLOCK", 777)
    lazy = {name: values.__getitem__ for name, values in measures.items()}
    found = MODEL.assigned(cluster_model.Measures(lazy, 5000))
    assert found.tolist() == theirs.predict(np.ascontiguousarray(place)).tolist()
    own = ((place - MODEL.centres[found]) ** 2).sum(axis=1) ** 0.5
    assert own == pytest.approx(theirs.transform(np.ascontiguousarray(place)).min(axis=1), abs=1e-9)


def test_stand_ins_are_drawn_by_seed_and_none_is_likelier(monkeypatch):
    monkeypatch.setattr(sampled, "MOST", 2_000)
    drawn = sampled.stand_ins(10_000, 3)
    assert len(np.unique(drawn)) == 2_000 and (np.diff(drawn) > 0).all()
    assert drawn.tolist() == sampled.stand_ins(10_000, 3).tolist() != sampled.stand_ins(10_000, 4).tolist()
    assert np.histogram(drawn, 10, (0, 10_000))[0] == pytest.approx(200, abs=60)
    assert sampled.stand_ins(2_000, 3).tolist() == list(range(2_000))


def test_what_is_kept_reads_back_the_same(tmp_path):
    path = tmp_path / "clusters.json"
    path.write_text(json.dumps(MODEL.json()))
    assert cluster_model.read(path).json() == MODEL.json()
    (tmp_path / "models").mkdir()
    path.rename(tmp_path / "models" / "clusters.json")
    assert cluster_model.read(tmp_path).names == MODEL.names


def edited(*path: Any, to: Any) -> str:
    told: Any = MODEL.json()
    place = told
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(told)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "the file must be an object"),
        ("{}", "the file lacks kind, snapshot"),
        (edited("kind", to="other"), "kind is 'other'"),
        (edited("note", to=1), "an unknown entry 'note'"),
        (edited("snapshot", to="soon"), "snapshot is 'soon', not a day"),
        (edited("currency", to=None), "currency must be text"),
        (edited("features", to=[]), "features must be there"),
        (edited("features", 0, "name", to="shoe_size"), "feature 1 is named 'shoe_size'; known are recency"),
        (edited("features", 1, "name", to="recency"), "each once"),
        (edited("features", 0, "scale", to=0), "scale and deviation of recency must be above zero"),
        (edited("features", 0, "mean", to="x"), "mean of recency is 'x'"),
        (edited("features", 0, "mean", to=float("nan")), "mean of recency is 'nan'"),
        (edited("features", 0, "mean", to=True), "mean of recency is 'True'"),
        (edited("axes", 0, to=[1.0]), "axes must be rows of numbers, all of one length"),
        (edited("axes", to=[[1.0, 0.0]]), "axes has 1 rows for 2 features"),
        (edited("centres", to=[[1.0], [2.0], [3.0]]), "axes have 2 components and centres 1"),
        (edited("centres", 0, 0, to=1e300), "a number of centres"),
        (edited("centres", 1, to=[1.5, 0.1]), "all different"),
        (edited("names", to=["a", "b"]), "names must be 3 texts"),
        (edited("names", to=["a", "a", "b"]), "two clusters have one name"),
        (edited("names", 0, to="x" * 500), "names must be 3 texts"),
    ],
)
def test_nonsense_is_refused_with_what_is_wrong(text, says, tmp_path):
    path = tmp_path / "clusters.json"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        cluster_model.read(path)
    assert refused.value.code == "E_MODEL" and says in str(refused.value) and "clusters.json" in str(refused.value)


def test_a_folder_without_clusters_says_what_to_name(tmp_path):
    with pytest.raises(DataError, match="there are no clusters to assign to"):
        cluster_model.read(tmp_path)


def kept(clusters: Clusters, folder: Path, **changes: Any) -> Path:
    path = folder / "kept.json"
    path.write_text(json.dumps(clusters.model.json() | changes))
    return path


def test_customers_of_the_old_release_get_the_old_label_and_new_ones_get_one(shop, computed, tmp_path):
    lines = groups_of_three()
    old = computed("clusters", shop(lines))
    new = groups_of_three(seed=9, each=12)
    new = new.assign(customer_id="n" + new["customer_id"], order_id="n" + new["order_id"])
    both = pd.concat([new[new["ordered_at"] <= lines["ordered_at"].max()], lines]).sample(frac=1, random_state=1)
    assigned = computed("clusters", shop(both, settings={"assign": kept(old, tmp_path)}))
    found = labels(assigned)
    assert {c: found[c] for c in labels(old)} == labels(old)
    assert {label for c, label in found.items() if c.startswith("nc0")} == {found["c0-00"]}
    assert len(found) > len(labels(old)) and assigned.choice is None
    assert assigned.model.json() == old.model.json()


def test_what_cannot_be_measured_the_old_way_is_refused(shop, computed, tmp_path):
    lines = groups_of_three()
    old = computed("clusters", shop(lines))
    with pytest.raises(DataError, match="the clusters are in USD, this data in EUR"):
        run(["clusters"], *shop(lines, settings={"assign": kept(old, tmp_path, currency="USD")}))
    features = [f | {"name": "income"} if f["name"] == "tenure" else f for f in old.model.json()["features"]]
    with pytest.raises(DataError, match="rest on income, which this data does not have"):
        run(["clusters"], *shop(lines, settings={"assign": kept(old, tmp_path, features=features)}))


@pytest.mark.skipif(not ADVENTUREWORKS.is_dir(), reason="the data is not here")
def test_adventureworks_is_told_apart_at_least_as_well_as_its_source_did(tmp_path):
    dataset, settings = opening.open_data(str(ADVENTUREWORKS), "auto", None, Settings(), tmp_path)
    clusters = run(["clusters"], dataset, settings).results["clusters"]
    dataset.engine.close()
    assert len(clusters.model.features) == 11
    chosen = clusters.choice.frame.query("chosen").iloc[0]
    assert 3 <= chosen["clusters"] <= 8 and 2 in clusters.choice.frame["clusters"].tolist()
    for silhouette, index in (
        (clusters.findings["silhouette"].value, clusters.findings["davies_bouldin"].value),
        (chosen["silhouette"], chosen["davies_bouldin"]),
    ):
        assert silhouette >= 0.311 and index <= 1.534
    frame = clusters.groups.frame.set_index("cluster")
    assert frame["customers"].iloc[:-1].sum() == 17_416
    for name in frame.index:
        assert not name.startswith("Valuable but quiet") or frame.loc[name, "recency"] > frame.loc[EVERYONE, "recency"]
