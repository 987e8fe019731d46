import os
import stat
import tempfile
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
