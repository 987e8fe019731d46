"""One build of the built-in shop, and of a small mapped table, for all tests of the whole way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Built:
    """What a run of build.py left: exit code, what it said, and the site."""

    code: int
    said: str
    site: Path

    @property
    def release(self) -> Path:
        return self.site / "current"

    @property
    def metrics(self) -> dict[str, Any]:
        return json.loads((self.release / "metrics.json").read_text(encoding="utf-8"))


def build(*arguments: object, out: Path, before: tuple[str, ...] = (), **env: str) -> Built:
    """Run build.py as a user does."""
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [*before, sys.executable, str(ROOT / "build.py"), *map(str, arguments), "--out", str(out)]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=300, cwd=out.parent)
    return Built(done.returncode, done.stdout + done.stderr, out)


def score(release: Path, data: object, target: object, *arguments: object, **env: str) -> Built:
    """Score customers as a user does; site: the target."""
    command = [sys.executable, "-m", "analysis.scores", *map(str, (release, data, target, *arguments))]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=300, cwd=ROOT)
    return Built(done.returncode, done.stdout + done.stderr, Path(str(target)))


@pytest.fixture(scope="session")
def euros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings by which the built-in shop's own data is read as its report was."""
    file = tmp_path_factory.mktemp("euros") / "report.toml"
    file.write_text('currency = "EUR"\n', encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The built-in shop's report."""
    built = build(out=tmp_path_factory.mktemp("shop") / "site")
    assert built.code == 0, built.said
    return built


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """A folder with a small mapped table: forty customers, three orders each."""
    folder = tmp_path / "sales"
    folder.mkdir()
    rows = ["who,order,when,paid"]
    for customer in range(40):
        for order in range(3):
            rows.append(
                f"c{customer},o{customer}-{order},2024-{1 + order * 3:02}-{1 + customer % 28:02},{10 + customer}.50"
            )
    (folder / "sales.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns = {"customer_id": "who", "order_id": "order", "timestamp": "when", "amount": "paid"}
    mapping = {"file": "sales.csv", "columns": columns, "date_format": "%Y-%m-%d", "currency": "EUR"}
    (folder / "mapping.json").write_text(json.dumps(mapping), encoding="utf-8")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
