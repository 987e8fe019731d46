"""The groups customers form: shares, how many there are, where they lie, what sets them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from analysis.clusters import EVERYONE, Clusters
from analysis.finding import Table
from report.chart import Chart
from report.figure import (
    BAR,
    GREY,
    HAIRLINE,
    INK,
    LIGHT,
    Figure,
    Style,
    mixed,
    paired,
    plain,
    ranked,
    real,
    width,
)

# The 3-D view: the directions of the three measures on paper, seen from a corner above.
CORNER = ((0.86, -0.36), (-0.86, -0.36), (0.0, 0.94))


def shares(clusters: Clusters, style: Style) -> Chart | None:
    """Two bars a cluster, the first in colour; nothing where customers form no clear groups."""
    frame = _groups(clusters)
    if not clusters.clear or frame["share_net"].isna().any():
        return None
    names, customers = [_broken(style.name(n)) for n in frame["cluster"]], real(frame["share_customers"])
    spoken = [at == 0 for at in range(len(frame))]
    return paired(names, customers, real(frame["share_net"]), spoken, _hover(frame, style), style)


def choice(clusters: Clusters, style: Style) -> Chart | None:
    """Silhouette of each number of clusters on the left, inertia (the elbow) on the right; the chosen in colour."""
    if clusters.choice is None:
        return None
    frame = clusters.choice.frame
    count, colours = list(frame["clusters"]), [style.accent if c else BAR for c in frame["chosen"]]
    figure = Chart()
    silhouettes, inertia = real(frame["silhouette"]), real(frame["inertia"])
    figure.add_bar(
        x=count,
        y=silhouettes,
        marker={"color": colours},
        hoverinfo="text",
        cliponaxis=False,
        constraintext="none",
        text=[
            style.text(s, "ratio") if c or not style.narrow else ""
            for s, c in zip(silhouettes, frame["chosen"], strict=True)
        ],
        textposition="outside",
        textangle=0,
        hovertext=[f"{k}: {style.text(s, 'ratio')}" for k, s in zip(count, silhouettes, strict=True)],
    )
    figure.add_scatter(
        x=count,
        y=inertia,
        xaxis="x2",
        yaxis="y2",
        mode="lines+markers",
        line={"color": BAR, "width": 2},
        marker={"color": colours, "size": 12},
        hoverinfo="text",
        hovertext=[f"{k}: {style.text(v, 'ratio')}" for k, v in zip(count, inertia, strict=True)],
    )
    across = {"tickmode": "array", "tickvals": count, "ticktext": [str(k) for k in count]}
    figure.update_layout(
        xaxis={"domain": [0, 0.46], **across},
        xaxis2={"domain": [0.56, 1], "anchor": "y2", "range": [count[0] - 0.5, count[-1] + 0.5], **across},
        yaxis={"visible": False, "range": [min(0.0, *silhouettes), max(*silhouettes, 0.01) * 1.12]},
        yaxis2={"visible": False, "anchor": "x2", "range": [0, max(*inertia, 0.01) * 1.08]},
        margin={"t": 34, "b": 28},
        bargap=0.24,
    )
    for text, x in (("silhouette by number of clusters", 0), ("inertia by number of clusters", 0.56)):
        figure.add_annotation(**_corner(text, x))
    return figure


def plane(clusters: Clusters, style: Style) -> Chart | None:
    """An even sample of customers on the first two principal components, each cluster named at its middle."""
    frame = clusters.points.frame
    figure = _scattered(clusters, frame, real(frame["first"]), real(frame["second"]), style)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.update_layout(margin={"t": 24, "b": 24})
    _named(figure, _colours(clusters, style), style)
    figure.add_annotation(**_corner("second component ↑", 0))
    figure.add_annotation(
        text="first component →",
        x=1,
        xref="paper",
        xanchor="right",
        y=0,
        yref="paper",
        yanchor="top",
        yshift=-4,
        font={"color": GREY},
    )
    return figure


def space(clusters: Clusters, style: Style) -> Chart | None:
    """The same customers by recency, orders and revenue in three dimensions, seen from a corner."""
    frame, axes = clusters.points.frame, ("recency", "frequency", "monetary")
    if any(axis not in frame for axis in axes):
        return None
    x, y = (frame[list(axes)].clip(-3, 3).to_numpy() @ CORNER).T.tolist()
    figure = _scattered(clusters, frame, x, y, style)
    for (right, up), word in zip(CORNER, ("days since the last sale", "orders", "revenue"), strict=True):
        figure.add_shape(
            type="line",
            x0=-3.4 * right,
            y0=-3.4 * up,
            x1=3.4 * right,
            y1=3.4 * up,
            layer="below",
            line={"color": LIGHT, "width": 1},
        )
        figure.add_annotation(
            x=3.5 * right,
            y=3.5 * up,
            text=f"more {word}",
            font={"color": GREY},
            xanchor="center" if not right else "right" if right > 0 else "left",
            yshift=-22 if up < 0 else 10,
        )
    _named(figure, _colours(clusters, style), style)
    figure.update_xaxes(visible=False, range=[-4.6, 4.6])
    figure.update_yaxes(visible=False, range=[-3.6, 3.9])
    return figure


def profile(clusters: Clusters, style: Style) -> Chart | None:
    """A cell a measure and cluster: how far its mean lies from the average; drawn as shapes."""
    frame = clusters.profile.frame
    names, measures = list(dict.fromkeys(frame["cluster"])), list(dict.fromkeys(frame["measure"]))
    figure = Chart()
    for cluster, measure, value in frame.itertuples(index=False):
        column, row = names.index(cluster), measures.index(measure)
        strength = min(1.0, abs(value) / 2)
        figure.add_shape(
            type="rect",
            x0=column - 0.48,
            x1=column + 0.48,
            y0=row - 0.45,
            y1=row + 0.45,
            line={"width": 0},
            layer="below",
            fillcolor=mixed("#f6f7f9", style.accent if value > 0 else GREY, strength),
        )
        figure.add_annotation(
            x=column,
            y=row,
            text=_deviation(value, style),
            font={"color": "#ffffff" if strength > 0.55 else INK},
        )
    figure.add_scatter(x=[0], y=[0], mode="markers", marker={"opacity": 0}, hoverinfo="skip")
    figure.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[_broken(plain(n), 14) for n in names],
        range=[-0.5, len(names) - 0.5],
        tickfont={"color": INK},
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(measures))),
        ticktext=[_broken(m, 12) if style.narrow else m for m in measures],
        range=[len(measures) - 0.5, -0.5],
    )
    figure.update_layout(margin={"t": 50})
    return figure


def radar(clusters: Clusters, style: Style) -> Chart | None:
    """The same profile as a net: a line a cluster."""
    frame = clusters.profile.frame
    colours = _colours(clusters, style)
    figure = Chart()
    for at, (name, own) in enumerate(frame.groupby("cluster", sort=False)):
        values = [max(-2.0, min(2.0, v)) for v in own["deviation"]]
        figure.add(
            "scatterpolar",
            r=[*values, values[0]],
            theta=[*own["measure"], own["measure"].iloc[0]],
            mode="lines",
            line={"color": colours[name], "width": 3 if at == 0 else 2},
            hoverinfo="text",
            hovertext=plain(name),
        )
    _named(figure, colours, style)
    figure.update_layout(
        polar={
            "radialaxis": {
                "range": [-2, 2],
                "tickvals": [-2, 0, 2],
                "showticklabels": False,
                "gridcolor": HAIRLINE,
                "linecolor": HAIRLINE,
            },
            "angularaxis": {"gridcolor": HAIRLINE, "linecolor": HAIRLINE, "tickfont": {"color": GREY, "size": 12}},
            "domain": {"x": [0.16, 0.8], "y": [0.08, 0.92]},
            "bgcolor": "rgba(0,0,0,0)",
        }
    )
    return figure


def importance(clusters: Clusters, style: Style) -> Chart | None:
    """How much of each measure's variance lies between the clusters, the most first."""
    frame = _explained(clusters)
    values = real(frame["importance"])
    texts = [style.text(v, "share") for v in values]
    colours = [style.accent if at == 0 else BAR for at in range(len(values))]
    return ranked([plain(m) for m in frame["measure"]], values, texts, texts, colours, style)


def _groups(clusters: Clusters) -> pd.DataFrame:
    return clusters.groups.frame[clusters.groups.frame["cluster"] != EVERYONE]


def _explained(clusters: Clusters) -> pd.DataFrame:
    frame = clusters.features.frame
    return frame[frame["importance"].notna()].sort_values("importance", ascending=False, kind="stable")


def _colours(clusters: Clusters, style: Style) -> dict[str, str]:
    """A colour a cluster: the first in the accent, the others from dark to light grey."""
    names = list(clusters.model.names)
    greys = [mixed("#4a545e", "#b4bcc4", at / max(len(names) - 2, 1)) for at in range(len(names) - 1)]
    return dict(zip(names, [style.accent, *greys], strict=True))


def _scattered(clusters: Clusters, frame: pd.DataFrame, x: Sequence[float], y: Sequence[float], style: Style) -> Chart:
    figure, colours = Chart(), _colours(clusters, style)
    spots = pd.DataFrame({"x": x, "y": y, "cluster": list(frame["cluster"])})
    for name in reversed(clusters.model.names):
        own = spots[spots["cluster"] == name]
        figure.add_scatter(
            x=list(own["x"]),
            y=list(own["y"]),
            mode="markers",
            hoverinfo="text",
            hovertext=plain(name),
            marker={"color": colours[name], "size": 4.5},
            cliponaxis=False,
        )
    return figure


def _deviation(value: float, style: Style) -> str:
    """Standard deviations from the average, with their sign and one decimal."""
    size = style.text(round(abs(value), 1), "ratio").removesuffix("0")
    return size if round(value, 1) == 0 else f"{'+' if value > 0 else '−'}{size}"


def _named(figure: Chart, colours: Mapping[str, str], style: Style) -> None:
    """The clusters' names in their colours, one below the other in a margin of their own at the left."""
    shown = {name: _broken(plain(name), 16) for name in colours}
    room = max(width(line) for name in shown.values() for line in name.split("<br>")) * style.slot.text * 1.12 + 16
    figure.update_layout(margin={"l": room})
    for at, (name, colour) in enumerate(colours.items()):
        figure.add_annotation(
            text=f"<b>{shown[name]}</b>",
            x=0,
            xref="paper",
            xanchor="left",
            xshift=-room + 4,
            align="left",
            y=1 - at * 0.13,
            yref="paper",
            yanchor="top",
            font={"color": colour},
        )


def _corner(text: str, x: float) -> dict[str, object]:
    return {
        "text": text,
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": 8,
        "font": {"color": GREY},
    }


def _broken(name: str, most: int = 20) -> str:
    """A long name on two lines, broken before its bracket or at the blank nearest the middle."""
    if len(name) <= most or " " not in name:
        return name
    if " (" in name:
        return name.replace(" (", "<br>(", 1)
    at = min((i for i, c in enumerate(name) if c == " "), key=lambda i: abs(i - len(name) / 2))
    return f"{name[:at]}<br>{name[at + 1 :]}"


def _hover(frame: pd.DataFrame, style: Style) -> list[str]:
    return [
        f"<b>{plain(r.cluster)}</b><br>{style.text(r.customers, 'count', compact=False)} customers"
        f"<br>revenue: {style.text(r.net, 'money', compact=False)}"
        for r in frame.itertuples()
    ]


def _alt_shares(clusters: Clusters, style: Style) -> str:
    rows = zip(*(_groups(clusters)[c] for c in ("cluster", "share_customers", "share_net")), strict=True)
    listed = "; ".join(
        f"{n}: {style.text(c, 'share')} of customers, {style.text(r, 'share')} of revenue" for n, c, r in rows
    )
    return f"Bars by cluster. {listed}."


def _alt_choice(clusters: Clusters, style: Style) -> str:
    if clusters.choice is None:
        return ""
    rows = clusters.choice.frame.itertuples()
    listed = "; ".join(f"{r.clusters} clusters: {style.text(r.silhouette, 'ratio')}" for r in rows)
    return f"Bars of the silhouette, and a line of the inertia, by number of clusters. {listed}."


def _alt_points(what: str) -> Callable[[Clusters, Style], str]:
    def told(clusters: Clusters, style: Style) -> str:
        return f"Points of {style.text(len(clusters.points.frame), 'count')} customers {what}, by cluster."

    return told


def _alt_profile(clusters: Clusters, style: Style) -> str:
    """Where each cluster stands out most."""
    listed = []
    for name, own in clusters.profile.frame.groupby("cluster", sort=False):
        most = own.loc[own["deviation"].abs().idxmax()]
        listed.append(f"{name}: {most['measure']} {_deviation(most['deviation'], style)}")
    return "Means of standardised measures by cluster. Furthest from the average: " + "; ".join(listed) + "."


def _alt_importance(clusters: Clusters, style: Style) -> str:
    rows = _explained(clusters).itertuples()
    return "Bars by measure. " + "; ".join(f"{r.measure}: {style.text(r.importance, 'share')}" for r in rows) + "."


def _table(name: str) -> Callable[[Clusters], Table]:
    """The table a figure draws; where there is none, that of the groups."""

    def of(clusters: Clusters) -> Table:
        return getattr(clusters, name) or clusters.groups

    return of


FIGURES = (
    Figure(
        "shares",
        shares,
        "slide",
        _alt_shares,
        _table("groups"),
        ("cluster", "customers", "share_customers", "share_net"),
        "Clusters by share of customers and of revenue",
    ),
    Figure(
        "choice",
        choice,
        "page_low",
        _alt_choice,
        _table("choice"),
        ("clusters", "silhouette", "inertia"),
        "Silhouette and inertia (elbow) by number of clusters",
    ),
    Figure(
        "plane",
        plane,
        "page",
        _alt_points("on the first two components"),
        _table("groups"),
        ("cluster", "customers"),
        "Customers on the first two principal components",
    ),
    Figure(
        "profile",
        profile,
        "page",
        _alt_profile,
        _table("profile"),
        ("cluster", "measure", "deviation"),
        "Profile: mean of each measure, in standard deviations from the average",
    ),
    Figure(
        "radar",
        radar,
        "page",
        _alt_profile,
        _table("profile"),
        ("cluster", "measure", "deviation"),
        "The same profile as a net; the middle ring is the average",
    ),
    Figure(
        "space",
        space,
        "page",
        _alt_points("by recency, orders and revenue in three dimensions"),
        _table("groups"),
        ("cluster", "customers"),
        "Customers by recency, orders and revenue in three dimensions",
    ),
    Figure(
        "importance",
        importance,
        "page",
        _alt_importance,
        _table("features"),
        ("measure", "importance"),
        "Importance: share of each measure’s variance that lies between clusters",
    ),
)
