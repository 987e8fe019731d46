"""The same task as a user would do it otherwise: `python -m benchmarks.peers NAME FOLDER`, one process each."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


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


def _lines(folder: Path, *more: str) -> pd.DataFrame:
    """The file's lines with an amount, as floats."""
    import pandas as pd

    lines = pd.read_parquet(_file(folder), columns=["customer", "when", "quantity", "unit_price", *more])
    lines["amount"] = lines.pop("quantity") * lines.pop("unit_price").astype("float64")
    return lines


def _file(folder: Path) -> Path:
    return next(folder.glob("*.parquet"))


if __name__ == "__main__":
    {"ours": ours, "pandas": pandas, "lifetimes": lifetimes}[sys.argv[1]](Path(sys.argv[2]))
