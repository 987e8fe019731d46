"""The order of reading: which analyses make a slide, and which a section of the appendix under what heading."""

from __future__ import annotations

DECK = (
    "headlines",
    "kpis",
    "months",
    "kpi_tree",
    "versus_last",
    "funnel",
    "lifecycle",
    "pareto",
    "rfm",
    "clusters",
    "migration",
    "cohorts",
    "clv",
    "clv_check",
    "spend_90d",
    "propensity",
    "churn",
    "value_at_risk",
    "alignment",
    "mix",
    "actions",
    "experiment",
    "budget",
    "quality",
    "recommendations",
)

APPENDIX = {
    "quality": "Data quality",
    "kpis": "Key figures",
    "months": "Sales over time",
    "kpi_tree": "What changed, and why",
    "versus_last": "Against the last report",
    "funnel": "From visit to purchase",
    "lifecycle": "The life of an order",
    "mix": "Products, categories and countries",
    "customers": "Customers",
    "pareto": "Concentration of revenue",
    "rfm": "Customer segments",
    "clusters": "Customer clusters",
    "migration": "Segment migration",
    "cohorts": "Cohorts",
    "clv": "Customer lifetime value",
    "clv_check": "Can the lifetime model be believed?",
    "spend_90d": "Spend in the next ninety days",
    "propensity": "Who buys within a week",
    "churn": "Who will not come back",
    "value_at_risk": "Value at risk",
    "alignment": "Whom to spend on",
    "actions": "Action plan",
    "experiment": "Experiments",
    "budget": "Budget",
    "headlines": "Summary",
    "recommendations": "Recommendations",
}

# All other slides argue with a chart: where it shows nothing, the analysis stays in the appendix.
CHARTED = frozenset(DECK) - {"headlines", "kpis", "versus_last", "actions", "experiment", "quality", "recommendations"}


# The sections of the appendix in order; an analysis that has only a slide gets one at the end.
HEADINGS = APPENDIX | {name: name.replace("_", " ").capitalize() for name in DECK if name not in APPENDIX}


def analyses() -> tuple[str, ...]:
    """Every analysis the report needs, each once."""
    return tuple(HEADINGS)
