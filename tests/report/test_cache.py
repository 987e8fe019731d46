import os
import stat
import tempfile
import time
from pathlib import Path

import pytest

from report import cache


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of a user whose home cannot be used."""
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def test_it_lies_where_the_user_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "customer-deck"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "customer-deck"


def test_without_a_home_it_lies_among_temporary_files(temporary: Path) -> None:
    path = cache.folder()
    assert path == temporary / f"customer-deck-{os.geteuid()}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700 and cache.folder() == path


@pytest.mark.parametrize("planted", ["link", "open to others", "file"])
def test_there_is_none_where_another_user_could_have_made_it(planted: str, temporary: Path) -> None:
    path = temporary / f"customer-deck-{os.geteuid()}"
    if planted == "link":
        (temporary / "elsewhere").mkdir(mode=0o700)
        path.symlink_to(temporary / "elsewhere")
    elif planted == "file":
        path.write_text("")
    else:
        path.mkdir()
        path.chmod(0o777)
    assert cache.folder() is None


@pytest.mark.parametrize("set_to", ["HOME", "XDG_CACHE_HOME"])
def test_there_is_none_where_it_is_another_users(set_to: str, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setenv(set_to, str(temporary))
    assert cache.folder() is None


def test_there_is_none_where_nothing_can_be_written(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    assert cache.folder() is None


def test_what_no_build_used_for_a_month_goes(tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    old, new = tmp_path / "charts" / "old.svg", tmp_path / "charts" / "new.svg"
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    cache.prune(tmp_path)
    assert not old.exists() and new.exists()


def _result(path: Path, days: float, size: int = 1) -> Path:
    """A kept result, used so many days ago."""
    path.mkdir(parents=True)
    with (path / "value.json").open("wb") as file:
        file.truncate(size)
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_results_go_when_they_are_old_or_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "results"
    made = {days: _result(results / f"n-{days}", days, 400) for days in (0, 1, 2, 29, 31)}
    cache.prune(tmp_path)
    assert [days for days, path in made.items() if path.exists()] == [0, 1, 2, 29]
    monkeypatch.setattr(cache, "MOST_BYTES", 1000)
    cache.prune(tmp_path)
    assert [days for days, path in made.items() if path.exists()] == [0, 1]


def test_halves_that_killed_builds_left_go_after_a_day(tmp_path: Path) -> None:
    new, old = (_result(tmp_path / "results" / f".tmp-{days}", days) for days in (0.5, 2))
    cache.prune(tmp_path)
    assert new.exists() and not old.exists()


def test_what_is_no_result_is_left(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "results" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "results" / "file").write_text("")
    cache.prune(tmp_path)
    assert sorted(os.listdir(tmp_path / "results")) == ["file", "link"] and (tmp_path / "elsewhere").exists()
