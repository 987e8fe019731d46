"""Which groups of customers the data themselves form: K-means on what customers do and are, named by a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import cluster_fit, cluster_measures, cluster_model, cluster_names, sampled
from analysis.cluster_fit import Fit
from analysis.cluster_model import Measures, Model
from analysis.customers import SCALE, Customers, totals, whole
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import noun
from analysis.rfm import SEGMENTS, Rfm
from dataset.engine import Relation
from dataset.errors import DataError
from dataset.settings import Settings

SOURCE, FITTED = "analysis/clusters.py", "analysis/cluster_fit.py"
POPULATION = "known customers with at least one sale"
LEAST = 50
STRUCTURE = 0.25  # a silhouette up to here shows no substantial structure (Kaufman and Rousseeuw 1990)
CLEAR = 0.5  # from here a reasonable one, below a weak one
EVERYONE = "All customers"
DRAWN = 400  # customers shown as points

# Measure -> heading, unit
WORDS: dict[str, tuple[str, Unit]] = {
    "recency": ("Days since the last sale", "days"),
    "frequency": ("Orders", "ratio"),
    "monetary": ("Net revenue", "money"),
    "order_value": ("Order value", "money"),
    "tenure": ("Days since the first sale", "days"),
    "engagement": ("Engagement", "ratio"),
    "items": ("Items per order", "ratio"),
    "products": ("Different products", "ratio"),
    "returns": ("Return rate", "share"),
    "age": ("Age", "ratio"),
    "income": ("Income", "money"),
    "children": ("Children", "ratio"),
}


@dataclass(frozen=True, slots=True)
class Clusters(Result):
    """Groups of customers, those who bring most revenue first.

    frame: customer_id, cluster (category in the order of `groups`); rows as customers.frame. groups: one row a cluster
    with its medians, and EVERYONE below. choice and mixture: every number of groups that was tried; None when assigned.
    points: an even sample of customers, by component and by measure. model: what a later build needs to assign
    customers. clear: whether the silhouette shows a structure at all.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame
    groups: Table
    choice: Table | None
    mixture: Table | None
    features: Table
    profile: Table
    agreement: Table
    points: Table
    model: Model
    clear: bool


@dataclass(frozen=True, slots=True)
class _Few:
    """The customers that clusters are fitted on and judged by: all of them, or those drawn where there are many.

    rows: their places in Customers.frame. measures: theirs. order: of these, by what they are.
    """

    rows: np.ndarray
    measures: Mapping[str, np.ndarray]
    order: np.ndarray

    @classmethod
    def of(cls, people: pd.DataFrame, measures: Measures, seed: int) -> _Few:
        rows = sampled.stand_ins(len(people), seed)
        theirs = measures.of(rows)
        return cls(rows, theirs, cluster_measures.by_what_they_are(people.iloc[rows], theirs))


def compute(customers: Customers, rfm: Rfm, lines: Relation, settings: Settings) -> Clusters:
    """Find the groups, or put customers into those of an earlier release (settings.assign).

    Raises Skip with fewer than fifty customers or without money; DataError when the earlier groups do not fit the data.
    """
    if len(customers.frame) < LEAST:
        raise Skip("fewer than fifty customers make no groups")
    return grouped(customers, rfm, cluster_measures.measured(customers, lines, settings), settings)


def grouped(customers: Customers, rfm: Rfm, measures: Measures, settings: Settings) -> Clusters:
    """The groups of customers so measured, rows as customers.frame."""
    few = _Few.of(customers.frame, measures, settings.seed)
    fit = None if settings.assign else cluster_fit.fit(few.measures, few.order, settings)
    model = fit.model if fit else _earlier(settings, measures)
    labels = model.assigned(measures)
    if fit:
        model, labels = _by_revenue(model, labels, whole(customers.frame["net"].to_numpy()))
    medians = _medians(measures, labels, len(model.centres))
    if fit:
        names, rules = cluster_names.named(*medians)
        model = replace(model, names=tuple(names), rules=tuple(rules))
    return _result(customers, rfm, few, fit, model, labels, medians, settings)


def _earlier(settings: Settings, measures: Mapping[str, np.ndarray]) -> Model:
    """The clusters of the earlier release; refused where this data cannot be measured in the same way."""
    assert settings.assign is not None
    model = cluster_model.read(settings.assign)
    if missing := [f.name for f in model.features if f.name not in measures]:
        raise DataError(
            "E_MODEL",
            f"the clusters rest on {', '.join(missing)}, which this data does not have",
            file=settings.assign,
            hint="Assign data of the same kind, or build without --assign",
        )
    if model.currency != settings.currency:
        raise DataError(
            "E_MODEL",
            f"the clusters are in {model.currency or 'no currency'}, this data in {settings.currency}",
            file=settings.assign,
            hint="Give both the same currency in report.toml, or build without --assign",
        )
    return model


def _by_revenue(model: Model, labels: np.ndarray, money: np.ndarray) -> tuple[Model, np.ndarray]:
    """The same clusters with those who bring most revenue first."""
    count = len(model.centres)
    revenue = totals(money, labels, count)
    first = sorted(range(count), key=lambda cluster: (-revenue[cluster], tuple(model.centres[cluster])))
    place = np.empty(count, dtype=np.int8)
    place[first] = np.arange(count)
    return replace(model, centres=model.centres[first]), place[labels]


def _medians(
    measures: Mapping[str, np.ndarray], labels: np.ndarray, count: int
) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The median of each measure in each cluster, and of all customers; unknown values apart."""
    together = np.argsort(labels, kind="stable").astype(np.int32)
    ends = np.cumsum(np.bincount(labels, minlength=count))[:-1]
    every, own = dict[str, float](), [dict[str, float]() for _ in range(count)]
    for name, values in measures.items():
        every[name] = _median(values)
        for medians, there in zip(own, np.split(values[together], ends), strict=True):
            medians[name] = _median(there)
    return own, every


def _median(values: np.ndarray) -> float:
    ordered = np.sort(values)  # faster than to part them
    known = int(np.searchsorted(ordered, np.nan))
    return float(ordered[(known - 1) // 2 : known // 2 + 1].mean()) if known else np.nan


def _result(
    customers: Customers,
    rfm: Rfm,
    few: _Few,
    fit: Fit | None,
    model: Model,
    labels: np.ndarray,
    medians: tuple[list[dict[str, float]], dict[str, float]],
    settings: Settings,
) -> Clusters:
    theirs, place = labels[few.rows][few.order], model.placed(few.measures)[:, few.order]
    judged = cluster_fit.quality(np.ascontiguousarray(place.T), theirs)
    standard = np.column_stack([f.standardised(few.measures[f.name])[few.order] for f in model.features])
    judged_on_all = cluster_fit.quality(
        cluster_fit.spread(standard, cluster_fit.SAMPLE), cluster_fit.spread(theirs, cluster_fit.SAMPLE)
    )
    profile, importance = _shape(standard, theirs, len(model.centres))
    own, everyone = medians
    groups = _groups(customers, own, model, labels)
    agreement, rand = _agreement(rfm, model, labels)
    sample = min(len(theirs), cluster_fit.JUDGED)
    figures = {"judged": judged, "on_all": judged_on_all, "rand": rand, "sample": sample, "drawn": len(theirs)}
    cluster = pd.Categorical.from_codes(labels, dtype=pd.CategoricalDtype(list(model.names)))
    drawn = len(theirs) if len(theirs) < len(labels) else 0
    return Clusters(
        findings=_findings(customers, groups, fit, model, figures, settings),
        frame=pd.DataFrame({"customer_id": customers.frame["customer_id"], "cluster": cluster}, copy=False),
        groups=_groups_table(groups, everyone, model),
        choice=_choice(fit),
        mixture=_mixture(fit),
        features=_features(model, fit, importance, drawn),
        profile=_profile(profile, model, drawn),
        agreement=agreement,
        points=_points(few, place, theirs, model),
        model=model,
        clear=judged[0] > STRUCTURE,
    )


def _shape(standard: np.ndarray, labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean standardised features of each cluster, and how much of each feature's variance lies between clusters."""
    sizes = np.bincount(labels, minlength=count)
    sums = np.column_stack([np.bincount(labels, weights=column, minlength=count) for column in standard.T])
    means = np.divide(sums, sizes[:, None], out=np.zeros_like(sums), where=sizes[:, None] > 0)
    spread = standard.var(axis=0) * len(standard)
    between = (sizes[:, None] * (means - standard.mean(axis=0)) ** 2).sum(axis=0)
    return means, np.divide(between, spread, out=np.zeros_like(between), where=spread > 0).clip(0, 1)


def _groups(customers: Customers, medians: list[dict[str, float]], model: Model, labels: np.ndarray) -> pd.DataFrame:
    """One row a cluster: size, exact revenue in millionths, medians."""
    money = whole(customers.frame["net"].to_numpy())
    earned = np.maximum(money, 0)
    count = len(model.names)
    made = pd.DataFrame(
        {
            "cluster": model.names,
            "rule": model.rules,
            "customers": np.bincount(labels, minlength=count),
            "exact": totals(money, labels, count),
            "earned": totals(earned, labels, count),
        }
    )
    made["share_customers"] = made["customers"] / len(labels)
    total = int(made["earned"].sum())
    made["share_net"] = made["earned"] / total if total else np.nan
    made["net"] = made["exact"] / SCALE
    return pd.concat([made, pd.DataFrame(medians)], axis=1)


def _groups_table(groups: pd.DataFrame, everyone: Mapping[str, float], model: Model) -> Table:
    measured = [name for name in WORDS if name in groups and name != "engagement"]
    headings = {
        "cluster": "Cluster",
        "rule": "Named by the rule",
        "customers": "Customers",
        "share_customers": "Share of customers",
        "net": "Net revenue",
        "share_net": "Share of customer revenue",
    }
    units: dict[str, Unit] = {"customers": "count", "share_customers": "share", "net": "money", "share_net": "share"}
    total = groups[["customers", "share_customers", "exact", "share_net"]].sum(min_count=1)
    last = {"cluster": EVERYONE, "rule": "", **total.to_dict(), "net": int(groups["exact"].sum()) / SCALE, **everyone}
    frame = pd.concat([groups, pd.DataFrame([last])], ignore_index=True)[[*headings, *measured]]
    return Table(
        frame.assign(customers=frame["customers"].astype(int)),
        "Clusters and the medians of their customers",
        headings | {name: WORDS[name][0] for name in measured},
        SOURCE,
        units | {name: WORDS[name][1] for name in measured},
        note="The first rule that fits names a cluster; it compares the cluster’s medians with those of all customers "
        f"as of {model.snapshot.isoformat()}. Of two clusters under one rule, the name adds where their medians "
        "differ. In shares of customer revenue, customers who were refunded more than they bought count as zero.",
    )


def _choice(fit: Fit | None) -> Table | None:
    if fit is None:
        return None
    return Table(
        fit.choice,
        "How many clusters: K-means",
        {
            "clusters": "Clusters",
            "silhouette": "Silhouette",
            "davies_bouldin": "Davies-Bouldin index",
            "inertia": "Inertia",
            "chosen": "Chosen",
        },
        FITTED,
        {"clusters": "count", "silhouette": "ratio", "davies_bouldin": "ratio", "inertia": "ratio"},
        note=f"Tried on an even sample of at most {cluster_fit.SAMPLE:,} customers, silhouettes on at most "
        f"{cluster_fit.JUDGED:,} of them. Three to eight may be chosen: the fewest whose silhouette lies within one "
        "hundredth of the best. Two is shown beside them. High silhouettes and low Davies-Bouldin indices tell of "
        "groups that lie apart.",
    )


def _mixture(fit: Fit | None) -> Table | None:
    if fit is None or fit.mixture.empty:
        return None
    return Table(
        fit.mixture,
        "How many clusters: Gaussian mixtures",
        {"components": "Components", "bic": "Bayesian information criterion", "chosen": "Least"},
        FITTED,
        {"components": "count", "bic": "ratio"},
        note="A second opinion, on the same components and an even sample of customers; the least criterion describes "
        "the cloud best, which may take several components for one group of odd shape.",
    )


def _features(model: Model, fit: Fit | None, importance: np.ndarray, drawn: int) -> Table:
    """What the clusters rest on: each measure, how it was made comparable, how much of it the clusters explain.

    drawn: of how many customers, where not of all.
    """
    rows: list[dict[str, Any]] = []
    for feature, share in zip(model.features, importance, strict=True):
        scale = "ln(1 + x)" if feature.scale == 1 else "ln(1 + x / median)"
        rows.append({"measure": WORDS[feature.name][0], "made": scale, "importance": float(share), "why": ""})
    for name, why in (fit.left_out if fit else {}).items():
        rows.append({"measure": WORDS[name][0], "made": "", "importance": np.nan, "why": why})
    kept = model.axes.shape[1]
    held = f" that together hold {fit.explained[:kept].sum():.0%} of the variance" if fit else ""
    return Table(
        pd.DataFrame(rows),
        "What the clusters rest on",
        {"measure": "Measure", "made": "Made comparable by", "importance": "Explained by clusters", "why": "Left out"},
        SOURCE,
        {"importance": "share"},
        note="Importance: the share of a standardised measure’s variance that lies between clusters (eta squared). "
        f"Measures are standardised after the logarithm; clusters are formed on the {kept} leading principal components"
        f"{held}, so that measures that say the same count once. Engagement = orders × revenue / (days since the last "
        f"sale + 1).{_fitted_on(drawn) if fit and drawn else _drawn(drawn)}",
    )


def _drawn(drawn: int) -> str:
    """What a note adds where a table is of customers drawn at random; nothing where it is of all."""
    return f" Measured on {drawn:,} customers drawn at random." if drawn else ""


def _fitted_on(drawn: int) -> str:
    return f" Fitted and measured on {drawn:,} customers drawn at random; every customer is then put into a cluster."


def _profile(means: np.ndarray, model: Model, drawn: int) -> Table:
    rows = [
        {"cluster": name, "measure": WORDS[feature.name][0], "deviation": float(means[at, column])}
        for at, name in enumerate(model.names)
        for column, feature in enumerate(model.features)
    ]
    return Table(
        pd.DataFrame(rows),
        "Profile of the clusters",
        {"cluster": "Cluster", "measure": "Measure", "deviation": "Mean, in standard deviations from the average"},
        SOURCE,
        {"deviation": "ratio"},
        note=_drawn(drawn).strip(),
    )


def _agreement(rfm: Rfm, model: Model, labels: np.ndarray) -> tuple[Table, float]:
    """Customers by rule segment and cluster, and the adjusted Rand index of the two (Hubert and Arabie 1985)."""
    segment = rfm.frame["segment"].cat.codes.to_numpy().astype(np.int64)
    counts = np.bincount(segment * len(model.names) + labels, minlength=len(SEGMENTS) * len(model.names))
    rows = [
        {"segment": s, "cluster": c, "customers": int(counts[i * len(model.names) + j])}
        for i, s in enumerate(SEGMENTS)
        for j, c in enumerate(model.names)
    ]
    table = Table(
        pd.DataFrame(rows),
        "Rule segments and clusters",
        {"segment": "Segment", "cluster": "Cluster", "customers": "Customers"},
        SOURCE,
        {"customers": "count"},
        note="Segments cut recency, orders and revenue into fifths one by one; clusters weigh all measures together. "
        "They answer different questions and need not agree.",
    )
    return table, _rand(counts.reshape(len(SEGMENTS), -1))


def _rand(counts: np.ndarray) -> float:
    """The adjusted Rand index of two groupings from how many customers are in each pair of groups, in whole numbers."""
    pairs = [int((n * (n - 1) // 2).sum()) for n in (counts, counts.sum(axis=1), counts.sum(axis=0))]
    both, one, other = pairs
    n = int(counts.sum())
    every = n * (n - 1) // 2
    together, apart = both * every - one * other, (one + other) * every - 2 * one * other
    return 1.0 if not apart else 2 * together / apart


def _points(few: _Few, place: np.ndarray, labels: np.ndarray, model: Model) -> Table:
    """Some customers as points; place: components x customers, labels: theirs, both in their order."""
    shown = cluster_fit.spread(np.arange(len(labels)), DRAWN)
    by_name = {feature.name: feature for feature in model.features}
    axes = [n for n in ("recency", "frequency", "monetary") if n in by_name]
    columns: dict[str, Any] = {"first": place[0, shown], "second": place[1, shown]}
    columns |= {name: by_name[name].standardised(few.measures[name][few.order[shown]]) for name in axes}
    columns["cluster"] = np.array(model.names, dtype=object)[labels[shown]]
    labels_of = {"first": "First component", "second": "Second component", "cluster": "Cluster"}
    return Table(
        pd.DataFrame(columns),
        "An even sample of customers",
        {name: labels_of.get(name) or WORDS[name][0] for name in columns},
        SOURCE,
        {name: "ratio" for name in columns if name != "cluster"},
    )


def _findings(
    customers: Customers,
    groups: pd.DataFrame,
    fit: Fit | None,
    model: Model,
    figures: Mapping[str, Any],
    settings: Settings,
) -> dict[str, Finding]:
    n = len(customers.frame)
    window = (customers.window[0], settings.snapshot - timedelta(days=1))
    measured = partial(Finding, population=POPULATION, n=n, window=window, source=SOURCE)
    found = {"headline": _headline(groups, figures["judged"][0], measured)}
    drawn = "" if figures["drawn"] == n else f", fitted on {figures['drawn']:,} customers drawn at random"
    found["groups"] = measured(
        len(groups),
        "count",
        "Customers are put into {value} groups.",
        f"clusters of three to eight, the fewest whose silhouette lies within one hundredth of the best{drawn}"
        if fit
        else f"clusters of the release that looked at customers on {model.snapshot.isoformat()}",
    )
    found |= _separation(fit, figures, measured)
    for at, row in enumerate(groups.to_dict("records"), 1):
        found |= _of_group(at, row, customers.after, measured)
    return found


def _headline(groups: pd.DataFrame, silhouette: float, measured: Any) -> Finding:
    lead = groups.iloc[0]
    if not silhouette > STRUCTURE:
        claim = "Customers form no clear groups: their silhouette is {value}."
        return _judged(silhouette, claim, SILHOUETTE, measured)
    if np.isnan(lead["share_net"]):
        claim = "Customers fall into {value} groups, but together they brought no revenue."
        return measured(len(groups), "count", claim, "clusters")
    claim = (
        f"Customers fall into {{clusters.groups}} {'loose' if silhouette < CLEAR else 'distinct'} groups: "
        "{clusters.group_1_name}, {clusters.group_1_customer_share} of all, bring {value} of revenue."
    )
    definition = (
        "net revenue of the cluster that brings most / net revenue of all; who was refunded more counts as zero"
    )
    return measured(float(lead["share_net"]), "share", claim, definition)


SILHOUETTE = (
    "mean over customers of (b − a) / max(a, b), a the mean distance to the own cluster, b to the nearest other "
    "(Rousseeuw 1987), in the leading principal components"
)
INDEX = "mean over clusters of the worst (spread + spread) / distance of centres (Davies and Bouldin 1979)"
UNMEASURED = "all customers lie in one cluster"


def _judged(value: float, claim: str, definition: str, measured: Any) -> Finding:
    """A figure of how far the groups lie apart; unknown where all customers lie in one."""
    known = not np.isnan(value)
    return measured(value if known else None, "ratio", claim, definition, reason="" if known else UNMEASURED)


def _separation(fit: Fit | None, figures: Mapping[str, Any], measured: Any) -> dict[str, Finding]:
    """How far the groups lie apart: of the choice, over all measures, and of two groups beside it."""
    silhouette, index = figures["judged"]
    word = "hardly" if not silhouette > STRUCTURE else "loosely" if silhouette < CLEAR else "clearly"
    sampled = partial(measured, population=f"an even sample of {POPULATION}", n=figures["sample"])
    on_few = measured
    if figures["drawn"] < measured.keywords["n"]:
        on_few = partial(measured, population=f"{POPULATION}, drawn at random", n=figures["drawn"])
    found = {
        "silhouette": _judged(
            silhouette, f"The groups are {word} separated: silhouette {{value}}.", SILHOUETTE, sampled
        ),
        "davies_bouldin": _judged(index, "The Davies-Bouldin index of the groups is {value}.", INDEX, on_few),
        "silhouette_all_measures": _judged(
            figures["on_all"][0],
            "Over all standardised measures at once the silhouette of the same groups is {value}.",
            "the silhouette in the space of all standardised measures",
            sampled,
        ),
        "agreement": measured(
            figures["rand"],
            "ratio",
            "Groups and rule segments agree to {value}, where one is the same groups and nought is chance.",
            "adjusted Rand index of clusters and RFM segments (Hubert and Arabie 1985)",
        ),
    }
    if fit is None:
        return found
    found["stability"] = sampled(
        fit.stability,
        "ratio",
        "Begun elsewhere, the grouping agrees to {value} with this one, where one is the same groups.",
        "mean adjusted Rand index of the groups and those of other random starts, on the sample",
    )
    beside = fit.choice.set_index("clusters").to_dict("index").get(cluster_fit.BESIDE)
    if beside:
        found["silhouette_two"] = _judged(
            beside["silhouette"], "Two groups would have a silhouette of {value}.", SILHOUETTE, sampled
        )
        found["davies_bouldin_two"] = _judged(
            beside["davies_bouldin"], "Two groups would have a Davies-Bouldin index of {value}.", INDEX, sampled
        )
    return found


def _of_group(at: int, row: Mapping[str, Any], after: str, measured: Any) -> dict[str, Finding]:
    key, name = f"group_{at}", f"{{clusters.group_{at}_name}}"
    there, known = int(row["customers"]), pd.notna(row["share_net"])
    described = partial(measured, population="customers of the cluster", n=there)
    nobody = "" if there else "no customer is in it"
    orders = row["frequency"] if there else None
    return {
        f"{key}_name": measured(
            row["cluster"], "name", "A group is named {value} by the medians of its customers.", row["rule"]
        ),
        f"{key}_customers": measured(there, "count", f"{name}: {{value}} customers.", "customers of the cluster"),
        f"{key}_customer_share": measured(
            float(row["share_customers"]),
            "share",
            f"{name} are {{value}} of customers.",
            "customers of the cluster / all customers",
        ),
        f"{key}_revenue": measured(
            Decimal(int(row["exact"])) / SCALE,
            "money",
            f"{name} brought {{value}} {after}.",
            "sales + refunds of the cluster's customers",
        ),
        f"{key}_revenue_share": measured(
            float(row["share_net"]) if known else None,
            "share",
            f"{name}, {{clusters.{key}_customer_share}} of customers, bring {{value}} of revenue.",
            "net revenue of the cluster / net revenue of all; who was refunded more counts as zero",
            reason="" if known else "no customer brought any revenue",
        ),
        f"{key}_recency": described(
            row["recency"] if there else None,
            "days",
            f"{name}: at the median {{clusters.{key}_orders}} {noun(orders, 'order')} of "
            f"{{clusters.{key}_order_value}}, the last {{value}} ago."
            if there
            else f"{name}: the last sale was {{value}} ago.",
            "median days since the last sale",
            reason=nobody,
        ),
        f"{key}_orders": described(
            int(orders) if orders is not None and orders == int(orders) else orders,
            "ratio" if orders is not None and orders != int(orders) else "count",
            f"{name} ordered {{value}} {'time' if orders == 1 else 'times'} at the median.",
            "median orders",
            reason=nobody,
        ),
        f"{key}_order_value": described(
            row["order_value"] if there else None,
            "money",
            f"An order of {name} is worth {{value}} at the median.",
            "median over customers of net revenue / orders",
            reason=nobody,
        ),
    }
