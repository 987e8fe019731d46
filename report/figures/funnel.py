"""How far visitors come: the steps from visit to purchase."""

from __future__ import annotations

from analysis.funnel import Funnel
from report.chart import Chart
from report.figure import BAR, GREY, LIGHT, Figure, Style, plain, ranked, real


def steps(funnel: Funnel, style: Style) -> Chart | None:
    """A bar a step in any order, a thinner one for those who took the steps in order; the greatest loss in colour."""
    frame = funnel.steps.frame
    visitors, in_order = real(frame["visitors"]), real(frame["in_order"])
    if not visitors or not visitors[0]:
        return None
    rates = [None if i == 0 else v for i, v in enumerate(frame["rate_from_previous"])]
    worst = min(
        (i for i in range(1, len(rates)) if rates[i] is not None), key=lambda i: float(rates[i] or 0), default=-1
    )
    colours = [style.accent if i == worst else BAR for i in range(len(visitors))]
    step = "" if style.narrow else " of the step before"
    counts = [
        f"<b>{style.text(v, 'count')}</b>" + (f"  {style.text(r, 'share')}{step}" if r is not None else "")
        for v, r in zip(frame["visitors"], rates, strict=True)
    ]
    names = [style.name(s) for s in frame["step"]]
    figure = ranked(names, visitors, counts, _hover(funnel, style), colours, style)
    figure.update_traces(width=0.46, offset=-0.4)
    figure.add_bar(
        orientation="h",
        x=[0.0, *in_order[1:]],
        y=list(range(len(names))),
        width=0.1,
        offset=0.12,
        marker={"color": LIGHT},
        hoverinfo="skip",
        text=[f"\u00a0{style.text(v, 'count')} in this order" if i else "" for i, v in enumerate(frame["in_order"])],
        textposition="outside",
        textfont={"color": GREY},
        cliponaxis=False,
        constraintext="none",
    )
    figure.update_layout(barmode="overlay", margin={"r": 8})
    figure.update_xaxes(range=[0, visitors[0] * (2.4 if style.narrow else 1.52)])
    return figure


def _hover(funnel: Funnel, style: Style) -> list[str]:
    frame = funnel.steps.frame
    rows = zip(frame["step"], frame["visitors"], frame["in_order"], frame["rate_from_first"], strict=True)
    return [
        f"<b>{plain(s)}</b><br>visitors: {style.text(v, 'count', compact=False)}"
        f"<br>in order: {style.text(o, 'count', compact=False)}<br>of all visitors: {style.text(r, 'share')}"
        for s, v, o, r in rows
    ]


def _alt(funnel: Funnel, style: Style) -> str:
    frame = funnel.steps.frame
    rows = zip(frame["step"], frame["visitors"], frame["in_order"], strict=True)
    listed = "; ".join(f"{s}: {style.text(v, 'count')}, in order {style.text(o, 'count')}" for s, v, o in rows)
    return f"Bars of visitors by step. {listed}."


FIGURES = (
    Figure(
        "steps",
        steps,
        "slide",
        _alt,
        lambda funnel: funnel.steps,
        ("step", "visitors", "in_order", "rate_from_previous"),
        "Visitors who reached each step; thin bars: those who took the steps in order",
    ),
)
