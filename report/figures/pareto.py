"""How concentrated revenue is: the curve over customers, over products, and the deciles."""

from __future__ import annotations

import math

from analysis.finding import Finding, Table
from analysis.pareto import Pareto
from report.chart import Chart, bar
from report.figure import BAR, GREY, HAIRLINE, Figure, Style, axis_names, real


def curve(pareto: Pareto, style: Style) -> Chart | None:
    """The share of revenue the best customers bring, best first; the top fifth marked on it."""
    return _curve(pareto.curve, "share_of_customers", "customers", pareto.findings.get("top_20_share"), style)


def products(pareto: Pareto, style: Style) -> Chart | None:
    """The same curve over products."""
    if pareto.products is None:
        return None
    return _curve(pareto.products, "share_of_products", "products", pareto.findings.get("product_top_20_share"), style)


def deciles(pareto: Pareto, style: Style) -> Chart | None:
    """Revenue share of each tenth of the customers, best tenth first."""
    frame = pareto.deciles.frame
    shares = real(frame["share"])
    figure = Chart(
        bar(
            x=list(range(len(shares))),
            y=shares,
            textposition="outside",
            textangle=0,
            constraintext="none",
            cliponaxis=False,
            text=[style.text(s, "share") for s in shares],
            hoverinfo="text",
            hovertext=[
                f"tenth {d}: {style.text(n, 'money', compact=False)}"
                for d, n in zip(frame["decile"], frame["net"], strict=True)
            ],
            marker={"color": [style.accent if i == 0 else BAR for i in range(len(shares))]},
        )
    )
    figure.update_layout(bargap=0.24, margin={"t": 24})
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(shares))), ticktext=[str(d) for d in frame["decile"]])
    figure.update_yaxes(visible=False, range=[0, max(*shares, 0.01) * 1.08])
    return figure


def _curve(table: Table | None, column: str, noun: str, top: Finding | None, style: Style) -> Chart | None:
    if table is None or table.frame.empty:
        return None
    x, y = real(table.frame[column]), real(table.frame["share_of_revenue"])
    figure = Chart()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": BAR, "width": 1.2, "dash": "4px,4px"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": style.accent, "width": 3},
        hoverinfo="text",
        hovertext=[
            f"best {style.text(a, 'share')} of {noun}: {style.text(b, 'share')} of revenue"
            for a, b in zip(x, y, strict=True)
        ],
    )
    marks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    shown = [style.text(m, "share").replace(".0", "").replace(",0", "") for m in marks]
    figure.update_xaxes(
        range=[0, 1.005], tickmode="array", tickvals=marks, ticktext=shown, showline=True, linecolor=HAIRLINE
    )
    figure.update_yaxes(range=[0, 1.02], tickmode="array", tickvals=marks[1:], ticktext=shown[1:])
    figure.update_layout(margin={"l": 56, "b": 58, "t": 30, "r": 22})
    axis_names(figure, f"share of {noun}, best first", "share of revenue")
    figure.add_annotation(
        text="if equal" if style.narrow else f"if all {noun} were equal",
        x=0.66,
        y=0.66,
        xanchor="left",
        yanchor="top",
        xshift=10,
        font={"color": GREY},
    )
    if top and isinstance(top.value, float | int):
        _mark(figure, float(top.value), math.ceil(top.n / 5) / top.n, style)
    return figure


def _mark(figure: Chart, share: float, best: float, style: Style) -> None:
    """The point of the top fifth (`best`: so much of all, rounded up to whole ones), its drop lines and sentence."""
    line = {"color": BAR, "width": 1}
    figure.add_scatter(x=[best, best, 0], y=[0, share, share], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=[best], y=[share], mode="markers", marker={"color": style.accent, "size": 12}, hoverinfo="skip"
    )
    fifth = style.text(0.2, "share").replace(".0", "").replace(",0", "")
    figure.add_annotation(
        text=f"<b>top {fifth}: {style.text(share, 'share')}</b>",
        x=best,
        y=share,
        xanchor="left",
        yanchor="top",
        xshift=12,
        yshift=-4,
        font={"color": style.accent},
    )


def _alt(pareto: Pareto, style: Style) -> str:
    return _alt_curve(pareto.curve, "share_of_customers", "customers", style)


def _alt_products(pareto: Pareto, style: Style) -> str:
    return _alt_curve(pareto.products, "share_of_products", "products", style) if pareto.products else ""


def _alt_curve(table: Table, column: str, noun: str, style: Style) -> str:
    frame = table.frame
    rows = frame.iloc[:: max(1, len(frame) // 5)]
    pairs = zip(real(rows[column]), real(rows["share_of_revenue"]), strict=True)
    listed = "; ".join(f"best {style.text(a, 'share')}: {style.text(b, 'share')}" for a, b in pairs)
    return f"Curve of the share of revenue over the share of {noun}, best first. {listed}."


def _alt_deciles(pareto: Pareto, style: Style) -> str:
    listed = ", ".join(style.text(s, "share") for s in pareto.deciles.frame["share"])
    return f"Bars of revenue share by tenth of customers, best tenth first. {listed}."


FIGURES = (
    Figure(
        "curve",
        curve,
        "slide",
        _alt,
        lambda pareto: pareto.deciles,
        ("decile", "customers", "share"),
        "Share of revenue over share of customers, best first",
    ),
    Figure(
        "deciles",
        deciles,
        "page_low",
        _alt_deciles,
        lambda pareto: pareto.deciles,
        ("decile", "customers", "share"),
        "Share of revenue by tenth of customers, best tenth first",
    ),
    Figure(
        "products",
        products,
        "page",
        _alt_products,
        lambda pareto: pareto.products or pareto.deciles,
        ("share_of_products", "share_of_revenue"),
        "Share of revenue over share of products, best first",
    ),
)
