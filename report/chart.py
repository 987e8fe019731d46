"""A chart as plotly.js reads it: traces and a layout of plain values.

plotly's own objects check each value as it is set, which took four seconds for the charts of one report. Here `data`
and `layout` make them, checked, for who reads a chart rather than draws it: the tests, and the charts of PowerPoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

Trace = dict[str, Any]


class Chart:
    """Traces over a layout; what is added or updated is named as plotly.js names it."""

    def __init__(self, *traces: Trace) -> None:
        self.traces = list(traces)
        self.looks: dict[str, Any] = {}
        self._checked: go.Figure | None = None

    def add(self, kind: str, **values: Any) -> Chart:
        """One more trace: bar, scatter, ..."""
        self._checked = None
        self.traces.append({"type": kind, **values})
        return self

    def add_bar(self, **values: Any) -> Chart:
        return self.add("bar", **values)

    def add_scatter(self, **values: Any) -> Chart:
        return self.add("scatter", **values)

    def add_annotation(self, **values: Any) -> Chart:
        return self._listed("annotations", values)

    def add_shape(self, **values: Any) -> Chart:
        return self._listed("shapes", values)

    def update_layout(self, **values: Any) -> Chart:
        self._checked = None
        _merge(self.looks, values)
        return self

    def update_xaxes(self, **values: Any) -> Chart:
        return self.update_layout(xaxis=values)

    def update_yaxes(self, **values: Any) -> Chart:
        return self.update_layout(yaxis=values)

    def update_traces(self, **values: Any) -> Chart:
        self._checked = None
        for trace in self.traces:
            _merge(trace, values)
        return self

    def to_plotly_json(self) -> dict[str, Any]:
        """Data and layout as JSON holds them: what is None is left out, a number that is none is null."""
        return {"data": _plain(self.traces), "layout": _plain(self.looks)}

    @property
    def data(self) -> tuple[Any, ...]:
        """The traces as plotly's objects, each value checked."""
        return self._figure().data

    @property
    def layout(self) -> go.Layout:
        """The layout as plotly's object, each value checked."""
        return self._figure().layout

    def _figure(self) -> go.Figure:
        import plotly.graph_objects as go

        if self._checked is None:
            self._checked = go.Figure(self.to_plotly_json())
        return self._checked

    def _listed(self, kind: str, values: dict[str, Any]) -> Chart:
        self._checked = None
        self.looks.setdefault(kind, []).append(values)
        return self


def bar(**values: Any) -> Trace:
    """Bars, as a first trace."""
    return {"type": "bar", **values}


def scatter(**values: Any) -> Trace:
    """Points or lines, as a first trace."""
    return {"type": "scatter", **values}


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, Mapping):
            into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if type(value) in (str, bool, int) or (type(value) is float and math.isfinite(value)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # of numpy or pandas
        return _plain(value.tolist())
    return None if value is None or isinstance(value, float) else [_plain(inner) for inner in value]
