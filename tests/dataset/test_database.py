"""Queries on DuckDB and SQLite files: read-only, nothing beside the database, no secret in a message."""

# ruff: noqa: C408, E501

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import duckdb
import pytest

from dataset.errors import DataError
from dataset.opening import open_data
from dataset.settings import Settings
from tests.dataset.opened import Files, mapped, opened, said


def databases(raw: Path) -> None:
    """The same forty orders in a DuckDB and an SQLite file."""
    with duckdb.connect(str(raw / "x.duckdb")) as database:
        database.execute(
            """create table t as select 'o' || i as ord, 'c' || (i % 7) as cust, timestamp '2024-01-01' + interval (i) day as "when",
               cast(i + 1 as decimal(10, 2)) as amt from range(40) as r(i)"""
        )
    with sqlite3.connect(raw / "x.sqlite") as other:
        other.execute('create table t (ord text, cust text, "when" text, amt real)')
        other.executemany(
            "insert into t values (?, ?, ?, ?)",
            [(f"o{i}", f"c{i % 7}", f"2024-01-{1 + i % 28:02d}", i + 0.1) for i in range(40)],
        )
    other.close()


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select * from t"), prepare=databases),
            "until 2024-02-09, 40 lines, 40 orders, 7 buyers, gross 820.00, refunds 0.00",
            id="DuckDB",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="selec * from t"), prepare=databases),
            'E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Parser Error: syntax error at or near "selec". Check that it runs, who may log in, and the query',
            id="DuckDB, no such word",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select * from nope"), prepare=databases),
            "E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Catalog Error: Table with name nope does not exist. Check that it runs, who may log in, and the query",
            id="DuckDB, no such table",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select * from t where false"),
                prepare=databases,
            ),
            "E_NO_ROWS mapping.json: the query on duckdb:///x.duckdb answers with no rows",
            id="DuckDB, no rows",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select ord from t"), prepare=databases),
            "E_COLUMN_MISSING x.duckdb, column cust: this column is missing. There is: ord",
            id="DuckDB, column missing",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(
                    file=None, source="duckdb:///x.duckdb", query='select ord::int as ord, cust, "when", amt from t'
                ),
                prepare=databases,
            ),
            "E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Conversion Error: Could not convert string 'o0' to INT32 when casting from source column ord. Check that it runs, who may log in, and the query",
            id="DuckDB, cast that fails",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="delete from t"), prepare=databases),
            'E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Invalid Input Error: Cannot execute statement of type "DELETE" on database "x" which is attached in read-only mode. Check that it runs, who may log in, and the query',
            id="DuckDB, write",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="duckdb:///x.duckdb", query="create table z (i int)"),
                prepare=databases,
            ),
            'E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Invalid Input Error: Cannot execute statement of type "CREATE" on database "x" which is attached in read-only mode. Check that it runs, who may log in, and the query',
            id="DuckDB, create",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select * from read_csv('/etc/passwd')"),
                prepare=databases,
            ),
            'E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by configuration. Check that it runs, who may log in, and the query',
            id="DuckDB, other file",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="duckdb:///x.duckdb", query="copy t to 'pwned.csv'"), prepare=databases
            ),
            'E_SOURCE mapping.json: duckdb:///x.duckdb cannot be read: Permission Error: Cannot access file "pwned.csv" - file system operations are disabled by configuration. Check that it runs, who may log in, and the query',
            id="DuckDB, write a file",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb", query="begin"), prepare=databases),
            "E_NO_ROWS mapping.json: the query on duckdb:///x.duckdb answers with no rows",
            id="DuckDB, nothing",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="duckdb:///x.duckdb", query="select *, ord from t"), prepare=databases
            ),
            "until 2024-02-09, 40 lines, 40 orders, 7 buyers, gross 820.00, refunds 0.00",
            id="DuckDB, column twice",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///gone.duckdb", query="select 1"), prepare=databases),
            "E_SOURCE mapping.json: duckdb:///gone.duckdb cannot be read: there is no file gone.duckdb. Check that it runs, who may log in, and the query",
            id="DuckDB, no file",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="duckdb:///x.sqlite", query="select 1"), prepare=databases),
            "E_SOURCE mapping.json: duckdb:///x.sqlite cannot be read: Permission Error: Loading external extensions is disabled through configuration. Check that it runs, who may log in, and the query",
            id="DuckDB, other kind of file",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(
                    file=None,
                    source="duckdb:///x.duckdb",
                    query="select ord, cust, \"when\", case when amt < 2 then 'inf'::double else amt end as amt from t",
                ),
                prepare=databases,
            ),
            (
                "until 2024-02-09, 39 lines, 39 orders, 7 buyers, gross 819.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 duckdb:///x.duckdb: 1 row could not be read: amt is not an amount (1 row, first in row 1)"
            ),
            id="DuckDB, infinite amount",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(
                    file=None,
                    source="duckdb:///x.duckdb",
                    query='select ord, cust, case when amt < 2 then \'infinity\'::timestamp else "when" end as "when", amt from t',
                ),
                prepare=databases,
            ),
            (
                "until 2024-02-09, 39 lines, 39 orders, 7 buyers, gross 819.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 duckdb:///x.duckdb: 1 row could not be read: when is not a date that can be (1 row, first in row 1)"
            ),
            id="DuckDB, infinite time",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(
                    file=None, source="duckdb:///x.duckdb", query='select ord, cust, [1] as "when", amt from t'
                ),
                prepare=databases,
            ),
            "E_DATE_PARSE x.duckdb, column when, row 1: when is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="DuckDB, times of a list",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="sqlite:///x.sqlite", query="select * from t"), prepare=databases),
            "until 2024-01-28, 40 lines, 40 orders, 7 buyers, gross 784.00, refunds 0.00",
            id="SQLite",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="sqlite:///x.sqlite", query="select * from nope"), prepare=databases),
            "E_SOURCE mapping.json: sqlite:///x.sqlite cannot be read: no such table: nope. Check that it runs, who may log in, and the query",
            id="SQLite, no such table",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="sqlite:///x.sqlite", query="delete from t"), prepare=databases),
            "E_SOURCE mapping.json: sqlite:///x.sqlite cannot be read: not authorized. Check that it runs, who may log in, and the query",
            id="SQLite, write",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="sqlite:///x.sqlite", query="attach 'pwned.db' as p"),
                prepare=databases,
            ),
            "E_SOURCE mapping.json: sqlite:///x.sqlite cannot be read: not authorized. Check that it runs, who may log in, and the query",
            id="SQLite, attach",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="sqlite:///x.sqlite", query="pragma user_version"), prepare=databases
            ),
            "E_SOURCE mapping.json: sqlite:///x.sqlite cannot be read: not authorized. Check that it runs, who may log in, and the query",
            id="SQLite, pragma",
        ),
    ],
)
def test_queries(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """What a query answers is read; one that fails is named by its mapping."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="mysql://anna:s3cret@host/db?key=hidden", query="select 1"),
                prepare=databases,
            ),
            "E_SOURCE mapping.json: mysql://host/db cannot be read: no driver for mysql: install adbc-driver-mysql. Check that it runs, who may log in, and the query",
            id="no driver",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="postgresql://anna:s3cret@host:notaport/db", query="select 1"),
                prepare=databases,
            ),
            'E_SOURCE mapping.json: postgresql://host/db cannot be read: IO: [libpq] Failed to connect: invalid integer value "notaport" for connection option "port". Check that it runs, who may log in, and the query',
            id="port that is none",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(
                    file=None,
                    source="postgresql://anna:s3cret@127.0.0.1:1/db?application_name=hidden",
                    query="select 1",
                ),
                prepare=databases,
            ),
            'E_SOURCE mapping.json: postgresql://127.0.0.1:1/db cannot be read: IO: [libpq] Failed to connect: connection to server at "127.0.0.1", port 1 failed: Connection refused. Check that it runs, who may log in, and the query',
            id="no server",
        ),
        pytest.param(
            {},
            dict(
                mapping=mapped(file=None, source="postgresql://anna:s3cret@[::1/db", query="select 1"),
                prepare=databases,
            ),
            "E_CONFIG mapping.json: source is no database URL such as postgresql://host/shop or sqlite:///shop.db",
            id="broken host",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file=None, source="anna:s3cret@host", query="select 1"), prepare=databases),
            "E_CONFIG mapping.json: source is no database URL such as postgresql://host/shop or sqlite:///shop.db",
            id="no URL",
        ),
    ],
)
def test_urls_hold_secrets(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Whatever fails, user, password and options stay out of the message."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that would write leaves no file, and the database as it was."""
    monkeypatch.chdir(tmp_path)
    for query in ("copy t to 'pwned.csv'", "attach 'pwned.db'", "delete from t"):
        for kind in ("duckdb", "sqlite"):
            folder = tmp_path / f"{kind} {len(query)}"
            folder.mkdir()
            with pytest.raises(DataError, match=r"^E_SOURCE mapping.json: "):
                opened(
                    folder,
                    "generic",
                    {},
                    mapped(file=None, source=f"{kind}:///x.{kind}", query=query),
                    prepare=databases,
                )
    assert not list(tmp_path.glob("**/pwned*"))


def test_a_url_as_the_data(tmp_path: Path) -> None:
    """DATA may be the URL; the mapping then holds the query."""
    databases(tmp_path)
    url = f"duckdb:///{tmp_path}/x.duckdb"
    (tmp_path / "map.json").write_text(json.dumps(mapped(file=None, query="select * from t")))
    (tmp_path / "work").mkdir()
    dataset, _ = open_data(url, "auto", tmp_path / "map.json", Settings(), tmp_path / "work")
    assert dataset.values["gross"] == "820.00"
    with pytest.raises(DataError, match=r"^E_CONFIG the generic layout needs a mapping"):
        open_data(url, "auto", None, Settings(), tmp_path)
