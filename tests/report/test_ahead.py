"""Exports are written as soon as what they need is found, and what keeps one from being written is told."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from analysis.finding import Result, Skip
from dataset.settings import Settings
from report import ahead as running_ahead
from report.ahead import Ahead
from report.exports import Export

SKIPPED = Skip("empty")


class Nothing:
    """A result without figures and findings."""

    findings: ClassVar[dict[str, Any]] = {}


class NoPaper:
    def begin(self, charts: Sequence[object]) -> None:
        assert list(charts) == []


def export(name: str, *needs: str) -> Export:
    """Writes the names of the results it is given to a file."""

    def write(folder: Path, results: Mapping[str, Result], settings: Settings) -> Sequence[str]:
        (folder / name).write_text(" ".join(sorted(results)), encoding="utf-8")
        return (name,)

    return Export(needs, write)


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    @contextmanager
    def telling(*exports: Export, folder: Path | None = tmp_path / "exports") -> Iterator[Ahead]:
        monkeypatch.setattr(running_ahead, "EXPORTS", exports)
        monkeypatch.setattr(running_ahead, "drawings", lambda *_: [])
        with Ahead(NoPaper(), Settings(), folder) as ahead:  # type: ignore[arg-type]
            yield ahead

    return telling


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def test_a_file_is_written_when_all_it_needs_is_found_or_known_to_be_missing(telling, tmp_path: Path) -> None:
    with telling(export("a", "one"), export("both", "one", "two"), export("rest", "not_run", "one")) as ahead:
        ahead.made("one", Nothing())
        ahead.finish()
        assert read(tmp_path / "exports") == {"a": "one"}
        ahead.made("two", SKIPPED)
        ahead.finish()
        assert read(tmp_path / "exports") == {"a": "one", "both": "one"}
        ahead.export(tmp_path / "exports", {"one": Nothing()})
        ahead.finish()
        assert read(tmp_path / "exports") == {"a": "one", "both": "one", "rest": "one"}


def test_without_a_folder_all_are_written_at_the_end(telling, tmp_path: Path) -> None:
    with telling(export("a", "one"), folder=None) as ahead:
        ahead.made("one", Nothing())
        ahead.finish()
        assert not (tmp_path / "exports").exists()
        ahead.export(tmp_path / "exports", {"one": Nothing()})
        ahead.finish()
    assert read(tmp_path / "exports") == {"a": "one"}


def test_what_keeps_a_file_from_being_written_is_told(telling) -> None:
    def full(*_: object) -> Sequence[str]:
        raise OSError(28, "No space left on device")

    with telling(Export(("one",), full)) as ahead:
        ahead.made("one", Nothing())
        with pytest.raises(OSError, match="No space"):
            ahead.finish()


def test_a_build_that_fails_writes_no_further_file(telling, tmp_path: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(*_: object) -> Sequence[str]:
        begun.set()
        assert go.wait(20)
        return ()

    with pytest.raises(KeyError), telling(Export(("one",), slow), export("a", "one")) as ahead:
        ahead.made("one", Nothing())
        assert begun.wait(20)
        threading.Timer(0.1, go.set).start()
        raise KeyError
    assert read(tmp_path / "exports") == {}
