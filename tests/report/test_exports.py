import csv
import stat
import time
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.finding import Table
from dataset.settings import Settings
from report import crm, exports

SETTINGS = Settings(snapshot=date(2024, 3, 1))


@dataclass
class Customers:
    frame: pd.DataFrame

    @property
    def told(self) -> pd.DataFrame:
        return self.frame


@dataclass
class Scores:
    frame: pd.DataFrame
    segments: Table


def _table(frame: pd.DataFrame) -> Table:
    return Table(frame=frame, title="t", labels={}, source="s")


def _people(ids: list[str]) -> pd.DataFrame:
    n = len(ids)
    return pd.DataFrame(
        {
            "customer_id": pd.Series(ids, dtype="str"),
            "country": pd.Categorical(["UK"] * n),
            "first_sale": np.full(n, np.datetime64("2024-01-02", "s")),
            "orders": np.arange(1, n + 1, dtype=np.int32),
            "net": np.where(np.arange(n) % 2, np.nan, 1.25),
        }
    )


def _scores(ids: list[str]) -> Scores:
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series(ids, dtype="str"),
            **dict.fromkeys("rfm", np.ones(len(ids), np.int8)),
            "segment": "VIP",
        }
    )
    return Scores(frame, _table(pd.DataFrame({"segment": ["VIP"], "net": [Decimal("12.3400")]})))


def _read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_customers_carry_their_scores_and_days_are_iso(tmp_path: Path) -> None:
    ids = ["007", "7", "1e5", "NA"]
    written = exports.write(tmp_path, {"customers": Customers(_people(ids)), "rfm": _scores(ids)}, SETTINGS)  # type: ignore[dict-item]
    assert written[:3] == ("customers.csv", "customers.parquet", "segments.csv")
    assert written[3:] == tuple(f"{name}.csv" for name in crm.FILES)
    head, *rows = _read(tmp_path / "customers.csv")
    assert head == ["customer_id", "country", "first_sale", "orders", "net", "r", "f", "m", "segment"]
    assert rows[0] == ["007", "UK", "2024-01-02", "1", "1.25", "1", "1", "1", "VIP"] and rows[-1][4] == ""
    assert _read(tmp_path / "segments.csv")[1] == ["VIP", "12.3400"]
    kept = pq.read_table(tmp_path / "customers.parquet")
    assert sorted(kept["customer_id"].to_pylist()) == sorted(ids) and kept["first_sale"][0].as_py() == date(2024, 1, 2)
    assert kept["net"].null_count == 2


def test_files_with_customers_are_for_their_owner(tmp_path: Path) -> None:
    exports.write(tmp_path, {"customers": Customers(_people(["1"])), "rfm": _scores(["1"])}, SETTINGS)  # type: ignore[dict-item]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["customers.csv"] == modes["customers.parquet"] == 0o600 and modes["segments.csv"] & 0o044


def test_what_was_skipped_is_not_written(tmp_path: Path) -> None:
    assert exports.write(tmp_path / "new", {}, SETTINGS) == ()
    assert list((tmp_path / "new").iterdir()) == []


def test_scores_of_other_customers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="row by row"):
        exports.write(tmp_path, {"customers": Customers(_people(["1", "2"])), "rfm": _scores(["2", "1"])}, SETTINGS)  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+cmd|'x'!A1",
        "-1+1",
        "@SUM(A1)",
        "\t1",
        "\r1",
        "  =1",
        "\u00a0=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\u3000@a",
        "=",
        "-",
    ],
)
def test_a_formula_is_defused(cell: str, tmp_path: Path) -> None:
    exports.write(tmp_path, {"months": type("M", (), {"months": _table(pd.DataFrame({"a": [cell]}))})}, SETTINGS)  # type: ignore[dict-item]
    assert _read(tmp_path / "months.csv")[1] == ["'" + cell]


@pytest.mark.parametrize(
    "cell", ["-5", "+1,000.50", "-1.5e3", "12%", "007", "1=2", "a,b", 'say "x"', "line\nbreak", "−5", "it's"]
)
def test_all_other_text_stays(cell: str, tmp_path: Path) -> None:
    exports.write(tmp_path, {"months": type("M", (), {"months": _table(pd.DataFrame({"a": [cell]}))})}, SETTINGS)  # type: ignore[dict-item]
    assert _read(tmp_path / "months.csv")[1] == [cell]


def test_same_bytes_and_a_million_customers_in_seconds(tmp_path: Path) -> None:
    people = _people([str(n) for n in range(1_000_000)])
    started = time.monotonic()
    exports.write(tmp_path / "a", {"customers": Customers(people)}, SETTINGS)  # type: ignore[dict-item]
    assert time.monotonic() - started < 10
    exports.write(tmp_path / "b", {"customers": Customers(people)}, SETTINGS)  # type: ignore[dict-item]
    for name in exports.CUSTOMERS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_long_tables_are_parquet_too(tmp_path: Path) -> None:
    pairs = pd.DataFrame(
        {"a": ["=1+1", "007"], "category_a": [None, None], "lift": [2.5, np.nan], "strong": [True, False]}
    )
    written = exports.write(tmp_path, {"basket": type("B", (), {"pairs": _table(pairs)})}, SETTINGS)  # type: ignore[dict-item]
    assert written == ("product_pairs.csv", "product_pairs.parquet")
    kept = pq.read_table(tmp_path / "product_pairs.parquet").to_pydict()
    assert kept == {"a": ["=1+1", "007"], "category_a": [None, None], "lift": [2.5, None], "strong": [True, False]}
    assert _read(tmp_path / "product_pairs.csv")[1] == ["'=1+1", "", "2.5", "true"]
