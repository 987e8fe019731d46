"""Every customer's scores by the models of a published release, computed and written where the customers lie.

python -m analysis.scores RELEASE DATA TARGET writes one row a customer to a Parquet file (DuckDB), a folder of such
(Spark, also s3a://...) or a table, tables://SCHEMA.NAME (Spark, PostgreSQL). The models go to the engine as small
tables; the customers do not come here. Columns are named as in exports/customers.parquet, and for the data and the day
of the release the values are those of that file.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from analysis import chance_people, churn, release_models, score_tables
from analysis.chances import Calibrated
from analysis.release_models import Models
from dataset.engine import Relation
from dataset.errors import DataError, counted
from dataset.settings import Settings
from dataset.tables import Dataset

ROOT = Path(__file__).parent
PLAIN = (
    "country", "first_sale", "last_sale", "recency_days", "tenure_days",
    "orders", "units", "gross", "net", "order_value",
)  # fmt: skip
ATTRIBUTES = ("age", "income", "children")
# Model -> the columns it gives each customer, in the order of a build's export
COLUMNS = {
    "rfm": ("r", "f", "m", "segment"),
    "clusters": ("cluster",),
    "clv": ("p_alive", "orders_90", "orders_365", "value_90", "value_365"),
    "spend_90d": ("spend_90d",),
    "propensity": ("propensity_7d",),
    "churn": ("churn_90d",),
}
# Feature of a model -> what must be known of somebody (scores_known.sql)
RESTS = {name: name for name in (*ATTRIBUTES, "products", "net")} | {
    "monetary": "net", "order_value": "net", "engagement": "net", "returns": "net", "items": "units",
}  # fmt: skip
TOLD = {"net": "amounts", "units": "quantities"}
NOT_KEPT = "the release keeps no model of it"
NOBODY = pa.table(
    {name: pa.array([], pa.string()) for name in ("customer_id", "country")}
    | {name: pa.array([], pa.float64()) for name in ATTRIBUTES}
)


@dataclass(frozen=True, slots=True)
class Written:
    """How many customers were scored, by which models, and which models not, and why."""

    customers: int
    models: tuple[str, ...]
    left_out: Mapping[str, str]


def write(models: Models, dataset: Dataset, settings: Settings, target: str) -> Written:
    """Have the engine of a data set score its customers as of the settings' snapshot, and write them to the target.

    Raises DataError E_MODEL where no model fits the data, E_TARGET where something is there already.
    """
    dataset.engine.free(target)
    if models.currencies - {settings.currency}:
        there = " and ".join(sorted(models.currencies)) or "no currency"
        raise DataError(
            "E_MODEL",
            f"the models are in {there}, this data in {settings.currency or 'no currency'}",
            hint="Give both the same currency in report.toml",
        )
    if "lines" not in dataset.tables:
        raise DataError("E_MODEL", "this data has no sales: there is no customer to score")
    if "customers" not in dataset.tables:
        dataset.engine.put("customers", NOBODY)
    scoring = Scoring(Relation(dataset.engine, "lines", ROOT), models, settings.snapshot)
    (known,) = scoring.asked("scores_known.sql").to_pylist()
    left_out = _left_out(models, known, dataset)
    if len(left_out) == len(COLUMNS):
        why = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataError("E_MODEL", f"no model fits this data: {why}", hint="Score data of the same kind")
    used = tuple(name for name in COLUMNS if name not in left_out)
    tables = scoring.kept(used, known)
    columns = [f"profiles.{name}" for name in ("customer_id", *PLAIN, *(a for a in ATTRIBUTES if known[a]))]
    columns += [f"{tables[name]}.{column}" for name in used for column in COLUMNS[name]]
    distinct = dict.fromkeys(tables.values())
    joins = "".join(f" left join {t} on {t}.customer_id = profiles.customer_id" for t in distinct)
    scoring.lines.write(f"select {', '.join(columns)} from profiles{joins}", target, **scoring.when)
    return Written(known["customers"], used, left_out)


@dataclass(frozen=True, slots=True)
class Scoring:
    """The lines of a shop, the models, and the day its customers are looked at."""

    lines: Relation
    models: Models
    day: date

    @property
    def when(self) -> dict[str, date]:
        """The parameters of all SQL files here."""
        days = {"since": chance_people.LATELY.days, "day": 1, "week": 7, "month": 30}
        back = {name: self.day - timedelta(days=count) for name, count in days.items()}
        return back | {"seen": back["since"], "snapshot": self.day, "until": self.day}

    def asked(self, file: str) -> pa.Table:
        return self.lines.query(file, **self.when)

    def kept(self, used: tuple[str, ...], known: Mapping[str, int]) -> dict[str, str]:
        """Keep the scores of these models as tables on the engine; model -> its table."""
        models, made = self.models, {}
        by_orders: dict[str, Calibrated] = {
            name: getattr(models, name) for name in ("propensity", "churn") if name in used
        }
        if "rfm" in used and models.rfm:
            made["rfm"] = self._kept("rfm", score_tables.segments(models.rfm))
        if "clusters" in used and models.clusters:
            self.lines.keep("returned", self._returns(known), **self.when)
            made["clusters"] = self._kept("clusters", score_tables.clusters(models.clusters))
        if "clv" in used and models.clv:
            pairs = self.asked("scores_histories.sql")
            made["clv"] = self._kept("clv", score_tables.lifetimes(models.clv, pairs))
        if "spend_90d" in used and models.spend_90d:
            made["spend_90d"] = self._kept("spend", score_tables.spend(models.spend_90d))
        if "propensity" in used and models.by_visits:
            self.lines.keep("visits", "propensity.sql", **self.when)
            made["propensity"] = self._kept("visits", score_tables.visits(by_orders.pop("propensity")))
        if by_orders:
            within = {"propensity": score_tables.ENDLESS, "churn": churn.ACTIVE.days}
            made |= dict.fromkeys(by_orders, self._kept("chances", score_tables.chances(by_orders, within)))
        return made

    def _kept(self, what: str, tables: Mapping[str, pa.Table]) -> str:
        """Keep the answer of scores_WHAT.sql, which reads these tables, as a table; its name."""
        for table, rows in tables.items():
            self.lines.engine.put(table, rows)
        self.lines.keep(f"scored_{what}", f"scores_{what}.sql", **self.when, by=tables)
        return f"scored_{what}"

    def _returns(self, known: Mapping[str, int]) -> str:
        """The file that tells how much customers give back: by product, where refunds name no customer."""
        (refunds,) = self.asked("customers_refunds.sql").to_pylist()
        by_product = not known["changed"] and refunds["refunds"] and not refunds["named"]
        return "clusters_returns.sql" if by_product else "scores_returns.sql"


def _left_out(models: Models, known: Mapping[str, int], dataset: Dataset) -> dict[str, str]:
    """Models that are not used, and why: they are not kept, or rest on what this data does not tell."""
    found = dict.fromkeys(models.missing, NOT_KEPT)
    for name in ("clusters", "spend_90d"):
        features = getattr(getattr(models, name), "features", ())
        wanted = dict.fromkeys(RESTS[f.name] for f in features if f.name in RESTS)
        if missing := [TOLD.get(one, one) for one in wanted if not known[one]]:
            found[name] = f"it rests on {', '.join(missing)}, which this data does not have"
    if models.rfm and not known["net"]:
        found["rfm"] = "it rests on amounts, which this data does not have"
    if models.by_visits and "events" not in dataset.tables:
        found["propensity"] = "it rests on events, which this data does not have"
    return {name: found[name] for name in COLUMNS if name in found}


def main() -> int:
    """Score the customers of DATA by the models of RELEASE; 0, or 2 with one line that says what is wrong."""
    from dataset import settings
    from dataset.opening import open_data

    parser = argparse.ArgumentParser(prog="python -m analysis.scores", description=main.__doc__)
    parser.add_argument("release", type=Path, help="The folder that holds deck.html, or site/current.")
    parser.add_argument("data", help="A file, a folder, a database URL or tables://SCHEMA.")
    parser.add_argument(
        "target", help="A new Parquet file; on other engines a folder, its URL or tables://SCHEMA.NAME."
    )
    parser.add_argument("--layout", default="auto", help="How the data is laid out.")
    parser.add_argument("--mapping", type=Path, help="Which column is what, for the generic layout.")
    parser.add_argument("--config", type=Path, help="Currency and zone: a report.toml.")
    parser.add_argument("--as-of", type=_day, help="Look at customers on this day.")
    parser.add_argument("--engine", help="duckdb, spark, spark://host:7077, postgresql://host/database.")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # customers' data are removed on the way out
    try:
        models = release_models.read(given.release)
        options = settings.load(given.config, as_of=given.as_of, engine=given.engine)
        with tempfile.TemporaryDirectory(prefix="customer-deck-") as work, ExitStack() as stack:
            into = () if "://" in given.target else (Path(given.target).resolve().parent,)
            dataset, options = open_data(given.data, given.layout, given.mapping, options, Path(work), *into)
            stack.callback(dataset.engine.close)
            done = write(models, dataset, options, given.target)
    except DataError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except MemoryError:
        print("E_MEMORY the data need more memory than there is. Use a larger machine, or --engine", file=sys.stderr)
        return 2
    for why in dict.fromkeys(done.left_out.values()):
        names = ", ".join(name for name, reason in done.left_out.items() if reason == why)
        print(f"Left out: {names}; {why}", file=sys.stderr)
    scored = f"{counted(done.customers, 'customer')} as of {options.snapshot}, by {', '.join(done.models)}"
    print(f"{given.target}: {scored}")
    return 0


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y-%m-%d").date()


if __name__ == "__main__":
    sys.exit(main())
