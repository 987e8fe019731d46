"""Buy till you die: published figures, lifetimes as the oracle, and what must not change an estimate."""

from __future__ import annotations

import contextlib
import io
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import roots_jacobi

from analysis import btyd
from analysis.btyd import Fitted, Unidentified
from analysis.plan import ROOT
from dataset.engine import Relation

CDNOW = Path(__file__).resolve().parents[3] / "shared/data/cdnow/sample_csv/cdnow.csv"
PARAMETERS = {"r": 0.6, "alpha": 12.0, "a": 0.7, "b": 2.1}


def customers_of(seed: int, n: int = 3000, weeks: float = 104) -> pd.DataFrame:
    """Customers who live and die as BG/NBD says and spend as Gamma-Gamma says, with whole days."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(PARAMETERS["r"], 1 / PARAMETERS["alpha"], n), rng.beta(PARAMETERS["a"], PARAMETERS["b"], n)
    age = rng.integers(7, int(weeks * 7), n) / 7
    x, last, mean = np.zeros(n, dtype=np.int64), np.zeros(n), 15 / rng.gamma(3.5, 1, n)
    spend = np.full(n, np.nan)
    for i in range(n):
        time = rng.exponential(1 / rate[i])
        while time < age[i]:
            x[i], last[i] = x[i] + 1, np.floor(time * 7) / 7
            if rng.random() < leave[i]:
                break
            time += rng.exponential(1 / rate[i])
        if x[i]:
            spend[i] = np.round(rng.gamma(6 * x[i]) * mean[i] / x[i], 2) + 0.01
    return pd.DataFrame({"frequency": x, "recency": last, "T": age, "spend": spend})


def silent(work: Any) -> Any:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return work()


def lifetimes_of(name: str, values: dict[str, float]) -> Any:
    """A fitter of lifetimes that holds these parameters."""
    import lifetimes

    made = getattr(lifetimes, name)()
    made.params_ = pd.Series(values)
    return made


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return customers_of(1)


@pytest.fixture(scope="module")
def orders(people) -> Fitted:
    return btyd.fit_orders(btyd.histories(people))


@pytest.fixture(scope="module")
def spend(people) -> Fitted:
    return btyd.fit_spend(*spent(people))


def spent(people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    known = btyd.spenders(people)
    return people["frequency"].to_numpy()[known], people["spend"].to_numpy()[known]


def test_purchases_of_a_day_are_one(shop):
    dataset, _ = shop(
        [
            ("o1", "b", "2024-01-01 09:00", 10, "sale"),
            ("o2", "b", "2024-01-01 18:00", 5, "sale"),
            ("o3", "b", "2024-01-08", 7, "sale"),
            ("o3", "b", "2024-01-08", 3, "sale"),
            ("o4", "b", "2024-01-22 23:59", 30, "sale"),
            ("o5", "b", "2024-02-05", 99, "sale"),
            ("o6", "b", "2024-01-15", 50, "returned"),
            ("o7", "b", "2024-01-16", -7, "refund"),
            ("o8", "b", "2024-01-17", 8, "cancelled"),
            ("o9", "a", "2024-01-10", None, "sale"),
            ("o9", "a", "2024-01-11", None, "sale"),
            ("o10", None, "2024-01-10", 4, "sale"),
            ("o11", "late", "2024-02-05", 4, "sale"),
            ("o12", "back", "2024-01-05", -4, "refund"),
        ]
    )
    lines = Relation(dataset.engine, "lines", ROOT)
    found = btyd.purchases(lines, date(2024, 2, 5))
    assert found["customer_id"].tolist() == ["a", "b"]
    assert found["frequency"].tolist() == [1, 2]
    assert found["recency"].to_numpy() == pytest.approx([1 / 7, 3])
    assert found["T"].to_numpy() == pytest.approx([25 / 7, 34 / 7])
    assert np.isnan(found["spend"][0]) and found["spend"][1] == 20


def test_reduction_is_lifetimes_own(shop, random_lines):
    """On random shops, day for day; lifetimes counts a first purchase of the day for the day."""
    from lifetimes.utils import summary_data_from_transaction_data

    lines = random_lines(3, 400)
    dataset, settings = shop(lines)
    found = btyd.purchases(Relation(dataset.engine, "lines", ROOT), settings.snapshot).set_index("customer_id")
    sales = lines[(lines["kind"] == "sale") & lines["customer_id"].notna()]
    theirs = silent(
        lambda: summary_data_from_transaction_data(
            sales, "customer_id", "ordered_at", monetary_value_col="amount", freq="D",
            observation_period_end=lines.loc[lines["kind"] == "sale", "ordered_at"].max().normalize(),
        )
    )  # fmt: skip
    assert found.index.tolist() == theirs.index.tolist()
    assert found["frequency"].to_numpy() == pytest.approx(theirs["frequency"].to_numpy())
    assert found["recency"].to_numpy() * 7 == pytest.approx(theirs["recency"].to_numpy())
    assert found["T"].to_numpy() * 7 == pytest.approx(theirs["T"].to_numpy())
    again = found["frequency"].to_numpy() > 0
    assert found["spend"].to_numpy()[again] == pytest.approx(theirs["monetary_value"].to_numpy()[again])
    assert found["spend"][~again].isna().all()


def test_histories_are_the_distinct_rows(people):
    rows = btyd.histories(people)
    assert rows.weight.sum() == len(people) and len(rows.x) < len(people)
    for column, of in {"frequency": rows.x, "recency": rows.recency, "T": rows.age}.items():
        assert of[rows.of] == pytest.approx(people[column].to_numpy(), abs=1e-12)
    assert len(people[["frequency", "recency", "T"]].round(9).drop_duplicates()) == len(rows.x)


@pytest.mark.skipif(not CDNOW.exists(), reason="the CDNOW sample is not there")
def test_cdnow_as_published(tmp_path):
    """Fader, Hardie and Lee 2005, and Fader and Hardie 2013: the 1/10 sample until 30 September 1997, in weeks."""
    people = cdnow(tmp_path)
    rows = btyd.histories(people)
    assert len(people) == 2357 and (people["frequency"] > 0).sum() == 946
    found = btyd.fit_orders(rows)
    assert [round(found[name], 3) for name in ("r", "alpha", "a", "b")] == [0.243, 4.414, 0.793, 2.426]
    assert round(found.log_likelihood, 2) == -9582.43
    assert btyd.log_likelihood(rows, *found.values) == pytest.approx(found.log_likelihood, abs=1e-6)
    spend = btyd.fit_spend(*spent(people))
    assert [round(spend[name], 2) for name in ("p", "q", "v")] == [6.25, 3.74, 15.44]
    one = np.array([2]), np.array([30.43]), np.array([38.86])
    assert btyd.expected(found, 39, *one)[0] == pytest.approx(1.226, abs=5e-4)
    assert btyd.alive(found, *one)[0] == pytest.approx(0.7266, abs=5e-5)
    x, m = spent(people)
    assert np.corrcoef(x, m)[0, 1] == pytest.approx(0.114, abs=5e-4)
    assert btyd.reference(rows) == pytest.approx(found.values, rel=1e-5)


def cdnow(folder: Path) -> pd.DataFrame:
    from dataset.opening import open_data
    from dataset.settings import load

    dataset, _ = open_data(str(CDNOW.parent), "generic", None, load(None), folder)
    return btyd.purchases(Relation(dataset.engine, "lines", ROOT), date(1997, 10, 1))


def test_gradient_is_that_of_the_likelihood(people):
    rows, (x, m) = btyd.histories(people), spent(people)
    for slope, at in (
        (btyd._Orders(rows), np.log([0.4, 9.0, 1.3, 2.2])),
        (btyd._Spend(x, m), np.log([3.0, 2.4, 11.0])),
    ):
        steps = 1e-6 * np.eye(len(at))
        numerical = [(slope(at + step)[0] - slope(at - step)[0]) / 2e-6 for step in steps]
        assert slope(at)[1] == pytest.approx(numerical, abs=1e-8)


def test_likelihoods_are_lifetimes_own(people, spend):
    """At any parameters: their mean negative log-likelihood (BG/NBD as is, Gamma-Gamma on a penalty of nothing)."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    rows, (x, m) = btyd.histories(people), spent(people)
    at = np.log([0.4, 9.0, 1.3, 2.2])
    theirs = BetaGeoFitter._negative_log_likelihood(at, rows.x, rows.recency, rows.age, rows.weight, 0)
    assert btyd._Orders(rows)(at)[0] == pytest.approx(theirs, abs=1e-10)
    assert btyd.log_likelihood(rows, *np.exp(at)) == pytest.approx(-theirs * len(people))
    logs = np.log(spend.values)
    theirs = GammaGammaFitter._negative_log_likelihood(logs, x, m, np.ones(len(x)), 0)
    assert spend.log_likelihood == pytest.approx(-theirs * len(x), rel=1e-9)


def test_estimates_and_errors_are_lifetimes_own(people, orders, spend):
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    theirs = silent(lambda: BetaGeoFitter().fit(people["frequency"], people["recency"], people["T"]))
    assert orders.values == pytest.approx(theirs.params_[list(orders.names)].to_numpy(), rel=1e-4)
    error = theirs.standard_errors_[list(orders.names)].to_numpy()
    assert [orders.error(name) for name in orders.names if name != "alpha"] == pytest.approx(error[[0, 2, 3]], rel=1e-2)
    x, m = spent(people)
    theirs = silent(lambda: GammaGammaFitter().fit(x, m))
    assert spend.values == pytest.approx(theirs.params_[list(spend.names)].to_numpy(), rel=1e-3)
    assert btyd.reference(btyd.histories(people)) == pytest.approx(orders.values, rel=1e-4)


def test_what_is_expected_is_lifetimes_own(people, orders, spend):
    x, recency, age = (people[c].to_numpy() for c in ("frequency", "recency", "T"))
    theirs = lifetimes_of("BetaGeoFitter", dict(zip(orders.names, orders.values, strict=True)))
    assert btyd.alive(orders, x, recency, age) == pytest.approx(
        theirs.conditional_probability_alive(x, recency, age), abs=1e-9
    )
    for weeks in (1, 30 / 7, 90 / 7, 365 / 7, 500):
        own = btyd.expected(orders, weeks, x, recency, age)
        reference = theirs.conditional_expected_number_of_purchases_up_to_time(weeks, x, recency, age)
        assert own == pytest.approx(reference, rel=1e-8, abs=1e-8)
    theirs = lifetimes_of("GammaGammaFitter", dict(zip(spend.names, spend.values, strict=True)))
    m = people["spend"].fillna(0).to_numpy()
    reference = theirs.conditional_expected_average_profit(pd.Series(x), pd.Series(m))
    assert btyd.expected_spend(spend, x, people["spend"].to_numpy()) == pytest.approx(reference.to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b", "x", "age", "weeks"),
    [
        (0.5, 10.0, 1.0, 2.0, 3, 30.0, 52.0),
        (0.5, 10.0, 0.4, 0.6000002, 0, 30.0, 52.0),
        (0.5, 10.0, 0.3, 0.2, 0, 30.0, 52.0),
        (2.0, 0.6, 0.05, 8.0, 600, 12.0, 52.0),
        (0.2, 5.0, 16.0, 200.0, 150, 2.0, 52.0),
        (5.0, 300.0, 300.0, 600.0, 40, 90.0, 52.0),
        (0.3, 0.9, 11.0, 0.2, 600, 0.0, 13.0),
        (0.6, 9.0, 900.0, 2500.0, 3, 9.0, 52.0),
    ],
)
def test_expectation_where_formulas_break(r, alpha, a, b, x, age, weeks):
    """Against the integral over the chance to leave (Gauss-Jacobi): at a = 1, a + b = 1 and for many purchases."""
    nodes, weights = roots_jacobi(200, b + x - 1, a - 1)
    p = (1 + nodes) / 2
    ahead = -np.expm1(-(r + x) * np.log1p(p * weeks / (alpha + age))) / p
    wanted = (weights * ahead).sum() / weights.sum()
    logs = np.log([r, alpha, a, b])
    found = btyd.while_alive_at(logs, weeks, np.array([x]), np.array([age]))[0]
    assert found == pytest.approx(wanted, rel=1e-6)


def test_draws_of_parameters_broadcast(people, orders, spend):
    x, recency, age, m = (people[c].to_numpy()[:50] for c in ("frequency", "recency", "T", "spend"))
    logs = np.log(orders.values) + np.array([[0, 0, 0, 0], [0.1, -0.1, 0.2, 0]])
    assert btyd.alive_at(logs, x, recency, age).shape == (2, 50)
    assert btyd.while_alive_at(logs, 52, x, age)[0] * btyd.alive_at(logs[0], x, recency, age) == pytest.approx(
        btyd.expected(orders, 52, x, recency, age)
    )
    assert btyd.expected(orders, np.array([[4.0], [13.0]]), x, recency, age).shape == (2, 50)
    drawn = btyd.expected_spend_at(np.log(spend.values)[None], x, m)
    assert drawn[0] == pytest.approx(btyd.expected_spend(spend, x, m))


def test_what_must_not_change_an_estimate(people, orders, spend):
    """Shuffled, doubled, in another currency: BG/NBD and p, q stay, v takes the unit."""
    shuffled = people.sample(frac=1, random_state=5)
    assert (btyd.fit_orders(btyd.histories(shuffled)).values == orders.values).all()
    twice = btyd.fit_orders(btyd.histories(pd.concat([people, people])))
    assert twice.values == pytest.approx(orders.values, rel=1e-6)
    assert twice.error("r") == pytest.approx(orders.error("r") / np.sqrt(2), rel=1e-3)
    x, m = spent(people)
    dear = btyd.fit_spend(x, m * 1000)
    assert dear.values == pytest.approx(spend.values * [1, 1, 1000], rel=1e-6)
    assert dear.covariance == pytest.approx(spend.covariance, rel=1e-3)


def test_intervals_hold_the_truth(people, orders):
    for name, true in PARAMETERS.items():
        low, high = orders.interval(name)
        assert low < true < high, name
        assert low < orders[name] < high


def test_refits_spread_as_the_errors_say(people, orders, spend):
    """A bootstrap by customer: its spread is near the standard errors, and weights of one give the estimates again."""
    rng, rows = np.random.default_rng(1), btyd.histories(people)
    drawn = rng.multinomial(len(people), rows.weight / len(people), 60).astype(float)
    again = btyd.refit_orders(rows, orders, np.vstack([rows.weight, drawn]))
    assert again[0] == pytest.approx(np.log(orders.values), abs=1e-3)
    assert again[1:].std(axis=0) == pytest.approx(np.sqrt(np.diag(orders.covariance)), rel=0.5)
    x, m = spent(people)
    drawn = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), 60).astype(float)
    again = btyd.refit_spend(x, m, spend, np.vstack([np.ones(len(x)), drawn]))
    assert again[0] == pytest.approx(np.log(spend.values), abs=1e-3)
    assert again[1:].std(axis=0) == pytest.approx(np.sqrt(np.diag(spend.covariance)), rel=0.5)


def test_a_thinned_start_leads_to_the_same_estimates(people, orders, monkeypatch):
    monkeypatch.setattr(btyd, "FEW", 300)
    assert btyd.fit_orders(btyd.histories(people)).values == pytest.approx(orders.values, rel=1e-6)


def one_order_each() -> pd.DataFrame:
    return pd.DataFrame({"frequency": 0, "recency": 0.0, "T": np.arange(400) / 7, "spend": np.nan})


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (lambda: customers_of(2, 10), "fewer than two hundred"),
        (lambda: customers_of(2, 199), "fewer than two hundred"),
        (one_order_each, "no customer came back"),
        (lambda: customers_of(2).query("frequency == 0").assign(T=0.0, recency=0.0), "no customer came back"),
        (lambda: customers_of(2, 250).assign(n=lambda f: (f["frequency"] > 0).cumsum()).query(
            "frequency == 0 or n < 20").pipe(lambda f: pd.concat([f, one_order_each()])), "fewer than forty"),
        (lambda: customers_of(2).query("frequency > 0").assign(frequency=3, recency=10.0, T=20.0), "the "),
    ],
)  # fmt: skip
def test_who_tells_nothing_is_refused(frame, why):
    with pytest.raises(Unidentified, match=why):
        btyd.fit_orders(btyd.histories(frame()))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda x, m: (x[:39], m[:39]), "fewer than forty"),
        (lambda x, m: (x, np.full(len(x), 20.0)), "spends the same"),
        (lambda x, m: (x, m ** np.linspace(1, 9, len(m))), "the |no bound"),
    ],
)
def test_spend_that_tells_nothing_is_refused(people, change, why):
    with pytest.raises(Unidentified, match=why):
        btyd.fit_spend(*change(*spent(people)))
