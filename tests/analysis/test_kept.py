"""A rebuild computes what depends on what has changed, and nothing else; what is damaged is computed anew, and told."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import kept as keeping
from analysis import kept_keys, kept_values
from analysis.finding import Skip
from analysis.kept import READING, Kept
from analysis.kept_keys import Inputs
from analysis.run import Run, run
from dataset.settings import Settings
from dataset.tables import Dataset
from tests.analysis.test_kept_values import same

INPUTS = Inputs("data", {})
WANTED, ALL = ("pareto", "quality"), ("budget", "pareto", "versus_last")
PROJECT = Path(__file__).parents[2]


class Built:
    """What a build read and computed, in the order of its steps, what it said, and its run."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.said: list[str] = []
        self.run = Run()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield


@pytest.fixture
def build(tmp_path: Path, shop: Any, random_lines: Any) -> Callable[..., Built]:
    """build(...): a build of a small shop, whose results are kept in tmp_path / "kept"."""
    read = shop(random_lines(1, 400))

    def make(inputs: Inputs | None = INPUTS, wanted: tuple[str, ...] = WANTED, **settings: Any) -> Built:
        built = Built()
        data, completed = read
        with Kept(tmp_path / "kept", inputs, built.said.append) as kept:
            dataset, options = kept.read(
                lambda: (data, replace(completed, **settings)), Settings(**settings), built.step
            )
            built.run = run(wanted, dataset, options, built.step, kept=kept)
            kept.finish()
        return built

    return make


def entries(folder: Path) -> dict[str, Path]:
    return {path.name.rpartition("-")[0]: path for path in folder.iterdir()}


def test_what_was_computed_is_not_computed_again(build: Any, tmp_path: Path) -> None:
    first, again = build(wanted=ALL), build(wanted=ALL)
    assert {"read the data", "budget", "actions", "customers", "pareto", "versus_last"} <= set(first.steps)
    assert again.steps == [] and first.said == again.said == []
    assert set(entries(tmp_path / "kept")) == {READING if s == "read the data" else s for s in first.steps}
    same(again.run.results, first.run.results)
    assert list(again.run.results) == list(first.run.results)
    assert again.run.skipped == first.run.skipped and "versus_last" in first.run.skipped
    assert again.run.notes == first.run.notes


def test_results_of_other_builds_are_used_too(build: Any) -> None:
    assert "pareto" in build().steps
    assert build(wanted=("pareto",)).steps == []
    assert build(wanted=("pareto", "rfm")).steps == ["read the data", "rfm"]


def test_a_setting_counts_for_what_reads_it(build: Any) -> None:
    build(wanted=ALL)
    assert build(title="Other", organisation="x", accent="#000000", locale="de_DE", wanted=ALL).steps == []
    assert build(budget=5.0, wanted=ALL).steps == ["budget"]
    assert build(minimum_support=0.5).steps == [] and build(wanted=ALL).steps == []


def test_a_playbook_counts_for_what_reads_it(build: Any, tmp_path: Path) -> None:
    build(wanted=ALL)
    mine = tmp_path / "mine.toml"
    shutil.copy(kept_keys.PLAYBOOK, mine)
    steps = build(playbook=mine, wanted=ALL).steps
    assert {"actions", "experiment", "budget"} <= set(steps)
    assert not {"customers", "rfm", "clv", "pareto", "churn"} & set(steps)
    mine.write_text(mine.read_text(encoding="utf-8") + "# new\n", encoding="utf-8")
    assert build(playbook=mine, wanted=ALL).steps == steps


def test_other_data_or_notes_of_reading_count(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build()
    assert set(build(Inputs("other", {})).steps) == set(first.steps)
    monkeypatch.setattr(
        keeping, "_facts", lambda dataset: {"layout": "generic", "tables": dataset.tables, "currency": "USD"}
    )
    steps = build().steps
    assert "pareto" in steps and "customers" not in steps  # which takes no dataset


def test_an_edit_counts_for_what_can_reach_it(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    build()
    reached = kept_keys.reached

    def edited(file: str) -> Callable[[str], dict[str, bytes]]:
        return lambda name: {f: text + b"#" * (f == file) for f, text in reached(name).items()}

    monkeypatch.setattr(kept_keys, "reached", edited("pareto.py"))
    assert build().steps == ["read the data", "pareto"]
    monkeypatch.setattr(kept_keys, "reached", edited("customers.sql"))
    assert build().steps == ["read the data", "customers", "pareto"]
    monkeypatch.setattr(kept_keys, "reached", edited("funnel.py"))
    assert build().steps == []


def test_without_a_key_of_the_data_nothing_is_kept(build: Any, tmp_path: Path) -> None:
    assert build(None).steps == build(None).steps != [] and not (tmp_path / "kept").exists()


def test_data_changed_while_they_are_read_are_not_kept(build: Any, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("")
    built = build(Inputs("data", {file: (0, 0, 0, 0)}))
    assert built.said == ["No more results are kept: the data was changed while it was read"]
    assert entries(tmp_path / "kept") == {} and "pareto" in built.run.results


def test_the_data_is_read_once_and_only_when_somebody_asks(build: Any, tmp_path: Path) -> None:
    build()
    for name in ("kpis", "rfm", "pareto"):
        for path in (tmp_path / "kept").glob(f"{name}-*"):
            shutil.rmtree(path)
    assert sorted(build(wanted=("pareto", "rfm", "kpis")).steps) == ["kpis", "pareto", "read the data", "rfm"]


@pytest.mark.parametrize("damage", ["truncated", "emptied", "a file", "a link", "another result", "of another format"])
def test_what_is_damaged_is_computed_anew_with_a_note(damage: str, build: Any, tmp_path: Path) -> None:
    first = build()
    there = entries(tmp_path / "kept")
    path = there["pareto"]
    match damage:
        case "truncated":
            file = next(path.glob("*.parquet"))
            file.write_bytes(file.read_bytes()[:40])
        case "emptied":
            for file in path.iterdir():
                file.unlink()
        case "a file":
            shutil.rmtree(path)
            path.write_text("not ours")
        case "a link":
            shutil.move(path, tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        case "another result":
            shutil.rmtree(path)
            shutil.copytree(there["quality"], path)
        case "of another format":
            (path / "value.json").write_text((path / "value.json").read_text().replace("result 1", "result 0"))
    again, third = build(), build()
    assert again.steps == ["read the data", "pareto"]
    assert len(again.said) == 1 and again.said[0].startswith("What was kept of pareto is not used: ")
    same(again.run.results["pareto"], first.run.results["pareto"])
    assert third.steps == third.said == [] and stat.S_ISDIR(path.lstat().st_mode)


def test_what_is_kept_is_the_owners_alone(build: Any, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        build()
    finally:
        os.umask(before)
    for path in (tmp_path / "kept", *(tmp_path / "kept").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    (tmp_path / "kept").chmod(0o755)
    assert build().steps == [] and stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


@pytest.mark.parametrize("planted", ["file", "link", "below a file", "another's"])
def test_a_folder_that_cannot_be_used_is_told_and_nothing_is_kept(
    planted: str, build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if planted == "file":
        (tmp_path / "kept").write_text("")
    elif planted == "link":
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "kept").symlink_to(tmp_path / "elsewhere")
    elif planted == "another's":
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    else:
        monkeypatch.setattr(keeping, "_private", lambda folder: _private(tmp_path / "kept" / "below"))
        (tmp_path / "kept").write_text("")
    built = build()
    assert len(built.said) == 1 and built.said[0].startswith("No result is kept: ")
    assert "pareto" in built.steps and list(tmp_path.glob("elsewhere/*")) == []


_private = keeping._private


def test_a_full_disk_is_told_once_and_the_report_goes_on(
    build: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(value: object, key: str) -> dict[str, bytes]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(kept_values, "files", lambda v, key: full(v, key) if key else files(v, key))
        built = build()
    assert len(built.said) == 1 and "No space left on device" in built.said[0]
    assert "pareto" in built.run.results and list((tmp_path / "kept").iterdir()) == []
    assert "pareto" in build().steps and build().steps == []


files = kept_values.files


def test_a_result_of_an_unknown_type_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    with Kept(tmp_path / "kept", INPUTS, said.append) as kept:
        kept._put("odd", "k" * 64, object())
        kept.finish()
    assert said == ["No more results are kept: odd: a builtins.object has no place in a result that is kept"]
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_skip_keeps_its_code_and_count(tmp_path: Path, shop: Any) -> None:
    for _ in range(2):
        with Kept(tmp_path / "kept", INPUTS, print) as kept:
            kept.given(*shop([("o1", "ann", "2024-01-01", "1.00")]))
            found = kept.get("kpis") or kept.put("kpis", Skip("why", "W_A", 3))
            assert isinstance(found, Skip) and (found.reason, found.code, found.count) == ("why", "W_A", 3)
    assert kept.used == ["kpis"]


def test_builds_at_the_same_time_leave_one_whole_entry(build: Any, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        built = [one.result() for one in [pool.submit(build) for _ in range(4)]]
    assert all(one.said == [] and "pareto" in one.run.results for one in built)
    assert build().steps == [] and not list((tmp_path / "kept").glob(".tmp-*"))


KILLED = """
import sys, numpy as np
from pathlib import Path
from analysis.kept import Kept
from analysis.kept_keys import Inputs
with Kept(Path(sys.argv[1]), Inputs("data", {}), print) as kept:
    for n in range(1000):
        kept._put(f"n{n}", f"{n:064}", {str(k): np.arange(k * 1000.0) for k in range(60)})
        if n == 2:
            print("begun", flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.03, 0.1, 0.3])
def test_a_killed_build_leaves_no_half_entry(wait: float, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "kept")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    for path in (tmp_path / "kept").iterdir():
        if not path.name.startswith(".tmp-"):
            found = kept_values.value(path, f"{int(path.name.partition('-')[0][1:]):064}")
            assert len(found) == 60 and np.array_equal(found["59"], np.arange(59_000.0))


def test_what_reading_left_comes_back_and_completes_the_settings(tmp_path: Path, shop: Any) -> None:
    data, completed = shop(
        [("o1", "ann", "2024-01-01", "1.00")], notes=(), values={"net": "1.00", "n": 1}, non_products=frozenset({"p"})
    )
    completed = replace(completed, zone="Europe/Paris")
    data = replace(data, zone="Europe/Paris")

    def again(settings: Settings) -> tuple[Dataset, Settings]:
        with Kept(tmp_path / "kept", INPUTS, print) as kept:
            return kept.read(lambda: (data, completed), settings, Built().step)

    again(Settings())
    dataset, settings = again(Settings(title="Other", margin=0.4))
    assert settings == replace(completed, title="Other", margin=0.4)
    assert keeping._facts(dataset) == keeping._facts(data) and dataset.engine is not data.engine
    assert dataset.engine.columns("lines") == data.engine.columns("lines")
