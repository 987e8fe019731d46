"""Whether offers foretell the next order, how sure the lists are, and which products are bought by the same people."""

from __future__ import annotations

from analysis.finding import Table
from analysis.recommend import Recommend
from analysis.recommend_trial import BESTSELLERS, SIMILAR
from dataset.errors import shown
from report.chart import Chart, bar
from report.figure import (
    BAR,
    GREY,
    HAIRLINE,
    INK,
    NAME,
    Figure,
    Style,
    axis_names,
    mixed,
    named_rows,
    plain,
    real,
    width,
)

PALE = "#f1f4f7"
SQUARE = 20  # pixels of a cell in which a number can be read


def hits(recommend: Recommend, style: Style) -> Chart | None:
    """A bar a way to choose five products: its hit rate with its interval; the one that is used in colour."""
    if recommend.methods is None:
        return None
    frame = recommend.methods.frame
    used = SIMILAR if recommend.better else BESTSELLERS
    rate, low, high = (real(frame[c]) for c in ("rate", "low", "high"))
    rows, figure = list(range(len(frame))), Chart()
    texts = [
        style.text(r, "share")
        + (f" of next orders hit ({style.text(a, 'share')} to {style.text(b, 'share')})" if at == 0 else "")
        + (f" ({style.text(a, 'share')} to {style.text(b, 'share')})" if at and not style.narrow else "")
        for at, (r, a, b) in enumerate(zip(rate, low, high, strict=True))
    ]
    if style.narrow:
        texts = [style.text(r, "share") for r in rate]
    figure.add_bar(
        orientation="h",
        x=rate,
        y=rows,
        marker={"color": [style.accent if name == used else BAR for name in frame["method"]]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [b - r for r, b in zip(rate, high, strict=True)],
            "arrayminus": [r - a for r, a in zip(rate, low, strict=True)],
            "color": INK,
            "thickness": 1.5,
            "width": 5,
        },
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(row['method'], 60)}</b><br>{style.text(row['hits'], 'count', compact=False)} of "
            f"{style.text(row['customers'], 'count', compact=False)} customers"
            for row in frame.to_dict("records")
        ],
    )
    for row, text in enumerate(texts):
        figure.add_annotation(x=high[row], y=row, text=text, xanchor="left", xshift=6)
    named_rows(figure, [_method(name) for name in frame["method"]])
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])
    most = max(*high, 1e-9)
    room = max(width(t) * style.slot.text for t in texts) + 16
    figure.update_xaxes(visible=False, range=[0, most * 1.02])
    figure.update_layout(margin={"r": room, "t": 4, "b": 4}, bargap=0.42)
    return figure


def _method(name: str) -> str:
    """The way to choose on two lines where it is long."""
    return plain(name, 60).replace(" of the favourite", "<br>of the favourite").capitalize()


def scores(recommend: Recommend, style: Style) -> Chart | None:
    """How many offers have which sum of cosines."""
    if recommend.scores is None:
        return None
    frame = recommend.scores.frame
    counts, low = real(frame["offers"]), real(frame["low"])
    figure = Chart(
        bar(
            x=[at + 0.5 for at in range(len(counts))],
            y=counts,
            width=0.94,
            marker={"color": BAR},
            hoverinfo="text",
            hovertext=[style.text(int(c), "count", compact=False) for c in counts],
        )
    )
    top = max(range(len(counts)), key=lambda at: counts[at])
    figure.add_annotation(
        x=top + 0.5, y=counts[top], text=f"{style.text(int(counts[top]), 'count')} offers", yanchor="bottom",
        xanchor="left" if top < 3 else "center", font={"color": INK},
    )  # fmt: skip
    every = 5 if style.narrow else 4
    at = list(range(0, len(counts), every))
    last = len(counts) - 1
    figure.update_xaxes(
        tickmode="array",
        tickvals=[*at, last] if last - at[-1] > 1 else at,
        ticktext=[style.text(low[i], "ratio") for i in ([*at, last] if last - at[-1] > 1 else at)],
        range=[-0.1, len(counts) + 0.1],
        showline=True,
        linecolor=HAIRLINE,
        tickangle=0,
    )
    figure.update_yaxes(visible=False, range=[0, max(*counts, 1) * 1.15])
    figure.update_layout(margin={"l": 24, "t": 16, "b": 50})
    axis_names(figure, "score: sum of cosines; the last bar holds all above", "", below=-26)
    return figure


def heatmap(recommend: Recommend, style: Style) -> Chart | None:
    """A cell a pair of the products with most buyers: the darker, the more alike; drawn as shapes."""
    frame = recommend.heat.frame
    if not len(frame) or (style.narrow and len(frame) < 2):
        return None
    names = dict(zip(frame["place"].tolist(), frame["product"], strict=True))
    count, most = len(names), max(*real(frame["cosine"]), 1e-9)
    cosine, across = real(frame["cosine"]), frame["with_place"].tolist()
    down = frame["place"].tolist()
    shapes = [
        {
            "type": "rect", "x0": x - 0.47, "x1": x + 0.47, "y0": y - 0.47, "y1": y + 0.47, "line": {"width": 0},
            "layer": "below", "fillcolor": mixed(PALE, style.accent, value / most),
        }
        for x, y, value in zip(across, down, cosine, strict=True)
    ]  # fmt: skip
    left = 44 if style.narrow else 236
    written = (style.slot.width - left) / count >= SQUARE
    figure = Chart()
    figure.add_scatter(
        x=across,
        y=down,
        mode="text" if written else "markers",
        marker={"opacity": 0, "size": 16},
        text=[f"{100 * value:.0f}" if value else "" for value in cosine],
        textfont={"color": ["#ffffff" if value / most > 0.55 else INK for value in cosine], "size": 12},
        hoverinfo="text",
        hovertext=[
            f"{plain(p)}<br>with {plain(w)}<br>cosine {style.text(c, 'ratio')}, "
            f"{style.text(int(b), 'count', compact=False)} bought both"
            for p, w, c, b in zip(frame["product"], frame["with"], cosine, frame["both"], strict=True)
        ],
    )
    numbers = [str(at + 1) for at in range(count)]
    named = numbers if style.narrow else [f"{plain(names[at])}  {at + 1}" for at in range(count)]
    figure.update_xaxes(
        range=[-0.5, count - 0.5], side="top", tickvals=list(range(count)), ticktext=numbers,
        tickfont={"size": 12, "color": GREY}, tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        range=[count - 0.5, -0.5], tickvals=list(range(count)), ticktext=named, tickfont={"size": 12, "color": INK}
    )
    figure.update_layout(shapes=shapes, margin={"l": left, "t": 26, "b": 4, "r": 4})
    return figure


def _alt_hits(recommend: Recommend, style: Style) -> str:
    frame = recommend.methods.frame if recommend.methods else None
    listed = "; ".join(
        f"{r.method}: {style.text(r.rate, 'share')}, {style.text(r.low, 'share')} to {style.text(r.high, 'share')}"
        for r in (frame.itertuples() if frame is not None else ())
    )
    return f"Bars of the share of last orders that five offers hit, by how these were chosen. {listed}."


def _alt_scores(recommend: Recommend, style: Style) -> str:
    frame = recommend.scores.frame if recommend.scores else None
    listed = "; ".join(
        f"from {style.text(r.low, 'ratio')}: {style.text(int(r.offers), 'count')}"
        for r in (frame.itertuples() if frame is not None else ())
    )
    return f"Bars of offers of similar products by their score. {listed}."


def _alt_heat(recommend: Recommend, style: Style) -> str:
    frame = recommend.heat.frame
    best = frame[frame["place"] < frame["with_place"]].sort_values(
        ["cosine", "place", "with_place"], ascending=[False, True, True]
    )
    listed = "; ".join(
        f"{shown(r.product, NAME)} and {shown(w, NAME)}: {style.text(r.cosine, 'ratio')}"
        for r, w in zip(best.head(5).itertuples(), best["with"].head(5), strict=True)
    )
    return f"Grid of the cosine of each pair of the products with most buyers. Most alike: {listed}."


def _of(table: Table | None, recommend: Recommend) -> Table:
    return table or recommend.kinds


FIGURES = (
    Figure(
        "hits",
        hits,
        "slide_low",
        _alt_hits,
        lambda r: _of(r.methods, r),
        ("method", "customers", "hits", "rate", "low", "high"),
        "Share of last orders that five offers hit, by how these were chosen",
    ),
    Figure(
        "scores",
        scores,
        "page_low",
        _alt_scores,
        lambda r: _of(r.scores, r),
        ("low", "high", "offers"),
        "Similar products offered, by score",
    ),
    Figure(
        "heatmap",
        heatmap,
        "page_tall",
        _alt_heat,
        lambda r: r.heat,
        ("product", "with", "both", "cosine"),
        "Products with most buyers: cosine of each pair, in hundredths; the darker, the more alike",
    ),
)
