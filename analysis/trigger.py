"""Trigger rules: one SQL condition over what is known of a customer, checked word by word before anything runs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.rfm import SEGMENTS, WINDOW_SHOPPERS
from dataset import engine
from dataset.errors import existing, shown

Kind = Literal["number", "text", "truth", "nothing"]
LONGEST = 400  # characters of a rule
BLOCK = 100_000  # customers looked at at once
TARGETS = (*SEGMENTS, WINDOW_SHOPPERS)
FORMS = "and, or, not, = <> < <= > >=, between, in (...), is null, + - * /, coalesce(...)"

# What a rule may name: (kind, meaning). A measure of a model that did not pass is null for everybody.
COLUMNS: Mapping[str, tuple[Kind, str]] = {
    "segment": ("text", f"the segment by scores: {', '.join(SEGMENTS)}; {WINDOW_SHOPPERS} of who only looked"),
    "cluster": ("text", "the cluster's name"),
    "country": ("text", "country of the customer's orders, or on file"),
    "recency_days": ("number", "days since the last sale"),
    "tenure_days": ("number", "days since the first sale"),
    "orders": ("number", "orders with a sale; nought of who only looked"),
    "net": ("number", "net revenue to date"),
    "order_value": ("number", "net revenue / orders"),
    "r": ("number", "score of recency, five is best"),
    "f": ("number", "score of frequency, five is best"),
    "m": ("number", "score of money, five is best"),
    "high_value": ("truth", "whether in the top fifth by net revenue to date"),
    "net_rank": ("number", "place by net revenue as a share of customers from the top: the best half is <= 0.5"),
    "segment_net_rank": ("number", "the same among the customers of the own segment"),
    "expected_value": ("number", "expected sales of the next ninety days, by the lifetime or else the spend model"),
    "value_rank": ("number", "place by expected value as a share of customers from the top"),
    "segment_value_rank": ("number", "the same among the customers of the own segment"),
    "p_alive": ("number", "chance to be still a customer (BG/NBD); one for who bought on one day only"),
    "churn_90d": ("number", "chance of no order in the next ninety days"),
    "propensity_7d": ("number", "chance to buy within a week"),
}


class RuleError(Exception):
    """Why a text is no rule; `hint`: what is allowed."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that passed: as written, as SQL over COLUMNS (numbers as double), and the columns it names."""

    text: str
    sql: str
    columns: frozenset[str]


@lru_cache(maxsize=256)
def parse(text: str) -> Trigger:
    """The checked rule, once a text; RuleError with what is wrong and what is allowed."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST:
        raise RuleError(f"is longer than {LONGEST} characters")
    if not all(letter.isprintable() or letter in " \t\n" for letter in text):
        raise RuleError("holds a character that cannot be printed")
    try:
        tree = sqlglot.parse_one(text, into=exp.Condition, read="duckdb")
        if _kind(tree) != "truth":
            raise RuleError("is no condition: it is not true or false of a customer", f"Allowed: {FORMS}")
    except (SqlglotError, RecursionError) as fault:
        raise RuleError(f"cannot be read as a condition: {_said(fault)}", f"Allowed: {FORMS}") from None
    made = Trigger(
        text,
        tree.transform(_as_double).sql(dialect="duckdb", comments=False),
        frozenset(c.name.lower() for c in tree.find_all(exp.Column)),
    )
    first({}, 0, [made])  # the engine understands it too
    return made


def first(columns: Mapping[str, pd.Series | np.ndarray], rows: int, triggers: Sequence[Trigger]) -> np.ndarray:
    """The place of the first trigger that matches each row (int16), -1 for none; an unknown value matches nothing.

    columns: those of COLUMNS that are there, a value a row; the others are null. Raises RuleError for a rule that the
    engine cannot compute.
    """
    if not triggers:
        return np.full(rows, -1, dtype=np.int16)
    found = []
    for at in range(0, max(rows, 1), BLOCK):
        part = {name: pd.Series(values, copy=False).iloc[at : at + BLOCK] for name, values in columns.items()}
        found.append(_first(part, min(BLOCK, rows - at), triggers))
    return np.concatenate(found)


def _first(columns: Mapping[str, pd.Series], rows: int, triggers: Sequence[Trigger]) -> np.ndarray:
    used = sorted(frozenset[str]().union(*(t.columns for t in triggers)))
    people = pa.table(
        {"row": np.arange(rows)} | {name: _arrow(columns.get(name), COLUMNS[name][0], rows) for name in used}
    )
    cases = " ".join(f"when ({trigger.sql}) then {place}" for place, trigger in enumerate(triggers))
    try:
        found = engine.answer(f"select people.row, case {cases} else -1 end as place from people", people=people)
    except engine.EngineError as fault:
        raise RuleError(f"cannot be computed: {_said(fault)}", f"Allowed: {FORMS}") from None
    place = np.empty(rows, dtype=np.int16)
    place[found["row"].to_numpy()] = found["place"].to_numpy()
    return place


def rank(values: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Each value's place from the top as a share: (average rank - 1/2) / how many; equal values share theirs.

    groups: ranked within each. An unknown value (NaN) has none and counts for nobody.
    """
    series = pd.Series(-values)
    by = series.groupby(groups) if groups is not None else None
    ranks = (by or series).rank(method="average")
    counts = by.transform("count") if by is not None else series.count()
    return ((ranks - 0.5) / counts).to_numpy()


def _arrow(values: pd.Series | None, kind: Kind, rows: int) -> pa.Array:
    types = {"number": pa.float64(), "text": pa.string(), "truth": pa.bool_()}
    if values is None:
        return pa.nulls(rows, types[kind])
    made = pa.array(values, from_pandas=True)
    made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
    return made.cast(types[kind])


def _as_double(node: Any) -> Any:
    """Numbers as double, so that nothing overflows; a division by nought unknown; names in quotes, as columns are."""
    from sqlglot import exp

    if isinstance(node, exp.Div):  # what it is made of by itself: nothing below a replaced part is looked at
        above, below = (part.transform(_as_double) for part in (node.this, node.expression))
        return exp.Div(this=above, expression=exp.Nullif(this=below, expression=exp.Literal.number(0)))
    if isinstance(node, exp.Literal) and not node.is_string:
        return exp.cast(node.copy(), "double")
    if isinstance(node, exp.Column):
        return exp.column(node.name.lower(), quoted=True)
    return node


def _kind(node: Any) -> Kind:
    """What a part of a rule gives; RuleError for whatever a rule may not hold."""
    from sqlglot import exp

    rules: dict[type, Callable[[], Kind]] = {
        exp.Paren: lambda: _kind(node.this),
        exp.Column: lambda: _column(node),
        exp.Literal: lambda: "text" if node.is_string else "number",
        exp.Boolean: lambda: "truth",
        exp.Null: lambda: "nothing",
        exp.Not: lambda: _all("truth", [node.this], "truth", "not"),
        exp.Neg: lambda: _all("number", [node.this], "number", "-"),
        exp.Between: lambda: _between(node),
        exp.In: lambda: _in(node),
        exp.Is: lambda: _is(node),
        exp.Coalesce: lambda: _same([node.this, *node.expressions], "coalesce"),
    }
    rules |= dict.fromkeys((exp.And, exp.Or), lambda: _all("truth", [node.this, node.expression], "truth", node.key))
    rules |= dict.fromkeys(
        (exp.Add, exp.Sub, exp.Mul, exp.Div),
        lambda: _all("number", [node.this, node.expression], "number", "a calculation"),
    )
    rules |= dict.fromkeys((exp.EQ, exp.NEQ), lambda: _equal(node))
    rules |= dict.fromkeys(
        (exp.LT, exp.LTE, exp.GT, exp.GTE),
        lambda: _all("number", [node.this, node.expression], "truth", "a comparison by size"),
    )
    if type(node) not in rules:
        raise RuleError(f"holds {_named(node)}, which a rule may not", f"Allowed: {FORMS}")
    return rules[type(node)]()


def _column(node: Any) -> Kind:
    name = node.name.lower()
    if node.args.get("table") or name not in COLUMNS:
        raise RuleError(f"names an unknown column {_sql(node)}", existing(name, COLUMNS))
    return COLUMNS[name][0]


def _all(wanted: Kind, nodes: Iterable[Any], gives: Kind, where: str) -> Kind:
    for node in nodes:
        if (kind := _kind(node)) != wanted:
            raise RuleError(f"has {_of(node, kind)} where {where} needs a {wanted}", f"Allowed: {FORMS}")
    return gives


def _same(nodes: Sequence[Any], where: str) -> Kind:
    """The one kind of all of these."""
    kinds = [_kind(node) for node in nodes]
    if "nothing" in kinds:
        raise RuleError("compares with null, which matches nothing", "Allowed: is null, is not null, coalesce(...)")
    for node, kind in zip(nodes, kinds, strict=True):
        if kind != kinds[0]:
            raise RuleError(f"has {_of(node, kind)} beside {_of(nodes[0], kinds[0])} in {where}", f"Allowed: {FORMS}")
    return kinds[0]


def _equal(node: Any) -> Kind:
    if _same([node.this, node.expression], "a comparison") == "text":
        _segments([node.this, node.expression])
    return "truth"


def _in(node: Any) -> Kind:
    from sqlglot import exp

    if not node.expressions or not all(isinstance(n, exp.Literal) for n in node.expressions):
        raise RuleError("has in with something other than a list of plain values", f"Allowed: {FORMS}")
    _same([node.this, *node.expressions], "in (...)")
    _segments([node.this, *node.expressions])
    return "truth"


def _between(node: Any) -> Kind:
    return _all("number", [node.this, node.args["low"], node.args["high"]], "truth", "between")


def _is(node: Any) -> Kind:
    from sqlglot import exp

    if not isinstance(node.expression, exp.Null | exp.Boolean):
        raise RuleError("has is with something other than null, true or false", f"Allowed: {FORMS}")
    kind = _kind(node.this)
    if isinstance(node.expression, exp.Boolean) and kind != "truth":
        raise RuleError(f"has {_of(node.this, kind)} where is {node.expression.sql()} needs a truth")
    return "truth"


def _segments(nodes: Iterable[Any]) -> None:
    """Texts compared with the segment are segments."""
    from sqlglot import exp

    nodes = list(nodes)
    if any(column.name.lower() == "segment" for node in nodes for column in node.find_all(exp.Column)):
        for text in (found.name for node in nodes for found in node.find_all(exp.Literal) if found.is_string):
            if text not in TARGETS:
                raise RuleError(f"names an unknown segment {shown(text, 60)!r}", existing(text, TARGETS))


def _of(node: Any, kind: Kind) -> str:
    return f"{_sql(node)} ({'nothing' if kind == 'nothing' else f'a {kind}'})"


def _named(node: Any) -> str:
    """A forbidden part in words."""
    from sqlglot import exp

    if isinstance(node, exp.Query | exp.Subquery | exp.Exists):
        return "a subquery"
    if isinstance(node, exp.Func):
        return f"the function {shown(node.name if isinstance(node, exp.Anonymous) else node.sql_name(), 60)}"
    return f"{type(node).__name__.lower()} ({_sql(node)})"


def _sql(node: Any) -> str:
    """A part of a rule in a message; what no dialect has is written as it comes, without a word of the library's."""
    from sqlglot.errors import ErrorLevel

    return shown(node.sql(unsupported_level=ErrorLevel.IGNORE), 60)


def _said(fault: Exception) -> str:
    """What a library says is wrong: the innermost reason, one line."""
    told = [e["description"] for e in getattr(fault.__cause__ or fault, "errors", ()) if e.get("description")]
    line = (told or str(fault).splitlines() or [type(fault).__name__])[0]
    line = re.sub(r"^Required keyword: .*", "a value is missing", line)
    return shown(line, 100).rstrip(". ")
