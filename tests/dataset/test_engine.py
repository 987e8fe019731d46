"""Several threads ask one engine at once; what it cannot hold is said in a line."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dataset import engine
from dataset.engine import Engine, Relation
from dataset.errors import DataError

LONG = "select count(*) from range(200000) as a(i) join range(2000) as b(j) on (a.i * b.j) % 1000 = 7"


@pytest.fixture
def shop(tmp_path: Path) -> Engine:
    made = Engine(tmp_path)
    made.run("create table lines as select i % 7 as kind, cast(i as varchar) as order_id, i from range(50000) as t(i)")
    return made


def test_a_table_wanted_by_many_threads_is_made_once(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    plain = Engine.run
    monkeypatch.setattr(Engine, "run", lambda self, sql, **given: (made.append(sql), plain(self, sql, **given)))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: shop.keep("kinds", "select kind, sum(i) as i from lines group by kind"), range(32)))
    assert len(made) == 1
    assert shop.value("select sum(i) from kinds") == sum(range(50000))


def test_threads_see_the_same_tables_and_settings(shop: Engine) -> None:
    def asked(_: int) -> tuple[object, ...]:
        settings = ("TimeZone", "memory_limit", "temp_directory", "preserve_insertion_order", "enable_external_access")
        found = [shop.value(f"select current_setting('{name}')") for name in settings]
        with pytest.raises(engine.EngineError, match="locked"):
            shop.run("set memory_limit = '9GB'")
        with pytest.raises(engine.EngineError):
            shop.rows("select * from read_csv('/etc/passwd')")
        return (*found, shop.value("select count(*) from lines"), shop.columns("lines"))

    with ThreadPoolExecutor(4) as threads:
        assert {asked(0)} == set(threads.map(asked, range(16)))


def test_threads_ask_different_things_at_the_same_time(shop: Engine) -> None:
    begun, quick = threading.Event(), []

    def long() -> float:
        begun.set()
        shop.value(LONG)
        return time.perf_counter()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(long)
        begun.wait()
        shop.value("select 1")
        quick.append(time.perf_counter())
        assert quick[0] < slow.result()


def test_no_thread_reads_what_another_made_with_other_parameters(tmp_path: Path) -> None:
    (tmp_path / "reduced").mkdir()
    (tmp_path / "reduced" / "early.sql").write_text("select i from days where day < cast($snapshot as date)")
    (tmp_path / "reduced" / "few.sql").write_text("select i from early where cast($snapshot as date) is not null")
    (tmp_path / "count.sql").write_text("select count(*) as n from few inner join early on early.i = few.i")
    made = Engine(tmp_path)
    made.run("create table days as select i, date '2024-01-01' + cast(i as integer) as day from range(300) as t(i)")
    days = Relation(made, "days", tmp_path)

    def counted(month: int) -> int:
        return days.query("count.sql", snapshot=date(2024, month, 1))["n"][0].as_py()

    months = [1 + i % 9 for i in range(120)]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(counted, months)) == [(date(2024, m, 1) - date(2024, 1, 1)).days for m in months]


def test_a_full_disk_is_said_in_a_line() -> None:
    with pytest.raises(DataError, match="E_DISK the disk is full"), engine.enough():
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")
    with pytest.raises(duckdb.IOException, match="magic"), engine.enough():
        raise duckdb.IOException("IO Error: no magic bytes")


def test_what_does_not_fit_is_a_memory_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_memory", lambda: 30)
    made = Engine(tmp_path)
    huge = "select list(cast(i as varchar) || repeat('x', 40)) as it from range(3000000) as t(i)"
    with pytest.raises(MemoryError):
        made.run(f"create table huge as {huge}")
    with pytest.raises(MemoryError):
        made.rows(huge)
    with pytest.raises(MemoryError):
        made.arrow(huge)
