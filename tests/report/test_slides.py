"""The reader of rendered pages: no word is lost, whatever the page is made of."""

import re

import pytest
from lxml import etree

from report import slides as reading
from report.pages import Page, Report, for_print
from report.slides import Chart, Code, Grid, Group, Heading, KeyFigures, Lines, Terms, Text

WORD = re.compile(r"\w+")


def _page(html: str) -> etree._Element:
    return etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8", huge_tree=True))


def _words(texts: list[str]) -> list[str]:
    return sorted(WORD.findall(" ".join(texts)))


def _said(html: str) -> tuple[reading.Block, ...]:
    made = reading.slides(f"<body><section class='slide' id='x'><h2>T</h2><div class='body'>{html}</div></section>")
    return made[0].blocks


@pytest.fixture(scope="module", params=["report", "hostile"])
def any_report(request: pytest.FixtureRequest) -> Report:
    return request.getfixturevalue(request.param)


def test_every_word_of_every_slide_is_read(any_report: Report) -> None:
    html = for_print("deck", any_report)
    read = reading.slides(html)
    shown = _page(html).findall(".//section[@class]")
    assert [slide.name for slide in read] == Page("deck", True, any_report).slides
    shown = [part for part in shown if "slide" in part.get("class", "").split()]
    for slide, section in zip(read, shown, strict=True):
        said = [slide.title, *slide.band, slide.source, slide.sign, str(slide.page)]
        charts = [block.alt for block in reading.flat(slide.blocks) if isinstance(block, Chart)]
        wanted = _words(["".join(_inlined(section)), *charts])
        assert _words([*said, *reading.texts(slide.blocks)]) == wanted, slide.name


def test_every_word_of_every_section_of_the_appendix_is_read(any_report: Report) -> None:
    html = for_print("appendix", any_report)
    main = _page(html).find(".//main")
    parts = [part for part in main if isinstance(part.tag, str) and part.tag != "nav"]
    read = reading.sections(html)
    assert [section.name for section in read] == [part.get("id") or "cover" for part in parts]
    for section, part in zip(read, parts, strict=True):
        charts = [block.alt for block in reading.flat(section.blocks) if isinstance(block, Chart)]
        assert _words([section.heading, *reading.texts(section.blocks)]) == _words(
            ["".join(_inlined(part)), *charts]
        ), section.name


def _inlined(element: etree._Element) -> list[str]:
    """Words as a reader sees them apart: blocks and spans that are boxes of their own end a word."""
    inline = {"data", "b", "i", "a", "wbr", "code"}
    found: list[str] = []

    def walk(part: etree._Element) -> None:
        found.append(part.text or "")
        for child in part:
            apart = "" if child.tag in inline else " "
            found.append(apart)
            walk(child)
            found.append(apart + (child.tail or ""))

    walk(element)
    return found


def test_a_slide_has_its_title_source_and_page(report: Report) -> None:
    first, second = reading.slides(for_print("deck", report))[:2]
    assert first.band[0] == report.settings.title and first.page == 1 and second.page == 2 and not second.band
    assert second.title == str(Page("deck", True, report).title("kpis.headline").striptags())
    assert second.source.startswith("Source: analysis/") and "n = " in second.source


def test_charts_keep_their_names_and_alternatives(report: Report) -> None:
    for slide in reading.slides(for_print("deck", report)):
        for block in reading.flat(slide.blocks):
            if isinstance(block, Chart):
                assert block.alt == report.figures[block.name].alt and not block.instead


def test_a_chart_that_could_not_be_drawn_is_its_table(report: Report) -> None:
    bare = Report(report.run, report.dataset, report.settings, report.figures)
    slide = next(s for s in reading.slides(for_print("deck", bare)) if s.name == "pareto")
    chart = next(block for block in slide.blocks if isinstance(block, Chart))
    assert chart.name == "pareto-curve" and isinstance(chart.instead[0], Grid) and len(chart.instead[0].rows) == 8


def test_the_side_of_a_slide() -> None:
    side = _said(
        """<div class="side"><ul class="key-figures"><li><p class="figure-value"><data>4 %</data></p>
        <p class="figure-label">of <b>all</b></p></li></ul>
        <ul class="so-what"><li><span class="measure">One <data>7</data>.</span></li><li>Two.</li></ul></div>"""
    )
    assert side == (
        Group("side", (KeyFigures((("4 %", "of all"),), "key-figures"), Lines(("One 7.", "Two."), "so-what"))),
    )


def test_numbers_keep_their_hard_blanks() -> None:
    assert _said("<p>1\u202f234\u00a0€ and\n  more</p>") == (Text("1\u202f234\u00a0€ and more"),)


def test_a_number_with_its_label_and_lists_with_structure() -> None:
    made = _said(
        """<div class="group"><h4>Orders <span class="timing">lagging</span></h4><p class="figure-number">12</p>
        <p class="figure-label">orders</p></div>
        <ol class="points"><li><p class="figure-number">3</p><div><p class="point">A claim.</p></div></li></ol>
        <ul class="checks"><li><span>!</span><span>odd</span></li></ul>"""
    )
    assert made == (
        Group("group", (Heading("Orders", 4, "lagging"), KeyFigures((("12", "orders"),), "figure-number"))),
        Group(
            "points",
            (
                Group(
                    "item",
                    (KeyFigures((("3", ""),), "figure-number"), Group("", (Text("A claim.", "point"),))),
                ),
            ),
        ),
        Lines(("! odd",), "checks"),
    )


def test_tables() -> None:
    (grid,) = _said(
        """<table><caption>C</caption><thead><tr><th>a</th><th class="numeric">b</th></tr></thead><tbody>
        <tr><th><p>x</p><p>y</p></th><td>1</td></tr><tr class="total"><td colspan="2">all</td></tr></tbody></table>"""
    )
    assert grid == Grid(("a", "b"), (("x\ny", "1"), ("all", "")), "C", (False, True), (1,))


def test_words_statements_and_what_is_unknown() -> None:
    made = _said(
        """loose <b>words</b><dl><div><dt>t</dt><dd>d</dd></div></dl>
        <pre><code>select 1
    <i>from x</i></code></pre>
        <aside>apart <em>too</em><p>p</p></aside><blink>old</blink><script>no()</script>"""
    )
    assert made == (
        Text("loose words"),
        Terms((("t", "d"),)),
        Code("select 1\n    from x"),
        Group("", (Text("apart too"), Text("p"))),
        Group("", (Text("old"),)),
    )


def test_the_statement_of_a_section_is_the_file(report: Report, project) -> None:
    sections = {section.name: section for section in reading.sections(for_print("appendix", report))}
    code = next(block for block in sections["customers"].blocks if isinstance(block, Code))
    file = (project / "analysis" / "customers.sql").read_text(encoding="utf-8").rstrip()
    assert code.text.split("\n") == file.split("\n")


def test_a_deck_that_says_nothing() -> None:
    (slide,) = reading.slides(
        "<body><section class='slide'><h1>Report</h1><div class='body'><p>Why.</p></div></section>"
    )
    assert slide == reading.Slide("", "Report", (Text("Why."),), "", 1)
