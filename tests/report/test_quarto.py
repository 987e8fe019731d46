"""The Quarto project: Pandoc reads from it what the pages say, data is never markup, and Quarto is called with care."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pypandoc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation

import build
from dataset.errors import DataError
from report import markdown, quarto, quarto_program, quarto_reference, slides
from report.fonts import Fonts
from report.markdown import escaped, plain
from report.pages import Report, for_print
from report.slides import Chart, Code, Grid, Group, Heading, KeyFigures, Lines, Terms, Text
from tests.report.conftest import HOSTILE, reported, sold

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
# What Quarto does with a part that only one format shows.
VISIBLE = """function Div(el)
  if el.classes:includes("content-visible") then
    if el.attributes["when-format"] == FORMAT then return el.content else return {} end
  end
end
"""
PAYLOADS = (
    *HOSTILE[:-1],
    "{{< include /etc/passwd >}}", "{{{< include x >}}}", "{{< meta title >}}", "{{% x %}}", "`{=html}`",
    "```{=html}", "``` {r}", "`r Sys.time()`", "`{python} 1+1`", "<script>alert(1)</script>", "<!-- comment -->",
    "<b>bold</b>", "&lt;b&gt; &amp; &#x41;", "$x^2$", "$$\\int$$", "\\(x\\)", "\\[x\\]",
    "\\begin{equation}x\\end{equation}", "\\input{/etc/passwd}", "@fig-1", "[@cite]", "-@cite",
    "{#id .class key=value}", "[span]{.class}", "::: {.callout-note}", ":::", "::::", "--- ", "---", "...", "***",
    "* * *", "# heading", "## x {#y}", "> quote", "- item", "* item", "+ item", "1. item", "(1) item", "#. item",
    "(@) x", "a) x", "iv. x", "| a | b |", "|--|--|", "+---+", "Table: x", ": caption", "===",
    "[link](javascript:alert(1))", "![image](file:///etc/passwd)", "<javascript:alert(1)>", "http://example.com/?a=b",
    "mail@example.com", "[ref]: http://x", "[^1]: note", "^[note]", "[^1]", "*[HTML]: x", "~~out~~", "H~2~O", "x^2^",
    "_a_ __b__ *c* **d**", '"quoted" \'single\' it\'s', "a--b---c...", "% title", "\\", "\\\\", "trailing\\", "`",
    "``", "a\nb\n\n# c", "\ttab", "    four", "==mark==", ":smile:", "term\n: definition", "?x", "!x",
    '#import "x.typ"', '#eval("1")', "= typst", "@preview/x:1.0", "/* x */", "//x", "<label>", "x\xa0y",
    "né à Zürich – 100 €",
)  # fmt: skip


def ast(text: str, *options: str) -> dict[str, Any]:
    """What Pandoc reads; a warning fails."""
    command = [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "json", "--fail-if-warnings", *options]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every element of a tree, the outer ones first."""
    if isinstance(tree, dict):
        if "t" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def words(tree: Any) -> str:
    """The text a reader sees, blanks of all kinds as one."""
    said = []
    for node in nodes(tree):
        match node["t"]:
            case "Str":
                said.append(node["c"])
            case "Space" | "SoftBreak" | "LineBreak":
                said.append(" ")
            case "CodeBlock":
                said.append(f" {node['c'][1]} ")
            case "Para" | "Plain" | "Header" | "Caption" | "Div":
                said.append(" ")
    return blank("".join(said))


def blank(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def only_text(block: dict[str, Any]) -> str:
    """The words of a paragraph that holds nothing but words."""
    assert block["t"] in ("Para", "Plain"), block
    assert {node["t"] for node in block["c"]} <= {"Str", "Space"}, block
    return "".join(node["c"] if node["t"] == "Str" else " " for node in block["c"])


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_payload_is_read_as_its_own_text(text: str) -> None:
    assert [only_text(block) for block in ast(escaped(text))["blocks"]] == [plain(text)]


@pytest.mark.parametrize("text", PAYLOADS)
def test_the_source_holds_nothing_quarto_acts_on_before_pandoc(text: str) -> None:
    made = escaped(text)
    assert not re.search(r"\{\{|<|>|(?<!\\)[`$@]|^:::|^---|^```", made), made
    assert "\n" not in made


ANY = st.text(st.one_of(st.sampled_from("\\`*_{}[]()<>#+-.!|~^$@&\"':=%;/? \t\n0123abivxAITablehtp"), st.characters()))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(ANY, min_size=1, max_size=40))
def test_any_text_comes_back(given: list[str]) -> None:
    texts = [text for text in given if plain(text)]
    read = [only_text(block) for block in ast("\n\n".join(map(escaped, texts)))["blocks"]]
    assert [text.replace("\xa0", " ") for text in read] == [plain(text).replace("\xa0", " ") for text in texts]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(ANY, min_size=4, max_size=4))
def test_any_text_comes_back_from_every_place(given: list[str]) -> None:
    a, b, c, d = (text if plain(text) else "x" for text in given)
    blocks = (
        Heading(a, 3, b), Text(c, "beside"), Lines((a, b, c)), Lines((d,), ordered=True), KeyFigures(((a, b), ("", c))),
        Grid((a, b), ((c, d), (f"{a}\n{b}", "")), c, (False, True), (0,)), Terms(((a, b),)), Chart("absent", d),
        Group("steps", (Text(a), Group("", (Text(b),)))), Chart("there", c, d),
    )  # fmt: skip
    for made in (markdown.page(blocks, {"there": 50}), markdown.slide(blocks, {"there": 50})):
        read = ast(made)["blocks"]
        kinds = {node["t"] for node in nodes(read)}
        assert kinds <= KINDS, made
        for text in (a, b, c, d):
            assert blank(plain(text)) in words(read), made
        images = [node["c"] for node in nodes(read) if node["t"] == "Image"]
        assert [image[2] for image in images] == [["figures/there.png", ""]]
        assert blank(dict(images[0][0][2])["fig-alt"]) == blank(plain(c))


@pytest.mark.parametrize("alt", ["\xa0", "\xa0 nought", "a\xa0b"])
def test_hard_blanks_in_an_alternative_text(alt: str) -> None:
    read = ast(markdown.page((Chart("there", alt, "title"),), {"there": 50}))["blocks"]
    (image,) = [node["c"] for node in nodes(read) if node["t"] == "Image"]
    assert dict(image[0][2])["fig-alt"] == blank(alt)


GRID, CHART, LINE = Grid(("a",), (("one",),)), Chart("there", "alt"), Text("said")
SHAPES = (
    (GRID,), (CHART,), (LINE, GRID), (LINE, CHART), (GRID, LINE), (LINE, LINE, GRID, LINE), (CHART, GRID, CHART),
    (Group("steps", (GRID, LINE)),), (Group("steps", (LINE, Group("", (CHART,)))), GRID),
    (GRID, Group("side", (LINE,))), (CHART, GRID, LINE, Group("side", (LINE, CHART))),
    (Group("stack", (LINE, CHART, LINE, CHART)), Group("side", (LINE,))),
    (Group("box", (CHART,)), Group("side", (GRID,))), (Group("side", (LINE,)),),
    (Group("pair", (Group("", (LINE, CHART)), Group("", (LINE, GRID)))), CHART, LINE), (),
)  # fmt: skip


@pytest.mark.parametrize("blocks", SHAPES, ids=range(len(SHAPES)))
def test_a_slide_of_any_shape_is_whole_in_powerpoint_and_on_the_screen(blocks: Any, tmp_path: Path) -> None:
    charts = sum(isinstance(block, Chart) for block in slides.flat(blocks))
    grids = sum(isinstance(block, Grid) for block in slides.flat(blocks))
    body = markdown.slide(blocks, {"there": 100})
    read = [node["t"] for node in nodes(ast(body))]
    assert (read.count("Image"), read.count("Table")) == (charts, grids)
    more = "".join(f"\n\n## Title\n\n{made}" for made in markdown.rest(blocks, {"there": 100}))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "there.png").write_bytes(PNG)
    (tmp_path / "deck.qmd").write_text(f"## Title\n\n{body}{more}\n")
    pictures, tables, said = shown_in_powerpoint(tmp_path, tmp_path / "deck.pptx")
    assert (pictures, tables) == (charts, grids) and (LINE not in slides.flat(blocks) or "said" in said)


def shown_in_powerpoint(folder: Path, target: Path) -> tuple[int, int, str]:
    """Pictures, tables and words of a deck as Pandoc writes it; none lies on another, and every slide has a title."""
    (target.parent / "visible.lua").write_text(VISIBLE)
    command = (
        f"-f markdown deck.qmd --slide-level 2 --fail-if-warnings -o {target} --lua-filter {target.parent}/visible.lua"
    )
    reference = target.parent / "reference.pptx"
    reference.write_bytes(quarto_reference.made("#0b57a4"))
    command = [pypandoc.get_pandoc_path(), *command.split(), "--reference-doc", str(reference)]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    pictures, tables, said = 0, 0, ""
    for slide in Presentation(str(target)).slides:
        tall = [shape for shape in slide.shapes if shape.shape_type == 13 or shape.has_table]
        boxes = [(s.left, s.top, s.width, s.height) for s in tall]
        assert len(set(boxes)) == len(boxes), "one on the other"
        assert slide.shapes.title is not None and slide.shapes.title.text
        pictures += sum(shape.shape_type == 13 for shape in tall)
        tables += sum(shape.has_table for shape in tall)
        for shape in slide.shapes:
            cells = [c.text for row in shape.table.rows for c in row.cells] if shape.has_table else []
            said += " ".join([shape.text_frame.text if shape.has_text_frame else "", *cells, ""])
        said += slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else ""
    return pictures, tables, blank(said.replace("\v", " "))


@pytest.mark.parametrize("role", ["aside", "columns", "column-margin", "notes", "A", "a b", "x}"])
def test_a_class_that_quarto_acts_on_is_left_out(role: str) -> None:
    assert markdown.slide((Text("x", role), Group(role, (Text("y"),))), {}) == "x\n\ny"


KINDS = {
    "Header", "Para", "Plain", "Div", "BulletList", "OrderedList", "Decimal", "Period", "DefaultStyle",
    "DefaultDelim", "Table", "CodeBlock", "DefinitionList", "Figure", "Str", "Space", "Strong", "Span", "Image",
    "MetaMap", "MetaInlines", "MetaString", "MetaList", "MetaBool", "AlignLeft", "AlignRight", "AlignDefault",
    "ColWidth", "ColWidthDefault",
}  # fmt: skip


def written(report: Report, fonts: Fonts, folder: Path) -> Path:
    quarto.write(folder, report, fonts, dict.fromkeys(report.figures, PNG))
    return folder


@pytest.fixture(scope="module")
def project_of(fonts: Fonts, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Report], Path]:
    made: dict[int, Path] = {}

    def of(report: Report) -> Path:
        if id(report) not in made:
            made[id(report)] = written(report, fonts, tmp_path_factory.mktemp("quarto"))
        return made[id(report)]

    return of


@pytest.fixture(scope="module")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A shop whose products are called like what Quarto, Pandoc and Typst act on."""
    folder = tmp_path_factory.mktemp("payloads")
    sold(PAYLOADS, folder)
    yield from reported(folder / "transactions.csv", "online_retail", folder)


@pytest.fixture(params=["report", "payloads"])
def shop(request: pytest.FixtureRequest) -> Report:
    return request.getfixturevalue(request.param)


def pages_of(report: Report) -> tuple[tuple[slides.Slide, ...], tuple[slides.Section, ...]]:
    return slides.slides(for_print("deck", report)), slides.sections(for_print("appendix", report))


def test_documents_hold_all_words_and_no_markup_of_data(shop: Report, project_of: Any) -> None:
    deck, appendix = pages_of(shop)
    for name, parts in (("deck", deck), ("appendix", appendix)):
        read = ast((project_of(shop) / f"{name}.qmd").read_text(encoding="utf-8"))
        assert {node["t"] for node in nodes(read)} <= KINDS
        said = words(read["blocks"])
        for part in parts:
            for block in slides.flat(part.blocks):
                if isinstance(block, Code):
                    assert blank(block.text) in said
                elif not isinstance(block, Chart):
                    missing = [t for t in slides.texts((block,)) if blank(plain(t.split("\n")[0])) not in said]
                    assert not missing
        for node in nodes(read):
            if node["t"] == "Image":
                assert (project_of(shop) / node["c"][2][0]).read_bytes() == PNG
            if node["t"] in ("Div", "Span", "Header", "CodeBlock"):
                _, classes, pairs = node["c"][0 if node["t"] != "Header" else 1]
                assert all(markdown.ROLE.fullmatch(c) for c in classes)
                assert {key for key, _ in pairs} <= {"width", "when-format", "visibility", "shortcodes"}


def test_titles_are_slides_and_sections_in_order(report: Report, project_of: Any) -> None:
    deck, appendix = pages_of(report)
    read = ast((project_of(report) / "deck.qmd").read_text(encoding="utf-8"))["blocks"]
    heads = [b["c"] for b in read if b["t"] == "Header" and not b["c"][1][2]]
    assert [(level, ident) for level, (ident, _, _), _ in heads] == [(2, slide.name) for slide in deck]
    assert [words(said) for _, _, said in heads] == [blank(slide.title) for slide in deck]
    assert len({b["c"][1][0] for b in nodes(read) if b["t"] == "Header"}) == sum(
        b["t"] == "Header" for b in nodes(read)
    )
    read = ast((project_of(report) / "appendix.qmd").read_text(encoding="utf-8"))["blocks"]
    names = [b["c"][1][0] for b in read if b["t"] == "Header" and b["c"][0] == 2]
    assert names == [section.name for section in appendix if section.name != "cover"]


def test_the_project_fetches_nothing_and_runs_nothing(shop: Report, project_of: Any) -> None:
    folder = project_of(shop)
    for name in (*(set(quarto.SOURCES) - {"README.md"}), "fonts/fonts.css"):
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"(?<!\\)(?:://|@import)", text), name
    for name in ("deck.qmd", "appendix.qmd"):
        text = (folder / name).read_text(encoding="utf-8")
        head = text.split("---\n")[1]
        assert "\nengine: markdown\n" in head and "html-math-method: plain" in head and "embed-resources: true" in head
        assert "{{<" not in text and not re.search(r"^```+ *\{(?!\.sql )", text, re.MULTILINE)
        for asked in re.findall(r"(?:css|include-in-header|reference-doc): (\S+)|\[default, (\S+)\]", head):
            assert (folder / "".join(asked)).is_file()
    assert "$web-font-path: false" in (folder / "appendix.scss").read_text(encoding="utf-8")


def test_the_same_report_gives_the_same_bytes(report: Report, fonts: Fonts, project_of: Any, tmp_path: Path) -> None:
    one, other = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
                  for f in (project_of(report), written(report, fonts, tmp_path)))  # fmt: skip
    assert one == other and Path("reference.pptx") in one


def test_a_title_of_any_kind_is_only_a_title(report: Report, fonts: Fonts, tmp_path: Path) -> None:
    from dataclasses import replace

    title = "\": [x]\n--- {{< env HOME >}} `x` $y$ \\\" <b> # @z 'q'"
    told = replace(report, settings=replace(report.settings, title=title, organisation=title))
    read = ast((written(told, fonts, tmp_path) / "deck.qmd").read_text(encoding="utf-8"))["meta"]
    assert words(read["title"]) == blank(title) and blank(title) in words(read["subtitle"])
    assert "{{<" not in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_chart_without_picture_says_what_it_would_show(report: Report, fonts: Fonts, tmp_path: Path) -> None:
    quarto.write(tmp_path, report, fonts, {})
    text = (tmp_path / "deck.qmd").read_text(encoding="utf-8")
    assert "](figures/" not in text and not (tmp_path / "figures").exists()
    assert escaped(report.figures["pareto-curve"].alt) in text


def test_powerpoint_has_every_word_and_chart(shop: Report, project_of: Any, tmp_path: Path) -> None:
    pictures, _, said = shown_in_powerpoint(project_of(shop), tmp_path / "deck.pptx")
    deck, _ = pages_of(shop)
    for slide in deck:
        wanted = [t for b in slides.flat(slide.blocks) if not isinstance(b, Chart) for t in slides.texts((b,))]
        assert [t for t in (*wanted, slide.title, slide.source) if blank(plain(t)) not in said] == []
    drawn = [b for slide in deck for b in slides.flat(slide.blocks) if isinstance(b, Chart)]
    assert pictures == sum(shop.figures[chart.name].slot.width > 329 for chart in drawn) > 0


def test_the_slide_master_is_wide_and_has_the_layouts_pandoc_asks_for() -> None:
    made = quarto_reference.made("#0b57a4")
    assert made == quarto_reference.made("#0b57a4") != quarto_reference.made("#7a1f5c")
    deck = Presentation(io.BytesIO(made))
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, rel=1e-3)
    names = [layout.name for layout in deck.slide_layouts]
    assert {"Blank", *quarto_reference.LAYOUTS} <= set(names)
    for layout in deck.slide_layouts:
        for shape in quarto_reference._content(layout):
            assert shape.left >= 0 and shape.left + shape.width <= deck.slide_width


@pytest.mark.parametrize("case", ["tl_formula_payloads", "tl_html_payloads"])
def test_the_payloads_of_the_corpus_are_inert(case: str, fonts: Fonts, tmp_path: Path) -> None:
    data = Path(__file__).resolve().parents[3] / "shared/bad_inputs/thelook" / case
    if not data.is_dir():
        pytest.skip("the corpus is not here")
    for made in reported(data, "thelook", tmp_path):
        folder = written(made, fonts, tmp_path / "quarto")
        for name in ("deck", "appendix"):
            text = (folder / f"{name}.qmd").read_text(encoding="utf-8")
            read = ast(text)
            assert {node["t"] for node in nodes(read)} <= KINDS
            assert "{{<" not in text and "<script" not in text
            assert all(n["c"][2][0].startswith("figures/") for n in nodes(read) if n["t"] == "Image")


# The program: a script in Quarto's place.

GOOD = """
import pathlib, sys, os, json
if sys.argv[1:] == ["--version"]:
    print("1.6.40"); raise SystemExit
folder = pathlib.Path(sys.argv[2]) / "rendered"; folder.mkdir()
for name, start in (("deck.html", "<!DOCTYPE html>"), ("deck.pptx", "PK"), ("appendix.html", "<!DOCTYPE html>"), ("appendix.pdf", "%PDF-")):
    (folder / name).write_text(start + json.dumps({"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}))
"""  # noqa: E501


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a script in Quarto's place, named by QUARTO_PATH."""

    def place(script: str) -> Path:
        path = tmp_path / "bin" / "quarto"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\n{script}")
        path.chmod(0o755)
        monkeypatch.setenv("QUARTO_PATH", str(path))
        return path

    return place


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / ".tmp-release" / "quarto"
    (folder / "fonts").mkdir(parents=True)
    (folder / "deck.qmd").write_text("x")
    return folder


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DataError) as told:
        act()
    assert told.value.code == "E_QUARTO" and "\n" not in str(told.value)
    return str(told.value)


def test_quarto_is_called_with_a_list_away_from_home(program: Any, sources: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("QUARTO_PROFILE", "mine")
    monkeypatch.setenv("SECRET", "s3cret")
    program(GOOD)
    found = quarto_program.find()
    assert found.version == "1.6.40"
    quarto_program.render(found, sources, date(2025, 6, 30))
    said = (sources / "rendered" / "appendix.pdf").read_text()
    call = json.loads(said.removeprefix("%PDF-"))
    folder = Path(call["argv"][1])
    assert call["argv"] == ["render", str(folder), "--to", "all", "--no-execute"] and call["cwd"] == str(folder)
    assert not any(part.startswith(".") for part in folder.parts) and not folder.exists()
    env = call["env"]
    assert "SECRET" not in env and "QUARTO_PROFILE" not in env and env["HOME"] == str(folder.parent)
    assert env["SOURCE_DATE_EPOCH"] == "1751241600" and env["TYPST_FONT_PATHS"] == str(folder / "fonts")
    assert {env[name] for name in ("http_proxy", "HTTPS_PROXY")} == {quarto_program.NOWHERE}
    assert sorted(p.name for p in (sources / "rendered").iterdir()) == sorted(quarto_program.OUTPUTS)
    assert sorted(p.name for p in sources.iterdir()) == ["deck.qmd", "fonts", "rendered"]


def test_a_failure_shows_quartos_words_and_writes_nothing(program: Any, sources: Path) -> None:
    program(
        GOOD.replace(
            "folder =",
            'print("pandoc deck.qmd\\n\\x1b[31mERROR:\\x1b[39m bad thing in " + sys.argv[2] + "/deck.qmd\\nat line 3"); raise SystemExit(3)\nfolder =',  # noqa: E501
        )
    )
    said = refused(lambda: quarto_program.render(quarto_program.find(), sources, date(2025, 6, 30)))
    assert "Quarto 1.6.40 could not render the report: ERROR: bad thing in deck.qmd at line 3. --no-render" in said
    assert sorted(p.name for p in sources.iterdir()) == ["deck.qmd", "fonts"]


@pytest.mark.parametrize("lost", ["deck.pptx", "appendix.pdf"])
def test_an_output_that_is_missing_or_something_else_is_a_failure(program: Any, sources: Path, lost: str) -> None:
    for fault in (f'\n(folder / "{lost}").unlink()', f'\n(folder / "{lost}").write_text("Warning")'):
        program(GOOD + fault)
        said = refused(lambda: quarto_program.render(quarto_program.find(), sources, date(2025, 6, 30)))
        assert f"made no {lost}" in said and not (sources / "rendered").exists()


def test_what_takes_too_long_ends_with_all_it_started(program: Any, sources: Path, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    program(
        GOOD.replace(
            "folder =",
            "import subprocess, time\n"
            f"subprocess.Popen(['sh', '-c', 'while :; do date +%N > {alive}; sleep 0.05; done'])\n"
            "time.sleep(60)\nfolder =",
        )
    )
    found = quarto_program.find()
    began = time.monotonic()
    assert "not ended after 1 seconds" in refused(
        lambda: quarto_program.render(found, sources, date(2025, 6, 30), seconds=1)
    )
    assert time.monotonic() - began < 20 and alive.exists()
    before = alive.read_text()
    time.sleep(0.3)
    assert alive.read_text() == before


@pytest.mark.parametrize(
    ("said", "refusal"),
    [("1.3.450", "which is too old"), ("0.9", "which is too old"), ("hello", "does not say a version: hello")],
)
def test_old_and_strange_programs_are_refused(program: Any, said: str, refusal: str) -> None:
    program(f"print({said!r})")
    assert refusal in refused(quarto_program.find)


@pytest.mark.parametrize("said", ["1.4.0", "1.10.2", "2.0.1", "99.9.9", "1.5.0-rc.1"])
def test_newer_programs_are_taken(program: Any, said: str) -> None:
    program(f"print({said!r})")
    assert quarto_program.find().version == said


def test_where_quarto_is_looked_for(program: Any, tmp_path: Path, monkeypatch: Any) -> None:
    path = program(GOOD)
    monkeypatch.setenv("QUARTO_PATH", str(path.parent))
    assert quarto_program.find().path == path  # its folder
    monkeypatch.delenv("QUARTO_PATH")
    monkeypatch.setenv("PATH", str(path.parent))
    assert quarto_program.find().path == path
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert quarto_program.find().path == path  # bin beside this Python
    path.unlink()
    assert "no Quarto was found" in refused(quarto_program.find)
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "nowhere"))
    assert "where there is no program" in refused(quarto_program.find)
    (tmp_path / "text").write_text("not a program")
    (tmp_path / "text").chmod(0o755)
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "text"))
    assert "does not start" in refused(quarto_program.find)


def test_without_quarto_only_rendering_is_refused(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "nowhere"))
    assert build.renderer({"html"}, None) is None and build.renderer({"quarto"}, False) is None
    assert capsys.readouterr().err == ""
    assert build.renderer({"quarto"}, None) is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "will be written, not rendered" in said and "https://quarto.org" in said
    refused(lambda: build.renderer({"quarto"}, True))
    with pytest.raises(DataError, match="which --format does not name"):
        build.renderer({"html"}, True)


def test_the_real_program_renders_all_four(report: Report, project_of: Any) -> None:
    try:
        found = quarto_program.find()
    except DataError as none:
        pytest.skip(str(none))
    folder = project_of(report)
    quarto_program.render(found, folder, date(2025, 6, 30))
    for name in ("deck.html", "appendix.html"):
        text = (folder / "rendered" / name).read_text(encoding="utf-8")
        assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?:|url\(["']?https?:""", text)
    assert Presentation(str(folder / "rendered" / "deck.pptx")).slides
