"""Heavy steps beside what a user would otherwise run, one process each, in one run: ratios as a Markdown table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks import files, ladder, tastes
from benchmarks.measure import Measured, command, program

OPEN = str(Path(__file__).with_name("openretail.py"))


@dataclass(frozen=True, slots=True)
class Pairing:
    """A task of ours and its peers: what each does in words -> its name in peers.py, or in openretail.py after +."""

    task: str
    ours: str
    shop: str
    file: str
    peers: dict[str, str]


PAIRINGS = (
    Pairing(
        "lines -> customers, segments, concentration (with reading and accounts)",
        "ours",
        "shop",
        "sales.parquet",
        {
            "pandas notebook": "pandas",
            "lifetimes, frequency and recency only": "lifetimes",
            "OpenRetailScience, pandas": "+segments",
            "OpenRetailScience, Ibis": "+segments_ibis",
        },
    ),
    Pairing(
        "cohorts of first months, with second orders",
        "cohorts",
        "shop",
        "sales.parquet",
        {"pandas notebook, counts only": "retention", "OpenRetailScience, Ibis, counts only": "+cohorts"},
    ),
    Pairing(
        "three to eight clusters chosen, fitted, named, profiled",
        "clusters",
        "shop",
        "",
        {"K-means on every row, silhouette on a sample": "kmeans"},
    ),
    Pairing(
        "lifetime value: both models, value, how sure",
        "clv",
        "shop",
        "",
        {"lifetimes, without how sure": "lifetimes_clv"},
    ),
    Pairing(
        "spend in ninety days, three cut-offs, tested",
        "spend",
        "shop",
        "",
        {"pandas and TweedieRegressor, one cut-off, no test": "tweedie"},
    ),
    Pairing(
        "chance to order and to be gone, calibrated, tested",
        "chances",
        "shop",
        "",
        {"pandas and boosting, one cut-off each, no test": "boosting"},
    ),
    Pairing(
        "funnel and visitors' chances, 100,000 buyers, 4.4 M events",
        "visits",
        "visits",
        "",
        {"pandas, features of one day only": "notebook_visits"},
    ),
    Pairing(
        "pairs of 1 M orders x 5,000 products, support 0.1 %, with tests",
        "pairs",
        "baskets",
        "measured/baskets.parquet",
        {"mlxtend fpgrowth, sparse": "fpgrowth", "OpenRetailScience, Ibis": "+pairs"},
    ),
    Pairing(
        "five of 5,000 products for each of 1 M customers, tried on last orders",
        "recommend",
        "tastes",
        "",
        {"dense cosine and a loop, 20,000 customers only": "one_by_one"},
    ),
)


def table(customers: int, folder: Path, openretail: str) -> str:
    """A row a peer. openretail: the interpreter that has OpenRetailScience; "": it is left out."""
    shops = {name: folder / name for name in ("shop", "visits", "baskets", "tastes")}
    ladder.shop(shops["visits"], min(customers, 100_000))
    sales = ("--layout", "generic", "--customers", str(customers), "--format", "parquet", "--lines-per-order", "5")
    command("-m", "dataset.sample", *sales, "--out", str(shops["shop"]))
    shops["baskets"].mkdir()
    _apart(tastes.write, shops["tastes"], customers)
    _apart(files.baskets, shops["baskets"])
    for prepared in ("measure", "histories"):
        command("-m", "benchmarks.ours", prepared, str(shops["shop"]))
    rows = ["| task | customer deck | beside it | slower by | larger by |", "|---|---|---|---|---|"]
    for pairing in PAIRINGS:
        data = shops[pairing.shop]
        ours = command("-m", "benchmarks.ours", pairing.ours, str(data))
        for said, peer in pairing.peers.items():
            if peer.startswith("+") and not openretail:
                continue
            theirs = (
                program(openretail, OPEN, peer[1:], str(data / pairing.file))
                if peer.startswith("+")
                else command("-m", "benchmarks.peers", peer, str(data))
            )
            rows.append(_row(pairing.task, ours, said, theirs))
    return "\n".join((*rows, ""))


def _apart(made: Callable[..., None], *arguments: object) -> None:
    """Call in a process of its own: what this one holds would count as every later command's peak."""
    process = get_context("spawn").Process(target=made, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{made.__name__} failed")


def _row(task: str, ours: Measured, said: str, theirs: Measured) -> str:
    slower, larger = theirs.seconds / ours.seconds, theirs.megabytes / ours.megabytes
    return f"| {task} | {ours} | {said}: {theirs} | {slower:.1f} | {larger:.1f} |"
