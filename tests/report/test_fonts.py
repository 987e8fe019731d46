import subprocess
from pathlib import Path

from fontTools.ttLib import TTFont

from report import fonts as making
from report.fonts import FACES, FAMILY, Fonts


def _names(path: Path) -> dict[int, str]:
    return {record.nameID: record.toUnicode() for record in TTFont(path)["name"].names}


def test_equal_bytes_wherever_they_are_made(fonts: Fonts, tmp_path: Path) -> None:
    again = making.prepare(tmp_path)
    for kind in ("ttf", "woff"):
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
        (tmp_path / path.name).is_file() and f'"./{path.name}"' in fonts.css(".") for path in fonts.woff.values()
    )
