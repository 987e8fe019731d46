"""Puts a native chart on a slide of python-pptx: its sheet, its look, and the texts and shapes about it."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from report import arial
from report.native_charts import LINE, Label, Native, Outline, Run, Series, rgb

EMU = 9525  # in a CSS pixel
PT = 0.75  # points in a CSS pixel
TEXT = 16  # pixels of the text of a chart
MOST = 120  # characters of a name in a chart's sheet
INNER = """<c:layout xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:manualLayout>
<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/><c:x val="{}"/><c:y val="{}"/><c:w val="{}"/>
<c:h val="{}"/></c:manualLayout></c:layout>"""
WHISKERS = """<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">{}<c:errBarType val="both"/><c:errValType val="cust"/>
<c:noEndCap val="0"/><c:plus>{}</c:plus><c:minus>{}</c:minus><c:spPr><a:ln w="14288"><a:solidFill><a:srgbClr val="{}"/>
</a:solidFill></a:ln></c:spPr></c:errBars>"""
LITERAL = '<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{}"/>{}</c:numLit>'
POINT = '<c:pt idx="{}"><c:v>{!r}</c:v></c:pt>'


class Palette:
    """Colours as PowerPoint keeps them: those of the theme by their part in it, so that a theme changes them."""

    def __init__(self, accent: str, ink: str, grey: str) -> None:
        self._theme = {
            rgb(accent)[0]: "ACCENT_1",
            rgb(ink)[0]: "TEXT_1",
            rgb(grey)[0]: "TEXT_2",
            "FFFFFF": "BACKGROUND_1",
        }

    def paint(self, target: Any, colour: str) -> None:
        """Set the colour of a font, fill or line (its solid `fore_color`, or `color`)."""
        from pptx.dml.color import RGBColor
        from pptx.enum.dml import MSO_THEME_COLOR

        digits, opacity = rgb(colour)
        part = self._theme.get(digits)
        if part is not None:
            target.theme_color = getattr(MSO_THEME_COLOR, part)
        else:
            target.rgb = RGBColor.from_string(digits)
        if opacity < 1:
            _see_through(target, opacity)

    def fill(self, target: Any, colour: str) -> None:
        """Fill a shape or bar; what cannot be seen is not filled."""
        if rgb(colour)[1] == 0:
            target.fill.background()
            return
        target.fill.solid()
        self.paint(target.fill.fore_color, colour)


def draw(
    slide: Any,
    chart: Native,
    name: str,
    alt: str,
    at: tuple[float, float],
    size: tuple[int, int, float],
    paint: Palette,
) -> Any:
    """Place a chart with its upper left corner `at` (pixels); size: width and height of its slot, and the scale.

    Returns the chart's frame. Bands and lines lie under it, texts over it in one group.
    """
    width, height, scale = size
    for outline in chart.under:
        _outline(slide.shapes, outline, at, scale, paint)
    frame = slide.shapes.add_chart(_kind(chart), *(_emu(v) for v in (*at, width * scale, height * scale)), _data(chart))
    frame.name = name
    frame._element.nvGraphicFramePr.cNvPr.set("descr", alt)
    _dress(frame.chart, chart, (width, height), scale, paint)
    if chart.kind == "points":
        _side_by_side(frame.chart, chart)
    frame.chart.part.chart_workbook.update_from_xlsx_blob(_sheet(chart))
    if chart.labels:
        group = slide.shapes.add_group_shape()
        group.name = f"Labels of {name}"
        for label in chart.labels:
            write(group.shapes, label, at, scale, paint)
    return frame


def _kind(chart: Native) -> Any:
    from pptx.enum.chart import XL_CHART_TYPE

    if chart.kind == "points":
        return XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS
    kind = "BAR" if chart.kind == "bar" else "COLUMN"
    return getattr(XL_CHART_TYPE, f"{kind}_{'STACKED' if chart.stacked else 'CLUSTERED'}")


def _data(chart: Native) -> Any:
    from pptx.chart.data import CategoryChartData, XyChartData

    if chart.kind == "points":
        points = XyChartData()
        for series in chart.series:
            added = points.add_series(_word(series.name))
            for x, y in zip(series.x, series.y, strict=True):
                added.add_data_point(x, y)
        return points
    data = CategoryChartData()
    data.categories = [_word(name) for name in chart.names]
    for series in (*chart.series, *chart.dots):
        data.add_series(_word(series.name), series.y)
    return data


def _side_by_side(chart: Any, data: Native) -> None:
    """Has each series refer to two columns of its own in `_sheet`.

    All say they are as long as the longest: LibreOffice drops a series that is shorter than one after it.
    """
    longest = str(max(len(series.x) for series in data.series))
    elements = chart._chartSpace.chart.plotArea.findall(".//{*}ser")
    for order, (element, series) in enumerate(zip(elements, data.series, strict=True)):
        x, y, last = _letters(2 * order), _letters(2 * order + 1), len(series.x) + 1
        element.find("{*}tx//{*}f").text = f"Sheet1!${y}$1"
        for name, letters in (("xVal", x), ("yVal", y)):
            element.find(f"{{*}}{name}//{{*}}f").text = f"Sheet1!${letters}$2:${letters}${last}"
            element.find(f"{{*}}{name}//{{*}}ptCount").set("val", longest)


def _letters(column: int) -> str:
    """A column of a sheet by its letters, counted from 0."""
    head, tail = divmod(column, 26)
    return (_letters(head - 1) if head else "") + chr(65 + tail)


def _sheet(chart: Native) -> bytes:
    """The sheet behind a chart, in which no name is ever a formula or link."""
    from xlsxwriter import Workbook

    made = io.BytesIO()
    book = Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    columns: list[tuple[str, tuple[Any, ...]]] = [("", chart.names)] if chart.kind != "points" else []
    for series in (*chart.series, *chart.dots):
        columns += [("", series.x)] if chart.kind == "points" else []
        columns.append((series.name, series.y))
    for place, (head, cells) in enumerate(columns):
        sheet.write_string(0, place, _word(head))
        for row, cell in enumerate(cells, 1):
            if isinstance(cell, str):
                sheet.write_string(row, place, _word(cell))
            elif cell is not None:
                sheet.write_number(row, place, cell)
    book.close()
    return made.getvalue()


def _word(name: str) -> str:
    """A name as a cell can hold it."""
    return printable(name)[:MOST]


def _dress(chart: Any, data: Native, slot: tuple[int, int], scale: float, paint: Palette) -> None:
    """The house's look: no legend, grid or frame; the plot area where the figure has it."""
    chart.has_legend, chart.has_title = False, False
    chart.font.size = _points(TEXT, scale)
    _inner(chart, data.box, slot)
    _axes(chart, data, scale, paint)
    plot = chart.plots[0]
    if data.kind != "points":
        plot.gap_width, plot.overlap, plot.vary_by_categories = data.gap, data.overlap, False
    if data.dots:
        _as_dots(chart, len(data.series))
    drawn = [series for plot in chart.plots for series in plot.series]
    for order, (series, made) in enumerate(zip((*data.series, *data.dots), drawn, strict=True)):
        look = _point_look if data.kind == "points" or order >= len(data.series) else _bar_look
        look(made, series, scale, paint)
        _named(made, series, data, scale, paint)
        _whiskers(made, series, data.kind)


def _inner(chart: Any, box: tuple[float, float, float, float], slot: tuple[int, int]) -> None:
    from lxml import etree

    area = chart._chartSpace.chart.plotArea
    for old in area.findall("{*}layout"):
        area.remove(old)
    shares = (box[0] / slot[0], box[1] / slot[1], box[2] / slot[0], box[3] / slot[1])
    area.insert(0, etree.fromstring(INNER.format(*(round(s, 5) for s in shares))))


def _axes(chart: Any, data: Native, scale: float, paint: Palette) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK

    value, other = chart.value_axis, chart.category_axis
    value.minimum_scale, value.maximum_scale = sorted(data.value)
    value.has_major_gridlines = other.has_major_gridlines = False
    value.visible = False
    if data.kind == "points":
        other.minimum_scale, other.maximum_scale = sorted(data.across)
        value.reverse_order = data.value[0] > data.value[1]
        other.visible = False
        return
    other.reverse_order = data.kind == "bar"
    other.major_tick_mark = other.minor_tick_mark = XL_TICK_MARK.NONE
    other.format.line.fill.background()
    other.tick_label_position = XL_TICK_LABEL_POSITION.LOW if data.named else XL_TICK_LABEL_POSITION.NONE
    paint.paint(other.tick_labels.font.color, "#1b2128" if data.kind == "bar" else "#56606b")
    if data.kind == "bar":
        other.tick_labels.font.size = _points(_name_size(data), scale)
        _every_name(other._element)


def _name_size(data: Native) -> float:
    """Pixels: small enough for names on one line where rows are too low for two."""
    longest = max((arial.width(line, TEXT) for name in data.names for line in name.split("\n")), default=0.0)
    room = data.box[0] - 12
    low = data.box[3] < 2 * LINE * TEXT * len(data.names)
    return TEXT * room / longest if low and longest > room > 0 else TEXT


def _every_name(axis: Any) -> None:
    """Every bar keeps its name, however little room there is: a program would leave out every other one."""
    from lxml import etree

    after = axis.find("{*}lblOffset")
    after.addnext(etree.Element(after.tag.replace("lblOffset", "tickLblSkip"), val="1"))


def _bar_look(made: Any, series: Series, scale: float, paint: Palette) -> None:
    common = Counter(zip(series.colours, _edges(series), strict=True)).most_common(1)[0][0]
    _bar(made.format, common, paint)
    made.invert_if_negative = False
    for at, look in enumerate(zip(series.colours, _edges(series), strict=True)):
        if look != common:
            _bar(made.points[at].format, look, paint)


def _edges(series: Series) -> tuple[str, ...]:
    return series.edges or ("",) * len(series.colours)


def _bar(form: Any, look: tuple[str, str], paint: Palette) -> None:
    paint.fill(form, look[0])
    if look[1]:
        form.line.width = 12_700
        paint.paint(form.line.color, look[1])


def _point_look(made: Any, series: Series, scale: float, paint: Palette) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE

    line = made.format.line
    if series.line:
        line.width = _emu(series.line * scale)
        paint.paint(line.color, series.stroke)
        if series.dashed:
            line.dash_style = MSO_LINE.SQUARE_DOT
    else:
        line.fill.background()
    if hasattr(made, "smooth"):
        made.smooth = False
    marker = made.marker
    if not series.marker:
        marker.style = XL_MARKER_STYLE.NONE
        return
    marker.style, marker.size = (
        XL_MARKER_STYLE.CIRCLE,
        max(2, min(72, round(series.marker * PT * scale * (0.85 if not any(series.edges) else 1)))),
    )
    common = Counter(series.colours).most_common(1)[0][0]
    _marker(marker.format, common, next(iter(series.edges), ""), paint)
    for at, colour in enumerate(series.colours):
        if colour != common:
            own = made.points[at].marker
            own.style, own.size = marker.style, marker.size
            _marker(own.format, colour, next(iter(series.edges), ""), paint)


def _marker(form: Any, colour: str, edge: str, paint: Palette) -> None:
    """A point; a white one with an edge is hollow."""
    if edge and rgb(colour)[0] == "FFFFFF":
        form.fill.background()
    else:
        paint.fill(form, colour)
    if edge:
        form.line.width = 19_050
        paint.paint(form.line.color, edge)
    else:
        form.line.fill.background()


def _named(made: Any, series: Series, data: Native, scale: float, paint: Palette) -> None:
    """What stands at the points of a series, as labels of the chart itself."""
    from pptx.enum.chart import XL_LABEL_POSITION as PLACE

    for at, runs in series.labels.items():
        label = made.points[at].data_label
        frame = label.text_frame
        frame.word_wrap = False
        for run in runs:
            _run(frame.paragraphs[0], run, 16, scale, paint)
        if data.kind == "points":
            label.position = PLACE.LEFT if series.side == "left" else PLACE.RIGHT
        elif not data.stacked:
            label.position = PLACE.OUTSIDE_END


def _whiskers(made: Any, series: Series, kind: str) -> None:
    if not series.whiskers:
        return
    from lxml import etree

    ends = [
        LITERAL.format(
            len(series.y), "".join(POINT.format(at, series.whiskers[at][side]) for at in sorted(series.whiskers))
        )
        for side in (1, 0)
    ]
    way = '<c:errDir val="y"/>' if kind == "points" else ""
    bars = etree.fromstring(WHISKERS.format(way, *ends, rgb(series.whisker)[0]))
    element = made._element
    before = next(child for child in element if child.tag.rpartition("}")[2] in ("cat", "xVal"))
    before.addprevious(bars)


def _as_dots(chart: Any, bars: int) -> None:
    """Moves the series after the bars into a line chart of points on the same axes."""
    from lxml import etree

    element = chart.plots[0]._element
    space = element.nsmap["c"]
    lines = etree.SubElement(element.getparent(), f"{{{space}}}lineChart")
    element.addnext(lines)
    etree.SubElement(lines, f"{{{space}}}grouping").set("val", "standard")
    etree.SubElement(lines, f"{{{space}}}varyColors").set("val", "0")
    for series in element.findall("{*}ser")[bars:]:
        for unknown in series.findall("{*}invertIfNegative"):
            series.remove(unknown)
        lines.append(series)
    etree.SubElement(lines, f"{{{space}}}marker").set("val", "1")
    for axis in element.findall("{*}axId"):
        etree.SubElement(lines, f"{{{space}}}axId").set("val", axis.get("val"))


def _outline(shapes: Any, outline: Outline, at: tuple[float, float], scale: float, paint: Palette) -> None:
    points = [(_emu(at[0] + x * scale), _emu(at[1] + y * scale)) for x, y in outline.points]
    if not outline.filled:
        line = shapes.add_connector(1, *points[0], *points[1])
        line.line.width = _emu(outline.width * scale)
        paint.paint(line.line.color, outline.colour)
        plain(line)
        return
    builder = shapes.build_freeform(*points[0], scale=1.0)
    builder.add_line_segments(points[1:], close=True)
    shape = builder.convert_to_shape()
    shape.line.fill.background()
    paint.fill(shape, outline.colour)
    plain(shape)


def plain(shape: Any) -> None:
    """Take from a shape what the theme would add: shadows, and text colours."""
    for style in shape._element.findall("{*}style"):
        shape._element.remove(style)


def write(shapes: Any, label: Label, at: tuple[float, float], scale: float, paint: Palette) -> None:
    """A label as a text box without margins, as wide as its text."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    place = (at[0] + label.x * scale, at[1] + label.y * scale, label.width * scale, label.height * scale)
    box = shapes.add_textbox(*(_emu(v) for v in place))
    frame = box.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap, frame.vertical_anchor = False, MSO_ANCHOR.MIDDLE
    for order, line in enumerate(label.lines):
        paragraph = frame.paragraphs[0] if order == 0 else frame.add_paragraph()
        paragraph.alignment = {"left": PP_ALIGN.LEFT, "right": PP_ALIGN.RIGHT}.get(label.align, PP_ALIGN.CENTER)
        for run in line:
            _run(paragraph, run, label.size, scale, paint)


def _run(paragraph: Any, run: Run, size: float, scale: float, paint: Palette) -> None:
    made = paragraph.add_run()
    made.text = printable(run.text)
    made.font.size, made.font.bold = _points(size, scale), run.bold
    paint.paint(made.font.color, run.colour)


def printable(text: str) -> str:
    """The text without characters XML cannot hold."""
    return "".join(
        c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _see_through(target: Any, opacity: float) -> None:
    from lxml import etree

    colour = target._color._xClr
    etree.SubElement(colour, f"{{{colour.nsmap['a']}}}alpha").set("val", str(round(opacity * 100_000)))


def _points(size: float, scale: float) -> Any:
    from pptx.util import Pt

    return Pt(max(8.0, round(size * PT * scale * 2) / 2))


def _emu(pixels: float) -> int:
    return round(pixels * EMU)
