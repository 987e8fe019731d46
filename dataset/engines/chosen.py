"""Which engine the reductions run on: what --engine or CUSTOMER_DECK_ENGINE says, and the tables brought there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from dataset.database import redacted
from dataset.engines.elsewhere import Elsewhere
from dataset.errors import DataError

VARIABLE = "CUSTOMER_DECK_ENGINE"
SECRETS = ("password", "passfile", "sslpassword")
HOW = f"Give it in PGPASSWORD or ~/.pgpass, or the whole URL in {VARIABLE}"
KINDS = "duckdb, spark, a Spark master such as spark://host:7077, or postgresql://host/database"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An engine by kind (duckdb, spark, postgresql); label: what may be shown; address: what may hold a secret."""

    kind: str
    label: str
    address: str = field(default="", repr=False)


def chosen(asked: str, environment: Mapping[str, str] = os.environ) -> Chosen:
    """The engine --engine names, else CUSTOMER_DECK_ENGINE, else DuckDB. Raises DataError, without a secret."""
    if asked and _secret(asked):
        raise DataError("E_ENGINE", "a password on the command line can be read by everyone on this machine", hint=HOW)
    text = asked or environment.get(VARIABLE, "") or "duckdb"
    scheme = text.split("://")[0].lower()
    if text == "duckdb":
        return Chosen("duckdb", "DuckDB")
    if scheme in ("postgresql", "postgres"):
        return Chosen("postgresql", f"PostgreSQL, {redacted(text)}", text)
    if text == "spark" or text.startswith("local") or scheme in ("spark", "k8s", "mesos") or text == "yarn":
        master = "local[*]" if text == "spark" else text
        return Chosen("spark", f"Spark, {master}", master)
    raise DataError("E_ENGINE", "there is no such engine", hint=f"Known are {KINDS}")


def connected(engine: Chosen, folder: Path) -> Elsewhere:
    """A session on an engine other than DuckDB. Raises DataError E_ENGINE."""
    room = folder / "engine"
    room.mkdir()
    if engine.kind == "spark":
        from dataset.engines.spark import Spark

        return Spark(engine.address, room)
    from dataset.engines.postgresql import PostgreSQL

    return PostgreSQL(engine.address, room)


def _secret(url: str) -> bool:
    """Whether a URL holds a password, or what says where one is."""
    try:
        parts = urlsplit(url)
        return bool(parts.password) or any(key.lower() in SECRETS for key, _ in parse_qsl(parts.query))
    except ValueError:
        return "@" in url
