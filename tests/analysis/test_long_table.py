"""Tables in files: what was written comes back in the same blocks, and the file goes with its table."""

from __future__ import annotations

import gc

import pandas as pd
import pytest

from analysis import long_table
from analysis.long_table import arrow, in_blocks, written


def frame(rows: int) -> pd.DataFrame:
    ids = pd.Series([f"c{at:02d}" for at in range(rows)], dtype="str")
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": pd.Categorical(["Tea" if at % 3 else "Cup" for at in range(rows)]),
            "price": [1.5 * at for at in range(rows)],
            "day": pd.Timestamp("2024-02-29").as_unit("s"),
        }
    )


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_come_back_as_they_were(monkeypatch, size):
    monkeypatch.setattr(long_table, "BLOCK", size)
    whole = frame(7)
    made = written(in_blocks(len(whole), lambda rows: whole.iloc[rows]))
    assert [len(block) for block in made.blocks()] == [min(size, 7 - at) for at in range(0, 7, size)]
    assert (made.rows, made.again) == (7, ("name",))
    found = made.frame.astype({"name": str})
    assert found.to_dict("list") == arrow(whole).to_pandas().astype({"name": str}).to_dict("list")
    assert [block.column_names for block in made.blocks("price")] == [["price"]] * len(list(made.blocks()))


def test_no_rows_have_their_columns():
    made = written(in_blocks(0, lambda rows: frame(0).iloc[rows]))
    assert made.rows == 0 and list(made.frame.columns) == ["customer_id", "name", "price", "day"]


def test_the_file_goes_with_its_table_and_where_writing_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = written([arrow(frame(2))])
    path = made.path
    assert path.exists() and path.stat().st_mode & 0o077 == 0
    del made
    gc.collect()
    assert not path.exists()

    def broken():
        yield arrow(frame(2))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        written(broken())
    assert not list(tmp_path.iterdir())
