"""build.py at the door: options, exit codes, one message, nothing half-published."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from report import publish
from tests.end_to_end.conftest import ROOT, build, tree

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_check_accounts_and_publishes_nothing(sales: Path, tmp_path: Path) -> None:
    done = build(sales, "--check", out=tmp_path / "site")
    assert done.code == 0 and not (tmp_path / "site").exists()
    assert "sales.csv: 120 rows, 120 used, 0 rejected, 0 excluded" in done.said and "buyers: 40" in done.said


def test_a_fault_of_the_data_is_one_line_and_exit_2(sales: Path, tmp_path: Path) -> None:
    (sales / "sales.csv").write_text("who,order,when\nc,o,2024-01-01\n", encoding="utf-8")
    done = build(sales, out=tmp_path / "site")
    assert done.code == 2 and not (tmp_path / "site" / "current").exists()
    said = [line for line in done.said.splitlines() if line.startswith("E_")]
    assert said == [
        "E_COLUMN_MISSING sales.csv, column paid: this column is missing. There is: who, order, when",
    ]
    assert "Traceback" not in done.said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "docx"), "E_CONFIG --format docx: must be html, pdf, pptx"),
        (("--only", "paretto"), "E_CONFIG --only paretto: there is no such analysis"),
        (("--config", "none.toml"), "E_CONFIG none.toml: there is no such settings file"),
        (("--as-of", "1999-01-01"), "E_CONFIG there is no sale before as_of 1999-01-01"),
    ],
)
def test_wrong_options_are_told(arguments: tuple[str, ...], said: str, sales: Path, tmp_path: Path) -> None:
    done = build(sales, *arguments, out=tmp_path / "site")
    assert done.code == 2 and said in done.said


def test_only_html_of_one_analysis(sales: Path, tmp_path: Path) -> None:
    done = build(sales, "--only", "pareto", "--format", "html", out=tmp_path / "site")
    assert done.code == 0, done.said
    assert not list(done.release.glob("*.pdf")) and "pareto.top_20_share" in done.metrics["findings"]
    assert not any(key.startswith("months.") for key in done.metrics["findings"])


def test_strict_refuses_notes(sales: Path, tmp_path: Path) -> None:
    with (sales / "sales.csv").open("a", encoding="utf-8") as rows:
        rows.write("c1,o1-0,2024-01-02,11.50\n")  # repeats a row
    done = build(sales, "--strict", out=tmp_path / "site")
    assert done.code == 2 and "E_STRICT" in done.said and "W_DUPLICATE_ROWS" in done.said


def test_as_of_an_earlier_day(sales: Path, tmp_path: Path) -> None:
    done = build(sales, "--as-of", "2024-04-01", "--format", "html", out=tmp_path / "site")
    assert done.code == 0 and done.metrics["findings"]["kpis.orders"]["value"] == 40


def test_a_second_build_ends_with_75(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    with publish.site(out):
        done = build(sales, out=out)
    assert done.code == 75 and "Traceback" not in done.said
    assert build(sales, "--format", "html", out=out).code == 0


def test_the_same_bytes_whatever_the_surroundings(sales: Path, tmp_path: Path) -> None:
    one = build(sales, out=tmp_path / "one" / "site", TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="1")
    home = tmp_path / "home"
    home.mkdir()
    other = build(
        sales, out=tmp_path / "two" / "site", TZ="Pacific/Auckland", LC_ALL="C", PYTHONHASHSEED="77", HOME=str(home),
        XDG_CACHE_HOME=str(home / "cache"), OMP_NUM_THREADS="1", before=("taskset", "-c", "0"),
    )  # fmt: skip
    assert one.code == other.code == 0, one.said + other.said
    assert tree(one.site) == tree(other.site)


def test_shuffled_rows_and_columns_give_the_same_numbers(sales: Path, tmp_path: Path) -> None:
    one = build(sales, "--format", "html", out=tmp_path / "one")
    header, *rows = (sales / "sales.csv").read_text(encoding="utf-8").splitlines()
    random.Random(7).shuffle(rows)
    turned = [",".join(reversed(row.split(","))) for row in (header, *rows)]
    (sales / "sales.csv").write_text("\n".join(turned) + "\n", encoding="utf-8")
    other = build(sales, "--format", "html", out=tmp_path / "two")
    assert one.metrics == other.metrics


@ROOT_ONLY
def test_without_a_network(sales: Path, tmp_path: Path) -> None:
    done = build(sales, out=tmp_path / "site", before=("unshare", "-n"))
    assert done.code == 0, done.said


def test_an_output_that_cannot_be_written(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "a file"
    out.write_text("mine")
    done = build(sales, out=out)
    assert done.code == 2 and done.said.startswith("E_OUTPUT") and out.read_text() == "mine"


@ROOT_ONLY
def test_a_full_disk_publishes_nothing(sales: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
    try:
        done = build(sales, out=disk / "site")
        assert done.code == 2 and "E_OUTPUT" in done.said and "Traceback" not in done.said, done.said
        assert not (disk / "site" / "current").exists() and not list((disk / "site").rglob(".tmp-*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def kill_builds(times: int, sales: Path, out: Path) -> None:
    """Kill builds at random moments; `current` must be whole after each, and the next build must clean up."""
    assert build(sales, "--format", "html", out=out).code == 0
    chance = random.Random(20)
    for number in range(times):
        with (sales / "sales.csv").open("a", encoding="utf-8") as rows:
            rows.write(f"c1,extra{number},2024-08-01,{number + 1}.00\n")
        command = [sys.executable, str(ROOT / "build.py"), str(sales), "--out", str(out)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert publish.verify((out / "current").resolve()) == []
        json.loads((out / "current" / "metrics.json").read_text(encoding="utf-8"))
    assert build(sales, "--format", "html", out=out).code == 0
    assert list(out.rglob(".tmp-*")) == [] and publish.verify((out / "current").resolve()) == []


def test_killed_builds_leave_the_site_whole(sales: Path, tmp_path: Path) -> None:
    kill_builds(3, sales, tmp_path / "site")


@pytest.mark.slow
def test_forty_killed_builds_leave_the_site_whole(sales: Path, tmp_path: Path) -> None:
    kill_builds(40, sales, tmp_path / "site")


def test_the_built_in_shop_needs_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(".venv", ".git", "site", ".*_cache"))
    command = [sys.executable, str(tmp_path / "copy" / "build.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and "buyers: 5000" in done.stdout, done.stderr
