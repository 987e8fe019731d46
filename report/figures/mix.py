"""What sells and where: the leading categories, products and countries."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.finding import Table, Unit
from analysis.mix import Mix
from report.chart import Chart
from report.figure import BAR, Figure, Style, plain, ranked, real

MOST = 8
DRAWN = ("name", "net", "units", "share")


def leading(mix: Mix, table: Table | None, style: Style) -> Chart | None:
    """The largest by net revenue (units without money), what the title names in colour, with share."""
    if table is None or len(table.frame) < 2:
        return None
    frame = table.frame.head(MOST)
    measure, unit = _measure(frame)
    values = real(frame[measure])
    if len(table.frame) > MOST and len(set(values)) == 1:  # the first of many equals lead nothing
        return None
    shares = frame["share"] if "share" in frame else [None] * len(frame)
    texts = [
        f"{style.text(v, unit)}"
        + (f" · {style.text(s, 'share')}" if s is not None and s == s and not style.narrow else "")
        for v, s in zip(frame[measure], shares, strict=True)
    ]
    hover = [
        f"<b>{plain(n, 120)}</b><br>{measure}: {style.text(v, unit, compact=False)}<br>units: {style.text(u, 'count')}"
        for n, v, u in zip(frame["name"], frame[measure], frame["units"], strict=True)
    ]
    said = mix.findings["headline"].claim
    spoken = {f.value for key, f in mix.findings.items() if f.unit == "name" and f"{{mix.{key}}}" in said}
    colours = [style.accent if name in spoken else BAR for name in frame["name"]]
    return ranked([style.name(n) for n in frame["name"]], values, texts, hover, colours, style)


def products(mix: Mix, style: Style) -> Chart | None:
    """The leading products."""
    return leading(mix, mix.products, style)


def categories(mix: Mix, style: Style) -> Chart | None:
    """The leading categories."""
    return leading(mix, mix.categories, style)


def countries(mix: Mix, style: Style) -> Chart | None:
    """The leading countries."""
    return leading(mix, mix.countries, style)


def _measure(frame: pd.DataFrame) -> tuple[str, Unit]:
    return ("net", "money") if frame["net"].notna().any() else ("units", "count")


def _alt(part: str) -> Callable[[Mix, Style], str]:
    def alt(mix: Mix, style: Style) -> str:
        frame = getattr(mix, part).frame.head(MOST)
        measure, unit = _measure(frame)
        rows = zip(frame["name"], frame[measure], strict=True)
        return f"Bars of the leading {part}. " + "; ".join(f"{plain(n)}: {style.text(v, unit)}" for n, v in rows) + "."

    return alt


FIGURES = (
    Figure(
        "categories",
        categories,
        "slide_half",
        _alt("categories"),
        lambda mix: mix.categories,
        DRAWN,
        "Leading categories",
    ),
    Figure("products", products, "slide_half", _alt("products"), lambda mix: mix.products, DRAWN, "Leading products"),
    Figure(
        "countries", countries, "slide_half", _alt("countries"), lambda mix: mix.countries, DRAWN, "Leading countries"
    ),
)
