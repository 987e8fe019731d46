"""Spark: a session on this machine (`local[*]`) or on a cluster's master."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset.engine import SCHEMA, taken
from dataset.engines.dialect import name
from dataset.engines.elsewhere import Elsewhere
from dataset.errors import DataError, shown

# What Java says goes to a file of the working folder; only errors.
LOG = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d %p %c: %m%n%ex
"""
HEAP = 4  # a local session holds a quarter of the machine's memory, unless SPARK_DRIVER_MEMORY says otherwise
CAUSE = re.compile(r"Caused by: [\w.$]+: (.+)|: [\w.$]*(?:Exception|Error): (.+)")


class Spark(Elsewhere):
    """A Spark session of its own: sums never overflow silently, times have no zone, nothing is shown on a web page."""

    dialect = "spark"

    def __init__(self, master: str, folder: Path):
        super().__init__(folder)
        self.kept: dict[str, Any] = {}
        self.session = _session(master, folder)

    def ask(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        with _told():
            return self.session.sql(sql, args=dict(parameters)).toArrow()

    def make(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        with _told():
            if table in self.kept:
                self.kept[table].unpersist()
            self.kept[table] = self.session.sql(sql, args=dict(parameters)).persist()
            self.kept[table].createOrReplaceTempView(table)

    def bring(self, table: str, rows: pa.Table) -> None:
        with _told():
            self.session.createDataFrame(rows).createOrReplaceTempView(table)

    def free(self, target: str) -> None:
        if not target.startswith(SCHEMA):
            if self._there(_uri(target)):
                raise taken(target)
            return
        catalog, schema = self.session.catalog, target.removeprefix(SCHEMA).rpartition(".")[0]
        with _told():
            if not schema or not catalog.databaseExists(self._named(schema)):
                hint = "Name a schema that is there: tables://schema.table"
                raise DataError("E_TARGET", f"Spark knows no schema of {target}", hint=hint)
            place = catalog.getDatabase(self._named(schema)).locationUri or ""
            if str(self.folder.parent) in place:
                hint = "Name a folder, or a schema of a catalog or metastore with a place of its own"
                raise DataError("E_TARGET", f"Spark forgets {target} when it ends", hint=hint)
            if catalog.tableExists(self._named(target)):
                raise taken(target)

    def hand_over(self, sql: str, target: str) -> None:
        with _told():
            writer = self.session.sql(sql).write
            if target.startswith(SCHEMA):
                writer.saveAsTable(self._named(target))
            else:
                writer.parquet(_uri(target))

    def described(self, source: str) -> pa.Schema:
        from pyspark.errors import PySparkException

        try:
            return super().described(source)
        except PySparkException as reason:
            raise DataError("E_ENGINE", f"Spark cannot read {source}: {_line(reason)}") from None

    def show(self, table: str, columns: Mapping[str, str], source: str) -> None:
        casts = ", ".join(self.cast(column, kind) for column, kind in columns.items())
        with _told():
            self.session.sql(f"create temporary view {name(table, self.dialect)} as select {casts} from {source}")

    def source(self, table: str, where: str) -> str | None:
        if where.startswith(SCHEMA):
            named = self._named(f"{where}.{table}")
            return named if self.session.catalog.tableExists(named) else None
        places = (f"{_uri(where)}/{table}.parquet", f"{_uri(where)}/{table}")
        return next((f"parquet.{name(place, self.dialect)}" for place in places if self._there(place)), None)

    def note(self, where: str, name: str) -> str:
        place = f"{_uri(where)}/{name}"
        if where.startswith(SCHEMA) or not self._there(place):
            return ""
        return self.session.read.text(place, wholetext=True).toArrow()["value"][0].as_py()

    def parquet(self, table: str, file: Path) -> str:
        return f"parquet.{name(f'file://{file}', self.dialect)}"

    def close(self) -> None:
        self.session.stop()
        super().close()

    def _named(self, where: str) -> str:
        return ".".join(name(part, self.dialect) for part in where.removeprefix(SCHEMA).split("."))

    def _there(self, place: str) -> bool:
        with _told():
            path = self.session._jvm.org.apache.hadoop.fs.Path(place)
            return path.getFileSystem(self.session._jsc.hadoopConfiguration()).exists(path)


def _uri(where: str) -> str:
    return where.rstrip("/") if "://" in where else f"file://{Path(where).resolve()}"


def _session(master: str, folder: Path) -> Any:
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError("E_ENGINE", "pyspark is not installed", hint="Run: make spark") from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise DataError("E_ENGINE", "Spark needs Java 17", hint="Run: apt-get install openjdk-17-jre-headless")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
    conf = SparkConf(loadDefaults=False).setAll(list(_settings(master, folder).items()))
    with (folder / "spark.log").open("wb") as log, _told(f"Spark does not start on {master}"):
        gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
        SparkContext._ensure_initialized(gateway=gateway)
        return SparkSession.builder.config(conf=conf).getOrCreate()


def _settings(master: str, folder: Path) -> dict[str, str]:
    """Above what spark-defaults.conf says: what makes the answers, and on this machine what it may take."""
    (folder / "log4j2.properties").write_text(LOG, encoding="utf-8")
    found = {
        "spark.master": master,
        "spark.app.name": "customer-deck",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.caseSensitive": "false",
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
    }
    if not master.startswith("local"):
        return found
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (HEAP << 20)
    return found | {
        "spark.local.dir": str(folder / "spill"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": os.environ.get("SPARK_DRIVER_MEMORY", f"{memory}m"),
        "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
    }


@contextmanager
def _told(what: str = "Spark gave up") -> Iterator[None]:
    """What Spark fails at, as one line; a fault in a statement of ours keeps its traceback."""
    from py4j.protocol import Py4JError
    from pyspark.errors import AnalysisException, PySparkException

    try:
        yield
    except AnalysisException:
        raise
    except (PySparkException, Py4JError, ConnectionError) as reason:
        hint = "Check the master's address, that its workers see the data, and their memory"
        raise DataError("E_ENGINE", f"{what}: {_line(reason)}", hint=hint) from None


def _line(reason: Exception) -> str:
    """The deepest cause that a Java error names, in one line."""
    causes = [one or other for one, other in CAUSE.findall(str(reason))]
    return shown(causes[-1] if causes else str(reason).strip().splitlines()[0], 200).rstrip(".! ")
