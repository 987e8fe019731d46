"""Where the raw rows went, and how raw money becomes net revenue."""

from __future__ import annotations

import re

import pandas as pd

from analysis.quality import Quality
from report.chart import Chart, bar
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, named_rows, plain, real

UNSEEN = 0.0002  # of the largest amount


def reconciliation(quality: Quality, style: Style) -> Chart | None:
    """Steps from the raw total to net: sums as full bars, what is added or taken off as floating ones."""
    if quality.reconciliation is None or len(quality.reconciliation.frame) < 2:
        return None
    frame = _steps(quality.reconciliation.frame)
    amounts, running, total = real(frame["amount"]), real(frame["running"]), list(frame["total"])
    count = len(frame)
    names = [style.name(re.split(r"[:,(]", str(label))[0].replace("_", " ").strip()) for label in frame["label"]]
    net = next((i for i, label in enumerate(frame["label"]) if str(label).startswith("Net revenue")), count - 1)
    colours = [style.accent if i == net else BAR if total[i] else GREY for i in range(count)]
    base = [0.0 if total[i] else running[i - 1] for i in range(count)]
    length = [running[i] if total[i] else amounts[i] for i in range(count)]
    texts = [style.text(a, "money") for a in frame["amount"]]
    ends = [max(b, b + n) for b, n in zip(base, length, strict=True)]
    figure = Chart(
        bar(
            orientation="h",
            x=length,
            base=base,
            y=list(range(count)),
            marker={"color": colours},
            hoverinfo="text",
            hovertext=[
                f"{plain(label, 120)}<br>{style.text(a, 'money', compact=False)}"
                for label, a in zip(frame["label"], frame["amount"], strict=True)
            ],
        )
    )
    for i in range(count):
        figure.add_annotation(
            x=ends[i], y=i, text=texts[i], xanchor="left", xshift=6, font={"color": style.accent if i == net else INK}
        )
        if i < count - 1:
            figure.add_shape(
                type="line",
                x0=running[i],
                x1=running[i],
                y0=i,
                y1=i + 1,
                line={"color": HAIRLINE, "width": 1},
                layer="below",
            )
    figure.update_layout(margin={"r": 92})
    figure.update_xaxes(visible=False, range=[min(0.0, *ends), max(*ends, 1e-9)])
    named_rows(figure, names)
    return figure


def _steps(frame: pd.DataFrame) -> pd.DataFrame:
    """The steps that can be seen: sums, and changes that are not nothing beside them."""
    amounts = pd.Series(real(frame["amount"]), index=frame.index).abs()
    seen = frame["total"].astype(bool) | (amounts > amounts.max() * UNSEEN)
    return frame[seen].reset_index(drop=True)


def accounts(quality: Quality, style: Style) -> Chart | None:
    """A bar a raw file, split into rows used, excluded and rejected; every bar is all of its rows."""
    frame = quality.accounts.frame
    frame = frame[frame["rows"] > 0]
    if frame.empty:
        return None
    names = [style.name(f) for f in frame["file"]]
    rows, figure = list(range(len(names))), Chart()
    whole = real(frame["rows"])
    for column, colour in (("used", style.accent), ("excluded", BAR), ("rejected", INK)):
        values = real(frame[column])
        figure.add_bar(
            orientation="h",
            y=rows,
            x=[v / w for v, w in zip(values, whole, strict=True)],
            marker={"color": colour},
            hoverinfo="text",
            hovertext=[f"{column}: {style.text(int(v), 'count', compact=False)}" for v in values],
        )
    for row, (used, rows_) in enumerate(zip(frame["used"], frame["rows"], strict=True)):
        figure.add_annotation(
            x=1, y=row, xanchor="left", xshift=8, text=f"{style.text(used, 'count')} of {style.text(rows_, 'count')}"
        )
    figure.update_layout(barmode="stack", bargap=0.5, margin={"r": 170, "t": 30})
    figure.update_xaxes(visible=False, range=[0, 1])
    named_rows(figure, names)
    legend = f'<span style="color:{style.accent}">used</span>   excluded   <b>rejected</b>'
    figure.add_annotation(
        text=legend,
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=4,
        font={"color": GREY},
    )
    return figure


def _alt(quality: Quality, style: Style) -> str:
    assert quality.reconciliation is not None
    frame = quality.reconciliation.frame
    listed = "; ".join(
        f"{plain(n)}: {style.text(a, 'money')}" for n, a in zip(frame["label"], frame["amount"], strict=True)
    )
    return f"Steps from raw money to net revenue. {listed}."


def _alt_accounts(quality: Quality, style: Style) -> str:
    frame = quality.accounts.frame
    rows = zip(frame["file"], frame["rows"], frame["used"], frame["excluded"], frame["rejected"], strict=True)
    listed = "; ".join(
        f"{plain(f)}: {style.text(n, 'count')} rows, {style.text(u, 'count')} used, {style.text(e, 'count')} excluded, "
        f"{style.text(r, 'count')} rejected"
        for f, n, u, e, r in rows
    )
    return f"Bars of raw rows by file. {listed}."


FIGURES = (
    Figure(
        "reconciliation",
        reconciliation,
        "slide_steps",
        _alt,
        lambda quality: quality.reconciliation,
        ("label", "amount", "running"),
        "From raw money to net revenue",
    ),
    Figure(
        "accounts",
        accounts,
        "page_low",
        _alt_accounts,
        lambda quality: quality.accounts,
        ("file", "rows", "used", "excluded", "rejected"),
        "Raw rows by file: used, excluded, rejected",
    ),
)
