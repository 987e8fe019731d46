"""Rows from a real PostgreSQL server by ADBC: every type of column, read-only, no secret in a message."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataset.opened import mapped, opened, said
from tests.dataset.postgres import running

PASSWORD = "S3cret-word"
TABLE = """
create table sales (ord bigint, cust text, "when" timestamp, at timestamptz, amt numeric(12, 2), price double precision, note text);
insert into sales select i, case when i % 10 = 0 then null else 'c' || i % 7 end, timestamp '2024-01-01 12:00' + i * interval '1 day',
    timestamptz '2024-01-01 23:30+00' + i * interval '1 day', i + 0.10, i / 4.0, null from generate_series(1, 40) as i;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """host:port of a server of its own, with the table `sales`; stopped and removed at the end."""
    with running(PASSWORD, TABLE) as address:
        yield address


def test_every_type_arrives(tmp_path: Path, server: str) -> None:
    """numeric is exact, timestamptz becomes local to the zone, null is null."""
    source = f"postgresql://anna:{PASSWORD}@{server}/postgres"
    mapping = mapped(
        {"timestamp": "at", "country": "note"},
        file=None,
        source=source,
        query="select * from sales",
        timezone="Europe/Berlin",
    )
    dataset = opened(tmp_path, "generic", {}, mapping)
    assert dataset.values == {
        "lines": 40, "orders": 40, "buyers": 7, "gross": "824.00", "refunds": "0.00", "net": "824.00", "net_known": "723.60",
        "last_date": "2024-02-11", "distinct_local_days": 40, "last_local_day": "2024-02-11",
    }  # fmt: skip
    assert [n.text for n in dataset.notes] == [
        f"postgresql://{server}/postgres: 4 lines without a customer (net 100.40): in revenue, not in the customer analyses"
    ]
    assert [str(r[0]) for r in dataset.engine.rows("select ordered_at from lines order by 1 limit 1")] == [
        "2024-01-03 00:30:00"
    ]


@pytest.mark.parametrize(
    ("query", "columns", "expected"),
    [
        ("select * from sales", {}, "until 2024-02-10, 40 lines, 40 orders, 7 buyers, gross 824.00, refunds 0.00"),
        (
            "select * from sales where ord > 3",
            {"amount": "price"},
            "until 2024-02-10, 37 lines, 37 orders, 7 buyers, gross 203.50, refunds 0.00",
        ),
        (
            "select * from sales where false",
            {},
            "E_NO_ROWS mapping.json: the query on postgresql://{server}/postgres answers with no rows",
        ),
    ],
    ids=["numeric", "double precision", "no rows"],
)
def test_queries(tmp_path: Path, server: str, query: str, columns: dict[str, str], expected: str) -> None:
    """Amounts of both kinds, naive times as they stand."""
    source = f"postgresql://anna:{PASSWORD}@{server}/postgres"
    answer = said(tmp_path, "generic", {}, mapped(columns, file=None, source=source, query=query))
    assert answer.splitlines()[0] == expected.format(server=server)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select nothing from sales", 'column "nothing" does not exist'),
        ("delete from sales returning *", "cannot execute DELETE in a read-only transaction"),
        ("create table pwned (i int)", "cannot execute CREATE TABLE in a read-only transaction"),
        ("select 1 / 0 as ord", "division by zero"),
    ],
)
def test_queries_that_fail(tmp_path: Path, server: str, query: str, why: str) -> None:
    """The server's reason, the mapping's name, no secret; and nothing is written."""
    source = f"postgresql://anna:{PASSWORD}@{server}/postgres?application_name=hidden-name"
    answer = said(tmp_path, "generic", {}, mapped(file=None, source=source, query=query))
    assert answer.startswith(f"E_SOURCE mapping.json: postgresql://{server}/postgres cannot be read: ")
    assert why in answer
    assert not any(secret in answer for secret in (PASSWORD, "anna", "hidden-name"))


def test_a_wrong_password(tmp_path: Path, server: str) -> None:
    """Neither the user nor what was tried is told."""
    source = f"postgresql://anna:Wr0ng-word@{server}/postgres"
    answer = said(tmp_path, "generic", {}, mapped(file=None, source=source, query="select * from sales"))
    assert "password authentication failed" in answer
    assert "Wr0ng-word" not in answer and "anna" not in answer
