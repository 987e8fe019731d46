"""What the figures of cross-selling and up-selling share: offers, and categories of them, by expected value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.finding import Table
from analysis.ground import noun
from report.chart import Chart
from report.figure import BAR, GREY, Figure, Style, named_rows, plain, ranked, real

MOST = 7
CATEGORIES = 10
WORDS = 26  # characters of a product's name beside a bar


def bars(table: Table, style: Style) -> Chart:
    """A bar an offer, the most valuable on top and in colour: what is offered, below it to whom."""
    frame = table.frame.head(MOST)
    most = WORDS - 6 if style.narrow else WORDS
    names = [
        f"{plain(offer, most)}<br><span style='color:{GREY}'>to buyers of {plain(has, most)}</span>"
        for offer, has in zip(frame["name_offer"], frame["name_has"], strict=True)
    ]
    hover = [_hover(row, style) for row in frame.itertuples(index=False)]
    colours = [style.accent if row == 0 else BAR for row in range(len(frame))]
    return ranked(names, real(frame["value"]), _texts(frame, style), hover, colours, style)


def categories(result: Any, style: Style) -> Chart | None:
    """A bar a category of what is offered; none where there is only one."""
    if result.categories is None or len(result.categories.frame) < 2:
        return None
    frame = result.categories.frame.head(CATEGORIES)
    texts = _texts(frame, style)
    figure = ranked(
        [style.name(n) for n in frame["category"]], real(frame["value"]), texts, texts, [BAR] * len(frame), style
    )
    named_rows(figure, [style.name(n) for n in frame["category"]])
    return figure


def _texts(frame: pd.DataFrame, style: Style) -> list[str]:
    """What an offer should bring and of how many; in the first row that it is assumed."""
    rows = zip(frame["value"], (int(c) for c in frame["customers"]), strict=True)
    return [
        style.text(value, "money")
        + (" assumed" if row == 0 and not style.narrow else "")
        + (
            ""
            if style.narrow
            else f" · {style.text(many, 'count')}" + (f" {noun(many, 'customer')}" if not row else "")
        )
        for row, (value, many) in enumerate(rows)
    ]


def _hover(row: Any, style: Style) -> str:
    many, price = int(row.customers), style.text(row.price, "money")
    return (
        f"<b>{plain(row.name_offer, 120)}</b><br>to buyers of {plain(row.name_has, 120)}"
        f"<br>{style.text(many, 'count', compact=False)} {noun(many, 'customer')}, price {price}"
        f"<br>{style.text(row.share, 'share')} of buyers bought it unasked"
        f"<br>assumed to bring {style.text(row.value, 'money', compact=False)}"
    )


def alt(result: Any, style: Style) -> str:
    """The offers drawn."""
    rows = result.offers.frame.head(MOST).itertuples(index=False)
    listed = "; ".join(
        f"{plain(r.name_offer)} to {style.text(int(r.customers), 'count')} buyers of {plain(r.name_has)}: "
        f"{style.text(r.value, 'money')}"
        for r in rows
    )
    return f"Bars of offers by their expected value, which is assumed. {listed}."


def _alt_categories(result: Any, style: Style) -> str:
    rows = result.categories.frame.head(CATEGORIES).itertuples(index=False)
    listed = "; ".join(f"{plain(r.category)}: {style.text(r.value, 'money')}" for r in rows)
    return f"Bars of the expected value of offers, which is assumed, by category. {listed}."


DRAWN = ("name_has", "name_offer", "customers", "price", "value")


def by_offer(name: str, draw: Callable[[Any, Style], Chart | None], slot: str, title: str) -> Figure:
    """The figure of the most valuable offers."""
    return Figure(name, draw, slot, alt, lambda result: result.offers, DRAWN, title)


def by_category(title: str) -> Figure:
    """The figure of the categories."""
    columns = ("category", "customers", "value")
    return Figure("categories", categories, "page_low", _alt_categories, lambda r: r.categories, columns, title)
