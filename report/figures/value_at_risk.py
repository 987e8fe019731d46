"""Where the money of the best customers sits, by the chance that they still are customers."""

from __future__ import annotations

from babel.numbers import format_percent

from analysis.finding import Table
from analysis.ground import noun
from analysis.value_at_risk import PROBABLY_GONE, ValueAtRisk
from report.chart import Chart
from report.figure import BAR, Figure, Style, ranked, real


def chances(risk: ValueAtRisk, style: Style) -> Chart | None:
    """A bar a tenth of P(alive), revenue to date of high-value customers; those likelier gone than not in colour."""
    if not len(risk.customers.frame):
        return None
    frame = risk.chances.frame
    net, count = real(frame["net"]), [int(c) for c in frame["customers"]]
    texts = [_label(n, c, row == 0, style) for row, (n, c) in enumerate(zip(net, count, strict=True))]
    hover = [
        f"<b>chance {name}</b><br>{style.text(c, 'count', compact=False)} {noun(c, 'customer')}"
        f"<br>brought {style.text(n, 'money', compact=False)}"
        for name, n, c in zip(_names(risk.chances, style), net, count, strict=True)
    ]
    colours = [style.accent if low < PROBABLY_GONE else BAR for low in real(frame["low"])]
    names = [f"chance {n}" if row == 0 and not style.narrow else n for row, n in enumerate(_names(risk.chances, style))]
    return ranked(names, net, texts, hover, colours, style)


def _label(net: float, count: int, first: bool, style: Style) -> str:
    """The money and of how many; in the first row what it is."""
    if not count:
        return "none"
    who = f"{style.text(count, 'count')} {noun(count, 'customer')}"
    return f"{style.text(net, 'money')}{' brought by' if first and not style.narrow else ','} {who}"


def _names(table: Table, style: Style) -> list[str]:
    """The tenths, as the reader writes shares."""
    ends = (
        [format_percent(end, locale=style.settings.locale) for end in real(table.frame[c])] for c in ("low", "high")
    )
    return [f"{low} to {high}" for low, high in zip(*ends, strict=True)]


def _alt(risk: ValueAtRisk, style: Style) -> str:
    frame = risk.chances.frame
    rows = zip(_names(risk.chances, style), real(frame["net"]), frame["customers"], strict=True)
    listed = "; ".join(
        f"{name}: {style.text(n, 'money')}, {style.text(int(c), 'count')} {noun(int(c), 'customer')}"
        for name, n, c in rows
    )
    return f"Bars of what high-value customers brought, by the chance that they still are customers. {listed}."


FIGURES = (
    Figure(
        "chances",
        chances,
        "slide",
        _alt,
        lambda risk: risk.chances,
        ("low", "high", "customers", "net"),
        "Revenue to date of high-value customers who came back, by the chance that they still are customers",
    ),
)
