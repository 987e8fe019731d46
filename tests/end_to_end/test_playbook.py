"""An own playbook on the way from report.toml to the release; a faulty one ends the build before anything is read."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.analysis.test_playbook import SMALL
from tests.end_to_end.conftest import build


def told(tmp_path: Path, book: str) -> Path:
    (tmp_path / "mine.toml").write_text(book, encoding="utf-8")
    (tmp_path / "report.toml").write_text('playbook = "mine.toml"\nbudget = 100\n', encoding="utf-8")
    return tmp_path / "report.toml"


def test_a_faulty_playbook_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    config = told(tmp_path, SMALL.replace("segment = 'VIP'", "segmnt = 'VIP'"))
    done = build("nowhere", "--config", config, out=tmp_path / "site")
    assert done.code == 2 and not (tmp_path / "site").exists()
    assert done.said.startswith(
        "E_PLAYBOOK mine.toml, row 10: action best, trigger = \"segmnt = 'VIP'\": names an unknown"
    )
    assert done.said.count("\n") == 1 and "Is segment meant?" in done.said


def test_an_own_playbook_makes_the_plan(tmp_path: Path, sales: Path) -> None:
    book = SMALL.replace("segment = 'VIP'", "net > 90").replace("segment <> 'VIP'", "net <= 90")
    only = ("--only", "actions", "--only", "budget", "--format", "html")
    done = build(sales, "--config", told(tmp_path, book), *only, out=tmp_path / "site")
    assert done.code == 0, done.said
    with (done.release / "exports" / "customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["action"] for row in rows} == {"best", "rest"}
    assert all((row["action"] == "best") == (float(row["net"]) > 90) for row in rows)
    plan = json.loads((done.release / "exports" / "segment_strategies.json").read_text(encoding="utf-8"))
    assert [one["trigger"] for one in plan["segments"]] == ["net > 90", "net <= 90"]
    assert sum(one["customers"] for one in plan["segments"]) == len(rows)
    assert "net &gt; 90" in (done.release / "appendix.html").read_text(encoding="utf-8")
