"""Every SQL file of the analyses in every engine's and warehouse's words: translated, read again, nothing lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from dataset.engines.dialect import translated, type_name
from dataset.tables import TABLES

ROOT = Path(__file__).parents[2] / "analysis"
FILES = sorted(ROOT.rglob("*.sql"))
DIALECTS = ("spark", "postgres", "snowflake", "bigquery", "databricks", "trino", "redshift")


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_translates_and_reads_back(file: Path, dialect: str) -> None:
    """No word is unsupported or made approximate; what comes out has the same tables, columns and parameters."""
    sql, names = translated(text(file), dialect)
    assert "approx" not in sql.lower()
    (back,) = sqlglot.parse(sql, read=dialect)
    (ours,) = sqlglot.parse(text(file), read="duckdb")
    assert back is not None and ours is not None
    assert _tables(back) == _tables(ours)
    assert [c.lower() for c in back.named_selects] == [c.lower() for c in ours.named_selects]
    assert set(names) == set(re.findall(r"\$([a-z_]\w*)", re.sub(r"--.*", "", text(file))))


def _tables(tree: exp.Expr) -> set[str]:
    return {table.name.lower() for table in tree.find_all(exp.Table)}


def test_parameters_are_bound_not_pasted() -> None:
    """By name on Spark, by place on PostgreSQL; a name used twice is one place."""
    statement = "select $a as a, $b as b from lines where ordered_at < $a"
    assert translated(statement, "spark") == ("SELECT :a AS a, :b AS b FROM lines WHERE ordered_at < :a", ("a", "b"))
    assert translated(statement, "postgres")[0] == "SELECT $1 AS a, $2 AS b FROM lines WHERE ordered_at < $1"


def test_seconds_begun_are_counted_everywhere() -> None:
    """DuckDB counts the full seconds between; Spark would count those passed."""
    sql, _ = translated("select date_diff('second', created_at, shipped_at) as s from orders", "spark")
    assert sql.count("DATE_TRUNC('SECOND'") == 2


def test_times_have_no_zone_and_types_are_told() -> None:
    assert type_name("timestamp", "spark") == "TIMESTAMP_NTZ"
    assert type_name("HUGEINT", "postgres") == "DECIMAL(38, 0)"
    assert {type_name(kind, "spark") for columns in TABLES.values() for kind in columns.values()} == {
        "STRING", "TIMESTAMP_NTZ", "DECIMAL(18, 3)", "DECIMAL(18, 6)",
    }  # fmt: skip
