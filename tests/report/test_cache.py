import os
from pathlib import Path

import pytest

from report import cache


def test_it_lies_where_the_user_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "customer-deck"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "customer-deck"


def test_there_is_none_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.folder() is None


def test_what_no_build_used_for_a_month_goes(tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    old, new = tmp_path / "charts" / "old.svg", tmp_path / "charts" / "new.svg"
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    cache.prune(tmp_path)
    assert not old.exists() and new.exists()
