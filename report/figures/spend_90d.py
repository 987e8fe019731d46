"""Spend in the next ninety days: who finds the spenders, and whether they spend what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from analysis.finding import Table
from analysis.spend_90d import Spend
from report.chart import Chart
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, axis_names, plain, ranked, real, width


def gains(spend: Spend, style: Style) -> Chart | None:
    """The gains curves of the later quarter; none when the model failed its test."""
    return None if spend.frame is None else _curves(spend.curves, style)


def held_out(spend: Spend, style: Style) -> Chart | None:
    """The gains curves of customers held out."""
    return _curves(spend.held_out, style)


def deciles(spend: Spend, style: Style) -> Chart | None:
    """Predicted and actual spend of tenths of customers held out."""
    return _calibrated(spend.deciles.frame, style)


def deciles_later(spend: Spend, style: Style) -> Chart | None:
    """The same of the later quarter, by a model of the quarter before."""
    return _calibrated(spend.deciles_later.frame, style)


def segments(spend: Spend, style: Style) -> Chart | None:
    """Predicted and actual spend of the segments in the later quarter."""
    return None if spend.segments_later is None else _calibrated(spend.segments_later.frame, style)


def coefficients(spend: Spend, style: Style) -> Chart | None:
    """What multiplies expected spend, per standard deviation more; countries apart."""
    frame = _measures(spend)
    values = [float(f) - 1 for f in frame["factor"]]
    texts = [f"× {style.text(f, 'ratio')}" for f in frame["factor"]]
    colours = [style.accent if at == 0 else BAR for at in range(len(values))]
    figure = ranked([plain(m) for m in frame["measure"]], values, texts, texts, colours, style)
    low = min(0.0, *values, 0.0)
    figure.update_xaxes(range=[low * 1.5, max(*values, 0.05)])
    return figure


def _measures(spend: Spend) -> pd.DataFrame:
    frame = spend.coefficients.frame
    return frame[~frame["measure"].str.startswith("Country") & (frame["weight"] != 0)]


def _curves(table: Table, style: Style) -> Chart:
    figure, frame = Chart(), table.frame
    shares = real(frame["share_of_customers"])
    lines = {
        "perfect": {"color": BAR, "width": 1.2},
        "past_spend": {"color": GREY, "width": 2.2},
        "other": {"color": INK, "width": 2.2},
        "model": {"color": style.accent, "width": 3},
    }
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": BAR, "width": 1.2, "dash": "4px,4px"}, hoverinfo="skip"
    )
    for key, line in lines.items():
        if key not in frame:
            continue
        name, brought = table.labels[key].lower(), real(frame[key])
        figure.add_scatter(
            x=shares,
            y=brought,
            mode="lines",
            line=line,
            hoverinfo="text",
            hovertext=[
                f"{name}: best {style.text(a, 'share')} brought {style.text(b, 'share')}"
                for a, b in zip(shares, brought, strict=True)
            ],
        )
    marks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    shown = [_round(m, style) for m in marks]
    figure.update_xaxes(
        range=[0, 1.005], tickmode="array", tickvals=marks, ticktext=shown, showline=True, linecolor=HAIRLINE
    )
    figure.update_yaxes(range=[0, 1.02], tickmode="array", tickvals=marks[1:], ticktext=shown[1:])
    figure.update_layout(margin={"l": 56, "b": 58, "t": 30, "r": 22})
    axis_names(figure, "share of customers, best first", "share of spend")
    _named(figure, table, style)
    return figure


def _named(figure: Chart, table: Table, style: Style) -> None:
    """The lines by name: scores where the best fifth ends, the better above; the other lines at their ends."""
    frame = table.frame
    fifth = [float(v) for v in (frame["share_of_customers"] - 0.2).abs()]
    row = frame.iloc[fifth.index(min(fifth))]
    at, colours = float(row["share_of_customers"]), {"model": style.accent, "past_spend": GREY, "other": INK}
    figure.add_scatter(
        x=[at, at], y=[0, float(row["perfect"])], mode="lines", line={"color": HAIRLINE, "width": 1}, hoverinfo="skip"
    )
    below = 2.0
    for key in sorted((key for key in colours if key in frame), key=lambda key: -float(row[key])):
        name, colour = table.labels[key].lower(), colours[key]
        up = float(row[key])
        figure.add_scatter(x=[at], y=[up], mode="markers", marker={"color": colour, "size": 12}, hoverinfo="skip")
        below = min(up - 0.012, below - 0.075)
        best = "" if style.narrow else f"best {_round(0.2, style)} brought "
        text = f"{name}: {best}{style.text(up, 'share')}"
        figure.add_annotation(
            text=f"<b>{text}</b>" if key == "model" else text,
            x=at,
            y=below,
            xanchor="left",
            yanchor="top",
            xshift=12,
            bgcolor="rgba(255,255,255,0.8)",
            borderpad=1,
            font={"color": colour},
        )
    for text, x, y, xanchor, yanchor in (
        ("perfect order", 1, 1.0, "right", "bottom"),
        ("any order", 0.8, 0.79, "left", "top"),
    ):
        figure.add_annotation(
            text=text, x=x, y=y, xanchor=xanchor, yanchor=yanchor, xshift=4 if y < 1 else 0, font={"color": GREY}
        )


def _round(share: float, style: Style) -> str:
    return style.text(share, "share").replace(".0", "").replace(",0", "")


def _calibrated(frame: pd.DataFrame, style: Style) -> Chart | None:
    """Actual means with whiskers in grey, predicted ones as dots in colour; a logarithmic axis."""
    predicted, actual, low, high = (real(frame[c]) for c in ("predicted", "actual", "low", "high"))
    positive = [v for v in (*predicted, *actual, *high) if v > 0]
    if not positive:
        return None
    floor = min(positive) * 0.7
    at, names = list(range(len(frame))), [_group(g, style) for g in frame["group"]]
    figure = Chart()
    for x, down, up in zip(at, low, high, strict=True):
        figure.add_scatter(
            x=[x, x],
            y=[max(down, floor), max(up, floor)],
            mode="lines",
            line={"color": BAR, "width": 7},
            hoverinfo="skip",
        )
    told = [
        f"{n}: predicted {style.text(p, 'money')}, actual {style.text(a, 'money')}"
        for n, p, a in zip(names, predicted, actual, strict=True)
    ]
    figure.add_scatter(
        x=at,
        y=[a if a >= floor else None for a in actual],
        mode="markers",
        marker={"color": INK, "symbol": "line-ew", "size": 16, "line": {"color": INK, "width": 2}},
        hoverinfo="text",
        hovertext=told,
    )
    figure.add_scatter(
        x=at,
        y=[p if p >= floor else None for p in predicted],
        mode="markers",
        marker={"color": style.accent, "size": 12},
        hoverinfo="text",
        hovertext=told,
    )
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=names, range=[-0.6, len(at) - 0.4])
    ticks = _decades(floor, max(positive))
    texts = [style.text(t, "money") for t in ticks]
    figure.update_yaxes(type="log", tickmode="array", tickvals=ticks, ticktext=texts)
    figure.update_layout(margin={"t": 30, "l": 10 + round(max(width(t) for t in texts) * style.slot.text)})
    _key(figure, style)
    return figure


def _key(figure: Chart, style: Style) -> None:
    text = f"<b><span style='color:{style.accent}'>predicted</span></b> and actual spend, with its 95 % interval"
    figure.add_annotation(
        text=text,
        x=1,
        xref="paper",
        xanchor="right",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=4,
        font={"color": GREY},
    )


def _decades(low: float, high: float) -> list[float]:
    """One, two and five of every power of ten between; one only where that is many."""
    steps = [m * 10.0**e for e in range(-4, 13) for m in (1, 2, 5)]
    found = [s for s in steps if low <= s <= high * 1.1]
    return found if len(found) <= 7 else [s for s in found if f"{s:e}"[0] == "1"]


def _group(group: object, style: Style) -> str:
    """A tenth by its number, a segment on two lines."""
    return plain(group).replace(" ", "<br>") if isinstance(group, str) else str(group)


def _alt_curves(pick: Callable[[Spend], Table]) -> Callable[[Spend, Style], str]:
    def told(spend: Spend, style: Style) -> str:
        frame = pick(spend).frame
        rows = frame.iloc[:: max(1, len(frame) // 5)].itertuples()
        listed = "; ".join(
            f"best {style.text(r.share_of_customers, 'share')}: model {style.text(r.model, 'share')}, "
            f"past spend {style.text(r.past_spend, 'share')}, perfect {style.text(r.perfect, 'share')}"
            for r in rows
        )
        return f"Curves of the share of spend over the share of customers, best first. {listed}."

    return told


def _alt_calibrated(pick: Callable[[Spend], Table | None]) -> Callable[[Spend, Style], str]:
    def told(spend: Spend, style: Style) -> str:
        table = pick(spend)
        rows: Sequence = () if table is None else list(table.frame.itertuples())
        listed = "; ".join(
            f"{r.group}: predicted {style.text(r.predicted, 'money')}, actual {style.text(r.actual, 'money')}"
            for r in rows
        )
        return f"Predicted and actual mean spend of a customer. {listed}."

    return told


def _alt_coefficients(spend: Spend, style: Style) -> str:
    rows = _measures(spend).itertuples()
    return "Bars by measure. " + "; ".join(f"{r.measure}: times {style.text(r.factor, 'ratio')}" for r in rows) + "."


def _of(name: str) -> Callable[[Spend], Table]:
    def table(spend: Spend) -> Table:
        return getattr(spend, name) or spend.deciles_later

    return table


COMPARED = ("group", "customers", "predicted", "actual", "low", "high")
FIGURES = (
    Figure(
        "gains",
        gains,
        "slide",
        _alt_curves(lambda spend: spend.curves),
        lambda spend: spend.scores,
        ("test", "score", "capture_10", "capture_20"),
        "Share of the later quarter’s spend over share of customers, best-scored first",
    ),
    Figure(
        "held_out",
        held_out,
        "page",
        _alt_curves(lambda spend: spend.held_out),
        lambda spend: spend.scores,
        ("test", "score", "capture_10", "capture_20"),
        "The same for customers held out",
    ),
    Figure(
        "deciles",
        deciles,
        "page",
        _alt_calibrated(lambda spend: spend.deciles),
        _of("deciles"),
        COMPARED,
        "Mean spend of customers held out, by tenth of their score: predicted and actual",
    ),
    Figure(
        "deciles_later",
        deciles_later,
        "page",
        _alt_calibrated(lambda spend: spend.deciles_later),
        _of("deciles_later"),
        COMPARED,
        "Mean spend in the later quarter, by tenth of the score before it: predicted and actual",
    ),
    Figure(
        "segments",
        segments,
        "page",
        _alt_calibrated(lambda spend: spend.segments_later),
        _of("segments_later"),
        COMPARED,
        "Mean spend in the later quarter, by segment before it: predicted and actual",
    ),
    Figure(
        "coefficients",
        coefficients,
        "page_low",
        _alt_coefficients,
        lambda spend: spend.coefficients,
        ("measure", "factor"),
        "What multiplies expected spend, per standard deviation more",
    ),
)
