"""What is mapped is what it was, lies in no memory of its own, and goes with its last reader."""

from __future__ import annotations

import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis import mapped
from analysis.finding import Result

LONG = mapped.LEAST


@dataclass(frozen=True, slots=True)
class Inner:
    days: np.ndarray


@dataclass(frozen=True, slots=True)
class Labelled(Result):
    frame: pd.DataFrame
    ids: pa.ChunkedArray
    coded: pa.DictionaryArray
    inner: Inner
    title: str = "people"
    at: float = field(default=1.5)


def labelled(rows: int = LONG) -> Labelled:
    ids = [f"c{n}" if n % 7 else None for n in range(rows)]
    texts = pa.chunked_array([pa.array(ids[:9], pa.large_string()), pa.array(ids[9:], pa.large_string())])
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series(texts.to_pandas(), dtype="str"),
            "net": np.where(np.arange(rows) % 5, np.arange(rows) / 3, np.nan),
            "orders": np.arange(rows, dtype=np.int32),
            "day": np.arange(rows).astype("datetime64[s]"),
            "bought": np.arange(rows) % 2 == 0,
            "segment": pd.Categorical.from_codes(np.arange(rows) % 3 - 1, categories=["VIP", "Loyal"]),
        },
        index=np.arange(rows) * 2,
    )
    return Labelled(frame, texts, texts.combine_chunks().dictionary_encode(), Inner(np.arange(rows)))


def same(one: Labelled, other: Labelled) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert one.ids.equals(other.ids) and one.coded.equals(other.coded)
    assert (one.inner.days == other.inner.days).all() and one.inner.days.dtype == other.inner.days.dtype
    assert (one.title, one.at) == (other.title, other.at)


@pytest.fixture
def made() -> Labelled:
    return labelled()


def test_the_same_value_before_and_after_it_was_let_go(made: Labelled) -> None:
    found = mapped.mapped(made)
    same(found, made)
    mapped.let_go()
    same(found, made)


def test_long_columns_are_mapped_once(made: Labelled) -> None:
    found = mapped.mapped(made)
    count = len(mapped._maps)
    assert found is not made and not np.shares_memory(found.inner.days, made.inner.days)
    again = mapped.mapped(found)
    assert len(mapped._maps) == count
    assert again.frame is found.frame and again.inner is found.inner and again.ids is found.ids


def test_a_view_of_ids_that_are_mapped_is_not_laid_down_again(made: Labelled) -> None:
    found = mapped.mapped(made)
    count = len(mapped._maps)
    labels = mapped.mapped(pd.DataFrame({"customer_id": found.frame["customer_id"], "score": np.arange(float(LONG))}))
    assert len(mapped._maps) == count + 1
    pd.testing.assert_series_equal(labels["customer_id"], made.frame["customer_id"], check_index=False)


def test_short_columns_stay() -> None:
    few = labelled(50)
    assert mapped.mapped(few) is few


def test_objects_and_short_columns_of_a_long_frame_stay(made: Labelled) -> None:
    frame = pd.DataFrame({"o": pd.Series([(1,)] * LONG, dtype=object), "few": np.zeros(LONG, dtype=bool)})
    frame = frame.head(LONG // 2)
    assert mapped.mapped(frame) is frame


def test_it_cannot_be_written_to(made: Labelled) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mapped.mapped(made).inner.days[0] = 1


def test_nothing_is_left_when_nobody_holds_it(made: Labelled) -> None:
    gc.collect()
    before = len(mapped._maps)
    found = mapped.mapped(made)
    assert len(mapped._maps) > before
    del found
    gc.collect()
    assert len(mapped._maps) == before


def test_one_thread_lets_go_while_others_map() -> None:
    def work(seed: int) -> bool:
        arrays = [mapped.mapped(np.arange(LONG) + seed + n) for n in range(20)]
        mapped.let_go()
        return all(array[5] == 5 + seed + n for n, array in enumerate(arrays))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_without_room_on_disk_all_stays_in_memory(made: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert mapped.mapped(made) is made
