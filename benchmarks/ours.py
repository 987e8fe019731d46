"""Our heavy tasks as build.py does them: `python -m benchmarks.ours NAME FOLDER`, one process each."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import files

if TYPE_CHECKING:
    import pandas as pd

    from dataset.engine import Relation


def ours(folder: Path) -> None:
    """Read, account, customers, segments and concentration, as build.py does."""
    _built(folder, "customers", "rfm", "pareto")


def cohorts(folder: Path) -> None:
    """Read; months of first sale, who came back when and with how much, second orders with their limits."""
    _built(folder, "cohorts")


def chances(folder: Path) -> None:
    """Read; who will order within a month and who has gone: two models each, chosen, calibrated, tested, told."""
    _built(folder, "propensity", "churn")


def visits(folder: Path) -> None:
    """Read theLook's files; the funnel in two ways, and visitors' chance of a purchase with all its tests."""
    _built(folder, "funnel", "propensity", layout="thelook")


def clusters(folder: Path) -> None:
    """Choice of three to eight groups, fit, names and profile, as build.py makes them."""
    import pandas as pd

    from analysis.clusters import grouped
    from analysis.customers import Customers
    from analysis.rfm import Rfm
    from dataset.settings import Settings

    frame = pd.read_parquet(folder / files.MEASURED)
    measures = {c.removeprefix("m_"): frame[c].to_numpy() for c in frame if c.startswith("m_")}
    window = (frame["first_sale"].min().date(), frame["last_sale"].max().date())
    people = Customers({}, frame, None, window, "after refunds")  # type: ignore[arg-type]
    segments = Rfm({}, frame, *[None] * 4, tied=False)  # type: ignore[arg-type]
    started = time.perf_counter()
    found = grouped(people, segments, measures, Settings(snapshot=window[1]))
    print(len(found.model.centres), f"{time.perf_counter() - started:.1f} s with imports")


def clv(folder: Path) -> None:
    """Both models fitted, the value of each customer, and how sure it is, as build.py makes them."""
    import numpy as np
    import pandas as pd
    import scipy.optimize
    import scipy.special  # noqa: F401

    from analysis import btyd, clv_worth

    people = pd.read_parquet(folder / files.HISTORIES)
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
    alive = btyd.alive(orders, rows.x, rows.recency, rows.age)
    year = clv_worth.discounted(orders, rows, files.WEEKS, 12, files.RATE) * alive
    assert made.spend is not None
    estimates = [*orders.values, *spend.values, float((year[rows.of] * made.spend).sum())]
    files.told(folder, "clv", fitted - started, valued - fitted, estimates, sure - valued)


def spend(folder: Path) -> None:
    """Read; features of three days, tests and forecast, as build.py makes them."""
    _built(folder, "spend_90d")


def pairs(folder: Path) -> None:
    """Pairs at a support of a tenth of a percent with all their measures, from the file of lines, as build.py does."""
    from datetime import datetime

    from analysis.plan import ROOT
    from analysis.together import order_products, together
    from dataset.engine import Engine, Relation, quoted
    from dataset.settings import Settings
    from dataset.tables import TABLES, Dataset

    with tempfile.TemporaryDirectory() as work:
        engine = Engine(Path(work), (folder,))
        given = {"order_id": "order_id", "product_id": "product_id", "kind": "'sale'", "ordered_at": "$day"}
        columns = ", ".join(f"cast({given.get(c, 'null')} as {t}) as {c}" for c, t in TABLES["lines"].items())
        file = quoted(str(folder / files.BASKETS))
        engine.run(f"create table lines as select {columns} from read_parquet({file})", day=datetime(2024, 1, 1))
        lines = Relation(engine, "lines", ROOT)
        settings = Settings(minimum_support=0.001, snapshot=date(2024, 1, 2))
        started = time.perf_counter()
        orders_of = order_products(lines, Dataset("generic", engine, ("lines",)), settings)
        found = together(orders_of, _unpriced(lines), settings)
        print(len(found.pairs), found.least, f"{time.perf_counter() - started:.2f} s from the table of lines")


def recommend(folder: Path) -> None:
    """Read; five products for every customer, with the trial, as build.py makes them."""
    _built(folder, "recommend")


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
        lines = Relation(dataset.engine, "lines", ROOT)
        customers = done["customers"]
        measures = pd.DataFrame(measured(customers, lines, settings)).add_prefix("m_")  # type: ignore[arg-type]
    frame = pd.concat([customers.frame, done["rfm"].frame[["segment"]], measures], axis=1)  # type: ignore[attr-defined]
    (folder / files.MEASURED).parent.mkdir(exist_ok=True)
    frame.to_parquet(folder / files.MEASURED)


def histories(folder: Path) -> None:
    """What lifetime value is made of, written beside the data: one row a customer."""
    from analysis.btyd import purchases
    from analysis.plan import ROOT
    from dataset.engine import Relation
    from dataset.opening import open_data
    from dataset.settings import load

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), "generic", None, load(None), Path(work))
        found = purchases(Relation(dataset.engine, "lines", ROOT), settings.snapshot)
    (folder / files.HISTORIES).parent.mkdir(exist_ok=True)
    found.to_parquet(folder / files.HISTORIES)


def _built(folder: Path, *names: str, layout: str = "generic") -> None:
    """Read the data and run these analyses, as build.py does; each one's seconds, printed."""
    from collections.abc import Iterator
    from contextlib import contextmanager

    from analysis.run import run
    from dataset.opening import open_data
    from dataset.settings import load

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        print(name, f"{time.perf_counter() - started:.1f} s")

    with tempfile.TemporaryDirectory() as work:
        dataset, settings = open_data(str(folder), layout, None, load(None), Path(work))
        run(names, dataset, settings, timed)


def _unpriced(lines: Relation) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(lines.query("goods.sql", snapshot=date(2024, 1, 2)).to_pylist()).assign(price=float("nan"))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
