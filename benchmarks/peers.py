"""The same task as a user would do it otherwise: `python -m benchmarks.peers NAME FOLDER`, one process each."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from dataset.engine import Relation


def ours(folder: Path) -> None:
    """Read, account, customers, segments and concentration, as build.py does."""
    from analysis.run import run
    from dataset.opening import open_data
    from dataset.settings import load

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        run(("customers", "rfm", "pareto"), dataset, settings)


def pandas(folder: Path) -> None:
    """The usual notebook: read the columns it needs, group, quintiles, cumulative share."""
    import pandas as pd

    lines = _lines(folder, "order")
    sales = lines[lines["amount"] > 0]
    snapshot = sales["when"].max().normalize() + pd.Timedelta(days=1)
    customers = sales.groupby("customer").agg(last=("when", "max"), first=("when", "min"), orders=("order", "nunique"))
    customers["net"] = lines.groupby("customer")["amount"].sum()
    customers["recency"] = (snapshot - customers["last"].dt.normalize()).dt.days
    for name, by in {"r": -customers["recency"], "f": customers["orders"], "m": customers["net"]}.items():
        customers[name] = (((by.rank() - 0.5) / len(by)) * 5).astype(int) + 1
    best = customers["net"].clip(lower=0).sort_values(ascending=False)
    share = best.cumsum() / best.sum()
    print(len(customers), float(share.iloc[-(-len(best) // 5) - 1]))


def lifetimes(folder: Path) -> None:
    """lifetimes' own reduction (frequency, recency, T, monetary value); no segments, no concentration."""
    from lifetimes.utils import summary_data_from_transaction_data

    lines = _lines(folder)
    print(len(summary_data_from_transaction_data(lines, "customer", "when", monetary_value_col="amount")))


def measure(folder: Path) -> None:
    """What clusters are made of, written beside the data: one row a customer."""
    import pandas as pd

    from analysis.cluster_measures import measured
    from analysis.plan import ROOT
    from analysis.run import run
    from dataset.engine import Relation
    from dataset.opening import open_data
    from dataset.settings import load

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        done = run(("customers", "rfm"), dataset, settings).results
        lines = Relation(dataset.engine, "lines", ROOT, dataset.engine.columns("lines"))
        customers = done["customers"]
        measures = pd.DataFrame(measured(customers, lines, settings)).add_prefix("m_")  # type: ignore[arg-type]
    frame = pd.concat([customers.frame, done["rfm"].frame[["segment"]], measures], axis=1)  # type: ignore[attr-defined]
    (folder / MEASURED).parent.mkdir(exist_ok=True)
    frame.to_parquet(folder / MEASURED)


def clusters(folder: Path) -> None:
    """Choice of three to eight groups, fit, names and profile, as build.py makes them."""
    import pandas as pd

    from analysis.clusters import grouped
    from analysis.customers import Customers
    from analysis.rfm import Rfm
    from dataset.settings import Settings

    frame = pd.read_parquet(folder / MEASURED)
    measures = {c.removeprefix("m_"): frame[c].to_numpy() for c in frame if c.startswith("m_")}
    window = (frame["first_sale"].min().date(), frame["last_sale"].max().date())
    people = Customers({}, frame, None, window, "after refunds")  # type: ignore[arg-type]
    segments = Rfm({}, frame, *[None] * 4, tied=False)  # type: ignore[arg-type]
    started = time.perf_counter()
    found = grouped(people, segments, measures, Settings(snapshot=window[1]))
    print(len(found.model.centres), f"{time.perf_counter() - started:.1f} s with imports")


def kmeans(folder: Path) -> None:
    """The usual notebook: log, standardise, K-means on every row for each k, silhouette on a sample of 20,000."""
    import numpy as np
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import StandardScaler

    frame = pd.read_parquet(folder / MEASURED)
    measures = frame[[c for c in frame if c.startswith("m_")]].fillna(0).clip(lower=0)
    features = StandardScaler().fit_transform(np.log1p(measures))
    for k in range(3, 9):
        labels = KMeans(k, random_state=1, n_init=10).fit_predict(features)
        print(k, silhouette_score(features, labels, sample_size=20_000, random_state=1))


def histories(folder: Path) -> None:
    """What lifetime value is made of, written beside the data: one row a customer."""
    from analysis.btyd import purchases
    from analysis.plan import ROOT
    from dataset.engine import Relation
    from dataset.opening import open_data
    from dataset.settings import load

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        found = purchases(Relation(dataset.engine, "lines", ROOT, ()), settings.snapshot)
    (folder / HISTORIES).parent.mkdir(exist_ok=True)
    found.to_parquet(folder / HISTORIES)


def clv(folder: Path) -> None:
    """Both models fitted, the value of each customer, and how sure it is, as build.py makes them."""
    import numpy as np
    import pandas as pd
    import scipy.optimize
    import scipy.special  # noqa: F401

    from analysis import btyd, clv_worth

    people = pd.read_parquet(folder / HISTORIES)
    started = time.perf_counter()
    rows, known, amounts = btyd.histories(people), btyd.spenders(people), people["spend"].to_numpy()
    orders = btyd.fit_orders(rows)
    spend = btyd.fit_spend(people["frequency"].to_numpy()[known], amounts[known])
    fitted = time.perf_counter()
    made = clv_worth.worth(clv_worth.ahead(orders, rows), spend, rows, amounts)
    valued = time.perf_counter()
    one = np.zeros(len(people), dtype=np.int64)
    model = clv_worth.Model(orders, spend, date.min, "")
    clv_worth.spread(model, clv_worth.draws(model, rows, amounts, 1), rows, amounts, made, one, 1)
    sure = time.perf_counter()
    year = clv_worth.discounted(orders, rows, WEEKS, 12, RATE) * btyd.alive(orders, rows.x, rows.recency, rows.age)
    assert made.spend is not None
    estimates = [*orders.values, *spend.values, float((year[rows.of] * made.spend).sum())]
    _told(folder, "clv", fitted - started, valued - fitted, estimates, sure - valued)


def lifetimes_clv(folder: Path) -> None:
    """The usual notebook: lifetimes' two fitters on every customer, and its value of the next twelve months."""
    import warnings

    import pandas as pd

    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    people = pd.read_parquet(folder / HISTORIES)
    again = people[(people["frequency"] > 0) & (people["spend"] > 0)]
    started = time.perf_counter()
    orders = BetaGeoFitter().fit(people["frequency"], people["recency"], people["T"])
    spend = GammaGammaFitter().fit(again["frequency"], again["spend"])
    fitted = time.perf_counter()
    each = spend.customer_lifetime_value(
        orders,
        people["frequency"],
        people["recency"],
        people["T"],
        people["spend"].fillna(0),
        time=12,
        discount_rate=RATE,
        freq="W",
    )
    valued = time.perf_counter()
    estimates = [*orders.params_[["r", "alpha", "a", "b"]], *spend.params_[["p", "q", "v"]], float(each.sum())]
    _told(folder, "lifetimes", fitted - started, valued - fitted, estimates)


def _told(folder: Path, name: str, fit: float, value: float, estimates: list[float], sure: float = 0.0) -> None:
    """Seconds and estimates, for whoever compares them."""
    told = {"fit": fit, "value": value, "sure": sure, "estimates": [float(e) for e in estimates]}
    (folder / "measured" / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    print(told)


def spend(folder: Path) -> None:
    """Features, tests and forecast, as build.py makes them; the seconds printed leave out the reading of files."""
    from analysis.run import run
    from dataset.opening import open_data
    from dataset.settings import load

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        started = time.perf_counter()
        found = run(("spend_90d",), dataset, settings).findings
        print(found["spend_90d.capture_20"].value, f"{time.perf_counter() - started:.1f} s with imports")


def tweedie(folder: Path) -> None:
    """The usual notebook: features of one cut-off by pandas, raw and standardised, TweedieRegressor by lbfgs."""
    import pandas as pd
    from sklearn.linear_model import TweedieRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    lines = _lines(folder, "order")
    cut = lines["when"].max().normalize() + pd.Timedelta(days=1 - 90)
    before = lines[lines["when"] < cut]
    by = before.groupby("customer")
    known = by.agg(last=("when", "max"), first=("when", "min"), orders=("order", "nunique"), net=("amount", "sum"))
    known["last"], known["first"] = ((cut - known[c]).dt.days for c in ("last", "first"))
    label = lines[lines["when"] >= cut].groupby("customer")["amount"].sum().reindex(known.index, fill_value=0).clip(0)
    model = make_pipeline(StandardScaler(), TweedieRegressor(power=1.5, alpha=0.01, link="log", max_iter=500))
    print(float(model.fit(known, label).predict(known).sum() / label.sum()))


def baskets(folder: Path) -> None:
    """A million orders of five lines on average, from five thousand products drawn by Zipf's law: order and product."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    order = np.repeat(np.arange(1_000_000), 1 + rng.poisson(4, 1_000_000))
    shares = np.cumsum(1 / np.arange(1, 5_001))
    product = np.searchsorted(shares / shares[-1], rng.random(len(order)))
    columns = {"order_id": [f"o{i}" for i in order.tolist()], "product_id": [f"p{i}" for i in product.tolist()]}
    (folder / BASKETS).parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / BASKETS)


def pairs(folder: Path) -> None:
    """Pairs at a support of a tenth of a percent with all their measures, from the file of lines, as build.py does."""
    from datetime import datetime

    from analysis.plan import ROOT
    from analysis.together import together
    from dataset.engine import Engine, Relation, quoted
    from dataset.settings import Settings
    from dataset.tables import TABLES, Dataset

    with tempfile.TemporaryDirectory() as work:
        engine = Engine(Path(work), (folder,))
        given = {"order_id": "order_id", "product_id": "product_id", "kind": "'sale'", "ordered_at": "$day"}
        columns = ", ".join(f"cast({given.get(c, 'null')} as {t}) as {c}" for c, t in TABLES["lines"].items())
        file = quoted(str(folder / BASKETS))
        engine.run(f"create table lines as select {columns} from read_parquet({file})", day=datetime(2024, 1, 1))
        lines = Relation(engine, "lines", ROOT, engine.columns("lines"))
        settings = Settings(minimum_support=0.001, snapshot=date(2024, 1, 2))
        started = time.perf_counter()
        found = together(lines, _unpriced(lines), Dataset("generic", engine, ("lines",)), settings)
        print(len(found.pairs), found.least, f"{time.perf_counter() - started:.2f} s from the table of lines")


def _unpriced(lines: Relation) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(lines.query("goods.sql", snapshot=date(2024, 1, 2)).to_pylist()).assign(price=float("nan"))


def fpgrowth(folder: Path) -> None:
    """The usual notebook: a sparse frame of orders by products, mlxtend's fpgrowth for sets of one and two."""
    import numpy as np
    import pandas as pd
    from mlxtend.frequent_patterns import fpgrowth as mine
    from scipy.sparse import csr_matrix

    lines = pd.read_parquet(folder / BASKETS).drop_duplicates()
    (order, _), (product, names) = (pd.factorize(lines[name]) for name in ("order_id", "product_id"))
    table = pd.DataFrame.sparse.from_spmatrix(csr_matrix((np.ones(len(lines), dtype=bool), (order, product))))
    table.columns = names
    started = time.perf_counter()
    found = mine(table, min_support=0.001, use_colnames=True, max_len=2)
    print(int((found["itemsets"].map(len) == 2).sum()), f"{time.perf_counter() - started:.2f} s from the sparse frame")


def recommend(folder: Path) -> None:
    """Five products for every customer, with the trial, as build.py makes them; reading and customers timed apart."""
    from collections.abc import Iterator
    from contextlib import contextmanager

    from analysis.run import run
    from dataset.opening import open_data
    from dataset.settings import load

    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - started

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        found = run(("recommend",), dataset, settings, timed).results["recommend"]
    rows = len(found.recommended)  # type: ignore[attr-defined]
    (folder / "recommend.json").write_text(
        json.dumps({"seconds": seconds["recommend"], "rows": rows}), encoding="utf-8"
    )


def one_by_one(folder: Path) -> None:
    """The usual notebook: a dense cosine of all products, then a loop over customers; of the first 20,000 only."""
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_matrix
    from sklearn.metrics.pairwise import cosine_similarity

    lines = pd.read_parquet(_file(folder), columns=["customer", "product"]).drop_duplicates()
    who, what = (pd.factorize(lines[c], sort=True)[0] for c in ("customer", "product"))
    matrix = csr_matrix((np.ones(len(who), dtype=np.float32), (who, what)))
    alike = cosine_similarity(matrix.T, dense_output=True)
    np.fill_diagonal(alike, 0)
    for customer in range(20_000):
        had = matrix[customer].indices
        score = alike[had].sum(axis=0)
        score[had] = 0
        np.argsort(-score)[:5]


MEASURED = "measured/customers.parquet"
BASKETS = "measured/baskets.parquet"
HISTORIES = "measured/histories.parquet"
WEEKS, RATE = 4.345, 0.01  # of a month, as lifetimes counts them; a month


def _lines(folder: Path, *more: str) -> pd.DataFrame:
    """The file's lines with an amount, as floats."""
    import pandas as pd

    lines = pd.read_parquet(_file(folder), columns=["customer", "when", "quantity", "unit_price", *more])
    lines["amount"] = lines.pop("quantity") * lines.pop("unit_price").astype("float64")
    return lines


def _file(folder: Path) -> Path:
    return next(folder.glob("*.parquet"))


if __name__ == "__main__":
    tasks = (
        ours,
        pandas,
        lifetimes,
        measure,
        clusters,
        kmeans,
        histories,
        clv,
        lifetimes_clv,
        spend,
        tweedie,
        baskets,
        pairs,
        fpgrowth,
        recommend,
        one_by_one,
    )
    next(task for task in tasks if task.__name__ == sys.argv[1])(Path(sys.argv[2]))
