"""Who will not come back: the chance of each segment to stay away."""

from __future__ import annotations

from report.figures.chances import figures, groups

FIGURES = figures(groups, "place no order in ninety days", "placed no order in ninety days")
