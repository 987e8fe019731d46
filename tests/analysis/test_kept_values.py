"""What is kept of a result is read back equal to the bit, or not at all."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import kept_values
from analysis.finding import Finding, Table
from analysis.kept_values import Damaged
from analysis.long_table import LongTable
from analysis.plan import analyses
from analysis.run import Run, run
from dataset import opening, sample
from dataset.settings import Settings
from dataset.tables import Account, Note, Reason

KEY = "k" * 64


def same(one: Any, other: Any, at: str = "") -> None:
    """Fail where two values differ in type, value, bits, or in how pandas and numpy hold them."""
    assert type(one) is type(other), at
    if isinstance(one, pd.DataFrame):
        same(one.index, other.index, f"{at}.index")
        same(one.columns, other.columns, f"{at}.columns")
        for place, name in enumerate(one.columns):
            same(one.iloc[:, place].array, other.iloc[:, place].array, f"{at}.{name}")
    elif isinstance(one, pd.RangeIndex):
        assert (one.start, one.stop, one.step, one.name) == (other.start, other.stop, other.step, other.name), at
    elif isinstance(one, pd.Index):
        assert one.name == other.name, at
        same(one.array, other.array, at)
    elif isinstance(one, pd.Categorical):
        assert one.ordered == other.ordered, at
        same(one.codes, other.codes, f"{at}.codes")
        same(one.categories, other.categories, f"{at}.categories")
    elif isinstance(one, pd.api.extensions.ExtensionArray):
        assert one.dtype == other.dtype and repr(one.dtype) == repr(other.dtype), at
        same(np.asarray(one), np.asarray(other), at)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), at
        assert one.flags.c_contiguous == other.flags.c_contiguous or one.ndim == 1, at
        if one.dtype == object:
            for place, (a, b) in enumerate(zip(one.ravel(), other.ravel(), strict=True)):
                same(a, b, f"{at}[{place}]")
        else:
            assert one.tobytes() == other.tobytes(), at
    elif isinstance(one, LongTable):
        assert (one.rows, one.again) == (other.rows, other.again), at
        assert list(one.blocks()) == list(other.blocks()), at
    elif is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name), f"{at}.{field.name}")
    elif isinstance(one, dict):
        same(tuple(one), tuple(other), f"{at} keys")
        for key in one:
            same(one[key], other[key], f"{at}[{key!r}]")
    elif isinstance(one, tuple | list):
        assert len(one) == len(other), at
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{at}[{place}]")
    elif isinstance(one, float):
        assert struct.pack("d", one) == struct.pack("d", other), at
    elif isinstance(one, Decimal):
        assert one.as_tuple() == other.as_tuple(), at
    else:
        assert one == other, at


def kept(folder: Path, value: object) -> Any:
    """A value, written and read."""
    folder.mkdir()
    for name, content in kept_values.files(value, KEY):
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    return kept_values.value(folder, KEY)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every analysis of the built-in shop."""
    folder = tmp_path_factory.mktemp("shop")
    sample.write(folder / "shop", customers=2_000, seed=1)
    dataset, settings = opening.open_data(str(folder / "shop"), "thelook", None, Settings(currency="EUR"), folder)
    yield run(analyses(), dataset, replace(settings, budget=1_000.0))
    dataset.engine.close()


@pytest.mark.parametrize("name", analyses())
def test_every_result_of_the_built_in_shop_comes_back_as_it_was(name: str, done: Run, tmp_path: Path) -> None:
    result = done.results.get(name)
    if result is None:
        assert name == "versus_last" and done.skipped[name]
        return
    same(kept(tmp_path / "kept", result), result)


VALUES = {
    "plain": (None, True, False, 0, -(10**40), "", 'ä"\\\n\u2028\U0001f600', ("a", ("b",)), [1, [2]], frozenset("xyz")),
    "floats": (0.0, -0.0, 0.1, 1e308, 5e-324, math.inf, -math.inf, math.nan),
    "exact": (
        Decimal("0"),
        Decimal("-0.00"),
        Decimal("1E+3"),
        Decimal("12345678901234567890.123456789"),
        Decimal("NaN"),
    ),
    "days": (date(1, 1, 1), date(9999, 12, 31)),
    "keys": {"a": 1, 2: "b", ("c", 3): None, date(2024, 1, 1): {}},
    "scalars": (np.int64(3), np.float64(-0.0), np.float32(0.1), np.bool_(True), np.datetime64("2024-01-01", "D")),
    "project": (Note("W_A", 2, "b"), Account("f", 3, 2, (Reason("rejected", "why", 1, Decimal("1.50")),))),
}
ARRAYS = {
    "none": np.empty(0),
    "no rows": np.empty((0, 3)),
    "nothing": np.array(7.5),
    "bits": np.frombuffer(struct.pack("<4Q", 0x7FF8000000000001, 0xFFF8000000000000, 1 << 63, 1), dtype="f8"),
    "rows": np.arange(12.0).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "every second": np.arange(10)[::2],
    "objects": np.array([None, "a", Decimal("1.0"), (1, 2), date(2024, 1, 1), math.nan], dtype=object),
    "pairs": np.array([(1, 2), (3, 4), None], dtype=object)[:2],
    "texts": np.array(["a", None, ""], dtype=object),
    "units": np.array(["2024-01-01", "NaT"], dtype="M8[s]"),
    "spans": np.array([1, 2], dtype="m8[us]"),
    **{kind: np.array([0, 1, 100], dtype=kind) for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "?")},
}
FRAMES = {
    "empty": pd.DataFrame(),
    "no columns": pd.DataFrame(index=range(3)),
    "no rows": pd.DataFrame({"a": pd.Series(dtype="str"), "b": pd.Series(dtype="M8[s]"), "c": pd.Series(dtype=object)}),
    "text": pd.DataFrame({"a": ["x", None, "ä"]}),
    "text as objects": pd.DataFrame({"a": pd.Series(["x", None, "y"], dtype=object)}),
    "twice": pd.DataFrame([[1, 2.0]], columns=["a", "a"]),
    "index": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="who")),
    "numbers above": pd.DataFrame({0: [1], 5: [2]}),
    "range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(10, 0, -5, name="n")),
    "categories": pd.DataFrame(
        {
            "a": pd.Categorical(["b", None, "a"], categories=["b", "a", "never"], ordered=True),
            "b": pd.Categorical([3, 1, 3]),
            "c": pd.Categorical([None, None, None], categories=[]),
        }
    ),
    "whole": pd.DataFrame({"a": [2**63 - 1], "b": [0.1], "c": [True], "d": [pd.Timestamp("2024-01-01")]}),
    "many": pd.DataFrame({"a": np.random.default_rng(1).random(100_000), "b": [f"c{i}" for i in range(100_000)]}),
}


@pytest.mark.parametrize("name", [*VALUES, *ARRAYS, *FRAMES])
def test_values_of_every_kind_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    for place, values in enumerate((VALUES, ARRAYS, FRAMES)):
        if name in values:
            same(kept(tmp_path / str(place), values[name]), values[name])


def test_what_comes_back_can_be_written_to(tmp_path: Path) -> None:
    back = kept(tmp_path / "kept", (np.arange(3.0), pd.DataFrame({"a": [1.0, 2.0]})))
    back[0][0] = 5
    back[1].loc[0, "a"] = 5.0
    assert back[0][0] == 5 and back[1]["a"].tolist() == [5.0, 2.0]


class Foreign:
    """A type of nobody's."""


@pytest.mark.parametrize(
    "value",
    [
        Foreign(), Foreign, len, {1, 2}, b"x", 1j, datetime(2024, 1, 1), Path("x"), np.array([1j]), np.array(["x"]),
        np.array([Foreign()], dtype=object), pd.Series([1]), pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])), np.array([1], dtype="f2"),
        Settings(),
    ],
    ids=lambda value: str(type(value)),
)  # fmt: skip
def test_what_has_no_place_in_a_result_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no place in a result"):
        list(kept_values.files(value, KEY))


TABLE = Table(pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}), "Title", {"a": "A"}, "source.sql")


def _truncated(folder: Path) -> None:
    (folder / "2.parquet").write_bytes((folder / "2.parquet").read_bytes()[:-7])


def _altered(folder: Path) -> None:
    text = (folder / "value.json").read_text()
    (folder / "value.json").write_text(text.replace("Title", "Other"))


def _rewritten(folder: Path, **changes: Any) -> None:
    """value.json with other entries, and sums that fit."""
    told = json.loads((folder / "value.json").read_text()) | changes
    (folder / "value.json").write_text(json.dumps(told))
    _signed(folder)


def _signed(folder: Path) -> None:
    names = [p.name for p in folder.iterdir() if p.name != "SHA256SUMS"]
    sums = "".join(f"{kept_values.hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    (folder / "SHA256SUMS").write_text(sums)


def _made(name: str) -> Any:
    return lambda folder: _rewritten(folder, value={"made": name, "of": {}})


def _parquet_of_another(folder: Path) -> None:
    (folder / "2.parquet").write_bytes(b"PAR1 nothing PAR1")
    _signed(folder)


ARRAY = {"type": "<f8", "shape": [2], "order": "C", "at": [2, 0]}
LIE = {field.name: "share" if field.name == "unit" else 7 for field in fields(Finding)}
DAMAGE = {
    "no sums": lambda folder: (folder / "SHA256SUMS").unlink(),
    "empty sums": lambda folder: (folder / "SHA256SUMS").write_text(""),
    "odd sums": lambda folder: (folder / "SHA256SUMS").write_bytes(b"\xff\n"),
    "a path in the sums": lambda folder: (folder / "SHA256SUMS").write_text("0" * 64 + "  ../../etc/passwd\n"),
    "no tree": lambda folder: (folder / "value.json").unlink(),
    "no columns": lambda folder: (folder / "2.parquet").unlink(),
    "a folder for a file": lambda folder: [(folder / "2.parquet").unlink(), (folder / "2.parquet").mkdir()],
    "truncated": _truncated,
    "altered": _altered,
    "no parquet": _parquet_of_another,
    "another key": lambda folder: _rewritten(folder, key="x" * 64),
    "another version": lambda folder: _rewritten(folder, kind="customer-deck result 2"),
    "no value": lambda folder: _rewritten(folder, value={"frame": {}}),
    "an unknown kind": lambda folder: _rewritten(folder, value={"pickle": "gASVIAAAAA=="}),
    "two kinds": lambda folder: _rewritten(folder, value={"date": "2024-01-01", "decimal": "1"}),
    "a column that is not there": lambda folder: _rewritten(folder, value={"array": ARRAY | {"at": [2, 9]}}),
    "another shape": lambda folder: _rewritten(folder, value={"array": ARRAY | {"shape": [3]}}),
    "another type": lambda folder: _rewritten(folder, value={"array": ARRAY | {"type": "<i8"}}),
    "a class of a library": _made("subprocess.Popen"),
    "a function of ours": _made("analysis.kept_values.files"),
    "a class that is no dataclass": _made("analysis.finding.Skip"),
    "a class imported by a module": _made("analysis.finding.Note"),
    "a module that is not there": _made("analysis.nowhere.Class"),
    "a class without its fields": _made("analysis.finding.Table"),
    "a finding that lies": lambda folder: _rewritten(folder, value={"made": "analysis.finding.Finding", "of": LIE}),
    "nested too deep": lambda folder: [(folder / "value.json").write_text("[" * 100_000), _signed(folder)],
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_not_as_it_was_written_is_refused(name: str, tmp_path: Path) -> None:
    same(kept(tmp_path / "kept", TABLE), TABLE)
    DAMAGE[name](tmp_path / "kept")
    with pytest.raises(Damaged):
        kept_values.value(tmp_path / "kept", KEY)


def test_nothing_there_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="cannot be read"):
        kept_values.value(tmp_path / "kept", KEY)
