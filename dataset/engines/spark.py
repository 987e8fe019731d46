"""Spark: a session on this machine (`local[*]`) or on a cluster's master."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset.engine import SCHEMA
from dataset.engines.dialect import name
from dataset.engines.elsewhere import Elsewhere
from dataset.errors import DataError, shown

LOG = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d %p %c: %m%n%ex
"""


class Spark(Elsewhere):
    """A Spark session of its own: sums never overflow silently, times have no zone, nothing is shown on a web page."""

    dialect = "spark"

    def __init__(self, master: str, folder: Path):
        super().__init__(folder)
        self.kept: dict[str, Any] = {}
        self.session = _session(master, folder)

    def ask(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        return self.session.sql(sql, args=dict(parameters)).toArrow()

    def make(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        if table in self.kept:
            self.kept[table].unpersist()
        self.kept[table] = self.session.sql(sql, args=dict(parameters)).persist()
        self.kept[table].createOrReplaceTempView(table)

    def show(self, table: str, columns: Mapping[str, str], source: str) -> None:
        casts = ", ".join(self.cast(column, kind) for column, kind in columns.items())
        self.session.sql(f"create temporary view {name(table, self.dialect)} as select {casts} from {source}")

    def source(self, table: str, where: str) -> str | None:
        if where.startswith(SCHEMA):
            found = [*where.removeprefix(SCHEMA).split("."), table]
            return ".".join(name(part, self.dialect) for part in found) if self._has(found) else None
        places = (f"{_uri(where)}/{table}.parquet", f"{_uri(where)}/{table}")
        return next((f"parquet.{name(place, self.dialect)}" for place in places if self._there(place)), None)

    def note(self, where: str, name: str) -> str:
        place = f"{_uri(where)}/{name}"
        if where.startswith(SCHEMA) or not self._there(place):
            return ""
        return self.session.read.text(place, wholetext=True).toArrow()["value"][0].as_py()

    def parquet(self, table: str, file: Path) -> str:
        return f"parquet.{name(f'file://{file}', self.dialect)}"

    def _has(self, parts: list[str]) -> bool:
        return self.session.catalog.tableExists(".".join(name(part, self.dialect) for part in parts))

    def _there(self, place: str) -> bool:
        path = self.session._jvm.org.apache.hadoop.fs.Path(place)
        return path.getFileSystem(self.session._jsc.hadoopConfiguration()).exists(path)

    def close(self) -> None:
        self.session.stop()
        super().close()


def _uri(where: str) -> str:
    return where.rstrip("/") if "://" in where else f"file://{Path(where).resolve()}"


def _session(master: str, folder: Path) -> Any:
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError(
            "E_ENGINE", "pyspark is not installed", hint="Run: make spark (or pip install -r requirements-spark.lock)"
        ) from None
    warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
    (folder / "log4j2.properties").write_text(LOG, encoding="utf-8")
    cores = os.cpu_count() or 1
    settings = {
        "spark.master": master,
        "spark.app.name": "customer-deck",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
    }
    if master.startswith("local"):
        settings |= {
            "spark.local.dir": str(folder / "spill"),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.sql.shuffle.partitions": str(2 * cores),
        }
    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    with (folder / "spark.log").open("wb") as log:
        try:
            gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
            SparkContext._ensure_initialized(gateway=gateway)
            return SparkSession.builder.config(map=settings).getOrCreate()
        except PySparkException as reason:
            raise DataError("E_ENGINE", f"Spark does not start: {shown(reason)}") from None
