"""What goes with what they bought: the most valuable offers, and their categories."""

from __future__ import annotations

from analysis.cross_sell import CrossSell
from report.chart import Chart
from report.figure import Style
from report.figures.offers import bars, by_category, by_offer


def offers(cross_sell: CrossSell, style: Style) -> Chart:
    """The most valuable offers."""
    return bars(cross_sell.offers, style)


FIGURES = (
    by_offer("offers", offers, "slide", "The most valuable offers of what goes with what they bought"),
    by_category("Expected value (assumed) of offers, by category of what is offered"),
)
