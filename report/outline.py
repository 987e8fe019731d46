"""The order of reading: which analyses make a slide, and which a section of the appendix under what heading."""

from __future__ import annotations

# The parts of the argument, and the slides that make each: their titles alone read as one story.
STORY = {
    "The answer": ("headlines",),
    "Where we stand": ("kpis", "months", "funnel", "lifecycle", "mix"),
    "What changed": ("kpi_tree", "versus_last"),
    "Who the customers are": ("pareto", "rfm", "clusters", "migration", "cohorts"),
    "What comes next": ("clv_check", "clv", "spend_90d", "propensity", "churn", "value_at_risk", "alignment"),
    "What to do": ("basket", "recommend", "cross_sell", "up_sell", "actions", "experiment", "budget"),
    "What we ask for": ("recommendations",),
    "How much to trust this": ("quality", "trust"),
}
DECK = tuple(name for names in STORY.values() for name in names)
PART = {name: part for part, names in STORY.items() for name in names}
# A deck has four minutes: past so many slides, those stay in the appendix whose story others tell as well, these first.
MOST_SLIDES = 18
SPARE = (
    "up_sell",
    "quality",
    "propensity",
    "clv_check",
    "clusters",
    "alignment",
    "recommend",
    "churn",
    "mix",
    "lifecycle",
    "spend_90d",
    "funnel",
)

APPENDIX = {
    "quality": "Data quality",
    "kpis": "Key figures",
    "months": "Sales over time",
    "kpi_tree": "What changed, and why",
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
    "basket": "Bought together",
    "recommend": "What to offer next",
    "cross_sell": "Cross-selling",
    "up_sell": "Up-selling",
    "versus_last": "Against the last report",
    "actions": "Action plan",
    "experiment": "Experiments",
    "budget": "Budget",
    "trust": "How much to trust this",
    "headlines": "Summary",
    "recommendations": "Recommendations",
}

# All other slides argue with a chart: where it shows nothing, the analysis stays in the appendix.
CHARTED = frozenset(DECK) - {
    "headlines",
    "kpis",
    "versus_last",
    "actions",
    "experiment",
    "quality",
    "trust",
    "recommendations",
}


# The sections of the appendix in order; an analysis that has only a slide gets one at the end.
HEADINGS = APPENDIX | {name: name.replace("_", " ").capitalize() for name in DECK if name not in APPENDIX}


def analyses() -> tuple[str, ...]:
    """Every analysis the report needs, each once."""
    return tuple(HEADINGS)
