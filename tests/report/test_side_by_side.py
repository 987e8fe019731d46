import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dataset.errors import DataError
from report import pages, pdf, side_by_side
from report.fonts import Fonts
from report.pages import Report
from report.side_by_side import CUT

HEAD = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A report</title><style>
@page {{ size: 5in 6in; @bottom-right {{ content: counter(page) }}
  @top-right {{ content: string(section, first-except) }} }}
body {{ font-family: "Deck Sans"; counter-reset: figure table }} section {{ break-before: page }}
h2 {{ string-set: section content() }} ol {{ list-style: none }}
.chart-title::before {{ counter-increment: figure; content: "Figure " counter(figure) }}
caption::before {{ counter-increment: table; content: "Table " counter(table) }}
.contents a::after {{ content: leader(". ") target-counter(attr(href), page) }}
.contents a[data-page]::after {{ content: leader(". ") attr(data-page) }} {style}
</style></head><body class="appendix"><main>{CUT}<h1>A report</h1><nav class="contents"><ol>{contents}</ol></nav>"""
SECTION = """{CUT}<section id="s{n}"><h2>Section {n}</h2><p class="chart-title numbered">drawn</p>
<img src="figures/{n}.svg" alt="a chart"><table><caption>rows</caption><thead><tr><th scope="col">key</th>
<th scope="col">value</th></tr></thead><tbody>{rows}</tbody></table>
<p><a href="#s{next}">on</a> <a href="#row-{next}-30">a row</a> <a href="other.html#x">a file</a></p>{more}</section>"""
ROW = '<tr id="row-{n}-{i}"><th scope="row">row {i}</th><td>{square}</td></tr>'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="{}" height="9"/></svg>'
SECTIONS = 6


def page(style: str = "", **more: str) -> str:
    """A page of six sections, each leading to the next and the last to the first. more: what else is in one, as s3."""
    contents = "".join(f'<li><a href="#s{n}">Section {n}</a></li>' for n in range(SECTIONS))
    text = HEAD.format(style=style, CUT=CUT, contents=contents)
    for n in range(SECTIONS):
        rows = "".join(ROW.format(n=n, i=i, square=i * i) for i in range(30 + 20 * n))
        text += SECTION.format(CUT=CUT, n=n, next=(n + 1) % SECTIONS, rows=rows, more=more.get(f"s{n}", ""))
    return text.replace("#row-0-30", "#row-0-29") + "</main></body></html>"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    (folder / "figures").mkdir()
    for n in range(SECTIONS):
        (folder / "figures" / f"{n}.svg").write_text(SVG.format(9 * n + 9))
    return folder


def printed(html: str, target: Path, root: Path, fonts: Fonts, two: bool = True) -> pdf.Printed:
    cache = target.parent / f"cache-{target.stem}"
    with pdf.Press(fonts, two=two) as press, pdf.Printing(html, target, root, fonts, cache, press) as printing:
        return printing.finish()


@pytest.fixture(scope="module")
def both(root: Path, fonts: Fonts) -> Iterator[tuple[pikepdf.Pdf, pikepdf.Pdf]]:
    """The page as one process prints it, and as two do."""
    counts = [printed(page(), root / f"{name}.pdf", root, fonts, name == "two").pages for name in ("one", "two")]
    with pikepdf.open(root / "one.pdf") as one, pikepdf.open(root / "two.pdf") as two:
        assert counts == [len(one.pages), len(two.pages)]
        yield one, two


def test_every_page_is_painted_as_by_one_process(both: tuple[pikepdf.Pdf, pikepdf.Pdf]) -> None:
    one, two = ([page.Contents.read_bytes() for page in made.pages] for made in both)
    assert len(one) > 20 and one == two  # numbers of pages, figures and tables, titles above and marks of tags too
    assert all(page.MediaBox == both[0].pages[0].MediaBox for page in both[1].pages)


def test_it_is_a_sound_file_hardly_larger(both: tuple[pikepdf.Pdf, pikepdf.Pdf], root: Path) -> None:
    assert both[1].check_pdf_syntax() == []
    assert (root / "two.pdf").stat().st_size < 4 / 3 * (root / "one.pdf").stat().st_size
    assert both[0].docinfo == both[1].docinfo and both[0].Root.keys() == both[1].Root.keys()
    assert both[0].Root.Metadata.read_bytes() == both[1].Root.Metadata.read_bytes()


def test_links_and_bookmarks_lead_to_the_same_places(both: tuple[pikepdf.Pdf, pikepdf.Pdf]) -> None:
    one, two = (links(made) for made in both)
    assert len(one) > 4 * SECTIONS and one == two
    across = [(at, place[0]) for at, _, place in one if isinstance(place, tuple) and abs(at - place[0]) > 20]
    assert any(at < to for at, to in across) and any(at > to > 0 for at, to in across)
    one, two = (bookmarks(made) for made in both)
    assert [title for _, title, _ in one] == ["A report", *(f"Section {n}" for n in range(SECTIONS))] and one == two


def test_tags_are_those_of_one_document(both: tuple[pikepdf.Pdf, pikepdf.Pdf]) -> None:
    one, two = (tagged(made) for made in both)
    assert one == two and len(one) > 1000
    for made in both:
        whole = made.Root.StructTreeRoot.K
        assert [element.S for element in whole] == ["/Document"]
        assert all(element.P.objgen == whole[0].objgen for element in whole[0].K)


def test_marks_and_links_know_their_tags_and_cells_their_headers(both: tuple[pikepdf.Pdf, pikepdf.Pdf]) -> None:
    made = both[1]
    nums = list(made.Root.StructTreeRoot.ParentTree.Nums)
    keys, elements = [int(key) for key in nums[::2]], nums[1::2]
    assert keys == sorted(set(keys))
    known = dict(zip(keys, elements, strict=True))
    for number, page in enumerate(made.pages):
        assert page.StructParents == number
        for mark, element in enumerate(known[number]):
            assert element.Pg.objgen == page.objgen and mark in list(element.K)
        for link in page.get("/Annots", []):
            kids = [kid for kid in known[link.StructParent].K if not isinstance(kid, int)]
            assert [kid.Obj.objgen for kid in kids if "/Obj" in kid] == [link.objgen]
    names = [str(o.ID) for o in made.objects if isinstance(o, pikepdf.Dictionary) and "/ID" in o]
    asked = {str(name) for o in made.objects if _is_cell(o) for name in o.A.Headers}
    assert len(names) == len(set(names)) > 300 and asked <= set(names)


def _is_cell(found: Any) -> bool:
    return isinstance(found, pikepdf.Dictionary) and "/A" in found and "/Headers" in found.A


def links(made: pikepdf.Pdf) -> list[tuple[int, list[float], Any]]:
    """Each link: its page, its place there, and where it leads."""
    number = {page.objgen: at for at, page in enumerate(made.pages)}
    named = list(made.Root.Names.Dests.Names)
    places = {str(k): (number[v[0].objgen], *map(float, v[2:])) for k, v in zip(named[::2], named[1::2], strict=True)}
    return [
        (at, [float(x) for x in link.Rect], places[str(link.Dest)] if "/Dest" in link else str(link.A.URI))
        for at, page in enumerate(made.pages)
        for link in page.get("/Annots", [])
    ]


def bookmarks(made: pikepdf.Pdf) -> list[tuple[int, str, Any]]:
    number = {page.objgen: at for at, page in enumerate(made.pages)}

    def below(items: Any, depth: int) -> Iterator[tuple[int, str, Any]]:
        for item in items:
            yield depth, item.title, (number[item.destination[0].objgen], *map(float, item.destination[2:]))
            yield from below(item.children, depth + 1)

    with made.open_outline() as outline:
        return list(below(outline.root, 0))


def tagged(made: pikepdf.Pdf) -> list[tuple[int, str]]:
    """The tags in the order of reading, each with its depth."""

    def below(element: Any, depth: int) -> Iterator[tuple[int, str]]:
        yield depth, str(element.get("/S", "/OBJR"))
        for kid in element.get("/K", []):
            if not isinstance(kid, int):
                yield from below(kid, depth + 1)

    return list(below(made.Root.StructTreeRoot.K[0], 0))


def test_two_prints_have_the_same_bytes(both: tuple[pikepdf.Pdf, pikepdf.Pdf], root: Path, fonts: Fonts) -> None:
    printed(page(), root / "again.pdf", root, fonts)
    assert (root / "two.pdf").read_bytes() == (root / "again.pdf").read_bytes()


def test_a_front_of_other_pages_than_it_seemed_is_printed_by_one(root: Path, fonts: Fonts) -> None:
    shrinking = page(style='a[data-page="0"] { display: block; height: 5in }')
    printed(shrinking, root / "by-one.pdf", root, fonts, two=False)
    printed(shrinking, root / "by-two.pdf", root, fonts)
    assert (root / "by-one.pdf").read_bytes() == (root / "by-two.pdf").read_bytes()


@pytest.mark.parametrize("half", ["s0", "s5"])
@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ('<a href="javascript:x()">x</a>', "not allowed"),
        ('<img alt="x" src="figures/absent.svg">', "refused to read"),
        ('<p style="colour: red">x</p>', "colour"),
        ('<a href="#nowhere">x</a>', "nowhere"),
    ],
)
def test_faults_of_either_half_are_told(half: str, part: str, fault: str, root: Path, fonts: Fonts) -> None:
    with pytest.raises(RuntimeError, match=f"a.pdf does not print cleanly: .*{fault}"):
        printed(page(**{half: part}), root / "a.pdf", root, fonts)


def test_characters_no_font_has_are_told_of_both_halves(root: Path, fonts: Fonts) -> None:
    assert printed(page(s0="<p>商</p>", s5="<p>品</p>"), root / "b.pdf", root, fonts).missing == ("品", "商")


def test_a_changed_picture_of_the_second_half_is_printed(root: Path, fonts: Fonts, tmp_path: Path) -> None:
    with pdf.Printing(page(s0="kept"), root / "c.pdf", root, fonts, tmp_path) as first:
        assert not first.finish().from_cache
    with pdf.Printing(page(s0="kept"), root / "c.pdf", root, fonts, tmp_path) as same:
        assert same.finish().from_cache
    (root / "figures" / "5.svg").write_text(SVG.format(99))
    with pdf.Printing(page(s0="kept"), root / "c.pdf", root, fonts, tmp_path) as other:
        assert not other.finish().from_cache


def test_a_target_that_cannot_be_written_is_an_os_error(root: Path, fonts: Fonts) -> None:
    with pytest.raises(FileNotFoundError):
        printed(page(), root / "absent" / "a.pdf", root, fonts)


def second_of(press: pdf.Press) -> int:
    """The process that a press has begun for the second half."""
    children = Path(f"/proc/{press.process.pid}/task/{press.process.pid}/children")
    deadline = time.monotonic() + 5
    while not children.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(children.read_text())


@pytest.mark.parametrize(("sent", "wrong"), [(signal.SIGKILL, DataError), (signal.SIGTERM, RuntimeError)])
def test_a_second_that_ends_is_told_as_the_first_would_be(
    sent: signal.Signals, wrong: type[Exception], root: Path, fonts: Fonts
) -> None:
    with pdf.Press(fonts, two=True) as press:
        second = second_of(press)
        with pdf.Printing(page(s5="<p>word</p>" * 20_000), root / "d.pdf", root, fonts, root / "d", press) as printing:
            time.sleep(1.5)
            os.kill(second, sent)
            with pytest.raises(wrong):
                printing.finish()


def test_the_second_ends_with_the_first(fonts: Fonts) -> None:
    with pdf.Press(fonts, two=True) as press:
        second = Path(f"/proc/{second_of(press)}")
    deadline = time.monotonic() + 5
    while second.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not second.exists() or "Z" in (second / "stat").read_text().rpartition(")")[2]


def test_a_page_is_cut_into_halves_of_like_size() -> None:
    parts = side_by_side.cut(page())
    assert parts is not None
    assert [[f"Section {n}</h2>" in part for n in range(SECTIONS)] for part in parts] == [
        [False] * 6, [True] * 4 + [False] * 2, [False] * 4 + [True] * 2
    ]  # fmt: skip
    assert "counter-reset: figure 4 table 4 }" in parts.second and "s5" in parts.linked
    assert side_by_side.cut("<p>a page</p>") is None


def test_only_the_printed_appendix_is_cut_at_each_page_that_begins(report: Report) -> None:
    html = pages.for_print("appendix", report)
    sections = html.count('<section class="analysis"') + html.count('<section class="part')
    assert html.count(CUT) == sections + 1 and f'{CUT}<div class="cover">' in html.replace("\n", "")
    assert CUT not in pages.for_print("deck", report)
