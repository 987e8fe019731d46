"""Every SQL file of the analyses: says what it answers, reads canonical tables only, and crosses to other engines."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from dataset.tables import TABLES

FILES = sorted((Path(__file__).parents[2] / "analysis").rglob("*.sql"))
# What analysis/score_tables.py and scores.py put on an engine, for analysis/scores_*.sql alone
SCORED_BY = {
    "rfm_steps", "rfm_segments", "cluster_scales", "cluster_centres", "spend_model", "spend_countries", "spend_level",
    "chance_models", "chance_lines", "visit_model", "visit_lines", "lifetime_model", "lifetimes_ahead",
    "returned", "visits",
}  # fmt: skip
REDUCED = {path.stem for path in FILES if path.parent.name == "reduced"}
DIALECTS = ("spark", "postgres", "bigquery", "snowflake")


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def file(request) -> Path:
    return request.param


@pytest.fixture
def statement(file: Path) -> exp.Expr:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("-- "), "the first line says what the query answers"
    (only,) = sqlglot.parse(text, read="duckdb")
    assert only is not None
    return only


def test_names_only_canonical_and_reduced_tables(statement, file):
    own = {cte.alias for cte in statement.find_all(exp.CTE)}
    named = {table.name for table in statement.find_all(exp.Table)}
    assert named - own <= set(TABLES) | REDUCED | (SCORED_BY if file.name.startswith("scores_") else set())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_transpiles(statement, dialect):
    text = statement.sql(dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(text, read=dialect) is not None


def test_common_dialect_only(statement):
    assert not list(statement.find_all(exp.Qualify, exp.ApproxDistinct, exp.ApproxQuantile, exp.Lambda, exp.Unnest))
    for window in statement.find_all(exp.Window):
        assert window.args.get("order"), "a window has a total order"
