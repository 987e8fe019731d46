"""Expected spend: what it was tested on by a second way, nothing of later days in it, and what must not change it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from analysis import btyd, spend_90d, spend_model, spend_report, spend_told
from analysis.finding import PLACE, Finding
from analysis.order_days import OrderDays
from analysis.plan import ROOT
from analysis.run import Run, run
from analysis.threads import one_thread
from dataset import opening
from dataset.engine import Relation
from dataset.settings import Settings

from .test_claims import TITLE

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
LAST = pd.Timestamp("2024-06-30")
S, BACK = date(2024, 7, 1), timedelta(days=90)


def buyers(seed: int, n: int = 700, days: int = 420) -> pd.DataFrame:
    """Customers who each buy at a rate and a size of their own until they stop, one sale a day from a few countries."""
    rng = np.random.default_rng(seed)
    born = rng.integers(0, days - 30, n)
    gone = born + rng.exponential(200, n)
    rate, size = rng.gamma(0.6, 1 / 25, n), rng.lognormal(3, 0.6, n)
    who, day = [np.arange(n)], [born]
    for step in range(1, days):
        bought = np.flatnonzero((rng.random(n) < rate) & (born + step < np.minimum(gone, days)))
        who.append(bought)
        day.append(born[bought] + step)
    customer, at = np.concatenate(who), np.concatenate(day)
    kept = at < days
    customer, at = np.append(customer[kept], 0), np.append(at[kept], days - 1)  # somebody buys on the last day
    cents = np.rint(size[customer] * rng.lognormal(0, 0.4, len(customer)) * 100).astype(int) + 1
    return pd.DataFrame(
        {
            "order_id": [f"o{c}-{d}" for c, d in zip(customer, at, strict=True)],
            "customer_id": [f"c{c:04d}" for c in customer],
            "ordered_at": LAST - pd.to_timedelta(days - 1 - at, unit="D"),
            "amount": [f"{c // 100}.{c % 100:02d}" for c in cents],
            "quantity": rng.integers(1, 4, len(customer)),
            "country": np.array(["FR", "DE", "PT", None], dtype=object)[customer % 4],
        }
    )


@pytest.fixture
def computed_on(shop) -> Any:
    """computed_on(lines, **settings): the result, or the reason it was skipped."""

    def compute(lines: pd.DataFrame, **settings: Any) -> Any:
        done = run(["spend_90d"], *shop(lines, settings=settings))
        return done.results.get("spend_90d") or done.skipped["spend_90d"]

    return compute


def quarters(made: Any) -> tuple[spend_90d.Quarter, spend_90d.Quarter]:
    engine = made[0].engine
    lines = Relation(engine, "lines", ROOT)
    return spend_90d._quarter(lines, None, S - 2 * BACK), spend_90d._quarter(lines, None, S - BACK)


def tried(earlier: spend_90d.Quarter, later: spend_90d.Quarter) -> spend_report.Tested:
    with one_thread():
        return spend_90d._tested(
            spend_model.training(earlier.people, earlier.spent, Settings().seed), later, Settings(snapshot=S)
        )[0]


def test_past_spend_by_a_second_way(computed_on):
    """Whom past spend finds, from the raw lines by pandas; and the forecast is the sum of its customers."""
    lines = buyers(1)
    spend = computed_on(lines)
    money, cut = lines["amount"].astype(float), pd.Timestamp(S - BACK)
    before = money[lines["ordered_at"] < cut].groupby(lines["customer_id"]).sum()
    after = money[lines["ordered_at"] >= cut].groupby(lines["customer_id"]).sum().reindex(before.index, fill_value=0.0)
    found = spend.findings
    assert found["headline"].n == len(before)
    for share, key in ((0.1, "capture_10_past_spend"), (0.2, "capture_20_past_spend")):
        ranked = after[before.sort_values(ascending=False).index].to_numpy()
        at = share * len(ranked)
        best = ranked[: int(at)].sum() + (at % 1) * ranked[int(at)]
        assert found[key].value == pytest.approx(best / ranked.sum())
    assert found["predicted_total"].value == pytest.approx(spend.frame["spend_90d"].sum())
    assert spend.segments.frame["spend"].sum() == pytest.approx(spend.frame["spend_90d"].sum())
    assert spend.segments.frame["customers"].sum() == lines["customer_id"].nunique() == len(spend.frame)
    assert found["deciles_within"].value == spend.deciles.frame["within"].sum() >= 8
    actual = (spend.deciles_later.frame["actual"] * spend.deciles_later.frame["customers"]).sum()
    predicted = (spend.deciles_later.frame["predicted"] * spend.deciles_later.frame["customers"]).sum()
    assert actual == pytest.approx(after.sum())
    assert found["calibration_total"].value == pytest.approx(predicted / actual)


def preparation(table: pd.DataFrame) -> ColumnTransformer:
    """What `laid_out` does, by scikit-learn's own transformers."""
    measures = {long: [c for c in table if spend_model.MEASURES.get(c) is long] for long in (True, False)}
    log, rare = FunctionTransformer(np.log1p), {"min_frequency": spend_model.RARE}
    parts = [
        ("log", make_pipeline(SimpleImputer(strategy="median"), log, StandardScaler()), measures[True]),
        ("plain", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), measures[False]),
    ]
    if "country" in table:
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **rare)
        parts.append(("country", one_hot, ["country"]))
    return ColumnTransformer([part for part in parts if part[2]])


@pytest.mark.parametrize("places", [0, 1, 3, 120])
def test_customers_are_prepared_as_scikit_learn_would(places):
    rng = np.random.default_rng(places)
    table = pd.DataFrame({"recency": rng.integers(0, 300, 500), "age": rng.integers(18, 90, 500), "returns": 0.1})
    table = table.astype(float)
    table.loc[rng.random(500) < 0.2, ["recency", "age"]] = np.nan
    names = tuple(f"c{at}" for at in range(places))
    if places:
        table["country"] = (
            np.minimum(rng.geometric(0.3, 500) - 1, places - 1) if places < 9 else rng.integers(0, 120, 500)
        )
    rows = rng.random(500) < 0.8
    data = spend_model.Training(table, table, names, dict.fromkeys(table, 1.0), np.ones(500), 1.0, np.zeros(500))
    laid = spend_model.laid_out(data, rows)
    np.testing.assert_allclose(laid.matrix, preparation(table[rows]).fit_transform(table[rows]), atol=1e-12)


def test_the_kept_model_is_what_predicts(shop):
    """The JSON alone, by plain arithmetic, gives the customers' figures; and it is scikit-learn's own prediction."""
    made = shop(buyers(2))
    done = run(["customers", "spend_90d"], *made)
    people, spend = done.results["customers"].frame, done.results["spend_90d"]
    told = spend.model.json()
    assert told["snapshot"] == "2024-07-01" and told["currency"] == "EUR"
    for row, expected in list(zip(people.to_dict("records"), spend.frame["spend_90d"], strict=True))[::97]:
        values = {
            "recency": row["recency_days"],
            "tenure": row["tenure_days"],
            "orders": row["orders"],
            "net": max(row["net"], 0),
            "items": row["units"] / row["orders"],
            "returns": 0.0,
        }
        total = told["intercept"] + told["countries"].get(row["country"] if row["country"] == row["country"] else "", 0)
        for f in told["features"]:
            x = values[f["name"]] / f["scale"]
            total += f["weight"] * ((math.log1p(x) if f["log"] else x) - f["mean"]) / f["deviation"]
        at, level = zip(*[(0.0, 0.0), *told["level"]], strict=True)
        score = math.exp(total)
        unit = score * level[-1] / at[-1] if score > at[-1] else float(np.interp(score, at, level))
        assert expected == pytest.approx(unit * told["unit"], rel=1e-6)

    _, later = quarters(made)
    data = spend_model.training(later.people, later.spent, 1)
    bare = spend_model.Fits(data).bare(1.5, 0.01)
    theirs = make_pipeline(preparation(data.table), spend_model.regression(1.5, 0.01))
    theirs.fit(data.table, data.spent / data.unit)
    np.testing.assert_allclose(np.exp(bare.score(data.people)), theirs.predict(data.table), rtol=1e-6)


def test_what_comes_after_the_cut_off_changes_no_score(shop):
    """Orders after the later cut-off are dearer, moved and of others: what was known, and scores from it, stay."""
    lines = buyers(3)
    after = lines["ordered_at"] >= pd.Timestamp(S - BACK)
    moved = lines.copy()
    moved.loc[after, "amount"] = [f"{float(a) * 9:.2f}" for a in lines.loc[after, "amount"]]
    moved.loc[after, "customer_id"] = np.random.default_rng(3).permutation(lines.loc[after, "customer_id"])
    moved.loc[after, "ordered_at"] = lines.loc[after, "ordered_at"].to_numpy()[::-1]
    tests = []
    for frame in (lines, moved):
        earlier, later = quarters(shop(frame))
        tests.append((tried(earlier, later), later))
    (first, known), (second, known_too) = tests
    pd.testing.assert_frame_equal(known.people, known_too.people)
    assert (known.spent != known_too.spent).any()
    np.testing.assert_array_equal(first.later.score, second.later.score)
    np.testing.assert_array_equal(first.later.expected, second.later.expected)
    pd.testing.assert_frame_equal(first.tried, second.tried)
    assert (first.held_out.score != second.held_out.score).any()  # those may look: the test can fail


def test_shuffled_labels_capture_what_chance_does(shop):
    """Whoever spent what, drawn by lot: a tenth then brings a tenth, a fifth a fifth, within the intervals."""
    known, held, estimates = quarters(shop(buyers(4, 1200))), 0, list[float]()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        earlier, later = (replace(q, spent=rng.permutation(q.spent)) for q in known)
        report = spend_report.judged(tried(earlier, later))
        for key, chance in (
            ("model_10", 0.1),
            ("model_20", 0.2),
            ("held_out_model_10", 0.1),
            ("held_out_model_20", 0.2),
        ):
            estimate, (low, high) = report.figures[key]
            held += low <= chance <= high
            estimates.append(estimate / chance)
        assert not report.passed and "no better than chance" in report.failed
    assert held >= 13, estimates
    assert np.mean(estimates) == pytest.approx(1, abs=0.2)


def values(spend: spend_90d.Spend) -> dict[str, Any]:
    return {k: f.value for k, f in spend.findings.items()}


def same(first: dict[str, Any], second: dict[str, Any], money: float = 1.0) -> None:
    assert first.keys() == second.keys()
    for key, value in first.items():
        times = money if key.startswith("predicted") or key == "top_segment_spend" else 1
        wanted = value if isinstance(value, str) else pytest.approx(float(value) * times, rel=1e-6)
        assert second[key] == wanted, key


def test_what_must_not_change_it(computed_on):
    lines = buyers(5)
    first = computed_on(lines)
    shuffled = computed_on(lines.sample(frac=1, random_state=7))
    assert shuffled.findings == first.findings and shuffled.model == first.model
    pd.testing.assert_frame_equal(shuffled.frame, first.frame)
    number = lines["customer_id"].str[1:].astype(int)
    named = lines.assign(customer_id=[f"x{9999 - n}" for n in number], order_id="x" + lines["order_id"])
    same(values(first), values(computed_on(named)))
    same(values(first), values(computed_on(lines.assign(ordered_at=lines["ordered_at"] + pd.Timedelta(days=28)))))
    dear = lines.assign(amount=[f"{float(a) * 1000:.2f}" for a in lines["amount"]])
    dearer = computed_on(dear)
    same(values(first), values(dearer), money=1000)
    np.testing.assert_allclose(dearer.frame["spend_90d"], first.frame["spend_90d"] * 1000, rtol=1e-6)


def test_doubling_every_customer_changes_no_share(computed_on):
    lines = buyers(5)
    twin = lines.assign(customer_id="twin" + lines["customer_id"], order_id="twin" + lines["order_id"])
    first, second = (values(computed_on(frame)) for frame in (lines, pd.concat([lines, twin])))
    for key in ("capture_10", "capture_20", "capture_20_past_spend", "gini", "calibration_total", "power", "alpha"):
        assert second[key] == pytest.approx(first[key], rel=1e-6), key
    assert second["predicted_total"] == pytest.approx(2 * first["predicted_total"], rel=1e-6)


def test_a_model_that_fails_says_nothing_of_the_future(computed_on):
    """A quarter that brings five times as much as the one before: the level is wrong, and nothing is foretold."""
    lines = buyers(7)
    late = lines["ordered_at"] >= pd.Timestamp(S - BACK)
    spend = computed_on(
        lines.assign(amount=lines["amount"].astype(float).where(~late, lines["amount"].astype(float) * 5))
    )
    assert spend.frame is None and spend.model is None and spend.segments is None and spend.biggest is None
    for key in ("headline", "predicted_total"):
        assert spend.findings[key].value is None and "missed by too much" in spend.findings[key].reason
    assert "predicted_low" not in spend.findings and "top_segment" not in spend.findings
    assert spend.gate.frame["met"].tolist()[0] == "no"
    assert spend.findings["calibration_total"].value < 2 / 3


def test_customers_are_named_only_when_asked(computed_on):
    assert computed_on(buyers(8)).biggest is None
    biggest = computed_on(buyers(8), include_customers=True).biggest.frame
    assert len(biggest) == 20 and biggest["spend_90d"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f[f["customer_id"] < "c0150"], "fewer than two hundred customers"),
        (lambda f: f[(f["ordered_at"] < pd.Timestamp(S - BACK)) | (f["ordered_at"] == LAST)], "fewer than fifty"),
        (lambda f: f.assign(amount=None), "amount"),
        (lambda f: f.assign(ordered_at=LAST), "fewer than two hundred"),
    ],
)
def test_skips_with_the_reason(computed_on, change, reason):
    assert reason in computed_on(change(buyers(9)))


def test_no_money_is_the_reason(computed_on):
    assert computed_on(buyers(9), no_money="no prices in the files") == "no prices in the files"


def test_customers_all_alike_cannot_be_held_out():
    people = pd.DataFrame(
        {
            "recency_days": 5,
            "tenure_days": 9,
            "orders": 1,
            "units": 1.0,
            "net": np.arange(300.0),
            "gross": np.arange(300.0),
            "country": pd.Categorical([None] * 300),
        }
    )
    with pytest.raises(spend_90d.Skip, match="too alike"):
        spend_model.training(people, np.ones(300), 1)


def headline(low: float, high: float, best: str) -> str:
    figures = {f"{name}_20": (0.5, (0.4, 0.6)) for name in spend_report.SCORES}
    report = spend_report.Report(
        figures | {"difference_20": (0.0, (low, high))},
        best,
        "",
        *[None] * 5,  # type: ignore[arg-type]
    )
    made = partial(Finding, population="p", n=1, window=(S, S), source="s")
    return spend_told._headline(report, made).claim


@pytest.mark.parametrize(
    ("low", "high", "best", "start"),
    [
        (0.01, 0.1, "model", "The model’s best fifth"),
        (-0.1, 0.1, "model", "Past spend still tells"),
        (-0.1, 0.1, "past_spend", "Past spend still tells"),
        (-0.2, -0.1, "past_spend", "Past spend tells better"),
        (0.01, 0.1, "recency", "By {spend_90d.best_score}"),
        (-0.1, 0.1, "past_rate", "By {spend_90d.best_score}"),
    ],
)
def test_the_headline_says_what_was_measured(low, high, best, start):
    claim = headline(low, high, best)
    assert claim.startswith(start)
    told = claim.replace("{spend_90d.best_score}", spend_report.SCORES[best].lower())
    assert len(PLACE.sub("99.9%", told)) <= TITLE


def test_money_moves_at_the_level_of_the_tenths():
    level = ((1.0, 2.0), (3.0, 3.0))
    assert spend_model.levelled(np.array([0, 0.5, 2, 6]), level).tolist() == [0, 1, 2.5, 6]


def test_a_hash_spreads_customers_over_folds_and_knows_no_money():
    people = pd.DataFrame({"recency_days": np.arange(5000) % 400, "tenure_days": np.arange(5000), "orders": 1})
    people["units"] = 1.0
    drawn = spend_model._drawn(people, 7)
    assert abs(drawn.mean() - 0.5) < 0.02 and len(np.unique(drawn)) == 5000
    assert (drawn == spend_model._drawn(people.assign(net=5.0), 7)).all()
    assert (drawn != spend_model._drawn(people, 8)).any()


def test_a_sample_is_fitted_and_all_are_scored(monkeypatch, computed_on):
    monkeypatch.setattr(spend_model, "SAMPLE", 450)
    spend = computed_on(buyers(1))
    assert 350 < spend.deciles.frame["customers"].sum() < 560 < spend.deciles_later.frame["customers"].sum()
    assert len(spend.frame) == 700


def test_lifetime_value_belongs_to_its_customer(shop):
    """Orders of ninety days times their size, of single customers found by name."""
    made = shop(buyers(2))
    _, later = quarters(made)
    lines = Relation(made[0].engine, "lines", ROOT)
    names = OrderDays.of(lines).ids.to_pandas()
    found = pd.Series(spend_90d._lifetime(lines, later), names[later.people["customer"]])
    known = btyd.purchases(lines, later.day)
    pays = btyd.spenders(known)
    orders = btyd.fit_orders(btyd.histories(known))
    size = btyd.fit_spend(known["frequency"].to_numpy()[pays], known["spend"].to_numpy()[pays])
    for row in known.iloc[::60].itertuples():
        x, recency, age = (np.array([v]) for v in (row.frequency, row.recency, row.T))
        wanted = btyd.expected(orders, 90 / 7, x, recency, age)[0]
        wanted *= btyd.expected_spend(size, x, np.array([row.spend]))[0]
        assert found[row.customer_id] == pytest.approx(wanted, rel=1e-6)


def test_without_repeat_purchases_there_is_no_lifetime_value(shop):
    lines = buyers(2).drop_duplicates("customer_id")
    made = shop(lines)
    people = pd.DataFrame({"customer_id": lines["customer_id"]})
    relation = Relation(made[0].engine, "lines", ROOT)
    assert spend_90d._lifetime(relation, spend_90d.Quarter(S, people, np.zeros(len(people)))) is None


# Real shops


def real(name: str, folder: Path) -> tuple[Run, Any, Any]:
    if not (REAL / name).exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    dataset, settings = opening.open_data(str(REAL / name), "auto", None, Settings(), folder)
    return run(["spend_90d"], dataset, settings), dataset, settings


CAPTURED = """
with before as (
    select customer_id, sum(amount) as spent from lines
    where kind in ('sale', 'refund') and customer_id is not null and ordered_at < $day
    group by customer_id having count(*) filter (kind = 'sale') > 0
),
after as (
    select customer_id, greatest(sum(amount), 0) as spent from lines
    where kind in ('sale', 'refund') and customer_id is not null and ordered_at >= $day and ordered_at < $until
    group by customer_id
),
ranked as (
    select coalesce(after.spent, 0) as spent, row_number() over (order by before.spent desc, customer_id) as place
    from before left join after using (customer_id)
)
select cast(sum(spent * greatest(0, least(1, $share * (select count(*) from ranked) - place + 1))) as double)
    / cast(sum(spent) as double) from ranked
"""


@pytest.mark.parametrize(("name", "beaten"), [("online_retail", False), ("adventureworks", True)])
def test_what_real_shops_must_show(tmp_path, name, beaten):
    done, dataset, settings = real(name, tmp_path)
    spend = done.results["spend_90d"]
    found = spend.findings
    low, _ = found["difference_20"].interval
    assert (low > 0) == beaten
    assert found["headline"].claim.startswith("The model" if beaten else "Past spend still")
    assert found["best_score"].value == ("model" if beaten else "past spend")
    assert found["deciles_within"].value >= 8
    assert found["capture_20"].interval[0] > 0.5 and found["gini_held_out"].value > 0.7
    for share, key in ((0.1, "capture_10_past_spend"), (0.2, "capture_20_past_spend")):
        day, until = settings.snapshot - BACK, settings.snapshot
        (row,) = dataset.engine.rows(CAPTURED, day=day, until=until, share=share)
        assert found[key].value == pytest.approx(row[0], abs=0.002)  # ties in another order
    for curve in (spend.curves.frame, spend.held_out.frame):
        for column in ("model", "past_spend", "perfect"):
            assert curve[column].iloc[0] == 0 and curve[column].iloc[-1] == 1 and curve[column].is_monotonic_increasing
            assert (curve[column] <= curve["perfect"] + 1e-12).all()
    dataset.engine.close()


def test_blocks_of_any_size_give_the_same_scores(monkeypatch, shop):
    later = quarters(shop(buyers(1)))[1]
    model = spend_model.laid_out(
        data := spend_model.training(later.people, later.spent, 1), np.ones(len(data.spent), bool)
    )
    whole = model.fitted(1.5, 0.1).score(later.people)
    monkeypatch.setattr(spend_model, "BLOCK", 7)
    assert model.fitted(1.5, 0.1).score(later.people).tolist() == whole.tolist()
