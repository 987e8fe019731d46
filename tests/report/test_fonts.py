import subprocess
import sys
import time
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from report import fonts as making
from report import program
from report.fonts import FACES, FAMILY, Fonts


def _names(path: Path) -> dict[int, str]:
    return {record.nameID: record.toUnicode() for record in TTFont(path)["name"].names}


def test_equal_bytes_wherever_they_are_made(fonts: Fonts, tmp_path: Path) -> None:
    again = making.prepare(tmp_path)
    for kind in ("ttf", "woff2"):
        for name in FACES:
            assert getattr(again, kind)[name].read_bytes() == getattr(fonts, kind)[name].read_bytes()


def test_the_subset_holds_what_reports_print(fonts: Fonts) -> None:
    held = TTFont(fonts.ttf["SourceSansPro-Regular"]).getBestCmap() or {}
    assert not [c for c in "AzÀőşřΩжЯ€£¥₹₺→↑≥≤−–—…·²½" if ord(c) not in held]


def test_the_reserved_name_is_not_used_and_weights_are_apart(fonts: Fonts) -> None:
    for path in fonts.ttf.values():
        assert not any("Source" in _names(path)[key] for key in (1, 4, 6))
    assert _names(fonts.ttf["SourceSansPro-Semibold"])[17] == "Semibold"
    assert "SIL Open Font License" in fonts.licence


def test_the_fonts_conf_shows_these_fonts_only(fonts: Fonts) -> None:
    listed = subprocess.run(
        ["fc-list", ":", "family"],
        env={"FONTCONFIG_FILE": str(fonts.conf), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
    )
    assert {line.split(",")[0] for line in listed.stdout.splitlines()} == {FAMILY}


def test_a_release_gets_the_files_its_style_sheet_names(fonts: Fonts, tmp_path: Path) -> None:
    fonts.copy(tmp_path)
    assert all(
        (tmp_path / path.name).is_file() and f'"./{path.name}"' in fonts.css(".") for path in fonts.woff2.values()
    )


def test_they_are_made_while_something_else_is_done(fonts: Fonts, tmp_path: Path) -> None:
    begun = making.begin(tmp_path)
    assert begun.making is not None and begun.key == fonts.key and not begun.conf.exists()
    made = begun.ready()
    assert begun.making.returncode == 0 and made.conf.is_file()
    assert [p.read_bytes() for p in made.woff2.values()] == [p.read_bytes() for p in fonts.woff2.values()]
    assert making.begin(tmp_path).making is None


def test_what_the_other_process_could_not_make_is_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        program, "start", lambda *_, **pipes: subprocess.Popen(["false"], stdin=subprocess.PIPE, **pipes)
    )
    begun = making.begin(tmp_path)
    assert all(path.is_file() for path in (*begun.ready().ttf.values(), begun.conf))


def test_charts_and_paper_need_not_wait_for_the_screens_files(fonts: Fonts, tmp_path: Path) -> None:
    begun = making.begin(tmp_path)
    drawable = begun.drawable()
    assert begun.making is not None and begun.making.poll() is None
    assert [p.read_bytes() for p in drawable.ttf.values()] == [p.read_bytes() for p in fonts.ttf.values()]
    assert drawable.conf.is_file() and not (begun.folder / "woff2").exists()
    assert all(path.is_file() for path in begun.ready().woff2.values())


def test_a_build_that_is_left_makes_them_no_further(tmp_path: Path) -> None:
    begun = making.begin(tmp_path)
    begun.leave()
    assert begun.making is not None and begun.making.returncode == -9
    time.sleep(0.2)
    assert not begun.conf.exists()


def test_making_them_ends_with_a_killed_build(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path; from report import fonts; import time
print(fonts.begin(Path({str(tmp_path)!r})).making.pid, flush=True); time.sleep(60)"""
    build = subprocess.Popen([sys.executable, "-c", script], cwd=program.PROJECT, stdout=subprocess.PIPE)
    assert build.stdout is not None
    making = int(build.stdout.readline())
    build.kill()
    build.wait()
    build.stdout.close()
    deadline = time.monotonic() + 5
    while _runs(making) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(making) and not list(tmp_path.glob("fonts/*/fonts.conf"))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
