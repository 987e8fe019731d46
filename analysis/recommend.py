"""What to offer each customer next, and whether that is better than what sells best anyway."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis import recommend_lists as lists
from analysis.customers import Customers
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import noun
from analysis.recommend_lists import DUE, KINDS, NONE, OF_CATEGORY, SIMILAR, Offers, Rhythm, Shelves
from analysis.recommend_trial import BESTSELLERS, LEAST, METHODS, Trial, trial
from analysis.recommend_trial import OF_CATEGORY as CATEGORY_METHOD
from analysis.recommend_trial import SIMILAR as SIMILAR_METHOD
from analysis.similar import Bought, Similar, bought, similar
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SOURCE = "analysis/recommend.py"
HEAT = 20
BINS = 20
BLOCK = 100_000  # customers
EXAMPLES = 5
SOLD = "products ever sold, fees and postage left out"
MOST_BOUGHT = "bought by most customers"


@dataclass(frozen=True, slots=True)
class Recommend(Result):
    """Up to five products for every known customer.

    recommended: customer_id, rank (int8, 1 is best), product_id, name, score, why, kind; by customer_id and rank. All
    text is categorical. score: sum of cosines with what was bought (similar), share of its buyers who bought it again
    (due again), share of customers who bought it (both kinds of bestseller). why: the name of the product bought that
    adds most, of the product due, of the category, or MOST_BOUGHT.
    methods: what the trial says of each way to choose; None where too few came back. kinds: offers by kind.
    examples: the most frequent offers. scores: histogram of the cosine sums, of the similar products of every customer.
    heat: cosine of each pair of the twenty products with most buyers (long). rhythms: products bought again and again.
    better: similar products are offered, as they beat bestsellers beyond chance; else bestsellers are. ahead: they hit
    at least as often. due: products are offered again to somebody.
    """

    findings: Mapping[str, Finding]
    recommended: pd.DataFrame
    methods: Table | None
    kinds: Table
    examples: Table
    scores: Table | None
    heat: Table
    rhythms: Table | None
    better: bool
    ahead: bool
    due: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """All that findings and tables are told from."""

    bought: Bought
    model: Similar
    shelf: Shelves
    rhythm: Rhythm
    tried: Trial | None
    scores: np.ndarray
    made: Offers


def compute(
    customers: Customers, lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings
) -> Recommend:
    """Fit, try on the last orders, offer; raises Skip where there is nothing to choose from."""
    known = bought(lines, products, dataset, settings, len(customers.frame))
    if not len(known.customer):
        raise Skip("no sale to a known customer names its product")
    if len(known.products) < 2:
        raise Skip("only one product is sold: there is nothing else to offer")
    made = _offered(known, settings)
    if not len(made.made.row):
        raise Skip("every customer has bought every product: there is nothing else to offer")
    tried = made.tried
    return Recommend(
        findings=_findings(made, customers),
        recommended=_recommended(made, customers.frame),
        methods=None if tried is None else _methods(tried, len(known.products)),
        kinds=_kinds(made),
        examples=_examples(made),
        scores=_scores(made.scores),
        heat=_heat(made),
        rhythms=_rhythms(made),
        better=tried is not None and tried.better,
        ahead=tried is not None and tried.lead()[0] >= 0,
        due=bool((made.made.kind == KINDS.index(DUE)).any()),
    )


def _offered(known: Bought, settings: Settings) -> _Made:
    """The lists of all customers, made in blocks of customers."""
    matrix, tried = known.matrix(), trial(known, settings.seed)
    model = similar(matrix, LEAST)
    shelf = lists.shelves(model, known.products, known.customers)
    found = lists.rhythm(known, known.days, known.last)
    again = lists.nothing()
    if tried is not None and tried.due_pays:
        day = np.datetime64(settings.snapshot, "D").astype(np.int64)
        again = lists.due(known, found, known.last, np.broadcast_to(day, known.last.shape))
    found_lists, scores = [], []
    for start in range(0, known.customers, BLOCK):
        history = matrix[start : start + BLOCK]
        near = lists.by_similarity(model, history)
        ends = np.searchsorted(again.row, [start, start + BLOCK])
        due = lists.chosen(again, slice(*ends), start)
        found_lists.append(lists.moved(_list(due, near, history, shelf, tried), start))
        scores.append(near.score)
    return _Made(known, model, shelf, found, tried, np.concatenate(scores), lists.joined(found_lists))


def _list(due: Offers, near: Offers, history: csr_array, shelf: Shelves, tried: Trial | None) -> Offers:
    """What is due, then what is similar where that beats bestsellers, then the bestsellers of the favourite category
    where those are not beaten by bestsellers, then bestsellers."""
    made = lists.together([due, near] if tried is not None and tried.better else [due])
    if tried is None or (tried.better and not tried.worse(CATEGORY_METHOD)):
        made = lists.together([made, lists.of_category(history, made, shelf)])
    return lists.together([made, lists.bestsellers(history, made, shelf)])


def _recommended(made: _Made, people: pd.DataFrame) -> pd.DataFrame:
    """The offers with ids and names, in the order of customer and rank."""
    found, goods = made.made, made.bought.products
    start = np.searchsorted(found.row, np.arange(len(people)))
    product, named = _coded(goods["product_id"]), _coded(goods["name"])
    return pd.DataFrame(
        {
            "customer_id": pd.Categorical.from_codes(
                found.row.astype(np.int32), categories=pd.Index(people["customer_id"])
            ),
            "rank": (np.arange(len(found.row)) - start[found.row] + 1).astype(np.int8),
            "product_id": product.take(found.product),
            "name": named.take(found.product),
            "score": np.round(found.score, 6),
            "why": _why(made),
            "kind": pd.Categorical.from_codes(found.kind, categories=list(KINDS)),
        },
        copy=False,
    )


def _coded(texts: pd.Series) -> pd.Categorical:
    return pd.Categorical(texts, categories=sorted(set(texts)))


def _why(made: _Made) -> pd.Categorical:
    """The reason of each offer in words."""
    found, names = made.made, list(made.bought.products["name"])
    texts = [*names, *made.shelf.names, MOST_BOUGHT]
    place = np.where(found.kind == KINDS.index(OF_CATEGORY), len(names) + found.why, found.why)
    return _coded(pd.Series(texts, dtype="object")).take(np.where(found.why == NONE, len(texts) - 1, place))


def _methods(tried: Trial, catalogue: int) -> Table:
    rows = []
    for name in sorted(tried.hits, key=lambda name: (-int(tried.hits[name].sum()), METHODS.index(name))):
        rate, (low, high) = tried.rate(name)
        hits, covered = int(tried.hits[name].sum()), tried.covered[name]
        rows.append((name, tried.tested, hits, rate, low, high, covered, covered / catalogue))
    columns = ["method", "customers", "hits", "rate", "low", "high", "products", "coverage"]
    labels = (
        "Five offers by",
        "Customers tested",
        "Hits",
        "Hit rate",
        "from",
        "to",
        "Products offered",
        "Of catalogue",
    )
    units: dict[str, Unit] = dict(zip(columns[1:], ("count", "count", *["share"] * 3, "count", "share"), strict=True))  # type: ignore[arg-type]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "The last order held out: whose five offers held a product that was new to them in it",
        dict(zip(columns, labels, strict=True)),
        SOURCE,
        units,
        note="Fitted without the last order of anybody who bought on several days. Products bought before are neither "
        "offered nor counted. Places that a method cannot fill go to bestsellers. Intervals: Wilson, 95 percent.",
    )


def _kinds(made: _Made) -> Table:
    counts = np.bincount(made.made.kind, minlength=len(KINDS))
    whom = [_different(made.made.row[made.made.kind == kind]) for kind in range(len(KINDS))]
    frame = pd.DataFrame({"kind": KINDS, "offers": counts, "customers": whom, "share": counts / counts.sum()})
    return Table(
        frame[frame["offers"] > 0].reset_index(drop=True),
        "What is offered, by the reason",
        {"kind": "Reason", "offers": "Offers", "customers": "Customers", "share": "Of all offers"},
        SOURCE,
        {"offers": "count", "customers": "count", "share": "share"},
    )


def _different(row: np.ndarray) -> int:
    """How many different ones; rows are sorted."""
    return int(np.count_nonzero(np.diff(row, prepend=-1)))


def _examples(made: _Made) -> Table:
    """The offers made most often: with what they go with, where it is a product; each product once."""
    found, names = made.made, made.bought.products["name"].to_numpy()
    near = found.kind == KINDS.index(SIMILAR)
    here = near if near.any() else found.kind != KINDS.index(DUE)
    why = np.where(near, found.why, NONE)[here].astype(np.int64)
    keys = np.sort((why + 1) << 32 | found.product[here])  # by reason, then by product
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(starts, append=len(keys))
    rows: list[tuple[str | None, str, int]] = []
    taken: set[int] = set()
    for at in np.argsort(-counts, kind="stable"):
        of, to = (int(keys[starts[at]]) >> 32) - 1, int(keys[starts[at]]) & 0xFFFFFFFF
        if to not in taken and of not in taken:
            rows.append((None if of == NONE else str(names[of]), str(names[to]), int(counts[at])))
            taken |= {to} if of == NONE else {to, of}
        if len(rows) == EXAMPLES:
            break
    return Table(
        pd.DataFrame(rows, columns=["bought", "offered", "customers"]),
        "The most frequent offers",
        {"bought": "Bought", "offered": "Offered", "customers": "To customers"},
        SOURCE,
        {"customers": "count"},
    )


def _scores(score: np.ndarray) -> Table | None:
    """Similar products by the sum of cosines; the last bar holds all above."""
    if not len(score):
        return None
    width = _round(max(float(np.quantile(score, 0.99)), 1e-6) / BINS)
    bins = min(BINS, int(float(score.max()) // width) + 1)
    count = np.bincount(np.minimum((score / width).astype(np.int64), bins - 1), minlength=bins)
    low = np.arange(bins) * width
    return Table(
        pd.DataFrame({"low": low, "high": [*low[1:], float(score.max())], "offers": count}),
        "Similar products by score",
        {"low": "Score from", "high": "to", "offers": "Offers"},
        SOURCE,
        {"low": "ratio", "high": "ratio", "offers": "count"},
        note="Score: sum of the cosines of a product with each product the customer bought, over the five best of "
        "every customer. The last row holds all above.",
    )


def _round(width: float) -> float:
    """The next larger of one, two or five times a power of ten."""
    size = 10.0 ** math.floor(math.log10(width))
    return next(size * f for f in (1, 2, 5, 10) if size * f >= width * (1 - 1e-9))


def _heat(made: _Made) -> Table:
    """Cosine of each pair of the products with most buyers; below LEAST buyers of both none."""
    count = min(HEAT, len(made.bought.products))
    names = made.bought.products["name"].to_numpy()[made.model.order[:count]]
    matrix = made.bought.matrix()[:, made.model.order[:count]]
    both = (matrix.T @ matrix).toarray()
    buyers = np.diag(both).astype(float)
    cosine = both / np.maximum(np.sqrt(np.outer(buyers, buyers)), 1)
    at, to = np.divmod(np.arange(count * count), count)
    frame = pd.DataFrame(
        {
            "place": at,
            "with_place": to,
            "product": names[at],
            "with": names[to],
            "both": both.ravel(),
            "cosine": cosine.ravel(),
        }
    )
    return Table(
        frame[frame["place"] != frame["with_place"]].reset_index(drop=True),
        f"Similarity of the {count} products with most buyers" if count > 1 else "Similarity",
        {"product": "Product", "with": "With", "both": "Customers who bought both", "cosine": "Cosine"},
        SOURCE,
        {"both": "count", "cosine": "ratio"},
        note="Cosine: customers who bought both / root of (buyers of the one x buyers of the other).",
    )


def _rhythms(made: _Made) -> Table | None:
    found = made.rhythm
    if not len(found.product):
        return None
    names = made.bought.products["name"].to_numpy()[found.product]
    frame = pd.DataFrame(
        {"product": names, "buyers": found.buyers, "again": found.again, "share": found.share, "gap": found.gap}
    )
    sort = np.lexsort((found.product, -found.share))
    return Table(
        frame.iloc[sort].reset_index(drop=True),
        "Products bought again and again",
        {
            "product": "Product",
            "buyers": "Buyers",
            "again": "Bought it on several days",
            "share": "Of its buyers",
            "gap": "Median days between",
        },
        SOURCE,
        {"buyers": "count", "again": "count", "share": "share", "gap": "days"},
        note="At least thirty customers and a third of its buyers bought it on several days. It is due again from one "
        "median gap after the customer's last purchase of it until two.",
    )


def _findings(made: _Made, customers: Customers) -> dict[str, Finding]:
    told = partial(Finding, window=customers.window, source=SOURCE)
    found = _of_lists(
        made, partial(told, population=customers.findings["customers"].population, n=made.bought.customers)
    )
    if made.tried is not None:
        found |= _of_trial(made.tried, len(made.bought.products), told)
    return {"headline": _headline(made.tried, found)} | found


def _headline(tried: Trial | None, found: Mapping[str, Finding]) -> Finding:
    if tried is None:
        return _again(
            found["customers"],
            "Bestsellers are offered to {value} customers: too few came back to show that anything is better.",
        )
    low, high = tried.lead()[1]
    if low > 0:
        return _again(
            found["hit_rate"],
            "Offer similar products: five of them hit {value} of next orders, five bestsellers only "
            "{recommend.bestsellers_hit_rate}.",
        )
    if high < 0:
        return _again(
            found["bestsellers_hit_rate"],
            "Bestsellers are the better offer: five hit {value} of next orders, five similar products "
            "{recommend.hit_rate}.",
        )
    return _again(
        found["bestsellers_hit_rate"],
        "Offer bestsellers, nothing is shown to beat them: five hit {value} of next orders, similar products "
        "{recommend.hit_rate}.",
    )


def _again(finding: Finding, claim: str) -> Finding:
    return Finding(
        finding.value, finding.unit, claim, finding.definition, finding.population, finding.n, finding.window,
        finding.source, finding.kind, finding.interval, finding.reason, leading=True,
    )  # fmt: skip


def _of_lists(made: _Made, measured: Any) -> dict[str, Finding]:
    """Whom something is offered, and what."""
    found, size = made.made, len(made.bought.products)
    whom = _different(found.row)
    due = _different(found.row[found.kind == KINDS.index(DUE)])
    near = int(np.count_nonzero(found.kind == KINDS.index(SIMILAR)))
    covered = len(np.unique(found.product))
    return {
        "customers": measured(
            whom,
            "count",
            f"{{value}} {noun(whom, 'customer gets', 'customers get')} up to five offers each.",
            "known customers with at least one product to offer; who bought every product gets no offer",
        ),
        "coverage": measured(
            covered / size,
            "share",
            "{value} of the catalogue is offered to somebody.",
            "products offered to at least one customer / products ever sold, fees and postage left out",
            n=size,
            population=SOLD,
        ),
        "similar_share": measured(
            near / len(found.row),
            "share",
            "{value} of all offers rest on what the same customers buy.",
            "offers of similar products / all offers",
            n=len(found.row),
            population="offers to known customers",
        ),
        "due": measured(
            due,
            "count",
            f"{{value}} {noun(due, 'customer is', 'customers are')} due to buy something again."
            if due
            else "No customer is offered a product again ({value}).",
            "customers with at least one product offered that they bought before and that is due again",
        ),
    }


def _of_trial(tried: Trial, catalogue: int, told: Any) -> dict[str, Finding]:
    """What the held-out last orders say."""
    of = "customers who came back and bought something new on their last day"
    estimated = partial(told, population=of, n=tried.tested, kind="estimated", leading=True)
    measured = partial(told, population=of, n=tried.tested)
    meant = "customers whose last order, held out, has one of five offers new to them / customers tested"
    words = {SIMILAR_METHOD: "hit_rate", CATEGORY_METHOD: "category_hit_rate", BESTSELLERS: "bestsellers_hit_rate"}
    found: dict[str, Finding] = {}
    for method in tried.hits:
        rate, interval = tried.rate(method)
        claim = f"Five {method} hold a product of the next order for {{value}} of customers."
        found[words[method]] = estimated(rate, "share", claim, meant, interval=interval)
    gap, interval = tried.lead()
    ahead = gap >= 0
    ends = interval if ahead else (-interval[1], -interval[0])
    found["difference"] = estimated(
        abs(gap),
        "share",
        f"Of all customers tested, {{value}} more are hit by {SIMILAR_METHOD if ahead else BESTSELLERS}.",
        "difference of the two hit rates, in parts of all customers tested; interval for the same customers "
        "(Agresti and Min)",
        interval=ends,
    )
    found["tested"] = measured(
        tried.tested, "count", "The offers were tried on the last order of {value} customers.", of
    )
    for key, method in (("tested_coverage", SIMILAR_METHOD), ("bestsellers_coverage", BESTSELLERS)):
        found[key] = measured(
            tried.covered[method] / catalogue,
            "share",
            f"In the trial, {method} reach {{value}} of the catalogue.",
            "different products offered to the customers tested / products ever sold",
            n=catalogue,
            population=SOLD,
        )
    if tried.due_offered:
        found["due_hit_rate"] = told(
            tried.due_bought / tried.due_offered,
            "share",
            "Of products due again, {value} were in the next order.",
            "products due on the day of the last order that were bought on it / products due on it",
            population="products due for customers on the day of their last order",
            n=tried.due_offered,
        )
    return found
