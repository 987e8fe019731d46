"""Whether customers stay: second orders by days since the first, cohorts at equal age, and the base they make up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.cohorts import Cohorts
from analysis.finding import Table, Unit
from analysis.second_order import LEAST
from report.chart import Chart
from report.figure import BAR, GREY, HAIRLINE, INK, LIGHT, Figure, Style, mixed, plain, real, ticks, width

MANY = 14  # cohorts, from which the heatmap needs the tall slot
PALE = "#f1f4f7"
NAMED = {"newest": "newest", "older": "before", "all": ""}
HORIZONS = (30, 90, 180, 365)


def again(cohorts: Cohorts, style: Style) -> Chart | None:
    """The share with a second order by days since the first: the newest cohorts in colour, those before grey."""
    frame = cohorts.curves.frame
    if cohorts.proof == "value" or frame.empty or frame["day"].max() < 7:
        return None
    groups = ("older", "newest") if "newest" in set(frame["group"]) else ("all",)
    return _curves(cohorts, groups, style, GREY)


def second(cohorts: Cohorts, style: Style) -> Chart | None:
    """The same over all customers, as long as they are followed, with the interval as a band."""
    frame = cohorts.curves.frame
    return None if frame.empty or frame["day"].max() < 7 else _curves(cohorts, ("all",), style, style.accent)


def _curves(cohorts: Cohorts, groups: Sequence[str], style: Style, grey: str) -> Chart:
    frame = cohorts.curves.frame
    kept = {g: frame[frame["group"] == g] for g in groups}
    figure, colours = Chart(), dict(zip(groups, (grey, style.accent)[-len(groups) :], strict=True))
    top = max(max(real(k["high"])) for k in kept.values())
    for group, of in kept.items():
        days, low, high = list(of["day"]), real(of["low"]), real(of["high"])
        figure.add_scatter(
            x=days + days[::-1],
            y=high + low[::-1],
            mode="lines",
            line={"width": 0, "shape": "linear"},
            fill="toself",
            fillcolor=mixed(colours[group], "#ffffff", 0.84) if len(groups) == 1 else _clear(colours[group]),
            hoverinfo="skip",
        )
    for group, of in kept.items():
        figure.add_scatter(
            x=list(of["day"]),
            y=real(of["share"]),
            mode="lines",
            line={"color": colours[group], "width": 3, "shape": "hv"},
            hoverinfo="text",
            hovertext=[
                f"{NAMED[group]} day {d}: {style.text(s, 'share')}".strip()
                for d, s in zip(of["day"], real(of["share"]), strict=True)
            ],
        )
    last = int(next(iter(kept.values()))["day"].max())
    ends = [float(of["share"].iloc[-1]) for of in kept.values()]
    heights = spread(ends, top * 0.07)
    for (group, _), y, share in zip(kept.items(), heights, ends, strict=True):
        label = f"<b>{style.text(share, 'share')}</b> {NAMED[group]}".strip()
        figure.add_annotation(x=last, y=y, text=label, xanchor="left", xshift=8, font={"color": colours[group]})
    marks = [h for h in HORIZONS if h < last * 0.9]
    if groups == ("all",):
        _mark(figure, kept["all"], marks, style)
    room = max(width(f"{style.text(s, 'share')} {NAMED[g]}") for g, s in zip(groups, ends, strict=True))
    figure.update_layout(margin={"l": 8, "r": room * style.slot.text * 1.06 + 18, "b": 58, "t": 30})
    figure.update_xaxes(
        range=[0, last], tickmode="array", tickvals=[0, *marks, last], ticktext=[str(m) for m in (0, *marks, last)],
        showline=True, linecolor=HAIRLINE,
    )  # fmt: skip
    figure.update_yaxes(range=[0, top * 1.06], visible=False)
    _axis_title(figure, "days since the first order")
    of_whom = f", of those followed {last} days" if groups == ("all",) and cohorts.unlike else ""
    _top_title(figure, f"share with a second order{of_whom}{'' if style.narrow else '; band: its interval'}")
    return figure


def _clear(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def _mark(figure: Chart, of: pd.DataFrame, marks: Sequence[int], style: Style) -> None:
    """The share at some horizons, written left above the curve."""
    for day in marks:
        share = float(of.loc[of["day"] == day, "share"].iloc[0])
        figure.add_scatter(
            x=[day], y=[share], mode="markers", marker={"color": style.accent, "size": 12}, hoverinfo="skip"
        )
        figure.add_annotation(
            x=day, y=share, text=style.text(share, "share"), xanchor="right", yanchor="bottom", xshift=-4, yshift=4,
            font={"color": style.accent},
        )  # fmt: skip


def worth(cohorts: Cohorts, style: Style) -> Chart | None:
    """Revenue a customer by days since the first sale: the newest cohorts in colour, those before grey."""
    if cohorts.proof != "value" or cohorts.worth is None:
        return None
    frame, figure = cohorts.worth.frame, Chart()
    colours = {"older": GREY, "newest": style.accent}
    kept = {g: frame[frame["group"] == g] for g in colours}
    for group, of in kept.items():
        figure.add_scatter(
            x=list(of["day"]),
            y=real(of["value"]),
            mode="lines",
            line={"color": colours[group], "width": 3},
            hoverinfo="text",
            hovertext=[
                f"{NAMED[group]}, day {d}: {style.text(v, 'money', compact=False)}"
                for d, v in zip(of["day"], of["value"], strict=True)
            ],
        )
    last, ends = int(frame["day"].max()), [float(of["value"].iloc[-1]) for of in kept.values()]
    high = max(*real(frame["value"]), 1e-9)
    texts = {g: f"{style.text(v, 'money')} {NAMED[g]}" for g, v in zip(kept, ends, strict=True)}
    for (group, text), y in zip(texts.items(), spread(ends, high * 0.07), strict=True):
        number, _, name = text.rpartition(" ")
        figure.add_annotation(
            x=last, y=y, text=f"<b>{number}</b> {name}", xanchor="left", xshift=8, font={"color": colours[group]}
        )
    figure.update_layout(
        margin={"l": 8, "r": max(map(width, texts.values())) * style.slot.text * 1.06 + 18, "b": 58, "t": 30}
    )
    marks = [h for h in HORIZONS if h < last * 0.9]
    figure.update_xaxes(
        range=[0, last], tickmode="array", tickvals=[0, *marks, last], ticktext=[str(m) for m in (0, *marks, last)],
        showline=True, linecolor=HAIRLINE,
    )  # fmt: skip
    figure.update_yaxes(range=[min(0.0, *real(frame["value"])), high * 1.08], visible=False)
    _axis_title(figure, "days since the first sale")
    _top_title(figure, f"{cohorts.revenue} so far, a customer")
    return figure


def retention(cohorts: Cohorts, style: Style) -> Chart | None:
    """A cell a cohort and age: the darker, the more of the cohort bought; drawn as shapes."""
    return None if len(cohorts.retention.frame) > MANY else _retention(cohorts, style)


def retention_long(cohorts: Cohorts, style: Style) -> Chart | None:
    """The same for many cohorts, in the tall slot."""
    return None if len(cohorts.retention.frame) <= MANY else _retention(cohorts, style)


def _retention(cohorts: Cohorts, style: Style) -> Chart | None:
    cells = cohorts.cells.frame
    cells = cells[cells["age"] > 0]
    if cells.empty:
        return None
    names = list(dict.fromkeys(cells["cohort"]))
    short = cohorts.grid.shorts()
    row, oldest = {name: i for i, name in enumerate(names)}, int(cells["age"].max())
    large = cells[cells["customers"] >= min(LEAST, cells["customers"].max())]
    most, figure = max(*real(large["share"]), 1e-9), Chart()
    column = (style.slot.width - 140) / oldest
    written, parts = column >= 21, [min(1.0, share / most) for share in real(cells["share"])]
    places = [row[name] for name in cells["cohort"]]
    shapes = [
        {
            "type": "rect", "x0": age - 0.48, "x1": age + 0.48, "y0": y - 0.46, "y1": y + 0.46, "line": {"width": 0},
            "layer": "below", "fillcolor": mixed(PALE, style.accent, part),
        }
        for age, y, part in zip(cells["age"].tolist(), places, parts, strict=True)
    ]  # fmt: skip
    figure.add_scatter(
        x=list(cells["age"]),
        y=places,
        mode="text" if written else "markers",
        marker={"opacity": 0, "size": 20},
        text=[style.text(s, "share") if column >= 50 else f"{100 * s:.0f}" for s in real(cells["share"])],
        textfont={"color": ["#ffffff" if part > 0.55 else INK for part in parts], "size": 12},
        hoverinfo="text",
        hovertext=[
            f"{plain(short.get(c, c))}, {a} {cohorts.grid.grain}s on: {style.text(b, 'count', compact=False)} of "
            f"{style.text(n, 'count', compact=False)} ({style.text(s, 'share')})"
            for c, a, b, n, s in zip(
                cells["cohort"], cells["age"], cells["active"], cells["customers"], cells["share"], strict=True
            )
        ],
    )
    sizes = dict(zip(cells["cohort"], cells["customers"], strict=True))
    labels = [
        {
            "x": 0.5, "y": row[name], "text": style.text(int(sizes[name]), "count"), "xanchor": "right", "xshift": -6,
            "font": {"color": GREY, "size": 12},
        }
        for name in names
    ]  # fmt: skip
    figure.update_layout(shapes=shapes, annotations=labels)
    every = _every(20 / column)
    at = [a for a in range(1, oldest + 1) if a % every == 0]
    figure.update_xaxes(
        range=[0.5, oldest + 0.5], side="top", tickvals=at, ticktext=[str(a) for a in at], tickfont={"size": 12}
    )
    figure.update_yaxes(
        range=[max(len(names), 4) - 0.5, -0.5], tickvals=list(row.values()),
        ticktext=[plain(short.get(n, n)) for n in names], tickfont={"color": INK, "size": 12},
        ticklabelshift=0, ticklabelstandoff=52,
    )  # fmt: skip
    figure.update_layout(margin={"t": 44, "l": 132, "r": 4, "b": 4})
    for text, x, anchor in (("customers", 0.5, "right"), (f"{cohorts.grid.grain}s since the first sale", 0.5, "left")):
        figure.add_annotation(
            text=text, x=x, xanchor=anchor, xshift=-6 if anchor == "right" else 2, y=1, yref="paper", yanchor="bottom",
            yshift=22, font={"color": GREY, "size": 12},
        )  # fmt: skip
    if not written:
        figure.add_annotation(
            text=f"lightest: nobody; darkest: {style.text(most, 'share')}", x=1, xref="paper", xanchor="right", y=0,
            yref="paper", yanchor="bottom", font={"color": GREY, "size": 12},
        )  # fmt: skip
    return figure


def value(cohorts: Cohorts, style: Style) -> Chart | None:
    """Revenue so far a customer by age, a line a cohort: the newest in colour, the first dashed."""
    if cohorts.value is None:
        return None
    cells = cohorts.cells.frame.dropna(subset=["cumulative_revenue"])
    lines = {name: of for name, of in cells.groupby("cohort", sort=True) if len(of) >= 2}
    if len(lines) < 2:
        return None
    early = {cohorts.grid.key(i) for i in range(cohorts.grid.run_in)}
    newest = [name for name, of in lines.items() if len(of) >= 3 and name not in early][-3:]
    figure, ends, short = Chart(), [], cohorts.grid.shorts()
    for name, of in lines.items():
        colour = style.accent if name in newest else LIGHT if name in early else BAR
        x, y = list(of["age"]), real(of["cumulative_revenue"])
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={
                "color": colour,
                "width": 2.6 if name in newest else 1.6,
                "dash": "4px,4px" if name in early else "solid",
            },
            hoverinfo="text",
            hovertext=[f"{plain(short[name])}, {a} on: {style.text(v, 'money')}" for a, v in zip(x, y, strict=True)],
        )
        ends.append((name, x[-1], y[-1]))
    high = max(y for _, _, y in ends)
    longest = max(x for _, x, _ in ends)
    said = [ends[0], *[e for e in ends if e[0] not in early][:1]]
    for name, x_end, y_end in dict.fromkeys(e for e in said if e[0] not in newest):
        edge = x_end > 0.85 * longest
        figure.add_annotation(
            x=x_end, y=y_end, text=plain(short[name]), xanchor="right" if edge else "left", yanchor="bottom",
            xshift=0 if edge else 2, yshift=7, bgcolor="rgba(255,255,255,0.75)", borderpad=0,
            font={"color": GREY},
        )  # fmt: skip
    every = _every(longest / 16)
    at = list(range(0, longest + 1, every))
    figure.update_xaxes(
        range=[0, longest * 1.02], tickvals=at, ticktext=[str(a) for a in at], showline=True, linecolor=HAIRLINE
    )
    marks = _round_marks(high)
    figure.update_yaxes(
        range=[min(0.0, *(y for _, _, y in ends)), high * 1.1], tickvals=marks,
        ticktext=_written(marks, style),
    )  # fmt: skip
    figure.update_layout(margin={"l": 64, "b": 52, "t": 48, "r": 12})
    _axis_title(figure, f"{cohorts.grid.grain}s since the first sale", -26)
    if newest:
        named = " to ".join(dict.fromkeys(plain(short[name]) for name in (newest[0], newest[-1])))
        figure.add_annotation(
            text=f"in colour: {named}", x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom",
            yshift=6, font={"color": style.accent},
        )  # fmt: skip
    if not style.narrow:
        dashed = "; dashed: may hold older customers" if early else ""
        _top_title(figure, f"{cohorts.revenue} so far, a customer{dashed}", 24)
    return figure


def base(cohorts: Cohorts, style: Style) -> Chart | None:
    """Stacked bars of net revenue by period: a layer a group of cohorts, the oldest below, the newest in colour."""
    if cohorts.base is None:
        return None
    frame = cohorts.base.frame
    frame = frame[~frame["partial"].astype(bool)]
    starts, bands = list(dict.fromkeys(frame["start"])), list(dict.fromkeys(frame["band"]))
    if len(starts) < 2 or len(bands) < 2:
        return None
    greys = [mixed(GREY, LIGHT, i / max(len(bands) - 2, 1)) for i in range(len(bands) - 1)]
    figure, mids, below = Chart(), [], 0.0
    for band, colour in zip(bands, [*greys, style.accent], strict=True):
        of = dict(
            zip(
                frame.loc[frame["band"] == band, "start"],
                real(frame.loc[frame["band"] == band, "revenue"]),
                strict=True,
            )
        )
        heights = [of.get(start, 0.0) for start in starts]
        figure.add_bar(
            x=list(range(len(starts))),
            y=heights,
            marker={"color": colour},
            hoverinfo="text",
            hovertext=[f"first sale in {plain(band)}: {style.text(h, 'money')}" for h in heights],
        )
        mids.append(below + heights[-1] / 2)
        below += max(0.0, heights[-1])
    totals = [sum(max(0.0, h) for h in heights) for heights in zip(*(t["y"] for t in figure.traces), strict=True)]
    lows = [sum(min(0.0, h) for h in heights) for heights in zip(*(t["y"] for t in figure.traces), strict=True)]
    high = max(*totals, 1e-9)
    head = "first sale" if cohorts.grid.grain == "week" else "first sale in"
    for band, y, last in zip(bands, spread(mids, high * 0.075), [b == bands[-1] for b in bands], strict=True):
        figure.add_annotation(
            x=len(starts) - 0.6, y=y, text=plain(_band(band)), xanchor="left", xshift=6,
            font={"color": style.accent if last else INK},
        )  # fmt: skip
    room = max(width(t) for t in (head, *(plain(_band(band)) for band in bands))) * style.slot.text + 16
    figure.update_layout(barmode="relative", bargap=0.22, margin={"r": room, "l": 56, "t": 26})
    grain = "month" if cohorts.grid.grain == "quarter" else cohorts.grid.grain
    figure.update_xaxes(**ticks(starts, grain, style))
    marks = _round_marks(high)
    figure.update_yaxes(range=[min(lows), high * 1.05], tickvals=marks, ticktext=_written(marks, style))
    figure.add_annotation(
        text=head, x=1, xref="paper", xanchor="left", xshift=0, y=1, yref="paper", yanchor="bottom",
        yshift=6, font={"color": GREY},
    )  # fmt: skip
    return figure


def _band(band: str) -> str:
    """A band of weeks by its first day; any other as it is."""
    weeks, begin, day = band.partition(" weeks from ")
    return f"from {day}" if begin else weeks.removeprefix("the ")


def life(cohorts: Cohorts, style: Style) -> Chart | None:
    """One cohort by age in three strips of bars: share that buys, orders a buyer, net revenue."""
    if cohorts.life is None:
        return None
    frame = cohorts.life.frame.iloc[1:]
    strips: list[tuple[str, str, Unit]] = [("share", "buyers", "share"), ("orders_each", "orders a buyer", "ratio")]
    if "revenue" in frame:
        strips.append(("revenue", cohorts.revenue.removesuffix(" before refunds"), "money"))
    figure, x = Chart(), list(frame["age"])
    for row, (column, _, unit) in enumerate(strips):
        heights = [max(0.0, v) for v in real(frame[column])]
        high = max(*heights, 1e-9)
        figure.add_bar(
            x=x,
            y=[h / high * 0.62 for h in heights],
            base=-row,
            marker={"color": style.accent if row == 0 else BAR},
            hoverinfo="text",
            hovertext=[f"{a} on: {style.text(v, unit)}" for a, v in zip(x, frame[column], strict=True)],
        )
        for i in _ends(heights) if len(x) > 6 or style.narrow else range(len(x)):
            figure.add_annotation(
                x=x[i], y=heights[i] / high * 0.62 - row, text=style.text(frame[column].iloc[i], unit),
                yanchor="bottom", yshift=1, font={"color": INK},
            )  # fmt: skip
    figure.update_layout(barmode="overlay", bargap=0.2, margin={"l": 110, "b": 40, "r": 26, "t": 34})
    every = _every(len(x) / 16)
    at = [a for a in x if a % every == 0]
    figure.update_xaxes(range=[x[0] - 0.6, x[-1] + 0.6], tickvals=at, ticktext=[str(a) for a in at])
    figure.update_yaxes(
        tickmode="array", tickvals=[0.3 - row for row in range(len(strips))], ticktext=[name for _, name, _ in strips],
        range=[0.95 - len(strips), 0.95], tickfont={"color": INK},
    )  # fmt: skip
    _axis_title(figure, f"{cohorts.grid.grain}s since the first sale", -22)
    first = style.text(int(cohorts.life.frame["active"].iloc[0]), "count")
    _top_title(figure, f"first sale in {plain(cohorts.life_of)}: {first} customers")
    return figure


def spread(heights: Sequence[float], least: float) -> list[float]:
    """The same heights, moved up where two would touch."""
    placed, floor = [0.0] * len(heights), float("-inf")
    for i in sorted(range(len(heights)), key=lambda i: (heights[i], i)):
        floor = placed[i] = max(heights[i], floor + least)
    return placed


def _round_marks(high: float) -> list[float]:
    """Nought and one to three round values up to the highest; nought alone where nothing is above it."""
    if high <= 0:
        return [0.0]
    size = 10.0 ** (len(str(int(high))) - 1) if high >= 1 else high
    step = next(s for s in (size * f for f in (0.2, 0.5, 1, 2, 5)) if high / s <= 4)
    return [step * i for i in range(int(high / step) + 1)]


def _every(least: float) -> int:
    """One label in so many periods, at least `least`: parts of a year, or whole years."""
    return next((step for step in (1, 2, 3, 6, 12) if step >= least), 12 * math.ceil(least / 12))


def _ends(heights: Sequence[float]) -> list[int]:
    """The first bar that can be seen, and the last."""
    seen = [i for i, height in enumerate(heights) if height > 0]
    return sorted({seen[0], seen[-1]}) if seen else []


def _written(marks: Sequence[float], style: Style) -> list[str]:
    return [style.text(m, "money") if m else "0" for m in marks]


def _axis_title(figure: Chart, text: str, shift: int = -30) -> None:
    figure.add_annotation(
        text=text, x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=shift,
        font={"color": GREY},
    )  # fmt: skip


def _top_title(figure: Chart, text: str, shift: int = 6) -> None:
    figure.add_annotation(
        text=text, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=shift,
        font={"color": GREY},
    )  # fmt: skip


def _alt_again(cohorts: Cohorts, style: Style) -> str:
    frame = cohorts.curves.frame
    groups = ("newest", "older") if "newest" in set(frame["group"]) else ("all",)
    words = {"newest": "newest cohorts", "older": "cohorts before", "all": "customers"}
    parts = [f"{words[g]}: {_listed(frame[frame['group'] == g], style)}" for g in groups]
    return f"Curves of the share with a second order by days since the first. {'; '.join(parts)}."


def _alt_second(cohorts: Cohorts, style: Style) -> str:
    frame = cohorts.curves.frame
    of = frame[frame["group"] == "all"]
    whom = f", of customers followed {of['day'].max()} days" if cohorts.unlike and len(of) else ""
    listed = _listed(of, style)
    return f"Curve of the share with a second order by days since the first, with its interval{whom}. {listed}."


def _listed(of: pd.DataFrame, style: Style) -> str:
    kept = of[of["day"].isin([*HORIZONS, of["day"].max()])]
    return ", ".join(
        f"{style.text(s, 'share')} within {d} days" for d, s in zip(kept["day"], real(kept["share"]), strict=True)
    )


def _alt_worth(cohorts: Cohorts, style: Style) -> str:
    frame = cohorts.worth.frame if cohorts.worth else pd.DataFrame({"group": [], "day": [], "value": []})
    last = frame[frame["day"] == frame["day"].max()]
    words = {"newest": "newest cohorts", "older": "cohorts before"}
    listed = "; ".join(
        f"{words[g]}: {style.text(v, 'money')} after {d} days"
        for g, d, v in zip(last["group"], last["day"], last["value"], strict=True)
    )
    return f"Lines of {cohorts.revenue} so far a customer by days since the first sale. {listed}."


def _alt_retention(cohorts: Cohorts, style: Style) -> str:
    cells = cohorts.cells.frame
    cells = cells[cells["age"] == 1]
    grain, names = cohorts.grid.grain, cells["cohort"].map(cohorts.grid.shorts())
    listed = "; ".join(f"{c}: {style.text(s, 'share')}" for c, s in zip(names, cells["share"], strict=True))
    return (
        f"Grid of the share of each cohort that bought, by {grain}s since its first sale. After one {grain}: {listed}."
    )


def _alt_value(cohorts: Cohorts, style: Style) -> str:
    cells = cohorts.cells.frame.dropna(subset=["cumulative_revenue"])
    last = cells.groupby("cohort", sort=True).tail(1)
    listed = "; ".join(
        f"{c}: {style.text(v, 'money')} after {a}"
        for c, a, v in zip(
            last["cohort"].map(cohorts.grid.shorts()), last["age"], last["cumulative_revenue"], strict=True
        )
    )
    return f"Lines of {cohorts.revenue} so far a customer, one a cohort, by {cohorts.grid.grain}s of age. {listed}."


def _alt_base(cohorts: Cohorts, style: Style) -> str:
    if cohorts.base is None:
        return ""
    frame = cohorts.base.frame
    frame = frame[~frame["partial"].astype(bool)]
    last = frame[frame["start"] == frame["start"].max()]
    listed = "; ".join(f"{b}: {style.text(n, 'money')}" for b, n in zip(last["band"], last["revenue"], strict=True))
    return f"Stacked bars of {cohorts.revenue} of known customers by time of first sale. In the last of them: {listed}."


def _alt_life(cohorts: Cohorts, style: Style) -> str:
    if cohorts.life is None:
        return ""
    frame = cohorts.life.frame
    listed = "; ".join(f"{a}: {style.text(s, 'share')}" for a, s in zip(frame["age"], frame["share"], strict=True))
    return f"Bars of one cohort by {cohorts.grid.grain}s since the first sale; share that bought: {listed}."


CELLS = ("cohort", "age", "customers", "active", "share")


def _compared(cohorts: Cohorts) -> Table:
    return cohorts.compared or cohorts.second


COMPARED = ("group", "cohorts", "customers", "days", "share", "value", "followed", "low", "high")
AGAIN = "Share with a second order, newest cohorts and those before"
WORTH = "Revenue a customer, newest cohorts and those before"
CELLS_TITLE = "Share of each cohort that bought, in percent: the darker, the more"

FIGURES = (
    Figure("again", again, "slide", _alt_again, _compared, COMPARED, AGAIN),
    Figure("worth", worth, "slide", _alt_worth, _compared, COMPARED, WORTH),
    Figure("retention", retention, "page", _alt_retention, lambda c: c.cells, CELLS, CELLS_TITLE),
    Figure("retention_long", retention_long, "page_tall", _alt_retention, lambda c: c.cells, CELLS, CELLS_TITLE),
    Figure(
        "second", second, "page", _alt_second, lambda c: c.second,
        ("days", "followed", "observed", "share", "low", "high"),
        "Share with a second order by days since the first",
    ),
    Figure(
        "value", value, "page", _alt_value, lambda c: c.cells, ("cohort", "age", "cumulative_revenue"),
        "Revenue so far a customer, a line a cohort",
    ),
    Figure(
        "base", base, "page", _alt_base, lambda c: c.base or c.cells, ("period", "band", "revenue"),
        "Revenue of known customers by time of first sale, complete periods",
    ),
    Figure(
        "life", life, "page", _alt_life, lambda c: c.life or c.cells,
        ("age", "active", "share", "orders_each", "revenue"),
        "One cohort over its life",
    ),
)  # fmt: skip
