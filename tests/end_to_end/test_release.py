"""What one build leaves: files, numbers, links, the printed pages."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pytest

from report import publish
from report.outline import MOST_SLIDES
from tests.end_to_end.conftest import Built, build

PROMISED = ("index.html", "deck.html", "deck.pdf", "appendix.html", "appendix.pdf", "metrics.json", "MANIFEST.json")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Prose(HTMLParser):
    """A deck's slides: the text that is neither data nor in a figure, table, footer or page number; and the data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.prose: list[str] = []
        self.data: list[tuple[str, str]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        classes = set((told.get("class") or "").split())
        hidden = tag in ("data", "figure", "table", "script", "style", "head", "svg", "nav", "footer", "header")
        hidden |= bool(classes & {"source", "page-number"})
        if tag == "data" and told.get("data-finding"):
            self.data.append((told["data-finding"] or "", told["value"] or ""))
        for key in ("href", "src", "xlink:href", "action", "poster", "srcset"):
            if told.get(key) and tag != "data":
                self.links.append(told[key] or "")
        if tag not in VOID:
            self.open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        if not any(hidden for _, hidden in self.open):
            self.prose.append(text)


def parsed(path: Path) -> Prose:
    found = Prose()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def test_every_promised_file_is_there(shop: Built) -> None:
    assert [name for name in PROMISED if not (shop.release / name).is_file()] == []
    assert (shop.site / "current").is_symlink() and publish.verify(shop.release.resolve()) == []
    assert [p.name for p in shop.site.rglob(".tmp-*")] == []


def test_the_last_line_says_where_and_how_long(shop: Built) -> None:
    last = shop.said.strip().splitlines()[-1]
    assert re.fullmatch(r"Published .*/current \(2026-01-01-[0-9a-f]{10}\) in \d+\.\d s", last), shop.said


def test_slides_hold_no_digit_that_is_not_a_finding(shop: Built) -> None:
    prose = " ".join(parsed(shop.release / "deck.html").prose)
    assert re.findall(r"\S*\d\S*", prose) == []


def test_every_printed_number_is_in_the_ledger_and_in_metrics(shop: Built) -> None:
    findings = shop.metrics["findings"]
    ledger = (shop.release / "appendix.html").read_text(encoding="utf-8")
    for page in ("deck.html", "appendix.html"):
        for key, value in parsed(shop.release / page).data:
            assert key in findings and f'id="ledger-{key}"' in ledger, key
            assert str(findings[key]["value"]) == value or float(findings[key]["value"]) == float(value), key


def test_every_finding_is_complete(shop: Built) -> None:
    for key, finding in shop.metrics["findings"].items():
        wanted = {"value", "unit", "claim", "definition", "population", "n", "window", "source", "kind", "interval"}
        assert wanted <= finding.keys(), key
        assert finding["value"] is not None or finding["reason"], key


def test_nothing_points_outside(shop: Built) -> None:
    names = {str(p.relative_to(shop.release)) for p in shop.release.rglob("*") if p.is_file()}
    for page in ("index.html", "deck.html", "appendix.html"):
        for link in parsed(shop.release / page).links:
            target = link.split("#")[0]
            assert not target or target in names or link.startswith("data:"), (page, link)
        ids = set(re.findall(r'\bid="([^"]+)"', (shop.release / page).read_text(encoding="utf-8")))
        inner = {link[1:] for link in parsed(shop.release / page).links if link.startswith("#")}
        assert inner <= ids, page


def test_values_of_the_built_in_shop(shop: Built) -> None:
    values = shop.metrics["values"]
    assert values["buyers"] == 5000 and shop.metrics["findings"]["kpis.visitors"]["value"] == 25000
    assert shop.metrics["notes"] == [] and list(shop.metrics["skipped"]) == ["versus_last"]
    kpis = {key: shop.metrics["findings"][f"kpis.{key}"]["value"] for key in ("gross", "refunds", "net")}
    for key, value in kpis.items():
        assert round(float(value), 2) == float(values[key]), key


def test_exports_agree_with_the_findings(shop: Built) -> None:
    rows = list(csv.DictReader(io.StringIO((shop.release / "exports/customers.csv").read_text(encoding="utf-8"))))
    assert len(rows) == shop.metrics["values"]["buyers"]
    assert round(sum(float(r["net"]) for r in rows), 2) == float(shop.metrics["values"]["net_known"])
    assert (shop.release / "exports/customers.csv").stat().st_mode & 0o777 == 0o600
    assert (shop.release / "metrics.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["deck", "appendix"])
def test_the_pdf_is_tagged_and_titled(shop: Built, name: str) -> None:
    with pikepdf.open(shop.release / f"{name}.pdf") as pdf:
        assert pdf.Root.MarkInfo.Marked and str(pdf.Root.Lang) == "en-GB"
        with pdf.open_metadata() as told:
            assert told["pdfuaid:part"] == "1"
        assert pdf.docinfo["/Title"]
        with pdf.open_outline() as outline:
            assert len(outline.root) >= 1


def slides(html: str) -> list[str]:
    """The analyses that have a slide, in order."""
    return re.findall(r'<section class="slide [^"]*" id="([^"]+)"', html)


def test_a_slide_is_a_page(shop: Built) -> None:
    html = (shop.release / "deck.html").read_text(encoding="utf-8")
    with pikepdf.open(shop.release / "deck.pdf") as pdf:
        assert len(pdf.pages) == len(slides(html)) == MOST_SLIDES
        assert {tuple(float(x) for x in page.mediabox) for page in pdf.pages} == {(0, 0, 960, 540)}


def test_chart_labels_are_on_their_page(shop: Built) -> None:
    text = subprocess.run(
        ["pdftotext", str(shop.release / "deck.pdf"), "-"], capture_output=True, text=True, check=True
    )
    pages = text.stdout.split("\f")
    labels = {
        "funnel": "Carted",
        "lifecycle": "Delivered to returned",
        "pareto": "share of customers",
        "rfm": "Dormant",
        "kpi_tree": "Net change",
        "clusters": "Best customers",
        "migration": "three months ago",
        "cohorts": "days since the first",
        "clv": "a customer",
        "spend_90d": "perfect order",
        "propensity": "lowest",
        "churn": "Potential Loyalist",
        "basket": "Two-Person Tent",
        "cross_sell": "to buyers of",
        "budget": "VIP care",
    }
    told = slides((shop.release / "deck.html").read_text(encoding="utf-8"))
    there = labels.keys() & set(told)
    assert len(there) >= 10
    for name in there:
        assert labels[name] in pages[told.index(name)], labels[name]


def test_pages_name_customers_only_when_asked(sales: Path, tmp_path: Path) -> None:
    for asked, there in (((), False), (("--include-customers",), True)):
        done = build(sales, "--format", "html", *asked, out=tmp_path / "site")
        assert done.code == 0, done.said
        for page in ("deck.html", "appendix.html"):
            named = "c39" in (done.release / page).read_text(encoding="utf-8")
            assert named == (there and page == "appendix.html"), (asked, page)
