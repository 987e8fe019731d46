"""What each test can show beside what is assumed of it, and what the last ones showed."""

from __future__ import annotations

from analysis.experiment import Experiment
from analysis.experiment_design import FILLS, READY
from analysis.finding import Table
from analysis.ground import noun
from analysis.uplift import HARMED, WORKED
from report.chart import Chart
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, named_rows, real

MOST = 9


def designs(experiment: Experiment, style: Style) -> Chart | None:
    """A row an action: who buys anyway (grey) and from where an uplift shows, in colour where the assumed one does."""
    frame = experiment.designs.frame.head(MOST)
    if not experiment.measured or frame["detectable"].isna().all():
        return None
    base, shows, assumed = (real(frame[c]) for c in ("baseline", "detectable", "response"))
    figure, names = Chart(), []
    for row, record in enumerate(frame.to_dict("records")):
        there = record["detectable"] == record["detectable"]
        able = record["verdict"] in (READY, FILLS)
        colour = style.accent if able else GREY
        end = base[row] + shows[row]
        names.append(_name(record, style))
        hover = f"<b>{style.name(record['name'])}</b><br>{style.text(base[row], 'share')} buy anyway"
        figure.add_scatter(
            x=[base[row], end], y=[row, row], mode="lines+markers", hoverinfo="text",
            hovertext=[hover, f"{hover}<br>shows from {_points(shows[row], style)} on"],
            line={"color": BAR, "width": 3},
            marker={"color": [BAR, colour], "size": [11, 13 if there else 1], "opacity": 1},
        )  # fmt: skip
        words = f"{_points(shows[row], style)}{' points show' if row == 0 else ''}" if there else "no change shows"
        if not style.narrow:
            words += (
                f" <span style='color:{GREY}'>({_points(assumed[row], style)}{' assumed' if row == 0 else ''})</span>"
            )
        figure.add_annotation(x=end, y=row, xanchor="left", xshift=12, text=words, font={"color": INK})
        share = style.text(base[row], "share") + (" buy anyway" if row == 0 and base[row] > 0.35 else "")
        figure.add_annotation(x=base[row], y=row, xanchor="right", xshift=-10, text=share, font={"color": GREY})
    most = max(b + s for b, s in zip(base, shows, strict=True))
    figure.update_layout(margin={"r": 140 if style.narrow else 260, "t": 4, "b": 4}, showlegend=False)
    figure.update_xaxes(visible=False, range=[-0.13 * most, most * 1.02])
    named_rows(figure, names)
    return figure


def _points(value: float, style: Style) -> str:
    """A difference of shares in percentage points, with its sign, for a chart whose title names them."""
    return style.text(value, "points", signed=True).removesuffix(" points")


def _name(record: dict[str, object], style: Style) -> str:
    """The action, and below it the arms and the weeks."""
    name = style.name(record["name"])
    if style.narrow:
        return name
    arms = f"{style.text(record['treatment'], 'count')} : {style.text(record['control'], 'count')}"
    weeks = record["weeks"]
    when = "" if weeks != weeks else f", {style.text(weeks, 'count')} {noun(weeks, 'week')}"  # type: ignore[arg-type]
    return f"{name}<br><span style='color:{GREY}'>{arms}{when}</span>"


def outcomes(experiment: Experiment, style: Style) -> Chart | None:
    """A row an action of the last report: treated less left alone with its interval, in colour where it is shown."""
    if experiment.outcomes is None or experiment.outcomes.frame["change"].isna().all():
        return None
    frame = experiment.outcomes.frame.dropna(subset=["change"]).head(MOST)
    gap, low, high = (real(frame[c]) for c in ("change", "change_low", "change_high"))
    figure, names = Chart(), []
    figure.add_shape(type="line", x0=0, x1=0, y0=-0.5, y1=len(frame) - 0.5, line={"color": HAIRLINE, "width": 2})
    for row, record in enumerate(frame.to_dict("records")):
        told = record["verdict"] in (WORKED, HARMED)
        colour = style.accent if told else GREY
        names.append(style.name(record["name"]))
        ends = f"{_points(low[row], style)} to {_points(high[row], style)}"
        figure.add_scatter(
            x=[low[row], high[row]], y=[row, row], mode="lines", line={"color": colour, "width": 3}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=[gap[row]], y=[row], mode="markers", marker={"color": colour, "size": 13}, hoverinfo="text",
            hovertext=[f"<b>{names[-1]}</b><br>{_points(gap[row], style)}, {ends}<br>{record['verdict']}"],
        )  # fmt: skip
        words = str(record["verdict"]).split(":")[0] if told or style.narrow is False else ""
        text = f"{_points(gap[row], style)} <span style='color:{GREY}'>{words}</span>"
        figure.add_annotation(x=1, xref="paper", y=row, xanchor="left", xshift=8, text=text, align="left")
    figure.update_layout(margin={"r": 90 if style.narrow else 225, "t": 4, "b": 4}, showlegend=False)
    figure.update_xaxes(visible=False, range=[min(*low, 0.0), max(*high, 0.0)])
    named_rows(figure, names)
    return figure


def _designs(experiment: Experiment) -> Table:
    return experiment.designs


def _outcomes(experiment: Experiment) -> Table:
    assert experiment.outcomes is not None  # asked for of a drawn figure only
    return experiment.outcomes


def _alt_designs(experiment: Experiment, style: Style) -> str:
    rows = experiment.designs.frame.head(MOST).to_dict("records")
    told = "; ".join(
        f"{style.name(r['name'])}: {style.text(r['baseline'], 'share')} buy anyway, an uplift shows from "
        f"{_points(r['detectable'], style)} points on, {_points(r['response'], style)} is assumed"
        for r in rows
    )
    return f"For each action the share who buy anyway and the smallest uplift that would show. {told}."


def _alt_outcomes(experiment: Experiment, style: Style) -> str:
    rows = _outcomes(experiment).frame.dropna(subset=["change"]).head(MOST).to_dict("records")
    told = "; ".join(
        f"{style.name(r['name'])}: {_points(r['change'], style)}, {_points(r['change_low'], style)} to "
        f"{_points(r['change_high'], style)}, {r['verdict']}"
        for r in rows
    )
    return f"For each tested action the share who bought, treated less left alone, with its interval. {told}."


FIGURES = (
    Figure(
        "designs",
        designs,
        "slide_titled",
        _alt_designs,
        _designs,
        ("name", "treatment", "control", "baseline", "detectable", "response", "weeks"),
        "How many buy anyway, and the smallest uplift that shows",
    ),
    Figure(
        "outcomes",
        outcomes,
        "slide_low",
        _alt_outcomes,
        _outcomes,
        ("name", "treated_rate", "control_rate", "change", "change_low", "change_high", "verdict"),
        "Bought since the last report: treated less left alone, with intervals",
    ),
)
