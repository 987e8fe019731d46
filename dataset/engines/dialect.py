"""The analyses' SQL in another engine's words: sqlglot translates it, a few repairs keep the answer the same."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

SPARK = ("spark", "databricks")


@lru_cache(maxsize=256)
def translated(sql: str, dialect: str) -> tuple[str, tuple[str, ...]]:
    """A statement of the common dialect (as DuckDB reads it) in another; the parameters it names, in the order bound.

    Spark takes them by name (`:name`), PostgreSQL by place (`$1`), any other dialect as sqlglot writes them. Raises
    sqlglot's UnsupportedError where the other dialect has no words for it.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    names = tuple(dict.fromkeys(str(p.this) for p in tree.find_all(exp.Placeholder)))
    tree = tree.transform(lambda node: _carried(node, dialect, names))
    return tree.sql(dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE), names


def type_name(kind: str, dialect: str) -> str:
    """A type as DuckDB calls it (`DECIMAL(18,6)`), in another dialect."""
    kind = "DECIMAL(38, 0)" if kind.upper() == "HUGEINT" else kind
    return exp.DataType.build(kind, dialect="duckdb").sql(dialect)


def name(identifier: str, dialect: str) -> str:
    """A column or table name, quoted for another dialect."""
    return exp.to_identifier(identifier, quoted=True).sql(dialect)


def _carried(node: exp.Expr, dialect: str, names: tuple[str, ...]) -> exp.Expr:
    """One node, put so that the dialect gives DuckDB's answer."""
    if dialect in SPARK and isinstance(node, exp.DateDiff) and node.text("unit").upper() == "SECOND":
        for side in ("this", "expression"):  # DuckDB counts the seconds begun between, Spark those passed
            node.set(side, exp.TimestampTrunc(this=node.args[side].copy(), unit=exp.var("SECOND")))
    if dialect == "postgres" and isinstance(node, exp.Placeholder):
        return exp.Parameter(this=exp.Literal.number(names.index(str(node.this)) + 1))
    return node
