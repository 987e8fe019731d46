"""What each segment brought beside what is expected of it: a dumbbell a segment, with the interval of the estimate."""

from __future__ import annotations

from typing import Any

from analysis.alignment import LESS, MORE, Alignment
from report.chart import Chart
from report.figure import BAR, GREY, INK, LIGHT, Figure, Style, named_rows, plain, real, width

THAN = {MORE: "more than average", LESS: "less than average"}
UNTOLD = "average cannot be ruled out"


def segments(alignment: Alignment, style: Style) -> Chart | None:
    """Share of revenue to date as a ring, share of expected value as a dot with whiskers, most a customer first."""
    frame = alignment.segments.frame
    if "share" not in frame or len(frame) < 2:
        return None
    rows, spoken = list(range(len(frame))), (alignment.best, alignment.falling)
    past, share, low, high = (real(frame[c]) for c in ("share_net", "share", "share_low", "share_high"))
    strong = [style.accent if name in spoken else GREY for name in frame["segment"]]
    figure = Chart()
    for row in rows:
        figure.add_shape(
            type="line", x0=past[row], x1=share[row], y0=row, y1=row, layer="below", line={"color": LIGHT, "width": 6}
        )
    hover = [_hover(row, style) for row in frame.to_dict("records")]
    figure.add_scatter(
        x=past,
        y=rows,
        mode="markers",
        cliponaxis=False,
        marker={"color": "#ffffff", "size": 13, "line": {"color": BAR, "width": 2.5}},
        hoverinfo="text",
        hovertext=hover,
    )
    figure.add_scatter(
        x=share,
        y=rows,
        mode="markers",
        cliponaxis=False,
        marker={"color": strong, "size": 9},
        hoverinfo="text",
        hovertext=hover,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [b - s for s, b in zip(share, high, strict=True)],
            "arrayminus": [s - a for s, a in zip(share, low, strict=True)],
            "color": INK,
            "thickness": 1.5,
            "width": 7,
        },
    )
    texts = [_label(row, at == 0, style) for at, row in enumerate(frame.to_dict("records"))]
    most = max(*past, *high)
    for row, text in enumerate(texts):
        figure.add_annotation(x=max(past[row], high[row]), y=row, text=text, xanchor="left", xshift=10, align="left")
    named_rows(figure, [_name(row, at == 0, style) for at, row in enumerate(frame.to_dict("records"))])
    room = max(width(line) for text in texts for line in text.split("<br>")) * style.slot.text + 20
    figure.update_xaxes(visible=False, range=[min(0.0, *past) - 0.02 * most, most])
    figure.update_layout(margin={"r": room, "t": 4, "b": 4})
    return figure


def _label(row: dict[Any, Any], first: bool, style: Style) -> str:
    """Expected share with its interval, and the share to date; in the first row what they are."""
    share, low, high, past = (style.text(row[c], "share") for c in ("share", "share_low", "share_high", "share_net"))
    if style.narrow:
        return f"{share}, was {past}"
    if first:
        return f"{share} of expected value<br>({low} to {high}); ring: {past}<br>of revenue to date"
    return f"{share} ({low} to {high})<br>to date {past}"


def _name(row: dict[Any, Any], first: bool, style: Style) -> str:
    """The segment, and below it what one of its customers is expected to bring, against the average."""
    each = style.text(row["each"], "money") + (" a customer" if first else "")
    than = "" if style.narrow else f'<br><span style="color:{GREY}">{THAN.get(row["worth"], UNTOLD)}</span>'
    return f'{style.name(row["segment"])}<br><span style="color:{GREY}">{each}</span>{than}'


def _hover(row: dict[Any, Any], style: Style) -> str:
    ends = " to ".join(style.text(row[c], "money") for c in ("each_low", "each_high"))
    return (
        f"<b>{plain(row['segment'])}</b><br>{style.text(row['customers'], 'count', compact=False)} customers"
        f"<br>revenue to date: {style.text(row['share_net'], 'share')}"
        f"<br>expected: {style.text(row['share'], 'share')}<br>a customer: {ends}"
    )


def _alt(alignment: Alignment, style: Style) -> str:
    listed = "; ".join(
        f"{row['segment']}: {style.text(row['share_net'], 'share')} of revenue to date, "
        f"{style.text(row['share'], 'share')} of expected value ({style.text(row['share_low'], 'share')} to "
        f"{style.text(row['share_high'], 'share')}), {style.text(row['each'], 'money')} a customer"
        for row in alignment.segments.frame.to_dict("records")
    )
    return f"Shares of revenue to date and of expected value by segment, most value a customer first. {listed}."


FIGURES = (
    Figure(
        "segments",
        segments,
        "slide",
        _alt,
        lambda alignment: alignment.segments,
        ("segment", "share_net", "share", "share_low", "share_high", "each", "worth"),
        "Segments by share of revenue to date and of expected value, with 95 % intervals",
    ),
)
