"""What is timed, against what: `python -m benchmarks [--ladder SIZES] [--no-peers]`; ratios are of one run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import ladder, tastes
from benchmarks.measure import ROOT, Measured, command, middle

LADDER = "10000,100000,1000000"
app = typer.Typer(add_completion=False)


@app.command()
def main(
    customers: Annotated[int, typer.Option(help="Customers of the generated data for the reductions.")] = 1_000_000,
    data: Annotated[Path | None, typer.Option(help="Data for the whole build; none: a generated shop.")] = None,
    runs: Annotated[int, typer.Option(help="Runs of each command; the median is printed.")] = 3,
    sizes: Annotated[str, typer.Option("--ladder", help="Customers of the shops built step by step.")] = LADDER,
    peers: Annotated[bool, typer.Option(help="Heavy steps beside what a user would otherwise run.")] = True,
) -> None:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        print(ladder.table([int(size) for size in sizes.split(",") if size], Path(folder)), flush=True)
        if not peers:
            return
        whole_build(data, Path(folder), runs)
        reductions(customers, Path(folder), runs)
        clusters(Path(folder), runs)
        clv(Path(folder), runs)
        spend(Path(folder), runs)
        pairs(Path(folder), runs)
        recommend(customers, Path(folder), runs)


def whole_build(data: Path | None, folder: Path, runs: int) -> None:
    """Raw data to published report: without caches, with all of them, and with one changed template."""
    if data is None:
        data = folder / "shop"
        command("-m", "dataset.sample", "--layout", "online_retail", "--customers", "100000", "--out", str(data))
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    print(f"whole build of {data.name}")
    first = sorted((_fresh(data, folder) for _ in range(runs)), key=lambda m: m.seconds)[runs // 2]
    print(f"  first build        {first}")
    with _changed_template():
        again = command("build.py", str(data), "--out", str(folder / "site"))
    print(f"  template changed   {again}   {first.seconds / again.seconds:.1f}x faster than the first")


def _shop(data: Path, customers: int) -> None:
    """A generated shop as Parquet, five lines an order."""
    written = ("--layout", "generic", "--customers", str(customers), "--format", "parquet", "--lines-per-order", "5")
    command("-m", "dataset.sample", *written, "--out", str(data))


def _fresh(data: Path, folder: Path) -> Measured:
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return command("build.py", str(data), "--out", str(folder / "site"))


class _changed_template:
    """A slide's template with one more word, put back afterwards."""

    path = ROOT / "templates" / "slides" / "pareto.html.j2"

    def __enter__(self) -> None:
        self.before = self.path.read_bytes()
        self.path.write_bytes(self.before + b"<!-- changed -->\n")

    def __exit__(self, *_: object) -> None:
        self.path.write_bytes(self.before)


def reductions(customers: int, folder: Path, runs: int) -> None:
    """Read, customers, segments and concentration of one large Parquet file, against pandas and lifetimes."""
    data = folder / "large"
    _shop(data, customers)
    print(f"reductions of {customers:,} customers (Parquet)")
    floor = command("-c", "import duckdb, pandas, pyarrow")
    ours = middle(runs, "-m", "benchmarks.peers", "ours", str(data))
    print(f"  imports only       {floor}")
    print(f"  customer deck      {ours}")
    for peer in ("pandas", "lifetimes"):
        theirs = middle(1, "-m", "benchmarks.peers", peer, str(data))
        faster, smaller = theirs.seconds / ours.seconds, theirs.megabytes / ours.megabytes
        print(f"  {peer:18} {theirs}   {faster:.1f}x slower, {smaller:.1f}x larger")


def clusters(folder: Path, runs: int) -> None:
    """Three to eight groups of the same customers chosen, fitted and profiled, against plain K-means on every row."""
    data = folder / "large"
    command("-m", "benchmarks.peers", "measure", str(data))
    print("clusters of the same customers, from their measures")
    floor = command("-c", "import sklearn.cluster, sklearn.metrics, sklearn.mixture, pandas, pyarrow")
    ours = middle(runs, "-m", "benchmarks.peers", "clusters", str(data))
    theirs = command("-m", "benchmarks.peers", "kmeans", str(data))
    faster, smaller = theirs.seconds / ours.seconds, theirs.megabytes / ours.megabytes
    print(f"  imports only       {floor}")
    print(f"  customer deck      {ours}")
    print(f"  K-means on all     {theirs}   {faster:.1f}x slower, {smaller:.1f}x larger")


def clv(folder: Path, runs: int) -> None:
    """Two models fitted to the same customers and the value of each, against lifetimes; both time themselves."""
    data = folder / "large"
    command("-m", "benchmarks.peers", "histories", str(data))
    print("lifetime value of the same customers, from their purchase histories")
    floor = command("-c", "import scipy.optimize, scipy.special, pandas, pyarrow")
    ours = middle(runs, "-m", "benchmarks.peers", "clv", str(data))
    theirs = command("-m", "benchmarks.peers", "lifetimes_clv", str(data))
    own, other = (json.loads((data / "measured" / f"{name}.json").read_text()) for name in ("clv", "lifetimes"))
    print(f"  imports only       {floor}")
    print(f"  customer deck      {ours}   fit {own['fit']:.2f} s, value {own['value']:.2f} s, sure {own['sure']:.2f} s")
    print(f"  lifetimes          {theirs}   fit {other['fit']:.2f} s, value {other['value']:.2f} s")
    apart = max(abs(a / b - 1) for a, b in zip(own["estimates"], other["estimates"], strict=True))
    fit, value = (other[what] / own[what] for what in ("fit", "value"))
    print(f"  lifetimes is {fit:.1f}x slower to fit, {value:.1f}x to value; estimates differ by {apart:.1e}")


def spend(folder: Path, runs: int) -> None:
    """Features on three days, tests and forecast of spend in ninety days, against the usual notebook's single fit."""
    data = folder / "large"
    print("spend in ninety days of the same customers, from their lines")
    ours = middle(runs, "-m", "benchmarks.peers", "spend", str(data))
    theirs = command("-m", "benchmarks.peers", "tweedie", str(data))
    slower, larger = theirs.seconds / ours.seconds, theirs.megabytes / ours.megabytes
    print(f"  customer deck      {ours}")
    print(f"  pandas, Tweedie    {theirs}   {slower:.1f}x slower, {larger:.1f}x larger, one cut-off, no test")


def pairs(folder: Path, runs: int) -> None:
    """Pairs in a million orders of five thousand products at a support of a tenth of a percent, against mlxtend."""
    command("-m", "benchmarks.peers", "baskets", str(folder))
    print("pairs in a million orders of five thousand products")
    ours = middle(runs, "-m", "benchmarks.peers", "pairs", str(folder))
    theirs = command("-m", "benchmarks.peers", "fpgrowth", str(folder))
    slower, larger = theirs.seconds / ours.seconds, theirs.megabytes / ours.megabytes
    print(f"  customer deck      {ours}")
    print(f"  mlxtend fpgrowth   {theirs}   {slower:.1f}x slower, {larger:.1f}x larger")


def recommend(customers: int, folder: Path, runs: int) -> None:
    """Five products for every customer of 5,000, tried on last orders, against a loop over 20,000 customers."""
    data = folder / "tastes"
    tastes.write(data, customers)
    print(f"five products for each of {customers:,} customers")
    ours = middle(runs, "-m", "benchmarks.peers", "recommend", str(data))
    told = json.loads((data / "recommend.json").read_text())
    print(f"  customer deck      {ours}   of it {told['seconds']:.1f} s with the trial, {told['rows']:,} offers")
    theirs = command("-m", "benchmarks.peers", "one_by_one", str(data))
    print(f"  one by one         {theirs}   20,000 customers only, no trial, no reason")


if __name__ == "__main__":
    app()
