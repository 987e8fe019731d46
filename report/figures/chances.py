"""What the figures of chances share: calibration by tenth and group, curves, who was given which chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from report.chart import Chart, bar, scatter
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, axis_names, named_rows, plain, ranked, real, width


def tenths(result: Any, style: Style) -> Chart | None:
    """A bar a tenth: the share observed, the first in colour; the mean chance given as a dot; none when failed."""
    return None if result.frame is None else _tenths(result, style)


def calibration(result: Any, style: Style) -> Chart | None:
    """Observed share with its interval over the mean chance of each tenth; right ones lie on the line."""
    frame = result.tenths.frame
    most = max(0.01, *real(frame["predicted"]), *real(frame["high"])) * 1.05
    figure = Chart()
    figure.add_scatter(x=[0, most], y=[0, most], mode="lines", line={"color": BAR, "width": 1.2, "dash": "4px,4px"})
    for row in frame.itertuples():
        line = {"color": BAR, "width": 2}
        figure.add_scatter(x=[row.predicted] * 2, y=[row.low, row.high], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=real(frame["predicted"]),
        y=real(frame["actual"]),
        mode="markers",
        marker={"color": style.accent, "size": 12},
        hoverinfo="text",
        hovertext=_told(frame, style),
        cliponaxis=False,
    )
    _square(figure, most, style)
    axis_names(figure, "mean chance given", "share observed, with its interval")
    return figure


def groups(result: Any, style: Style) -> Chart | None:
    """A bar a group: its mean chance from now with its interval, the one spoken of in colour; none when failed."""
    if result.groups_ahead is None:
        return None
    frame = result.groups_ahead.frame.sort_values(["chance", "group"], ascending=[False, True], ignore_index=True)
    spoken = "VIP" if "vip_chance" in result.findings else frame["group"].iloc[0]
    return _grouped(frame, "chance", [style.accent if g == spoken else BAR for g in frame["group"]], style)


def groups_tested(result: Any, style: Style) -> Chart | None:
    """The same of the test: the observed share with its interval, the mean chance as a dot."""
    frame = result.groups.frame
    figure = _grouped(frame, "actual", [BAR] * len(frame), style)
    figure.add_scatter(
        x=real(frame["predicted"]),
        y=list(range(len(frame))),
        mode="markers",
        marker={"color": INK, "size": 12, "line": {"color": "#ffffff", "width": 1.5}},
        hoverinfo="skip",
    )
    _key(figure)
    figure.update_layout(margin={"t": 30})
    return figure


def roc(result: Any, style: Style) -> Chart | None:
    """The ROC curve above the line of a draw."""
    frame = result.roc.frame
    figure = _line(real(frame["false"]), real(frame["true"]), style)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": BAR, "width": 1.2, "dash": "4px,4px"})
    _square(figure, 1.0, style)
    axis_names(figure, "of those who did not, taken in", "of those who did, found")
    return figure


def precision(result: Any, style: Style) -> Chart | None:
    """Precision over recall above the line of a draw."""
    frame = result.precision.frame
    figure = _line(real(frame["recall"]), real(frame["precision"]), style)
    base = float(result.findings["base_rate"].value)
    figure.add_scatter(x=[0, 1], y=[base, base], mode="lines", line={"color": BAR, "width": 1.2, "dash": "4px,4px"})
    _square(figure, 1.0, style)
    axis_names(figure, "of those who did, found", "of those taken in, did")
    return figure


def histogram(result: Any, style: Style) -> Chart | None:
    """How many were given which chance in the test."""
    frame = result.histogram.frame
    counts = real(frame["people"])
    names = [_percent(row.low, style) for row in frame.itertuples()]
    last = _percent(float(frame["high"].iloc[-1]), style)
    texts = [style.text(int(c), "count") if c else "" for c in counts]
    figure = Chart(
        bar(
            x=[at + 0.5 for at in range(len(counts))],
            y=counts,
            width=0.94,
            text=texts,
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            marker={"color": BAR},
            hoverinfo="text",
            hovertext=texts,
        )
    )
    at = list(range(len(names) + 1))
    every = 2 if style.narrow and len(at) > 9 else 1
    figure.update_xaxes(
        tickmode="array", tickvals=at[::every], ticktext=[*names, last][::every], range=[-0.1, len(names) + 0.1]
    )
    figure.update_xaxes(tickangle=0, showline=True, linecolor=HAIRLINE)
    figure.update_yaxes(visible=False, range=[0, max(*counts, 1) * 1.15])
    figure.update_layout(margin={"t": 16, "b": 28})
    return figure


def coefficients(result: Any, style: Style) -> Chart | None:
    """What multiplies the odds, per standard deviation more; none of boosted trees."""
    if result.coefficients is None:
        return None
    frame = _weighty(result)
    values = [float(f) - 1 for f in frame["factor"]]
    texts = [f"× {style.text(f, 'ratio')}" for f in frame["factor"]]
    colours = [style.accent if at == 0 else BAR for at in range(len(values))]
    figure = ranked([plain(m, 48) for m in frame["measure"]], values, texts, texts, colours, style)
    figure.update_xaxes(range=[min(0.0, *values, 0.0) * 1.6, max(*values, 0.05)])
    return figure


def _weighty(result: Any) -> pd.DataFrame:
    return result.coefficients.frame.head(9)


def _tenths(result: Any, style: Style) -> Chart:
    frame = result.tenths.frame
    at = list(range(len(frame)))
    actual, predicted = real(frame["actual"]), real(frame["predicted"])
    texts = [style.text(a, "share") for a in actual]
    figure = Chart(
        bar(
            x=at,
            y=actual,
            width=0.7,
            marker={"color": [style.accent, *[BAR] * (len(at) - 1)]},
            hoverinfo="text",
            hovertext=_told(frame, style),
        )
    )
    figure.add_scatter(
        x=at,
        y=predicted,
        mode="markers",
        marker={"color": INK, "size": 12, "line": {"color": "#ffffff", "width": 1.5}},
        hoverinfo="skip",
        cliponaxis=False,
    )
    high = [max(pair) for pair in zip(actual, predicted, strict=True)]
    shown = at[:: 2 if style.narrow else 1]
    room = 0.1 * max(*high, 1e-6)  # a label needs; where the dot is farther above the bar, it stands between
    for x in shown:
        y, up = (actual[x], 1) if predicted[x] - actual[x] > room else (high[x], 7)
        figure.add_annotation(x=x, y=y, text=texts[x], yanchor="bottom", yshift=up, font={"color": INK})
    names = [str(g) for g in frame["group"]]
    names[0] = "highest<br>tenth" if len(names) > 1 else "all"
    if len(names) > 1:
        names[-1] = "lowest"
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=names, range=[-0.6, len(at) - 0.4], tickangle=0)
    figure.update_yaxes(visible=False, range=[0, max(*high, 1e-6) * 1.14])
    figure.update_layout(margin={"t": 34, "b": 44})
    bars = "".join(f"<b style='color:{colour}'>■</b> " for colour in (style.accent, BAR))
    _note(figure, f"{bars}observed   <span style='color:{INK}'>•</span> predicted")
    return figure


def _grouped(frame: pd.DataFrame, value: str, colours: list[str], style: Style) -> Chart:
    """Horizontal bars with whiskers; the number stands right of the whisker."""
    rows, values = list(range(len(frame))), real(frame[value])
    low, high = real(frame["low"]), real(frame["high"])
    texts = [style.text(v, "share") for v in values]
    figure = Chart(
        bar(
            orientation="h",
            x=values,
            y=rows,
            width=0.6,
            marker={"color": colours},
            hoverinfo="text",
            hovertext=[
                f"{plain(g)}: {t} ({style.text(a, 'share')} to {style.text(b, 'share')})"
                for g, t, a, b in zip(frame["group"], texts, low, high, strict=True)
            ],
        )
    )
    for row in rows:
        figure.add_scatter(
            x=[low[row], high[row]], y=[row, row], mode="lines", line={"color": INK, "width": 1.6}, hoverinfo="skip"
        )
        right = max(high[row], values[row])
        figure.add_annotation(x=right, y=row, text=texts[row], xanchor="left", xshift=8, font={"color": INK})
    room = max((width(t) for t in texts), default=2) * style.slot.text + 18
    figure.update_xaxes(visible=False, range=[0, max(*high, *values, 1e-6)])
    figure.update_layout(margin={"r": room, "t": 4, "b": 4})
    named_rows(figure, [style.name(g) for g in frame["group"]])
    return figure


def _line(x: list[float], y: list[float], style: Style) -> Chart:
    return Chart(scatter(x=x, y=y, mode="lines", line={"color": style.accent, "width": 2.6}, hoverinfo="x+y"))


def _square(figure: Chart, most: float, style: Style) -> None:
    step = next(s for s in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1) if most / s <= 5.5)
    marks = [step * at for at in range(int(most / step + 1e-9) + 1)]
    texts = [_percent(m, style) for m in marks]
    figure.update_xaxes(
        range=[0, most], tickmode="array", tickvals=marks, ticktext=texts, showline=True, linecolor=HAIRLINE
    )
    figure.update_yaxes(range=[0, most], tickmode="array", tickvals=marks[1:], ticktext=texts[1:])
    figure.update_layout(margin={"l": 56, "b": 58, "t": 30, "r": 22})


def _percent(share: float, style: Style) -> str:
    """A percentage without needless decimals."""
    percent = round(share * 100, 6)
    if percent >= 1 and percent == int(percent):
        return style.text(share, "share").replace(".0", "").replace(",0", "")
    return style.text(share, "share")


def _key(figure: Chart) -> None:
    dot = f"<span style='color:{INK}'>•</span>"
    _note(figure, f"<b style='color:{BAR}'>■</b> observed, with its interval   {dot} predicted")


def _note(figure: Chart, text: str) -> None:
    figure.add_annotation(
        text=text,
        x=1,
        xref="paper",
        xanchor="right",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=6,
        font={"color": GREY},
    )


def _told(frame: pd.DataFrame, style: Style) -> list[str]:
    return [
        f"{plain(r.group)}: predicted {style.text(r.predicted, 'share')}, observed {style.text(r.actual, 'share')}"
        for r in frame.itertuples()
    ]


# Text alternatives


def _alt_tenths(result: Any, style: Style) -> str:
    return f"{result.tenths.title}. " + "; ".join(_told(result.tenths.frame, style)) + "."


def _alt_groups(result: Any, style: Style) -> str:
    return f"{result.groups.title}. " + "; ".join(_told(result.groups.frame, style)) + "."


def _alt_ahead(result: Any, style: Style) -> str:
    listed = "; ".join(
        f"{plain(r.group)} {style.text(r.chance, 'share')} ({style.text(r.low, 'share')} to "
        f"{style.text(r.high, 'share')})"
        for r in result.groups_ahead.frame.itertuples()
    )
    return f"{result.groups_ahead.title}. {listed}."


def _alt_roc(result: Any, style: Style) -> str:
    area = style.text(result.findings["auc"].value, "ratio")
    return f"ROC curve with an area of {area} under it; a draw has {style.text(0.5, 'ratio')}."


def _alt_precision(result: Any, style: Style) -> str:
    area, base = (result.findings[key].value for key in ("pr_area", "base_rate"))
    return (
        f"Precision over recall with an area of {style.text(area, 'ratio')} under it; "
        f"a draw has {style.text(base, 'share')} everywhere."
    )


def _alt_histogram(result: Any, style: Style) -> str:
    rows = "; ".join(
        f"{style.text(r.low, 'share')} to {style.text(r.high, 'share')}: {style.text(int(r.people), 'count')}"
        for r in result.histogram.frame.itertuples()
    )
    return f"How many were given which chance in the test. {rows}."


def _alt_coefficients(result: Any, style: Style) -> str:
    rows = "; ".join(f"{r.measure}: times {style.text(r.factor, 'ratio')}" for r in _weighty(result).itertuples())
    return f"What multiplies the odds, per standard deviation more. {rows}."


COMPARED = ("group", "people", "predicted", "actual", "low", "high")


def figures(slide: Callable[[Any, Style], Chart | None], does: str, did: str) -> tuple[Figure, ...]:
    """The figures of one question; `slide` is the one in the deck, the other of tenths and groups for the appendix."""
    tenth, group = ("slide", "page") if slide is tenths else ("page", "slide")
    return (
        Figure("tenths", tenths, tenth, _alt_tenths, lambda r: r.tenths, COMPARED, f"Share that {did}, by tenth"),
        Figure(
            "groups",
            groups,
            group,
            _alt_ahead,
            lambda r: r.groups_ahead,
            ("group", "people", "chance", "low", "high"),
            f"Chance to {does}, by group, from now",
        ),
        Figure(
            "calibration",
            calibration,
            "page",
            _alt_tenths,
            lambda r: r.tenths,
            COMPARED,
            "Calibration: share observed over chance given, by tenth",
        ),
        Figure(
            "groups_tested",
            groups_tested,
            "page_low",
            _alt_groups,
            lambda r: r.groups,
            COMPARED,
            f"Share that {did} in the test, by group",
        ),
        Figure("roc", roc, "page_half", _alt_roc, lambda r: r.roc, ("false", "true"), "ROC curve"),
        Figure(
            "precision",
            precision,
            "page_half",
            _alt_precision,
            lambda r: r.precision,
            ("recall", "precision"),
            "Precision and recall",
        ),
        Figure(
            "histogram",
            histogram,
            "page_low",
            _alt_histogram,
            lambda r: r.histogram,
            ("low", "high", "people"),
            "How many were given which chance in the test",
        ),
        Figure(
            "coefficients",
            coefficients,
            "page_low",
            _alt_coefficients,
            lambda r: r.coefficients,
            ("measure", "factor"),
            "What multiplies the odds, per standard deviation more",
        ),
    )
