"""Who buys within a week: how often each tenth by chance did, and was expected to."""

from __future__ import annotations

from report.figures.chances import figures, tenths

FIGURES = figures(tenths, "buy within a week", "bought within a week")
