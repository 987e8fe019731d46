"""The lifetime model on trial: weeks it saw and weeks it did not, groups of customers, and the rhythm of purchases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd

from analysis.clv_check import ClvCheck
from analysis.finding import Table
from report.chart import Chart, bar
from report.figure import BAR, GREY, INK, Figure, Style, plain, real, width

WEEK = 7  # days: shorter weeks, at the ends, are not drawn
SHADE = "#eef1f4"


def weeks(check: ClvCheck, style: Style) -> Chart | None:
    """Repeat purchases by week: actual dark, expected in colour; the weeks the model did not see are shaded."""
    frame = _whole(check)
    later = frame["part"] == "holdout"
    if later.sum() < 2 or (~later).sum() < 2:
        return None
    expected = [f if held else e for f, e, held in zip(frame["foretold"], frame["expected"], later, strict=True)]
    return _lines(check, frame, real(frame["actual"]), expected, style)


def cumulative(check: ClvCheck, style: Style) -> Chart | None:
    """The same to date, expected from the first purchase of each customer on."""
    frame = check.tracking.frame
    if len(frame) < 4:
        return None
    return _lines(check, frame, real(frame["cumulative_actual"]), real(frame["cumulative_expected"]), style)


def frequency(check: ClvCheck, style: Style) -> Chart | None:
    """Actual and expected purchases of a customer, by repeat purchases before."""
    return _pairs(check.frequency.frame, "repeat purchases before (n: customers)", style)


def recency(check: ClvCheck, style: Style) -> Chart | None:
    """The same by weeks since the last purchase."""
    return _pairs(check.recency.frame, "weeks since the last purchase (n: customers)", style)


def deciles(check: ClvCheck, style: Style) -> Chart | None:
    """The same by tenth of customers, with the interval of the actual mean."""
    frame = check.deciles.frame
    named = frame.rename(columns={"predicted": "expected"})
    return _pairs(named, "tenth of customers by expected purchases, the first expects most", style)


def gaps(check: ClvCheck, style: Style) -> Chart | None:
    """How the first gap of the first two is spread, with a mark where random times would have each class."""
    if check.gaps is None:
        return None
    frame, figure = check.gaps.frame, Chart()
    at, counts, chance = list(range(len(frame))), real(frame["customers"]), real(frame["expected"])
    told = [
        f"{plain(g)}: {style.text(round(c), 'count')}, at random {style.text(round(e), 'count')}"
        for g, c, e in zip(frame["group"], counts, chance, strict=True)
    ]
    figure.add_bar(x=at, y=counts, marker={"color": BAR}, hoverinfo="text", hovertext=told)
    figure.add_scatter(x=at, y=chance, mode="markers", marker=_dash(style.accent, 26), hoverinfo="skip")
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=[plain(g) for g in frame["group"]])
    figure.update_yaxes(visible=False, range=[0, max(*counts, *chance, 1) * 1.12])
    figure.update_layout(bargap=0.24, margin={"t": 30, "b": 52})
    _key(figure, "customers", "at random times", "", style)
    _below(figure, "days to the second purchase as a share of those to the third")
    return figure


def _whole(check: ClvCheck) -> pd.DataFrame:
    frame = check.tracking.frame
    return frame[frame["days"] == WEEK].reset_index(drop=True)


def _lines(
    check: ClvCheck, frame: pd.DataFrame, actual: Sequence[float], expected: Sequence[float], style: Style
) -> Chart:
    at, split = list(range(len(frame))), int((frame["part"] == "calibration").sum())
    name = "expected by the model" if check.identified else "expected if nobody ever left"
    figure = Chart()
    top = max(*actual, *expected, 1e-9)
    figure.add_shape(
        type="rect", x0=split - 0.5, x1=len(at) - 0.5, y0=0, y1=1, yref="paper", layer="below",
        line={"width": 0}, fillcolor=SHADE,
    )  # fmt: skip
    told = [
        f"week from {style.text(s, 'date')}<br>actual: {style.text(round(a), 'count')}"
        f"<br>expected: {style.text(round(e), 'count')}"
        for s, a, e in zip(frame["start"], actual, expected, strict=True)
    ]
    figure.add_scatter(
        x=at, y=actual, mode="lines", line={"color": INK, "width": 1.8}, hoverinfo="text", hovertext=told
    )
    for part in (at[: split + 1], at[split:]):
        figure.add_scatter(
            x=part,
            y=[expected[i] for i in part],
            mode="lines",
            line={"color": style.accent, "width": 3},
            hoverinfo="skip",
        )
    marks, names = _months(list(frame["start"]), style)
    figure.update_xaxes(tickmode="array", tickvals=marks, ticktext=names, range=[-0.5, len(at) - 0.5], tickangle=0)
    steps = _round_marks(top)
    texts = [style.text(s, "count") for s in steps]
    figure.update_yaxes(range=[0, top * 1.06], tickmode="array", tickvals=steps, ticktext=texts)
    left = max(width(t) for t in texts) * style.slot.text
    figure.update_layout(margin={"t": 56, "b": 44, "l": 14 + round(left), "r": 10})
    _key(figure, "actual", name, "", style, up=28)
    shade = "not seen by the model" if style.narrow or split > len(at) * 0.6 else "weeks the model did not see"
    figure.add_annotation(
        text=shade, x=len(at) - 0.5, xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=4,
        font={"color": GREY},
    )  # fmt: skip
    return figure


def _pairs(frame: pd.DataFrame, below: str, style: Style) -> Chart | None:
    """Bars of the actual mean, a dot of the expected one; the interval as a whisker where it is known."""
    if len(frame) < 2:
        return None
    at, actual, expected = list(range(len(frame))), real(frame["actual"]), real(frame["expected"])
    names = [plain(str(g)) for g in frame["group"]]
    counts = [style.text(int(n), "count") for n in frame["customers"]]
    told = [
        f"{n}: actual {style.text(a, 'ratio')}, expected {style.text(e, 'ratio')}, {c} customers"
        for n, a, e, c in zip(names, actual, expected, counts, strict=True)
    ]
    figure = Chart(bar(x=at, y=actual, marker={"color": BAR}, hoverinfo="text", hovertext=told))
    high = list(actual)
    if "high" in frame:
        high = real(frame["high"])
        for x, down, up in zip(at, real(frame["low"]), high, strict=True):
            figure.add_scatter(x=[x, x], y=[down, up], mode="lines", line={"color": GREY, "width": 2}, hoverinfo="skip")
    figure.add_scatter(x=at, y=expected, mode="markers", marker=_dash(style.accent, 26), hoverinfo="skip")
    shown = [
        n if "high" in frame else f"{n}<br><span style='color:{GREY}'>{c}</span>"
        for n, c in zip(names, counts, strict=True)
    ]
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=shown, tickangle=0, tickfont={"color": INK})
    top = max(*high, *expected, 1e-9)
    steps = _round_marks(top)
    texts = [style.text(s, "ratio") if s else "0" for s in steps]
    figure.update_yaxes(range=[0, top * 1.06], tickmode="array", tickvals=steps, ticktext=texts)
    left = max(width(t) for t in texts) * style.slot.text
    figure.update_layout(bargap=0.3, margin={"t": 34, "b": 74, "l": 14 + round(left)})
    _key(figure, "actual", "expected", ", interval as a line" if "high" in frame else "", style)
    _below(figure, below, -44 if "high" not in frame else -26)
    return figure


def _dash(colour: str, size: int) -> dict:
    return {"color": colour, "symbol": "line-ew", "size": size / 2, "line": {"color": colour, "width": 3}}


def _key(figure: Chart, dark: str, bright: str, tail: str, style: Style, up: int = 6) -> None:
    """Names of what is drawn, each in its colour, above the left end."""
    figure.add_annotation(
        text=f"<b>{dark}</b>{tail}   <span style='color:{style.accent}'><b>{bright}</b></span>",
        x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=up, font={"color": INK},
    )  # fmt: skip


def _below(figure: Chart, text: str, shift: int = -26) -> None:
    figure.add_annotation(
        text=text, x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=shift,
        font={"color": GREY},
    )  # fmt: skip


def _months(starts: Sequence[date], style: Style) -> tuple[list[int], list[str]]:
    """The first week of every month (of every second, third, ... where these are many), the year with the first."""
    first = [
        i for i, s in enumerate(starts) if i == 0 or (s.month, s.year) != (starts[i - 1].month, starts[i - 1].year)
    ]
    first = first[1:] if len(first) > 3 and first[1] < 3 else first
    most = 6 if style.narrow else 12
    every = next(n for n in (1, 2, 3, 6, 12, 24, 60, 1000) if len(first) / n <= most)
    kept = first[::every]
    seen: set[int] = set()
    names = []
    for i in kept:
        names.append(style.period(starts[i], "month", starts[i].year not in seen))
        seen.add(starts[i].year)
    return kept, names


def _round_marks(high: float) -> list[float]:
    """Nought and up to five round values below the highest; nought alone where nothing is above it."""
    if high <= 0:
        return [0.0]
    size = 10.0 ** (len(f"{high:.0f}") - 1) if high >= 1 else 10.0 ** -len(f"{1 / high:.0f}")
    step = next(s for s in (size * f for f in (0.1, 0.2, 0.5, 1, 2, 5, 10)) if high / s <= 5)
    return [round(step * i, 9) for i in range(int(high / step) + 1)]


def _alt_lines(actual: str, expected: str, what: str) -> Callable[[ClvCheck, Style], str]:
    def told(check: ClvCheck, style: Style) -> str:
        frame = check.tracking.frame
        rows = frame.iloc[:: max(1, len(frame) // 8)]
        listed = "; ".join(
            f"week {w}: {style.text(round(a), 'count')}, expected {style.text(round(e), 'count')}"
            for w, a, e in zip(rows["week"], rows[actual], rows[expected], strict=True)
        )
        return f"Lines of {what} by week, actual and expected. {listed}."

    return told


def _alt_pairs(pick: Callable[[ClvCheck], Table | None], what: str) -> Callable[[ClvCheck, Style], str]:
    def told(check: ClvCheck, style: Style) -> str:
        found = pick(check)
        if found is None:
            return ""
        frame = found.frame.rename(columns={"predicted": "expected"})
        actual = frame["actual"] if "actual" in frame else frame["customers"]
        listed = "; ".join(
            f"{g}: {style.text(float(a), 'ratio')}, expected {style.text(float(e), 'ratio')}"
            for g, a, e in zip(frame["group"], actual, frame["expected"], strict=True)
        )
        return f"Bars of {what}. {listed}."

    return told


WEEKS = ("week", "start", "part", "actual", "expected", "foretold")
TO_DATE = ("week", "start", "part", "cumulative_actual", "cumulative_expected")
PAIRS = ("group", "customers", "actual", "expected")
FIGURES = (
    Figure(
        "weeks", weeks, "slide", _alt_lines("actual", "expected", "repeat purchases"), lambda c: c.tracking, WEEKS,
        "Repeat purchases by week, actual and expected; in the holdout as foretold at the split",
    ),
    Figure(
        "cumulative", cumulative, "page", _alt_lines("cumulative_actual", "cumulative_expected", "purchases to date"),
        lambda c: c.tracking, TO_DATE, "Repeat purchases to date, actual and expected",
    ),
    Figure(
        "frequency", frequency, "page", _alt_pairs(lambda c: c.frequency, "purchases in the holdout by frequency"),
        lambda c: c.frequency, PAIRS, "Purchases of a customer in the holdout by repeat purchases before",
    ),
    Figure(
        "recency", recency, "page", _alt_pairs(lambda c: c.recency, "purchases in the holdout by recency"),
        lambda c: c.recency, PAIRS, "Purchases of a customer in the holdout by weeks since the last purchase",
    ),
    Figure(
        "deciles", deciles, "page", _alt_pairs(lambda c: c.deciles, "purchases in the holdout by tenth"),
        lambda c: c.deciles, ("group", "customers", "predicted", "actual", "low", "high"),
        "Purchases of a customer in the holdout by tenth of customers",
    ),
    Figure(
        "gaps", gaps, "page_low", _alt_pairs(lambda c: c.gaps, "customers by the share of the first of two gaps"),
        lambda c: c.gaps or c.frequency, ("group", "customers", "expected"),
        "Regularity of purchases: the first gap as a share of the first two",
    ),
)  # fmt: skip
