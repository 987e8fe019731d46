"""Plotly figures as charts of PowerPoint: the values stay, and what PowerPoint cannot draw is refused."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from analysis.finding import Table
from dataset.settings import Settings
from report.figure import SLOTS, Drawn, Style, finished, named_rows, ranked
from report.native_charts import Native, native, rgb

STYLE = Style(Settings(), SLOTS["slide"])


def _drawn(figure: go.Figure) -> Drawn:
    frame = pd.DataFrame({"name": ["a", "b", "c"], "value": [3.0, 2.0, 1.0]})
    table = Table(frame, {"name": "Name", "value": "Value"}, {}, "A table", "analysis/x.py")
    made = finished(figure, STYLE)
    assert made is not None
    return Drawn("x-y", "A figure", "alt", table, ("name", "value"), made, made, STYLE.slot)


def _native(figure: go.Figure) -> Native:
    made = native(_drawn(figure))
    assert made is not None
    return made


def _bars() -> go.Figure:
    return ranked(["one", "two", "three"], [3.0, 2.0, 1.0], ["3 €", "2 €", "1 €"], ["", "", ""], ["#0b57a4"] * 3, STYLE)


def test_bars_keep_values_names_labels_and_colours() -> None:
    made = _native(_bars())
    assert made.kind == "bar" and made.named and made.names == ("one", "two", "three")
    (series,) = made.series
    assert series.y == (3.0, 2.0, 1.0) and set(series.colours) == {"#0b57a4"}
    assert [series.labels[at][0].text.strip() for at in range(3)] == ["3 €", "2 €", "1 €"]


def test_the_longest_bar_leaves_room_for_its_label() -> None:
    figure = ranked(["a"], [1.0], ["a label that is as long as a sentence"], [""], ["#0b57a4"], STYLE)
    left, _, wide, _ = _native(figure).box
    assert left + wide < STYLE.slot.width - 200


def test_rows_are_as_high_as_in_the_figure() -> None:
    top, high = _native(_bars()).box[1], _native(_bars()).box[3]
    assert 0 <= top < 12 and high == pytest.approx((STYLE.slot.height - 8) * 3 / 4, abs=2)  # four rows at least


def test_stacked_columns() -> None:
    figure = go.Figure([go.Bar(x=[0, 1], y=[1.0, 2.0], marker={"color": c}) for c in ("#111111", "#222222")])
    figure.update_layout(barmode="stack")
    made = _native(figure)
    assert made.kind == "column" and made.stacked and made.overlap == 100 and len(made.series) == 2


def test_a_bar_without_whiskers_beside_one_with_them() -> None:
    error = {"type": "data", "symmetric": False, "array": [1.0, None, 0.5], "arrayminus": [0.5, None, 0.5]}
    (series,) = _native(_bars().update_traces(error_x=error)).series
    assert series.whiskers == {0: (0.5, 1.0), 2: (0.5, 0.5)}


def test_whiskers_and_dots_over_bars() -> None:
    lying = _bars().add_scatter(x=[2.5, 3.5], y=[0, 0], mode="lines")
    assert _native(lying).series[0].whiskers == {0: (0.5, 0.5)}
    standing = go.Figure(go.Bar(x=[0, 1], y=[1.0, 2.0], marker={"color": "#111111"}))
    standing.add_scatter(x=[0, 1], y=[1.5, 1.0], mode="markers", marker={"color": "#222222", "size": 12})
    assert _native(standing).dots[0].y == (1.5, 1.0)


def test_a_waterfall_stands_on_bars_that_are_not_seen() -> None:
    figure = go.Figure(go.Bar(orientation="h", x=[5.0, -2.0, 3.0], base=[0.0, 5.0, 0.0], y=[0, 1, 2]))
    named_rows(figure, ["up", "down", "sum"])
    unseen, seen = _native(figure).series
    assert unseen.y == (0.0, 3.0, 0.0) and seen.y == (5.0, 2.0, 3.0) and rgb(unseen.colours[0])[1] == 0


def test_lines_points_and_bands() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1, 2], y=[0, 1, 4], mode="lines", line={"color": "#0b57a4", "width": 3}))
    figure.add_scatter(x=[0, 2, 2, 0], y=[0, 1, 2, 1], fill="toself", fillcolor="rgba(1,2,3,0.5)", mode="lines")
    figure.add_scatter(x=[1, 2], y=[1, 4], mode="markers", marker={"color": ["#111111", "#222222"]})
    made = _native(figure)
    assert made.kind == "points" and [s.y for s in made.series] == [(0.0, 1.0, 4.0), (1.0,), (4.0,)]
    assert made.under[0].filled and rgb(made.under[0].colour) == ("010203", 0.5)


def test_a_line_of_many_colours_keeps_its_line() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1], y=[1, 1], mode="lines+markers", marker={"color": ["#111111", "#222222"]}))
    assert [(len(s.x), s.line > 0, s.marker > 0) for s in _native(figure).series] == [
        (2, True, False),
        (1, False, True),
        (1, False, True),
    ]


def test_steps_have_their_corners() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1, 2], y=[0, 1, 1], mode="lines", line={"shape": "hv"}))
    (series,) = _native(figure).series
    assert list(zip(series.x, series.y, strict=True)) == [(0, 0), (1, 0), (1, 1), (2, 1)]


def test_annotations_stand_where_they_stood() -> None:
    figure = go.Figure(go.Scatter(x=[0, 10], y=[0, 10], mode="lines"))
    figure.update_xaxes(range=[0, 10], visible=False)
    figure.update_yaxes(range=[0, 10], visible=False)
    figure.add_annotation(
        x=5, y=5, text="<b>half</b><br>way", xanchor="left", yanchor="middle", font={"color": "#111111"}
    )
    made = _native(figure)
    (label,) = made.labels
    left, top, wide, high = made.box
    assert label.x == pytest.approx(left + wide / 2) and label.y + label.height / 2 == pytest.approx(top + high / 2)
    assert [[(r.text, r.bold) for r in line] for line in label.lines] == [[("half", True)], [("way", False)]]


@pytest.mark.parametrize(
    "figure",
    [
        go.Figure(),
        go.Figure(go.Heatmap(z=[[1]])),
        go.Figure(go.Bar(x=["a", "b"], y=[1, 2])),
        go.Figure(go.Bar(x=[0, 2], y=[1, 2])),
        go.Figure(go.Bar(x=[0, 1], y=[1, None])),
        go.Figure(go.Bar(x=[0, 1], y=[-1, 2], base=[0, 0])),
        go.Figure(go.Scatter(x=[0, None, 1], y=[0, None, 1])),
        go.Figure(go.Scatter(x=[0, 1], y=[0, 1], stackgroup="all")),
        go.Figure(go.Scatter(x=[0, 1], y=[0, 1], mode="markers", marker={"opacity": 0})),
        go.Figure(go.Scatter(x=[0, 1], y=[0, 1]), layout={"shapes": [{"type": "path", "path": "M 0 0 Z"}]}),
    ],
)
def test_what_powerpoint_has_no_chart_for_is_left_to_a_picture(figure: go.Figure) -> None:
    assert native(_drawn(figure)) is None
