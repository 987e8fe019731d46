"""The same tasks as a user would do them otherwise: `python -m benchmarks.peers NAME FOLDER`, one process each."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import files

if TYPE_CHECKING:
    import pandas as pd


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


def retention(folder: Path) -> None:
    """The usual notebook: month of first sale by groupby and transform, a pivot of customers; nothing else."""
    lines = _lines(folder, "order")
    lines = lines[lines["amount"] > 0]
    month = lines["when"].dt.to_period("M")
    first = month.groupby(lines["customer"]).transform("min")
    table = lines.assign(first=first, later=(month - first).map(lambda gap: gap.n))
    found = table.pivot_table(index="first", columns="later", values="customer", aggfunc="nunique")
    print(found.shape)


def boosting(folder: Path) -> None:
    """The usual notebook: features of one cut-off by pandas, boosting on a part of the customers, a chance of all."""
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import train_test_split

    lines = _lines(folder, "order")
    lines = lines[lines["amount"] > 0]
    end = lines["when"].max().normalize() + pd.Timedelta(days=1)
    for days in (30, 90):
        cut = end - pd.Timedelta(days=days)
        before = lines[lines["when"] < cut]
        by = before.groupby("customer")
        known = by.agg(last=("when", "max"), first=("when", "min"), orders=("order", "nunique"), net=("amount", "sum"))
        known["last"], known["first"] = ((cut - known[c]).dt.days for c in ("last", "first"))
        late = before[before["when"] >= cut - pd.Timedelta(days=90)]
        known["lately"] = late.groupby("customer")["order"].nunique().reindex(known.index, fill_value=0)
        again = known.index.isin(lines.loc[lines["when"] >= cut, "customer"].unique())
        some, _, label, _ = train_test_split(known, again, test_size=0.3, random_state=1)
        print(days, float(HistGradientBoostingClassifier().fit(some, label).predict_proba(known)[:, 1].mean()))


def notebook_visits(folder: Path) -> None:
    """The usual notebook: counts of kinds a visitor by pandas, views of late and sessions; no funnel, no model."""
    import pandas as pd

    events = pd.read_parquet(folder / "events.parquet", columns=["user_id", "session_id", "created_at", "event_type"])
    events = events.dropna(subset=["user_id"])
    end = events["created_at"].max()
    by = events.groupby(["user_id", "event_type"]).size().unstack(fill_value=0)
    for days in (1, 7, 30):
        late = events[(events["created_at"] >= end - pd.Timedelta(days=days)) & (events["event_type"] == "product")]
        by[f"views_{days}"] = late.groupby("user_id").size().reindex(by.index, fill_value=0)
    by["sessions"] = events.groupby("user_id")["session_id"].nunique()
    by["last"] = events.groupby("user_id")["created_at"].max()
    print(len(by))


def kmeans(folder: Path) -> None:
    """The usual notebook: log, standardise, K-means on every row for each k, silhouette on a sample of 20,000."""
    import numpy as np
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import StandardScaler

    frame = pd.read_parquet(folder / files.MEASURED)
    measures = frame[[c for c in frame if c.startswith("m_")]].fillna(0).clip(lower=0)
    features = StandardScaler().fit_transform(np.log1p(measures))
    for k in range(3, 9):
        labels = KMeans(k, random_state=1, n_init=10).fit_predict(features)
        print(k, silhouette_score(features, labels, sample_size=20_000, random_state=1))


def lifetimes_clv(folder: Path) -> None:
    """The usual notebook: lifetimes' two fitters on every customer, and its value of the next twelve months."""
    import warnings

    import pandas as pd

    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    people = pd.read_parquet(folder / files.HISTORIES)
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
        discount_rate=files.RATE,
        freq="W",
    )
    valued = time.perf_counter()
    estimates = [*orders.params_[["r", "alpha", "a", "b"]], *spend.params_[["p", "q", "v"]], float(each.sum())]
    files.told(folder, "lifetimes", fitted - started, valued - fitted, estimates)


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


def fpgrowth(folder: Path) -> None:
    """The usual notebook: a sparse frame of orders by products, mlxtend's fpgrowth for sets of one and two."""
    import numpy as np
    import pandas as pd
    from mlxtend.frequent_patterns import fpgrowth as mine
    from scipy.sparse import csr_matrix

    lines = pd.read_parquet(folder / files.BASKETS).drop_duplicates()
    (order, _), (product, names) = (pd.factorize(lines[name]) for name in ("order_id", "product_id"))
    table = pd.DataFrame.sparse.from_spmatrix(csr_matrix((np.ones(len(lines), dtype=bool), (order, product))))
    table.columns = names
    started = time.perf_counter()
    found = mine(table, min_support=0.001, use_colnames=True, max_len=2)
    print(int((found["itemsets"].map(len) == 2).sum()), f"{time.perf_counter() - started:.2f} s from the sparse frame")


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


def _lines(folder: Path, *more: str) -> pd.DataFrame:
    """The file's lines with an amount, as floats."""
    import pandas as pd

    lines = pd.read_parquet(_file(folder), columns=["customer", "when", "quantity", "unit_price", *more])
    lines["amount"] = lines.pop("quantity") * lines.pop("unit_price").astype("float64")
    return lines


def _file(folder: Path) -> Path:
    return next(folder.glob("*.parquet"))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
