"""The pages of a release: deck, appendix and entry page; for the screen, and the same for paper."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from analysis.finding import PLACE, Finding, Result, Table
from analysis.run import Run
from dataset.engine import reductions
from dataset.errors import shown
from dataset.settings import Settings
from dataset.tables import Dataset
from report import number
from report.figure import Drawn, drawings, mixed, readable, width
from report.fonts import Fonts
from report.outline import CHARTED, DECK, HEADINGS, MOST_SLIDES, PART, SPARE
from report.paper import Spec, plotly_js
from report.side_by_side import CUT

PROJECT = Path(__file__).parent.parent
TEMPLATES = PROJECT / "templates"
ANALYSIS = PROJECT / "analysis"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'"
)
KEYWORD = re.compile(
    r"\b(select|distinct|from|where|group by|order by|having|with|as|on|and|or|not|in|is|null|case|when|then|else|end|"
    r"inner join|left join|cross join|union all|over|partition by|cast|coalesce|sum|count|min|max|"
    r"date_trunc|date_diff|nulls last|nulls first|desc|asc|between|exists)\b"
)
NUMBER = re.compile(r"(?<=>)[^<>]*(?=</data>)")
DATA = re.compile(r'data-finding="([^"]+)"')
ANCHORED = re.compile(r' x="[^"]*" text-anchor="\w+" data-start="([^"]*)"')  # a label, and where it begins
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
MOST_ROWS = 200
LEAST_TABLE = 100  # pixels: a lower slot cannot hold a table in the chart's place
MOST_MEANT = 110  # characters of a definition under a recommended step
MIME = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
TITLE_PX, TITLE_ROOM = (35, 28, 23), 1150
# A page of the appendix: pixels across, type of its tables and of those with many columns, ems between columns.
PAGE_ROOM, TABLE_PX, SMALL_PX, CELL_ROOM, MANY_COLUMNS = 657, 13, 11, 0.8, 8
SEMIBOLD = 1.04  # times as wide as regular

# What templates may say: these members of a Page.
WORDS = (
    "which", "printed", "run", "settings", "f", "claim", "said", "title", "even", "main", "has", "known", "first",
    "worth", "fresh", "lines_beside", "basis", "gauge", "points", "text", "interval", "window", "source",
    "ledger", "ledger_value", "exists", "figure", "table", "methods", "parts", "logo",
)  # fmt: skip

Which = Literal["deck", "appendix", "index"]


@dataclass(frozen=True, slots=True)
class Report:
    """What all pages of a release are made of. figures: by name. svgs: as drawn for paper; None where that failed."""

    run: Run
    dataset: Dataset
    settings: Settings
    figures: dict[str, Drawn]
    svgs: dict[str, str | None] = field(default_factory=dict)
    pdf: bool = True
    pptx: bool = False
    quarto: Literal["", "project", "rendered"] = ""

    @classmethod
    def of(cls, run: Run, dataset: Dataset, settings: Settings) -> Report:
        """The report with every figure drawn by plotly, and none by `paper` yet."""
        drawn = (d for name, result in run.results.items() for d in drawings(name, result, settings))
        return cls(run, dataset, settings, {d.name: d for d in drawn})

    def specs(self) -> list[Spec]:
        """What paper has to draw: each figure at its slot's exact size in CSS pixels."""
        return [spec(drawn) for drawn in self.figures.values()]


def spec(drawn: Drawn) -> Spec:
    """What paper has to draw of a figure."""
    return Spec(drawn.name, drawn.wide.to_plotly_json(), drawn.slot.width, drawn.slot.height)


def render(report: Report, fonts: Fonts) -> dict[str, str | bytes]:
    """The files of a release that a browser shows, by path below the release; fonts are copied by `Fonts.copy`."""
    settings = report.settings
    base = (TEMPLATES / "base.css").read_text(encoding="utf-8")
    files: dict[str, str | bytes] = {
        f"{which}.html": Page(which, False, report).html() for which in ("deck", "appendix", "index")
    }
    files["assets/base.css"] = f"{fonts.css('.')}\n{base}"
    for name in ("screen.css", "deck.js"):
        files[f"assets/{name}"] = (TEMPLATES / "assets" / name).read_text(encoding="utf-8")
    files["assets/plotly.min.js"] = in_ascii(plotly_js().read_text(encoding="utf-8"))
    if settings.logo:
        files[f"assets/logo{settings.logo.suffix.lower()}"] = settings.logo.read_bytes()
    return files


@cache
def get_ready() -> None:
    """Compile the templates, for `render` and `for_print`: once a process, while others are busy."""
    environment = _environment()
    for name in environment.list_templates(filter_func=lambda name: name.endswith(".html.j2")):
        environment.get_template(name)


def for_print(which: Which, report: Report) -> str:
    """One page for the PDF: self-contained, no script, no link that leaves the document."""
    return Page(which, True, report).html()


class Compiled(BytecodeCache):
    """Keeps a template, once compiled, for the other pages of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def _environment() -> Environment:
    """How templates are read, for all pages."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=COMPILED,
        auto_reload=False,
    )
    made.filters |= {"css_text": css_text, "breakable": breakable}
    made.tests["drawn"] = lambda name: False  # each page has its own
    return made


@dataclass
class Page:
    """One document while it is rendered; its methods are what templates call."""

    which: Which
    printed: bool
    report: Report

    def html(self) -> str:
        """The document, complete."""
        return self.environment.get_template(f"{self.which}.html.j2").render()

    @cached_property
    def environment(self) -> Environment:
        made = _environment()
        accent = readable(self.settings.accent)
        made.globals |= {name: getattr(self, name) for name in WORDS}
        made.globals |= {
            "tables": tables,
            "crosstab": crosstab,
            "dataset": self.report.dataset,
            "pdf": self.report.pdf,
            "pptx": self.report.pptx,
            "quarto": self.report.quarto,
            "policy": POLICY,
            "cut": Markup(CUT),
            "accent": accent,
            "tint": mixed(accent, "#ffffff", 0.9),
            "lang": self.settings.locale.replace("_", "-") if self.settings.locale.startswith("en") else "en",
            "css": (TEMPLATES / "base.css").read_text(encoding="utf-8"),
            "deck": self.slides,
            "appendix": [name for name in HEADINGS if name in self.run.results],
            "headings": HEADINGS,
            "story": PART,
        }
        made.tests["drawn"] = self.exists
        return made

    @property
    def run(self) -> Run:
        return self.report.run

    @property
    def settings(self) -> Settings:
        return self.report.settings

    @cached_property
    def findings(self) -> dict[str, Finding]:
        return self.run.findings

    @cached_property
    def slides(self) -> list[str]:
        """The analyses of the deck, in order: those with a result and, where a slide needs it, a chart of it."""
        told = [name for name in DECK if name in self.run.results and (name not in CHARTED or self._charted(name))]
        spare = [name for name in SPARE if name in told][: max(0, len(told) - MOST_SLIDES)]
        return [name for name in told if name not in spare]

    def _charted(self, name: str) -> bool:
        return any(key.startswith(f"{name}-") and d.slot.text == 16 for key, d in self.report.figures.items())

    def parts(self, folder: str, names: list[str]) -> Iterator[Markup]:
        """Each named analysis' own template, rendered with its result."""
        for at, name in enumerate(names, 1):
            template = self.environment.get_template(f"{folder}/{name}.html.j2")
            yield Markup(template.render(name=name, result=self.run.results[name], headline=self.main(name), page=at))

    def has(self, key: str) -> bool:
        """Whether a finding is there with a value."""
        return key in self.findings and self.findings[key].value is not None

    def main(self, name: str) -> str:
        """The finding that is an analysis' headline."""
        return f"{name}.lead" if f"{name}.lead" in self.findings else f"{name}.headline"

    def worth(self, keys: list[str]) -> list[str]:
        """The keys whose value is there and not nothing."""
        return [key for key in keys if self.has(key) and self.findings[key].value]

    def points(self, chosen: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """The points of the summary, a number beside only where it is worth saying."""
        return [(step, key, beside if beside in self.worth([beside]) else "") for step, key, beside in chosen]

    def gauge(self, key: str) -> Markup:
        """A share as a bar filled so far; nothing for other units."""
        finding = self._finding(key)
        if finding.unit != "share" or finding.value is None:
            return Markup("")
        return Markup('<span class="gauge" aria-hidden="true"><i style="width: {}%"></i></span>').format(
            number.raw(round(float(finding.value) * 100, 1))  # type: ignore[arg-type]
        )

    def basis(self, action: str, key: str) -> Markup:
        """What a step rests on: its finding's sentence, or how it is measured when the step already says the number."""
        finding = self._finding(key)
        said = str(self.f(key).striptags()) in str(self.said(action).striptags())
        definition = finding.definition.split(";")[0].rstrip(".")
        if said and len(definition) <= MOST_MEANT and not any(c.isdigit() for c in definition):
            return Markup("Measured as {}.").format(definition)
        return Markup("Because: ") + self.claim(key)

    def fresh(self, pairs: list[tuple[str, str]], headline: str) -> list[tuple[str, str]]:
        """The pairs of finding and label that have a value the headline does not already print."""
        said = str(self.claim(headline).striptags()) if headline else ""
        return [(k, label) for k, label in pairs if self.worth([k]) and str(self.f(k).striptags()) not in said]

    def lines_beside(self, keys: list[str], shown: list[str], most: int = 3) -> list[str]:
        """The first few of the keys that are worth a line and whose number none of the `shown` findings prints."""
        said = " ".join(str(self.claim(key).striptags()) for key in shown if self.has(key))
        kept: list[str] = []
        for key in self.worth(keys):
            value = str(self.f(key).striptags())
            if value not in said and len(kept) < most:
                kept.append(key)
        return kept

    def known(self, key: str) -> bool:
        """Whether a finding is there, with or without a value."""
        return key in self.findings

    def first(self, keys: list[str], most: int) -> list[str]:
        """The first few of the keys that have a value."""
        return [key for key in keys if self.has(key)][:most]

    def f(self, key: str, compact: bool | None = None) -> Markup:
        """A finding's value as an element that names it; on the screen it leads to its row of the ledger."""
        finding = self._finding(key)
        if finding.value is None:
            return Markup('<span class="absent">not available</span>')
        short = self.which != "appendix" if compact is None else compact
        said = number.text(finding.value, finding.unit, self.settings, compact=short, signed=signed(key))
        said = shown(said, 60) if finding.unit == "name" else said
        data = Markup('<data value="{}" data-finding="{}">{}</data>').format(number.raw(finding.value), key, said)
        if self.printed and self.which == "deck":
            return data
        if self.printed and key not in self.listed:
            return data
        page = "" if self.which == "appendix" else "appendix.html"
        return Markup('<a class="number" href="{}#ledger-{}">{}</a>').format(page, key, data)

    @cached_property
    def listed(self) -> frozenset[str]:
        """The findings of this page's ledger: all on the screen; on paper those the deck prints."""
        if not self.printed:
            return frozenset(self.findings)
        return frozenset(DATA.findall(Page("deck", True, self.report).html()))

    def ledger(self, name: str) -> list[str]:
        """The findings of an analysis that this page's ledger lists, by full key."""
        keys = (f"{name}.{key}" for key in self.run.results[name].findings)
        return [key for key in keys if key in self.listed]

    def ledger_value(self, key: str) -> Markup:
        """A finding's value in full, in its own row of the ledger."""
        finding = self._finding(key)
        if finding.value is None:
            return Markup('<span class="absent">not available</span>')
        said = number.text(finding.value, finding.unit, self.settings, signed=signed(key))
        return Markup('<data value="{}">{}</data>').format(number.raw(finding.value), shown(said, 60))

    def claim(self, key: str) -> Markup:
        """A finding's sentence with its numbers in place; why there is none when its value is unknown."""
        finding = self._finding(key)
        if finding.value is None:
            return Markup('<span class="absent">Not available: {}</span>').format(finding.reason)
        return self.said(finding.claim, key)

    def said(self, sentence: str, key: str = "") -> Markup:
        """A sentence with {analysis.finding} in place; {value} is the finding of `key`."""
        parts = PLACE.split(sentence)
        made = [self.f(key if part == "value" else part) if i % 2 else escape(part) for i, part in enumerate(parts)]
        return Markup("").join(made)

    def title(self, key: str) -> Markup:
        """A slide's title: the claim without full stop, smaller when it would take more than two lines."""
        said = Markup(re.sub(r"\.$", "", str(self.claim(key))))
        size = next((px for px in TITLE_PX if lines(unbroken(said), px, TITLE_ROOM) <= 2), TITLE_PX[-1])
        even = self.even(said, size, TITLE_ROOM)
        if size == TITLE_PX[0]:
            return even
        return Markup('<span style="font-size: {}rem">{}</span>').format(size / 16, even)

    def even(self, said: Markup, size: float, room: int) -> Markup:
        """A sentence in lines of about equal length: a browser balances them itself, paper gets a measure in px."""
        if not self.printed:
            return said
        return Markup('<span class="measure" style="max-width: {}px">{}</span>').format(
            measure(unbroken(said), size, room), said
        )

    def text(self, value: Any, unit: str = "", compact: bool = False) -> str:
        """A value of a table or the run, as a reader sees it."""
        return number.text(value, unit or "name", self.settings, compact=compact)

    def interval(self, finding: Finding) -> str:
        """Low and high of an estimate."""
        low, high = (number.text(v, finding.unit, self.settings) for v in finding.interval or (None, None))
        return f"{low} to {high}"

    def window(self, finding: Finding) -> str:
        """First and last day."""
        first, last = (number.text(day, "date", self.settings, compact=True) for day in finding.window)
        return f"{first} – {last}"

    def source(self, key: str) -> Markup:
        """The line under a slide: where its title's number is from, over whom, when, and what it means."""
        finding = self._finding(key)
        count = number.text(finding.n, "count", self.settings)
        return Markup("Source: {}. n = {} {}. {}. {}.").format(
            finding.source, count, finding.population, self.window(finding), _sentence(finding.definition)
        )

    def exists(self, name: str) -> bool:
        """Whether a figure was drawn."""
        return name in self.report.figures

    def figure(self, name: str) -> Markup:
        """A figure: the chart for paper at once, its data for the screen; the drawn numbers when there is no chart."""
        found, svg = self.report.figures.get(name), self.report.svgs.get(name)
        if found is None or (svg is None and found.slot.height < LEAST_TABLE):
            return Markup("")
        context: dict[str, Any] = {"figure": found, "rows": 8 if self.which == "deck" else MOST_ROWS}
        context["svg"] = None if svg is None else inline(svg, found.alt, self.printed)
        if not self.printed:
            context |= {"wide": chart_json(found.wide), "narrow": chart_json(found.narrow)}
        return Markup(self.environment.get_template("figure.html.j2").render(context))

    def table(
        self,
        table: Table | None,
        most: int = MOST_ROWS,
        caption: bool | str = True,
        columns: Sequence[str] = (),
        file: str = "",
    ) -> Markup:
        """A table in the reader's units; cut after `most` rows, which it says. file: the export that has all.

        caption: its title, or another one in its place. Columns in which nothing is known are left out, and a table
        without rows is.
        """
        if table is None or table.frame.empty:
            return Markup("")
        frame, units = table.frame.head(most), table.units
        labels = {k: label for k, label in table.labels.items() if k in frame and (not columns or k in columns)}
        labels = {k: label for k, label in labels.items() if not table.frame[k].isna().all()}
        numeric = {k for k in labels if units.get(k, "name") != "name" or pd.api.types.is_numeric_dtype(frame[k])}
        rows = [
            [self._cell(value, units.get(k), k in numeric, signed(k)) for k, value in zip(labels, row, strict=True)]
            for row in frame[list(labels)].itertuples(index=False, name=None)
        ]
        room = (PAGE_ROOM / (SMALL_PX if len(labels) > MANY_COLUMNS else TABLE_PX)) if self._on_page else 0
        context = {
            "table": table,
            "labels": labels,
            "numeric": numeric,
            "rows": rows,
            "wide": len(labels) > MANY_COLUMNS,
            "columns": columns_of(list(labels.values()), rows, [k in numeric for k in labels], room) if room else (),
            "cut": len(table.frame) > most,
            "caption": table.title if caption is True else caption,
            "file": file,
            "most": number.text(most, "count", self.settings),
            "all": number.text(len(table.frame), "count", self.settings),
        }
        return Markup(self.environment.get_template("table.html.j2").render(context))

    @property
    def _on_page(self) -> bool:
        """Whether this is the appendix on paper, whose tables are many: there a column's width is told."""
        return self.printed and self.which == "appendix"

    def methods(self, name: str) -> list[tuple[str, Markup, str]]:
        """The SQL files behind an analysis: path, statement, and the section that prints it ("" = this one)."""
        found = []
        for path in sql_files(name, self.run.results[name]):
            section = self._printed_in.setdefault(path, name)
            text = (PROJECT / path).read_text(encoding="utf-8") if section == name else ""
            found.append((path, sql(text, self.printed), "" if section == name else section))
        return found

    @cached_property
    def _printed_in(self) -> dict[str, str]:
        return {}

    def logo(self) -> str:
        """Where the organisation's mark is: beside the page, or within it on paper. "" without one."""
        path = self.settings.logo
        if path is None:
            return ""
        if not self.printed:
            return f"assets/logo{path.suffix.lower()}"
        return f"data:{MIME[path.suffix.lower()]};base64,{base64.b64encode(path.read_bytes()).decode()}"

    def _cell(self, value: Any, unit: str | None, numeric: bool, sign: bool = False) -> str:
        if isinstance(value, bool):
            return "yes" if value else ""
        if unit is None and numeric:
            unit = "count" if float(value or 0) == int(value or 0) else "ratio"
        return shown(
            number.text(value, unit or "name", self.settings, signed=sign), 40 if self.which == "deck" else 200
        )

    def _finding(self, key: str) -> Finding:
        if key not in self.findings:
            raise LookupError(
                f"there is no finding {key!r}; of that analysis there are {', '.join(self._siblings(key))}"
            )
        return self.findings[key]

    def _siblings(self, key: str) -> list[str]:
        return [k for k in self.findings if k.split(".")[0] == key.split(".")[0]]


def tables(result: Result) -> list[Table]:
    """The tables of a result, in the order of its fields."""
    values = [getattr(result, field.name) for field in fields(result)]  # type: ignore[arg-type]
    return [value for value in values if isinstance(value, Table)]


def columns_of(labels: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], room: float) -> list[str]:
    """The width of each column in percent, as CSS 2.1 would have it after measuring every cell; room: in ems.

    A column gets its longest text; where that is too much for the page, all give way towards their longest words.
    Numbers do not break.
    """
    least, most = [], []
    for label, *texts, number_like in zip(labels, *rows, numeric, strict=True):
        head = [width(word) * SEMIBOLD for word in label.split()] or [0.0]
        body = [width(text) for text in texts]
        words = body if number_like else [width(word) for text in texts for word in text.split()]
        least.append(max(*head, *words, 0.0) + CELL_ROOM)
        most.append(max(width(label) * SEMIBOLD, *body, 0.0) + CELL_ROOM)
    free, wanted = room - sum(least), sum(most) - sum(least)
    if sum(most) <= room:
        made = most
    elif free > 0:
        made = [low + (high - low) * free / wanted for low, high in zip(least, most, strict=True)]
    else:
        made = least
    return [f"{value * 100 / sum(made):.2f}" for value in made]


def crosstab(table: Table | None, rows: str, columns: str, values: str, called: str = "") -> Table | None:
    """A long table laid out with one column a group, in the order the groups come; None stays None.

    called: the column with the groups' names, which need not differ.
    """
    if table is None:
        return None
    groups = dict(zip(table.frame[columns], table.frame[called or columns], strict=True))
    wide = table.frame.pivot(index=rows, columns=columns, values=values)[list(groups)].reset_index()
    wide.columns = [rows, *(f"{values} {i}" for i in range(len(groups)))]
    labels = {rows: table.labels[rows]} | {f"{values} {i}": shown(group, 60) for i, group in enumerate(groups.values())}
    units = dict.fromkeys(wide.columns[1:], table.units[values])
    return replace(
        table, frame=wide, labels=labels, units=units, title=f"{table.title}: {table.labels[values].lower()}"
    )


def sql_files(name: str, result: Result) -> list[str]:
    """The paths of the SQL files behind an analysis: its own, and the reductions they begin with."""
    sources = {f.source for f in result.findings.values()} | {t.source for t in tables(result)}
    own = {path.relative_to(PROJECT).as_posix() for path in ANALYSIS.glob(f"{name}*.sql")}
    files = {s for s in sources if s.endswith(".sql") and (PROJECT / s).is_file()} | own
    more = files
    while more:
        texts = [(PROJECT / file).read_text(encoding="utf-8") for file in more]
        more = {f"{ANALYSIS.name}/{inner}" for text in texts for inner in reductions(ANALYSIS, text)} - files
        files = files | more
    return sorted(files)


def sql(statement: str, printed: bool) -> Markup:
    """A statement for reading, remarks quiet; on the screen keywords are strong, which a print has no time for."""
    return Markup("\n").join(_sql_line(line, printed) for line in statement.rstrip().splitlines())


def _sql_line(line: str, printed: bool) -> Markup:
    code, mark, remark = line.partition("--")
    said = escape(code) if printed else Markup(KEYWORD.sub(r"<b>\1</b>", str(escape(code))))
    return said + (Markup("<i>{}</i>").format(mark + remark) if mark else Markup(""))


def in_ascii(script: str) -> str:
    """JavaScript with every other sign escaped, so that it means the same whatever encoding it is served in."""
    return NOT_ASCII.sub(lambda sign: json.dumps(sign[0])[1:-1], script)


def chart_json(figure: Any) -> Markup:
    """A chart as JSON that no HTML parser can end or open an element in."""
    made = json.dumps(figure.to_plotly_json(), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        made = made.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(made)


def inline(svg: str, alt: str, printed: bool) -> Markup:
    """A chart's SVG for the body of a page; on paper an image with its text alternative, the screen has a caption."""
    if printed:
        data = base64.b64encode(ANCHORED.sub(r' x="\1"', svg).encode()).decode()
        return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}">').format(data, alt)
    opening, rest = svg[svg.index("<svg") :].split(">", 1)
    return Markup(f'{opening} aria-hidden="true" focusable="false">{rest}')


def signed(key: str) -> bool:
    """Whether a finding (or column) is a change, printed with its sign; a ratio as a percentage."""
    return "change" in key.split(".")[-1].split("_")


def measure(text: str, size: float, room: int) -> int:
    """Pixels a sentence of `size` px type is set in, so that its lines are about even and no word stands alone."""
    fewest = lines(text, size, room)
    if fewest == 1:
        return room
    tried = range(120, room, 5)
    at = bisect_left(tried, True, key=lambda px: lines(text, size, px) <= fewest)
    least = tried[at] if at < len(tried) else room
    return min(room, least + round(size * 0.2 + least * 0.02))


def unbroken(said: Markup) -> str:
    """A sentence as plain text in which the blanks within a number are none to break at."""
    return str(Markup(NUMBER.sub(lambda found: found[0].replace(" ", "\u2060"), str(said))).striptags())


def lines(text: str, size: float, room: float) -> int:
    """How many lines a sentence of `size` px type takes in a measure; titles are set in semibold."""
    weight = SEMIBOLD if size in TITLE_PX else 1.0
    taken, used, space = 1, 0.0, 0.2 * size
    for word in (width(word) * size * weight for word in text.split()):
        if used and used + space + word > room:
            taken, used = taken + 1, word
        else:
            used += (space if used else 0) + word
    return taken


def breakable(text: str) -> Markup:
    """A key or path that may break after its dots, strokes and slashes."""
    return Markup(re.sub(r"([._/])(?=.)", r"\1<wbr>", str(escape(text))))


def css_text(text: str) -> Markup:
    """Text for a CSS string: everything but letters, digits and blanks as an escape."""
    return Markup("".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in shown(text, 80)))


def _sentence(text: str) -> str:
    """With a capital and without a full stop."""
    return text[:1].upper() + text[1:].rstrip(".")
