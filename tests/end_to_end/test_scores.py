"""Scores written by the command are those of the build's export: every customer, every column."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset import sample
from dataset.settings import Settings
from tests.end_to_end.conftest import Built, score

CLOSE = 1e-9
NOT_SCORES = {"action"}  # whom the playbook selects


def same_scores(shop: Built, found: pa.Table) -> None:
    """Texts, days and counts are those of the export, floats to a billionth; the order of rows is the engine's own."""
    theirs = pq.read_table(shop.release / "exports" / "customers.parquet")
    assert set(theirs.column_names) - set(found.column_names) == NOT_SCORES
    assert [name for name in theirs.column_names if name not in NOT_SCORES] == found.column_names
    one, other = (table.sort_by("customer_id") for table in (theirs, found))
    assert len(one) == len(other) == 5000
    for name in found.column_names:
        for left, right in zip(one[name].to_pylist(), other[name].to_pylist(), strict=True):
            if isinstance(left, float) and right is not None:
                assert math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE), name
            else:
                assert left == right, name


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    sample.write(folder, seed=Settings().seed)
    return folder


def test_the_export_again(shop: Built, raw: Path, euros: Path, tmp_path: Path) -> None:
    """By DuckDB, from the raw files."""
    done = score(shop.release, raw, tmp_path / "scores.parquet", "--config", euros)
    assert done.code == 0, done.said
    assert "scores.parquet: 5,000 customers as of 2026-01-01, by rfm, clusters, clv, spend_90d, " in done.said
    same_scores(shop, pq.read_table(tmp_path / "scores.parquet"))


def test_on_another_day(shop: Built, raw: Path, euros: Path, tmp_path: Path) -> None:
    """The models of the release, the customers of that day."""
    done = score(shop.release, raw, tmp_path / "then.parquet", "--config", euros, "--as-of", "2025-06-30")
    assert done.code == 0 and "as of 2025-06-30" in done.said
    found = pq.read_table(tmp_path / "then.parquet").to_pandas()
    assert str(found["last_sale"].max()) <= "2025-06-29" and 0 < len(found) < 5000
    assert found["recency_days"].min() >= 1 and found[["r", "f", "m", "segment", "spend_90d"]].notna().all().all()


def test_refusals(shop: Built, raw: Path, tmp_path: Path) -> None:
    """One line, exit code 2, nothing written."""
    target = tmp_path / "scores.parquet"
    done = score(shop.release, raw, target)
    assert (done.code, done.said.count("\n")) == (2, 1)
    assert done.said.startswith("E_MODEL the models are in EUR, this data in")
    done = score(tmp_path, raw, target)
    assert done.code == 2 and "there are no models to score by" in done.said
    assert not list(tmp_path.iterdir())
