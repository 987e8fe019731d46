"""The same report from DuckDB, Spark and PostgreSQL; a password that nobody sees; refusals of one line."""

from __future__ import annotations

import csv
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset import sample
from dataset.settings import Settings
from dataset.tables import TABLES
from tests.dataset.postgres import running
from tests.end_to_end.conftest import ROOT, Built, build, score
from tests.end_to_end.test_scores import same_scores

pytestmark = pytest.mark.engines

PASSWORD = "S3cret-word-of-anna"
SCRIPT = """
create schema shop;
create role bert login password 'bert';
create role carla login password 'carla';
revoke temporary on database postgres from public;
grant temporary on database postgres to carla;
"""
CLOSE = 1e-9
SPARK = "local[2]"
NO_SPARK = "" if find_spec("pyspark") else "pyspark is not installed (make test-spark)"
FAST = {
    "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"
}  # a small shop: Java's second compiler would cost more than it saves


@pytest.fixture(scope="module")
def tables(shop: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The canonical tables of the built-in shop, as Parquet."""
    folder = tmp_path_factory.mktemp("canonical")
    raw, there = folder / "raw", folder / "tables"
    sample.write(raw, seed=Settings().seed)
    subprocess.run([sys.executable, "-m", "dataset.canonical", str(raw), str(there)], check=True, cwd=ROOT)
    return there


@pytest.fixture(scope="module")
def server(tables: Path) -> Iterator[str]:
    """A server that holds the canonical tables in the schema `shop`."""
    from adbc_driver_postgresql import dbapi

    with running(PASSWORD, SCRIPT) as address:
        with dbapi.connect(f"postgresql://anna:{PASSWORD}@{address}/postgres", autocommit=True) as session:
            for table in TABLES:
                with session.cursor() as cursor:
                    cursor.adbc_ingest(table, pq.read_table(tables / f"{table}.parquet"), db_schema_name="shop")
        yield address


@pytest.fixture(scope="module")
def watched(server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, set[str]]:
    """The built-in shop's report by PostgreSQL, and every command line that was to be seen meanwhile."""
    site = tmp_path_factory.mktemp("watched") / "site"
    command = [sys.executable, str(ROOT / "build.py"), "--no-cache", "--engine", f"postgresql://anna@{server}/postgres"]
    log = site.parent / "said"
    with log.open("w") as said:
        env = os.environ | {"PGPASSWORD": PASSWORD}
        run = subprocess.Popen([*command, "--out", str(site)], stdout=said, stderr=said, env=env, cwd=site.parent)
        seen: set[str] = set()
        while run.poll() is None:
            seen |= set(_command_lines())
    return Built(run.returncode, log.read_text(), site), seen


def _command_lines() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield process.read_text(errors="replace")
        except OSError:
            continue


def same(one: Built, other: Built, *but: str) -> None:
    """Every finding and every export is the same: counts, money, days and texts exactly, floats to a billionth."""
    assert one.code == 0, one.said
    assert other.code == 0, other.said
    left, right = one.metrics, other.metrics
    assert left["findings"].keys() == right["findings"].keys()
    skipped = ("quality.",) if "quality" in but else ()
    for key in left["findings"]:
        if not key.startswith(skipped or ("-",)):
            alike(left["findings"][key], right["findings"][key], key)
    names = {p.name for p in (one.release / "exports").iterdir()}
    assert names == {p.name for p in (other.release / "exports").iterdir()}
    assert {"customers.csv", "customers.parquet", "recommendations.csv"} <= names
    for name in sorted(names):
        alike(_export(one.release / "exports" / name), _export(other.release / "exports" / name), name)


def alike(left: Any, right: Any, where: str) -> None:
    """Equal, floats to a billionth of themselves."""
    assert type(left) is type(right), where
    if isinstance(left, dict):
        assert left.keys() == right.keys(), where
        for key in left:
            alike(left[key], right[key], f"{where} {key}")
    elif isinstance(left, list):
        assert len(left) == len(right), where
        for place, (a, b) in enumerate(zip(left, right, strict=True)):
            alike(a, b, f"{where} {place}")
    elif isinstance(left, float):
        assert math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE) or (math.isnan(left) and math.isnan(right)), (
            where
        )
    else:
        assert left == right, where


def _export(file: Path) -> Any:
    if file.suffix == ".parquet":
        return pq.read_table(file).to_pydict()
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as rows:
            return [[_cell(cell) for cell in row] for row in csv.reader(rows)]
    return file.read_bytes()


def _cell(cell: str) -> object:
    """A number with a decimal point as float; ids, counts and texts as they stand."""
    try:
        return float(cell) if "." in cell else cell
    except ValueError:
        return cell


def test_alike_tells_numbers_apart() -> None:
    """A count one off, or a float beyond a billionth, is not alike."""
    alike({"a": [1, 2.0, "x"]}, {"a": [1, 2.0 + 1e-12, "x"]}, "")
    for other in ({"a": [2, 2.0, "x"]}, {"a": [1, 2.0 + 1e-6, "x"]}, {"a": [1, 2.0, "y"]}, {"a": [1, 2.0]}):
        with pytest.raises(AssertionError):
            alike({"a": [1, 2.0, "x"]}, other, "")


def test_postgresql_gives_the_same_report(shop: Built, watched: tuple[Built, set[str]]) -> None:
    same(shop, watched[0])


def test_the_password_is_nowhere(watched: tuple[Built, set[str]]) -> None:
    """In no page, export, log, metrics, manifest, and no command line while the build ran."""
    built, seen = watched
    assert PASSWORD not in built.said
    assert any("--engine" in line for line in seen) and not any(PASSWORD in line for line in seen)
    files = [p for p in built.site.rglob("*") if p.is_file()]
    assert len(files) > 50
    assert not [p for p in files if PASSWORD.encode() in p.read_bytes()]
    assert "PostgreSQL, postgresql://127.0.0.1" in (built.release / "appendix.html").read_text(encoding="utf-8")


def test_tables_in_place(shop: Built, server: str, tmp_path: Path) -> None:
    """A schema of canonical tables, the whole address from the environment; only the raw files' account is another."""
    address = f"postgresql://anna:{PASSWORD}@{server}/postgres"
    (tmp_path / "report.toml").write_text('organisation = "The built-in shop"\ncurrency = "USD"\n')
    config = ("--config", tmp_path / "report.toml", "--format", "html", "--no-cache")
    built = build("tables://shop", *config, out=tmp_path / "site", CUSTOMER_DECK_ENGINE=address)
    same(shop, built, "quality")
    assert PASSWORD not in built.said
    assert not [p for p in built.site.rglob("*") if p.is_file() and PASSWORD.encode() in p.read_bytes()]
    assert built.metrics["values"]["lines"] == shop.metrics["values"]["lines"]
    assert built.metrics["values"]["net"] == shop.metrics["values"]["net"]


def test_canonical_parquet_gives_the_same_report(shop: Built, tables: Path, tmp_path: Path) -> None:
    """Also where a table is a folder of several files."""
    several = tmp_path / "tables"
    several.mkdir()
    for file in tables.iterdir():
        os.link(file, several / file.name)
    (several / "lines.parquet").unlink()
    (several / "lines").mkdir()
    lines = pq.read_table(tables / "lines.parquet")
    half = len(lines) // 2
    pq.write_table(lines.slice(0, half), several / "lines" / "a.parquet")
    pq.write_table(lines.slice(half), several / "lines" / "b.parquet")
    same(shop, build(several, "--format", "html", "--no-cache", out=tmp_path / "site"))


@pytest.mark.skipif(bool(NO_SPARK), reason=NO_SPARK)
@pytest.mark.slow
def test_spark_gives_the_same_report(shop: Built, tables: Path, tmp_path: Path) -> None:
    """Canonical Parquet, read by Spark where it lies."""
    built = build(tables, "--engine", SPARK, "--format", "html", "--no-cache", out=tmp_path / "site", **FAST)
    same(shop, built)
    assert f"Spark, {SPARK}" in (built.release / "appendix.html").read_text(encoding="utf-8")


@pytest.mark.skipif(bool(NO_SPARK), reason=NO_SPARK)
def test_raw_data_on_spark(shop: Built, tmp_path: Path) -> None:
    """Read by the door, brought to Spark as Parquet."""
    few = ("--only", "kpis", "--only", "lifecycle", "--format", "html", "--no-cache")
    built = build("--engine", SPARK, *few, out=tmp_path / "site", **FAST)
    assert built.code == 0, built.said
    for key, found in built.metrics["findings"].items():
        alike(shop.metrics["findings"][key], found, key)


def test_scores_written_by_postgresql(shop: Built, server: str, euros: Path) -> None:
    """Into a table of the schema; a second time it is there already, and a file is none of PostgreSQL's."""
    url, env = f"postgresql://anna@{server}/postgres", {"PGPASSWORD": PASSWORD}
    options = ("--engine", url, "--config", euros)
    done = score(shop.release, "tables://shop", "tables://shop.scores", *options, **env)
    assert done.code == 0, done.said
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(f"postgresql://anna:{PASSWORD}@{server}/postgres") as session, session.cursor() as cursor:
        cursor.execute("select * from shop.scores")
        same_scores(shop, cursor.fetch_arrow_table())
    for target, said in (
        ("tables://shop.scores", "E_TARGET tables://shop.scores is there already"),
        ("tables://none.scores", "E_TARGET tables://none.scores cannot be written: there is no such schema"),
        ("scores.parquet", "E_TARGET PostgreSQL cannot write scores.parquet. Name a table: tables://schema.table"),
    ):
        again = score(shop.release, "tables://shop", target, *options, **env)
        assert again.code == 2 and again.said.startswith(said)
        assert PASSWORD not in again.said


@pytest.mark.skipif(bool(NO_SPARK), reason=NO_SPARK)
def test_scores_written_by_spark(shop: Built, tables: Path, euros: Path, tmp_path: Path) -> None:
    """Into a folder of Parquet that its owner alone can read; a table that would go with the session is refused."""
    options = ("--engine", SPARK, "--config", euros)
    done = score(shop.release, tables, tmp_path / "scores", *options, **FAST)
    assert done.code == 0, done.said
    same_scores(shop, pq.read_table(tmp_path / "scores"))
    files = list((tmp_path / "scores").glob("*.parquet"))
    assert files and not [file for file in files if file.stat().st_mode & 0o77]
    gone = score(shop.release, tables, "tables://default.scores", *options, **FAST)
    assert gone.code == 2 and "E_TARGET Spark forgets tables://default.scores when it ends" in gone.said


def refused(*arguments: object, **env: str) -> str:
    """The one line a refused build says, without any password."""
    without = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "CUSTOMER_DECK"))} | env
    command = [sys.executable, str(ROOT / "build.py"), *map(str, arguments), "--check"]
    done = subprocess.run(command, env=without, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert PASSWORD not in line and "anna" not in line.replace(".pgpass", "")
    return line


def test_a_password_on_the_command_line() -> None:
    for url in (f"postgresql://anna:{PASSWORD}@h/d", f"postgresql://h/d?user=anna&password={PASSWORD}"):
        line = refused("--engine", url)
        assert line.startswith("E_ENGINE a password on the command line")
        assert "PGPASSWORD" in line and "CUSTOMER_DECK_ENGINE" in line


def test_engines_that_are_none() -> None:
    assert "there is no such engine. Known are duckdb, spark" in refused("--engine", "oracle")
    assert "Name it with --engine" in refused("tables://shop")
    assert "Connection refused" in refused("--engine", "postgresql://anna@127.0.0.1:1/d")


def test_what_a_server_refuses(server: str) -> None:
    """Each in one line that says what to do."""
    login = f"postgresql://anna@{server}/postgres"
    assert "password authentication failed" in refused("--engine", login, PGPASSWORD="Wr0ng")
    assert "no password supplied. Check the address" in refused("--engine", login)
    assert 'database "none" does not exist' in refused(
        "--engine", f"postgresql://anna@{server}/none", PGPASSWORD=PASSWORD
    )
    assert refused("tables://none", "--engine", login, PGPASSWORD=PASSWORD).startswith(
        "E_CANONICAL there is no table lines in tables://none"
    )
    bert = refused("--engine", f"postgresql://bert@{server}/postgres", PGPASSWORD="bert")
    assert "permission denied to create temporary tables" in bert and "needs TEMPORARY" in bert
    carla = refused("tables://shop", "--engine", f"postgresql://carla@{server}/postgres", PGPASSWORD="carla")
    assert "permission denied for schema shop" in carla and "USAGE on the schema" in carla


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["amount"]), "E_COLUMN_MISSING lines, column amount: this column is missing"),
        (
            lambda t: t.set_column(t.column_names.index("amount"), "amount", t["amount"].cast(pa.float64())),
            "E_COLUMN_TYPE lines, column amount: is double. It must be decimal(18, 6)",
        ),
        (
            lambda t: t.set_column(t.column_names.index("kind"), "kind", pa.array(["sold"] * len(t))),
            "E_CANONICAL lines: 28,688 rows of a kind that is none",
        ),
        (lambda t: t.slice(1), "E_CANONICAL about.json: tells of other tables"),
    ],
    ids=["missing", "double", "kind", "other rows"],
)
def test_tables_that_are_not_canonical(tables: Path, tmp_path: Path, change, said: str) -> None:
    for file in tables.iterdir():
        os.link(file, tmp_path / file.name)
    lines = pq.read_table(tables / "lines.parquet")
    (tmp_path / "lines.parquet").unlink()
    pq.write_table(change(lines), tmp_path / "lines.parquet")
    assert refused(tmp_path).startswith(said)


def test_without_pyspark_or_java(tmp_path: Path) -> None:
    """What to install is said."""
    line = refused("--engine", "spark", PATH=str(tmp_path), JAVA_HOME="")
    assert "Spark needs Java 17" in line or "pyspark is not installed. Run: make spark" in line


def test_the_document_names_what_there_is() -> None:
    """Options, variables and reductions that docs/scale.md names."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, str(ROOT / "build.py"), "--help"], capture_output=True, text=True, check=True
    )
    assert set(re.findall(r"(?<![\w-])--[a-z]+", text)) <= set(re.findall(r"--[a-z]+", shown.stdout))
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "dataset" / "engines").glob("*.py"))
    for variable in ("PGPASSWORD", "CUSTOMER_DECK_ENGINE", "SPARK_DRIVER_MEMORY"):
        assert variable in text and variable in code
    table = text[text.index("## What crosses") : text.index("## Sizes")]
    files = {p.stem for p in (ROOT / "analysis").glob("*.sql")}
    assert set(re.findall(r"`([a-z_]+)`", table)) <= files
