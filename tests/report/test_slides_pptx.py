"""The deck as PowerPoint: what it says, what can be edited, and that it fits."""

import copy
import io
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pptx.util import Emu

from report import slides, slides_pptx
from report.native_charts import native
from report.pages import Page, Report, for_print
from report.slides import Chart, Grid, Group, Lines, Slide, Text

WORD = re.compile(r"[^\W_]+")


def _png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def _written(report: Report, folder: Path, pngs: bool = True) -> Path:
    path = folder / "deck.pptx"
    slides_pptx.write(path, report, dict.fromkeys(report.figures, _png()) if pngs else {})
    return path


@pytest.fixture(scope="module")
def path(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(report, tmp_path_factory.mktemp("pptx"))


@pytest.fixture(scope="module")
def hostile_path(hostile: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(hostile, tmp_path_factory.mktemp("hostile-pptx"))


def _shapes(shapes: Any) -> Any:
    for shape in shapes:
        yield shape
        if shape.shape_type == 6:
            yield from _shapes(shape.shapes)


def _texts(slide: Any) -> str:
    said = []
    for shape in _shapes(slide.shapes):
        if shape.has_text_frame:
            said.append(shape.text_frame.text)
        if getattr(shape, "has_table", False) and shape.has_table:
            said += [cell.text for row in shape.table.rows for cell in row.cells]
    return " ".join(said)


@pytest.mark.parametrize("made", ["report", "hostile"])
def test_every_word_of_the_deck_is_on_its_slide(made: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(made)
    deck = Presentation(request.getfixturevalue({"report": "path", "hostile": "hostile_path"}[made]))
    read = slides.slides(for_print("deck", report))
    assert len(deck.slides) == len(read)
    for slide, page in zip(deck.slides, read, strict=True):
        assert slide.shapes.title.text_frame.text == page.title
        quiet = [t for b in slides.flat(page.blocks) if not isinstance(b, Chart) for t in slides.texts((b,))]
        wanted = set(WORD.findall(" ".join([page.title, page.source, page.sign, *page.band, *quiet])))
        assert wanted <= set(WORD.findall(_texts(slide))), page.name


def test_everything_lies_on_its_slide_and_above_the_foot(path: Path, hostile_path: Path) -> None:
    for of in (path, hostile_path):
        deck = Presentation(of)
        for at, slide in enumerate(deck.slides, 1):
            foot = next(shape.top for shape in slide.shapes if shape.name == "Source")
            for shape in _shapes(slide.shapes):
                if shape.shape_type == 6:
                    continue
                right, bottom = shape.left + shape.width, shape.top + shape.height
                assert shape.left >= 0 and shape.top >= 0, (at, shape.name)
                assert right <= deck.slide_width + 9525, (at, shape.name)
                assert bottom <= (foot if shape.top < foot - 90_000 else deck.slide_height) + 30_000, (at, shape.name)


def test_text_boxes_do_not_meet(path: Path) -> None:
    for at, slide in enumerate(Presentation(path).slides, 1):
        boxes = [s for s in slide.shapes if s.has_text_frame and s.text_frame.text and s.width]
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
                up = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
                assert across <= 9525 or up <= 2 * 9525, (at, one.text_frame.text, other.text_frame.text)


def test_charts_hold_the_values_of_the_figures(report: Report, path: Path) -> None:
    seen = 0
    for shape in (s for slide in Presentation(path).slides for s in slide.shapes if s.has_chart):
        data = native(report.figures[shape.name])
        assert data is not None
        drawn = [series for plot in shape.chart.plots for series in plot.series]
        wanted = [*data.series, *data.dots]
        for made, series in zip(drawn, wanted, strict=True):
            assert [v for v in made.values if v is not None] == list(series.y), shape.name
        seen += 1
    assert seen > 10


def test_bars_are_the_findings_numbers(report: Report, path: Path) -> None:
    chart = next(
        s.chart for slide in Presentation(path).slides for s in slide.shapes if s.has_chart and s.name == "rfm-segments"
    )
    frame = report.run.results["rfm"].segments.frame  # type: ignore[attr-defined]
    frame = frame[frame["net"].notna()]
    names = list(chart.plots[0].categories)
    shares = {str(n): float(s) for n, s in zip(frame["segment"], frame["share_net"], strict=True)}
    assert {n: pytest.approx(shares[n]) for n in names} == dict(
        zip(names, chart.plots[0].series[1].values, strict=True)
    )


def test_the_sheet_behind_a_chart_is_what_it_shows(path: Path) -> None:
    for shape in (s for slide in Presentation(path).slides for s in slide.shapes if s.has_chart):
        sheet = load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))["Sheet1"]
        for series in (series for plot in shape.chart.plots for series in plot.series):
            for part in ("val", "xVal", "yVal"):
                found = series._element.find(f"{{*}}{part}//{{*}}f")
                if found is None:
                    continue
                cells = [row[0].value for row in sheet[found.text.removeprefix("Sheet1!").replace("$", "")]]
                points = series._element.findall(f"{{*}}{part}//{{*}}pt/{{*}}v")
                assert cells == pytest.approx([float(p.text) for p in points], rel=1e-15)


def test_same_bytes_for_the_same_report(report: Report, path: Path, tmp_path: Path) -> None:
    assert _written(report, tmp_path).read_bytes() == path.read_bytes()


def test_nothing_in_it_says_when_it_was_made(path: Path) -> None:
    def dates(package: bytes) -> set[Any]:
        with zipfile.ZipFile(io.BytesIO(package)) as parts:
            found = {info.date_time for info in parts.infolist()}
            core = parts.read("docProps/core.xml")
            found |= set(re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", core))
            for name in parts.namelist():
                if name.endswith(".xlsx"):
                    found |= dates(parts.read(name))
        return found

    assert dates(path.read_bytes()) == {(1980, 1, 1, 0, 0, 0), b"2000-01-01T00:00:00Z"}


def test_names_from_the_data_are_text_everywhere(hostile_path: Path) -> None:
    formulas = 0
    with zipfile.ZipFile(hostile_path) as parts:
        assert not [n for n in parts.namelist() if "vba" in n.lower() or "external" in n.lower()]
        for name in parts.namelist():
            if name.endswith(".rels"):
                assert b"External" not in parts.read(name), name
            if name.endswith(".xlsx"):
                book = load_workbook(io.BytesIO(parts.read(name)))
                cells = [cell for row in book["Sheet1"].iter_rows() for cell in row]
                formulas += sum(cell.data_type == "f" or cell.hyperlink is not None for cell in cells)
    assert not formulas


def test_a_name_that_is_a_formula_is_a_word_of_the_sheet(report: Report, tmp_path: Path) -> None:
    drawn = report.figures["mix-products"]
    names = ["=1+1", "http://example.org", "{=A1}", "a\x00\x1bb", "x" * 9_000]
    figure = copy.deepcopy(drawn.wide)
    ticks = list(figure.layout.yaxis.ticktext)
    ticks[: len(names)] = names
    figure.update_yaxes(ticktext=ticks)
    odd = replace(report, figures={**report.figures, "mix-products": replace(drawn, wide=figure)})
    deck = Presentation(_written(odd, tmp_path))
    chart = next(s.chart for slide in deck.slides for s in slide.shapes if s.has_chart and s.name == "mix-products")
    sheet = load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))["Sheet1"]
    found = [sheet.cell(row, 1) for row in range(2, 2 + len(names))]
    assert [cell.value for cell in found[:4]] == ["=1+1", "http://example.org", "{=A1}", "ab"]
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in found)


def test_every_picture_chart_and_table_has_an_alternative(report: Report, path: Path) -> None:
    pictures = 0
    for shape in (shape for slide in Presentation(path).slides for shape in slide.shapes):
        if shape.shape_type == 13 or shape.has_chart or shape.has_table:
            told = shape._element.xpath("*/p:cNvPr/@descr")
            assert told and told[0].strip(), shape.name
            if shape.name in report.figures:
                assert told[0] == report.figures[shape.name].alt
                pictures += shape.shape_type == 13
    assert pictures >= 1


def test_without_drawn_pictures_their_tables_stand_in_their_place(report: Report, tmp_path: Path) -> None:
    bare = Report(report.run, report.dataset, report.settings, report.figures)
    deck = Presentation(_written(bare, tmp_path, pngs=False))
    shapes = [shape for slide in deck.slides for shape in slide.shapes]
    assert not [s for s in shapes if s.shape_type == 13]
    assert sum(s.has_chart for s in shapes) > 10 and sum(s.has_table for s in shapes) >= 2


def test_notes_say_what_the_title_rests_on(report: Report, path: Path) -> None:
    names = Page("deck", True, report).slides
    notes = Presentation(path).slides[names.index("pareto")].notes_slide.notes_text_frame.text
    finding = report.run.findings["pareto.headline"]
    assert finding.definition in notes and finding.source in notes and finding.population in notes


def test_the_slide_is_wide_and_has_one_accent(report: Report, path: Path) -> None:
    deck = Presentation(path)
    assert (deck.slide_width, deck.slide_height) == (Emu(12_192_000), Emu(6_858_000))
    with zipfile.ZipFile(path) as parts:
        theme = parts.read("ppt/theme/theme1.xml").decode()
    assert "0B57A4" in theme or Page("deck", True, report).settings.accent.lstrip("#").upper() in theme


def _board(blocks: tuple[slides.Block, ...], report: Report, tmp_path: Path) -> Any:
    deck = slides_pptx.Deck(Page("deck", True, report), {})
    deck.write(tmp_path / "x.pptx", [Slide("new", "A title", blocks, "Source: x.", 1)])
    return Presentation(tmp_path / "x.pptx").slides[0]


def test_what_is_unknown_fits_too(report: Report, tmp_path: Path) -> None:
    rows = tuple((f"row {i}", "some words of a plan that take room " * 2, str(i)) for i in range(12))
    blocks = (
        Grid(("Name", "Plan", "Number"), rows, "", (False, False, True)),
        Group("never-seen", (Text("A word.", "odd"), Lines(("One.", "Two."), "any"))),
    )
    slide = _board(blocks, report, tmp_path)
    foot = next(shape.top for shape in slide.shapes if shape.name == "Source")
    assert "row 11" in _texts(slide) and "A word." in _texts(slide) and "Two." in _texts(slide)
    assert all(s.top + s.height <= foot for s in slide.shapes if s.top < foot - 90_000)


def test_a_table_that_cannot_fit_is_cut_and_says_so(report: Report, tmp_path: Path) -> None:
    rows = tuple((f"row {i}", str(i)) for i in range(80))
    slide = _board((Grid(("Name", "Number"), rows),), report, tmp_path)
    assert "row 7" in _texts(slide) and "row 8" not in _texts(slide) and "More rows" in _texts(slide)


def test_control_characters_are_left_out(report: Report, tmp_path: Path) -> None:
    slide = _board((Text("a\x00b\x1bc\ud800d\uffffe"), Lines(("x\x08y",))), report, tmp_path)
    assert "abcde" in _texts(slide) and "xy" in _texts(slide)


def test_importing_it_loads_no_library_of_powerpoint() -> None:
    code = "import sys, report.slides_pptx; sys.exit(any(m in sys.modules for m in ('pptx', 'xlsxwriter', 'lxml')))"
    assert not subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
def test_libreoffice_opens_every_slide(path: Path, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pages = (tmp_path / "deck.pdf").read_bytes().count(b"/Type/Page/") or (tmp_path / "deck.pdf").read_bytes().count(
        b"/Type/Page>"
    )
    assert pages in (0, len(Presentation(path).slides)) and (tmp_path / "deck.pdf").stat().st_size > 20_000
