import os
import re
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from report import pdf, program
from report.fonts import Fonts

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">
<text y="20" style="font-family: Deck Sans">{}</text></svg>"""
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A report</title>
<style>@page {{ size: 6in 4in }} body {{ font-family: "Deck Sans" }} section {{ break-after: page }}</style></head>
<body><section><h1>One</h1><img src="figures/a.svg" alt="a chart"></section>
<section><h1>Two</h1><p><a href="appendix.html#ledger-pareto.top">67.5 %</a></p>{}</section></body></html>"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "a.svg").write_text(SVG.format("chart"))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _content(path: Path) -> bytes:
    """All of a PDF with its streams unpacked."""
    data = path.read_bytes()
    parts = [data]
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"".join(parts)


def test_it_prints_tagged_pages_and_counts_them(root: Path, cache: Path, fonts: Fonts) -> None:
    target = root / "deck.pdf"
    assert pdf.write(PAGE.format(""), target, root, fonts, cache) == pdf.Printed(2)
    content = _content(target)
    assert b"Deck-Sans" in content and b"DejaVu" not in content
    assert (
        b"(appendix.html#ledger-pareto.top)" in content
        and b"file:" not in content
        and str(root).encode() not in content
    )


def test_the_same_page_is_not_printed_again(root: Path, cache: Path, fonts: Fonts) -> None:
    first, second = root / "a.pdf", root / "b.pdf"
    pdf.write(PAGE.format(""), first, root, fonts, cache)
    assert pdf.write(PAGE.format(""), second, root, fonts, cache) == pdf.Printed(2, from_cache=True)
    assert first.read_bytes() == second.read_bytes()


def test_a_changed_picture_is_printed(root: Path, cache: Path, fonts: Fonts) -> None:
    first, second = root / "a.pdf", root / "b.pdf"
    pdf.write(PAGE.format(""), first, root, fonts, cache)
    (root / "figures" / "a.svg").write_text(SVG.format("other"))
    assert not pdf.write(PAGE.format(""), second, root, fonts, cache).from_cache
    assert first.read_bytes() != second.read_bytes()


def test_same_bytes_in_any_surroundings(
    root: Path, tmp_path: Path, fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf.write(PAGE.format(""), root / "a.pdf", root, fonts, tmp_path / "c1")
    elsewhere = tmp_path / "quite" / "elsewhere"
    elsewhere.parent.mkdir()
    root.rename(elsewhere)
    for key, value in {
        "TZ": "Asia/Tokyo",
        "LC_ALL": "de_DE.UTF-8",
        "PYTHONHASHSEED": "7",
        "HOME": "/nonexistent",
    }.items():
        monkeypatch.setenv(key, value)
    pdf.write(PAGE.format(""), elsewhere / "b.pdf", elsewhere, fonts, tmp_path / "c2")
    assert (elsewhere / "a.pdf").read_bytes() == (elsewhere / "b.pdf").read_bytes()


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ('<a href="javascript:x()">x</a>', "javascript"),
        ('<a href="file:///etc/hostname">x</a>', "not allowed"),
        ('<a href="http://example.org/">x</a>', "not allowed"),
        ('<a href="../../secret.html">x</a>', "not allowed"),
        ('<a href="/etc/hostname">x</a>', "not allowed"),
        ('<img alt="x" src="file:///etc/hostname">', "refused to read"),
        ('<img alt="x" src="../outside.svg">', "refused to read"),
        ('<img alt="x" src="https://127.0.0.1:9/x.png">', "refused to read"),
        ('<link rel="attachment" href="file:///etc/hostname">', "refused to read"),
        (
            '<svg width="9" height="9"><image href="file:///etc/hostname" width="9" height="9"/></svg>',
            "refused|not allowed",
        ),
        ('<img alt="x" src="figures/absent.svg">', "refused to read"),
        ('<p style="colour: red">x</p>', "colour"),
        ('<p id="x"></p><p id="x"></p><a href="#y">y</a>', "y"),
    ],
)
def test_faults_of_a_template_stop_the_build(part: str, fault: str, root: Path, cache: Path, fonts: Fonts) -> None:
    (root.parent / "outside.svg").write_text(SVG.format("secret"))
    with pytest.raises(RuntimeError, match=f"a.pdf does not print cleanly: .*({fault})"):
        pdf.write(PAGE.format(part), root / "a.pdf", root, fonts, cache)
    assert not list(cache.glob("pdf/*.pdf"))


def test_a_link_out_of_the_root_is_not_followed(root: Path, cache: Path, fonts: Fonts) -> None:
    (root / "figures" / "out.svg").symlink_to("/etc/hostname")
    with pytest.raises(RuntimeError, match="refused to read"):
        pdf.write(PAGE.format('<img alt="x" src="figures/out.svg">'), root / "a.pdf", root, fonts, cache)


def test_characters_no_font_has_are_told(root: Path, cache: Path, fonts: Fonts) -> None:
    page = PAGE.format("<p>商品 😀 Ωж €</p>")
    assert set(pdf.write(page, root / "a.pdf", root, fonts, cache).missing) == {"商", "品", "😀"}
    assert set(pdf.write(page, root / "b.pdf", root, fonts, cache).missing) == {"商", "品", "😀"}


def test_a_target_that_cannot_be_written_is_an_os_error(root: Path, cache: Path, fonts: Fonts) -> None:
    with pytest.raises(FileNotFoundError):
        pdf.write(PAGE.format(""), root / "absent" / "a.pdf", root, fonts, cache)


def test_two_print_at_the_same_time(root: Path, cache: Path, fonts: Fonts) -> None:
    with pdf.Printing(PAGE.format("a"), root / "a.pdf", root, fonts, cache) as one:  # noqa: SIM117
        with pdf.Printing(PAGE.format("b"), root / "b.pdf", root, fonts, cache) as other:
            assert other.finish().pages == one.finish().pages == 2
    assert (root / "a.pdf").is_file() and (root / "b.pdf").is_file()


def test_a_process_that_waits_prints_one_page_or_ends(root: Path, cache: Path, fonts: Fonts) -> None:
    with pdf.Press(fonts) as one, pdf.Press(fonts) as other:
        with pdf.Printing(PAGE.format("a"), root / "a.pdf", root, fonts, cache, one) as printing:
            assert printing.finish().pages == 2
        with pdf.Printing(PAGE.format("a"), root / "b.pdf", root, fonts, cache, other) as printing:
            assert printing.finish().from_cache and _runs(other.process.pid)
    assert not _runs(one.process.pid) and not _runs(other.process.pid)


def test_a_print_that_is_left_ends(root: Path, cache: Path, fonts: Fonts) -> None:
    with pdf.Printing(PAGE.format("<p>word</p>" * 20_000), root / "a.pdf", root, fonts, cache) as left:
        assert left._press is not None
        printing = left._press.process.pid
    assert not _runs(printing) and not (root / "a.pdf").exists()


def test_printing_ends_with_a_killed_build(root: Path, cache: Path, fonts: Fonts, project: Path) -> None:
    long = PAGE.format("<p>word</p>" * 20_000)
    (root / "page.html").write_text(long)
    script = f"""
from pathlib import Path; from report import fonts, pdf; import time
root = Path({str(root)!r})
made = fonts.prepare(Path({str(fonts.folder.parents[1])!r}))
p = pdf.Printing((root / "page.html").read_text(), root / "a.pdf", root, made, Path({str(cache)!r}))
print(p._press.process.pid, flush=True); time.sleep(60)"""
    build = subprocess.Popen([sys.executable, "-c", script], cwd=project, stdout=subprocess.PIPE)
    assert build.stdout is not None
    printing = int(build.stdout.readline())
    build.kill()
    build.wait()
    build.stdout.close()
    deadline = time.monotonic() + 5
    while _runs(printing) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(printing)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_this_process_never_loads_weasyprint() -> None:
    code = "import sys, report.pdf; sys.exit('weasyprint' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", code], cwd=program.PROJECT, env=os.environ).returncode
