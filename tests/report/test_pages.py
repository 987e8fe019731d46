"""Pages: every number is a finding and leads to its row; hostile names are text; paper has no way out."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup

from analysis.finding import Finding, Table
from analysis.run import Run
from dataset.settings import Settings
from report import number, outline, pages
from report.figure import width
from report.fonts import Fonts
from report.pages import Page, Report
from report.release import DOCUMENTS

VOID = {"col", "meta", "link", "img", "br", "wbr", "hr", "input", "rect", "path", "circle"}
WINDOW = (date(2024, 1, 1), date(2024, 12, 31))


class Reading(HTMLParser):
    """What a browser sees: elements with attributes, text with the elements it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str]]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {key: value or "" for key, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0] if self.open else ''}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((data, list(self.open)))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self) -> str:
        return " ".join(data for data, _ in self.texts)


@pytest.fixture(scope="module")
def files(report: Report, fonts: Fonts) -> dict[str, str | bytes]:
    return pages.render(report, fonts)


@pytest.fixture(scope="module")
def deck(files: dict[str, str | bytes]) -> Reading:
    return Reading(str(files["deck.html"]))


@pytest.fixture(scope="module")
def appendix(files: dict[str, str | bytes]) -> Reading:
    return Reading(str(files["appendix.html"]))


def page(findings: dict[str, Finding], which: str = "deck", printed: bool = False, **settings: object) -> Page:
    """A page over hand-made findings."""

    class Made:
        def __init__(self) -> None:
            self.findings = findings

    run = Run(results={"made": Made()})  # type: ignore[dict-item]
    return Page(which, printed, Report(run, None, Settings(currency="EUR", **settings), {}))  # type: ignore[arg-type]


def finding(value: object, unit: str, claim: str = "It is {value}.", **more: object) -> Finding:
    return Finding(value, unit, claim, "a / b", "customers", 12, WINDOW, "analysis/made.sql", **more)  # type: ignore[arg-type]


def test_as_many_slides_as_a_deck_may_have_and_only_spare_ones_are_left_out(deck: Reading, report: Report) -> None:
    slides = [a["id"] for a in deck.all("section") if "slide" in a.get("class", "").split()]
    told = [name for name in outline.DECK if name in report.run.results]
    assert len(slides) == outline.MOST_SLIDES < len(told)
    assert slides == [name for name in told if name in slides]
    assert set(told) - set(slides) <= set(outline.SPARE)


def test_every_number_says_its_finding(deck: Reading, report: Report) -> None:
    shown = [(inside[-1][1], text) for text, inside in deck.texts if inside[-1][0] == "data"]
    assert len(shown) > 60
    for attributes, text in shown:
        key = attributes["data-finding"]
        found = report.run.findings[key]
        assert attributes["value"] == number.raw(found.value)
        assert text == number.text(found.value, found.unit, report.settings, compact=True, signed=pages.signed(key))


def test_every_number_leads_to_its_row_of_the_ledger(deck: Reading, appendix: Reading, report: Report) -> None:
    rows = {a["id"] for _, a in appendix.elements if a.get("id", "").startswith("ledger-")}
    assert rows == {f"ledger-{key}" for key in report.run.findings}
    links = [a["href"] for a in deck.all("a") if a.get("class") == "number"]
    assert links and {link.removeprefix("appendix.html#") for link in links} <= rows


def test_the_printed_ledger_lists_the_numbers_of_the_deck_and_no_link_is_dead(report: Report) -> None:
    deck, appendix = (Reading(pages.for_print(which, report)) for which in DOCUMENTS)
    told = {a["data-finding"] for a in deck.all("data") if "data-finding" in a}
    ids = {a["id"] for _, a in appendix.elements if "id" in a}
    assert {i for i in ids if i.startswith("ledger-")} == {f"ledger-{key}" for key in told}
    assert told < set(report.run.findings)
    assert {a["href"].removeprefix("#") for a in appendix.all("a") if a["href"].startswith("#")} <= ids


def test_prose_of_a_slide_holds_no_other_digit(deck: Reading) -> None:
    free = {"data", "figure", "table", "title", "style", "script"}
    for text, inside in deck.texts:
        classes = {c for _, a in inside for c in a.get("class", "").split()}
        if not {tag for tag, _ in inside} & free and not classes & {"source", "page-number", "at"}:
            assert not any(c.isdigit() for c in text), text


def test_titles_are_whole_sentences(deck: Reading, report: Report) -> None:
    found: dict[str, str] = {}
    for text, inside in deck.texts:
        for tag, attributes in inside:
            if tag == "h2":
                found[attributes["id"]] = found.get(attributes["id"], "") + text
    assert len(found) == outline.MOST_SLIDES
    for title in found.values():
        assert len(title.split()) >= 4 and len(title) <= 120 and not title.endswith(".")


def test_headings_step_down_one_by_one(deck: Reading, appendix: Reading) -> None:
    for reading in (deck, appendix):
        levels = [int(tag[1]) for tag, _ in reading.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_ids_are_unique(deck: Reading, appendix: Reading) -> None:
    for reading in (deck, appendix):
        ids = [a["id"] for _, a in reading.elements if "id" in a]
        assert len(ids) == len(set(ids))


def test_links_within_the_release_arrive(files: dict[str, str | bytes]) -> None:
    readings = {name: Reading(str(text)) for name, text in files.items() if name.endswith(".html")}
    ids = {name: {a["id"] for _, a in reading.elements if "id" in a} for name, reading in readings.items()}
    there = {*files, "deck.pdf", "appendix.pdf", "metrics.json"}
    for name, reading in readings.items():
        for attributes in reading.all("a"):
            target, _, place = attributes["href"].partition("#")
            assert (target or name) in there
            assert not place or place in ids[target or name], attributes["href"]


def test_only_files_of_the_release_are_loaded(files: dict[str, str | bytes]) -> None:
    for name in ("deck.html", "appendix.html", "index.html"):
        reading = Reading(str(files[name]))
        policy = next(a["content"] for a in reading.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        loaded = [a.get("src") or a.get("href", "") for tag in ("script", "link", "img") for a in reading.all(tag)]
        assert all(url in files or url in ("data:,", "") for url in loaded)
        assert all("src" in a or a.get("type") == "application/json" for a in reading.all("script"))
        assert not [key for _, a in reading.elements for key in a if key.startswith("on")]


def test_language_day_and_title_are_said(deck: Reading, report: Report) -> None:
    assert deck.all("html")[0]["lang"] == "en-GB"
    created = next(a["content"] for a in deck.all("meta") if a.get("name") == "dcterms.created")
    assert created == report.settings.snapshot.isoformat()
    assert any(inside[-1][0] == "title" and "Customer report" in text for text, inside in deck.texts)


def test_tables_have_headers_with_scope(appendix: Reading) -> None:
    assert appendix.all("th") and all(a.get("scope") in ("col", "row") for a in appendix.all("th"))


def test_charts_are_json_that_cannot_end_their_script(files: dict[str, str | bytes]) -> None:
    scripts = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', str(files["deck.html"]), re.S)
    assert len(scripts) >= 10
    for script in scripts:
        assert not set(script) & set("<>&\u2028\u2029")
        assert {"data", "layout"} <= json.loads(script).keys()


def test_hostile_names_are_text(hostile: Report, fonts: Fonts) -> None:
    files = pages.render(hostile, fonts)
    for name in ("deck.html", "appendix.html"):
        reading = Reading(str(files[name]))
        assert len(reading.all("script")) == str(files[name]).count("<script")
        assert not reading.all("iframe") and not [a for a in reading.all("img") if "onerror" in a]
        assert "\u202e" not in str(files[name])
        assert all(len(text) < 300 for text, inside in reading.texts if "td" in {tag for tag, _ in inside})
    assert "<img src=x onerror=alert(1)>" in Reading(str(files["appendix.html"])).text()


def test_hostile_names_in_charts_are_no_markup(hostile: Report) -> None:
    made = json.dumps(hostile.figures["mix-products"].wide.to_plotly_json(), ensure_ascii=False)
    assert "&lt;img src=x onerror" in made and "<img" not in made
    assert "%{x}" in made and 'template"' in made and "hovertemplate" not in made


def test_paper_has_no_script_and_no_way_out(report: Report) -> None:
    deck, appendix = (Reading(pages.for_print(which, report)) for which in ("deck", "appendix"))
    assert not deck.all("a") and not deck.all("script") and not deck.all("link")
    assert not appendix.all("script") and all(a["href"].startswith("#") for a in appendix.all("a"))


def test_equal_input_gives_equal_pages(report: Report, fonts: Fonts) -> None:
    assert pages.render(report, fonts) == pages.render(report, fonts)


def test_without_a_chart_its_numbers_are_printed(report: Report) -> None:
    bare = replace(report, svgs={})
    reading = Reading(pages.for_print("deck", bare))
    assert not reading.all("img") and len(reading.all("table")) >= 8


def test_a_drawn_chart_is_an_image_with_alternative_text_on_paper(report: Report) -> None:
    images = Reading(pages.for_print("deck", report)).all("img")
    assert len(images) >= 8 and all(len(a["alt"]) > 30 for a in images)


def test_nothing_to_say_still_makes_pages(report: Report, fonts: Fonts) -> None:
    reason = "needs lines, which this data does not have"
    empty = Report(Run(skipped={"kpis": reason}), report.dataset, report.settings, {})
    files = pages.render(empty, fonts)
    assert "appendix lists why" in Reading(str(files["deck.html"])).text()
    assert reason in Reading(str(files["appendix.html"])).text()


def test_skipped_analyses_have_no_slide(hostile: Report, fonts: Fonts) -> None:
    assert {"funnel", "lifecycle"} <= hostile.run.skipped.keys()
    files = pages.render(hostile, fonts)
    assert 'id="funnel"' not in str(files["deck.html"])
    assert "needs events, which this data does not have" in str(files["appendix.html"])


def test_a_value_that_is_not_known_says_why() -> None:
    made = page({"net": finding(None, "money", reason="no prices in the data")})
    assert made.claim("made.net").striptags() == "Not available: no prices in the data"
    assert made.f("made.net").striptags() == "not available"
    assert not made.has("made.net") and not made.has("made.other")


def test_a_number_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(LookupError, match=r"made\.ent.*made\.net"):
        page({"net": finding(1, "count")}).f("made.ent")


@pytest.mark.parametrize(
    ("key", "value", "unit", "shown"),
    [
        ("change_year", 0.125, "ratio", "+12.5%"),
        ("change_previous", -0.04, "ratio", "−4.0%"),
        ("exchange", 1.5, "ratio", "1.50"),
        ("net", Decimal("1234567.891"), "money", "€1.23m"),
        ("change", Decimal("1234567.891"), "money", "+€1.23m"),
        ("change", Decimal("-12.5"), "money", "−€12.50"),
        ("change", Decimal("0.001"), "money", "€0.00"),
        ("change_by_buyers", 3, "count", "+3"),
    ],
)
def test_how_values_are_printed(key: str, value: object, unit: str, shown: str) -> None:
    assert page({key: finding(value, unit)}).f(f"made.{key}").striptags() == shown


def test_a_claim_from_the_data_is_escaped() -> None:
    made = page({"top": finding("<b>Tea</b>", "name", "The top is {value} & more.")})
    assert "&lt;b&gt;Tea&lt;/b&gt;</data></a> &amp; more." in made.claim("made.top")
    assert 'value="&lt;b&gt;Tea&lt;/b&gt;"' in made.claim("made.top")


def test_a_sentence_says_other_findings() -> None:
    made = page({"a": finding(2, "count", "{value} of {made.b}"), "b": finding(9, "count")})
    assert made.claim("made.a").striptags() == "2 of 9"


def test_key_figures_do_not_repeat_the_title() -> None:
    made = page({"headline": finding(0.25, "share"), "same": finding(0.25, "share"), "new": finding(0.5, "share")})
    assert made.fresh([("made.same", "x"), ("made.new", "y"), ("made.none", "z")], "made.headline") == [
        ("made.new", "y")
    ]


def test_a_long_table_is_cut_and_says_so() -> None:
    table = Table(pd.DataFrame({"n": range(250)}), "Numbers", {"n": "Number"}, "made.sql", {"n": "count"})
    made = page({}).table(table, file="numbers.csv")
    assert made.count('<th scope="row"') == 200
    assert "The first 200 of 250 rows; all of them are in exports/numbers.csv." in made


def test_cells_of_a_table_by_unit() -> None:
    frame = pd.DataFrame(
        {
            "name": ["<i>", "b"],
            "net": [None, Decimal("2")],
            "share": [0.125, 0.5],
            "partial": [True, False],
            "day": [date(2024, 3, 1)] * 2,
            "unknown": [None, None],
        }
    )
    units = {"net": "money", "share": "share", "day": "date", "unknown": "money"}
    made = page({}).table(Table(frame, "Made", {key: key for key in frame}, "made.sql", units))
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", made.split("<tbody>")[1])
    assert cells[:5] == ["&lt;i&gt;", "–", "12.5%", "yes", "1 March 2024"]
    assert len(cells) == 10  # a column in which nothing is known is left out
    assert page({}).table(Table(frame.head(0), "Made", {key: key for key in frame}, "made.sql")) == ""


def test_a_column_of_changes_has_signs() -> None:
    frame = pd.DataFrame({"what": ["a", "b"], "money_change": [Decimal("2"), Decimal("-1")], "net": [Decimal("2")] * 2})
    units = {"money_change": "money", "net": "money"}
    made = page({}).table(Table(frame, "Made", {key: key for key in frame}, "made.sql", units))
    assert re.findall(r"€[^<]*|[+−][^<]*", made) == ["+€2.00", "€2.00", "−€1.00", "€2.00"]


def test_blanks_within_a_number_do_not_break() -> None:
    made = page({"a": finding(date(2024, 12, 3), "date", "On {value} it ended.")})
    assert pages.unbroken(made.claim("made.a")).split() == ["On", "3\u2060Dec\u20602024", "it", "ended."]


def test_a_step_says_how_its_number_is_measured() -> None:
    made = page({"a": finding(0.25, "share", "{value} came back."), "b": finding(0.5, "share", "{value} left.")})
    assert made.basis("Ask {made.a}.", "made.a") == "Measured as a / b."
    assert Markup(made.basis("Ask {made.a}.", "made.b")).striptags() == "Because: 50.0% left."


def test_lines_beside_a_chart_repeat_no_number() -> None:
    made = page(
        {
            "h": finding(0.25, "share"),
            "same": finding(0.25, "share"),
            "no": finding(0, "count"),
            "new": finding(3, "count"),
        }
    )
    assert made.lines_beside(["made.same", "made.no", "made.new", "made.gone"], ["made.h"]) == ["made.new"]


def test_the_statements_an_analysis_begins_with_are_printed_too(report: Report, appendix: Reading) -> None:
    files = pages.sql_files("basket", report.run.results["months"])
    assert {"analysis/basket.sql", "analysis/reduced/purchases.sql", "analysis/reduced/order_parts.sql"} <= set(files)
    assert "What was sold and given back in one order" in appendix.text()


def test_sql_is_set_for_reading() -> None:
    statement = "-- Why?\nselect a\n    from lines where b < 'x'\n"
    assert pages.sql(statement, printed=True) == ("<i>-- Why?</i>\nselect a\n    from lines where b &lt; &#39;x&#39;")
    assert "<b>where</b> b &lt; " in pages.sql(statement, printed=False)


def test_columns_are_as_wide_as_their_longest_text_or_word() -> None:
    wide = pages.columns_of(["a", "b"], [["wwww", "ii"], ["w", "i"]], [False, False], 100)
    assert float(wide[0]) > 2 * float(wide[1]) and sum(map(float, wide)) == pytest.approx(100, abs=0.02)
    long = ["word " * 30, "12 345"]
    shares = [float(share) for share in pages.columns_of(["text", "number"], [long], [False, True], 20)]
    assert shares[1] * 20 / 100 >= pages.width("12 345") and sum(shares) == pytest.approx(100, abs=0.02)


def test_a_long_table_laid_out_by_group() -> None:
    frame = pd.DataFrame({"month": ["a", "a", "b"], "kind": ["x", "<y>", "x"], "n": [1, 2, 3]})
    table = Table(frame, "Kinds", {"month": "Month", "kind": "Kind", "n": "Count"}, "made.sql", {"n": "count"})
    wide = pages.crosstab(table, "month", "kind", "n")
    assert wide is not None and list(wide.labels.values()) == ["Month", "x", "<y>"]
    assert wide.frame.iloc[0].tolist() == ["a", 1, 2] and pd.isna(wide.frame.iloc[1, 2])
    assert pages.crosstab(None, "month", "kind", "n") is None
    named = replace(table, frame=table.frame.assign(name="Pen"))
    called = pages.crosstab(named, "month", "kind", "n", called="name")
    assert called is not None and list(called.labels.values()) == ["Month", "Pen", "Pen"]
    assert called.frame.equals(wide.frame)


@pytest.mark.parametrize("words", [3, 9, 14, 20, 23])
def test_no_word_of_a_title_stands_alone(words: int) -> None:
    text = " ".join(["revenue"] * words)
    room = pages.measure(text, 35, 1150)
    used = [width("revenue") * 35 * 1.04] * words
    lines: list[int] = [0]
    at = 0.0
    for word in used:
        if at and at + 0.21 * 35 + word > room:
            lines.append(0)
            at = 0.0
        at += word + (0.21 * 35 if at else 0)
        lines[-1] += 1
    assert len(lines) == 1 or lines[-1] >= 2
    assert len(lines) <= 2 or words > 16


def test_a_long_title_is_set_smaller() -> None:
    made = page({"a": finding(1, "count", "word " * 30 + "{value}")}, printed=True)
    assert re.match(
        r'<span style="font-size: 1\.75rem"><span class="measure" style="max-width: \d+px">', made.title("made.a")
    )
    assert "font-size" not in page({"a": finding(1, "count")}).title("made.a")


def test_an_svg_keeps_its_text_and_is_hidden_from_readers() -> None:
    made = pages.inline('<?xml version="1.0"?><svg viewBox="0 0 1 1"><text>A &amp; B</text></svg>', "Bars.", False)
    assert made == '<svg viewBox="0 0 1 1" aria-hidden="true" focusable="false"><text>A &amp; B</text></svg>'


def test_css_text_ends_no_string() -> None:
    assert pages.css_text('a"; } </style>') == "a\\22 \\3b  \\7d  \\3c \\2f style\\3e "


def test_keys_break_after_dots_and_strokes() -> None:
    assert pages.breakable("rfm.at_risk<") == Markup("rfm.<wbr>at_<wbr>risk&lt;")


def test_the_logo_lies_beside_the_page_and_within_the_print(tmp_path: Path) -> None:
    logo = tmp_path / "mark.SVG"
    logo.write_text("<svg/>")
    assert page({}, logo=logo).logo() == "assets/logo.svg"
    assert page({}, printed=True, logo=logo).logo() == "data:image/svg+xml;base64,PHN2Zy8+"
    assert page({}).logo() == ""


def test_the_outline_has_its_templates() -> None:
    for name in outline.DECK:
        assert (pages.TEMPLATES / "slides" / f"{name}.html.j2").is_file(), name
    for name in outline.APPENDIX:
        assert (pages.TEMPLATES / "appendix" / f"{name}.html.j2").is_file(), name
    assert set(outline.DECK) <= set(outline.APPENDIX)
