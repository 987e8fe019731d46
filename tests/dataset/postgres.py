"""A PostgreSQL server of the tests' own, as the distribution packages it; skips where there is none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
NOBODY = 65534


@contextmanager
def running(password: str, script: str) -> Iterator[str]:
    """host:port of a server where `anna` may log in with the password, after the script; removed at the end.

    Texts sort as English dictionaries do, not by their bytes.
    """
    if not BINARIES:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    programs = BINARIES[-1].parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # not below tmp_path: a socket's path is short, nobody must reach it
    try:
        (folder / "password").write_text(password)
        (folder / "script.sql").write_text(script)
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY) if os.geteuid() == 0 else None
        data = str(folder / "data")
        login = ("-U", "anna", "-A", "scram-sha-256", "--pwfile", str(folder / "password"))
        words = ("-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US")
        flags = f"-F -k {folder} -h 127.0.0.1 -p {port} -c fsync=off -c shared_buffers=64MB -c max_connections=10"
        _as_owner([str(programs / "initdb"), "-D", data, *login, *words, "-N"], folder)
        _as_owner([str(programs / "pg_ctl"), "-D", data, "-o", flags, "-l", str(folder / "log"), "-w", "start"], folder)
        try:
            where = f"host=127.0.0.1 port={port} user=anna dbname=postgres"
            script = str(folder / "script.sql")
            _as_owner([str(programs / "psql"), where, "-q", "-v", "ON_ERROR_STOP=1", "-f", script], folder, password)
            yield f"127.0.0.1:{port}"
        finally:
            _as_owner([str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder)


def _as_owner(command: list[str], folder: Path, password: str = "") -> None:
    """Run one of the server's programs: it refuses root, so as nobody then."""
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGPASSWORD": password}
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=env, timeout=60, **nobody)
