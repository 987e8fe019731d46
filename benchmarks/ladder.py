"""Builds of shops of growing size, step by step: `python -m benchmarks --ladder 10000,100000,1000000`."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from benchmarks.measure import Measured, command

AROUND = ("start the browser", "read the data", "draw and print", "publish")  # all else are analyses
LEAST = 0.05  # seconds, below which growth is the clock's
Rows = dict[str, tuple[float, float, float]]


def table(sizes: list[int], folder: Path) -> str:
    """Whole builds as users run them, two analyses at once; then each step alone, as Markdown.

    The shops are theLook's layout with visits (events), Parquet, four lines an order; nothing is kept between builds.
    """
    whole: dict[int, Measured] = {}
    steps: dict[int, Rows] = {}
    cache, site, file = (folder / name for name in ("cache", "site", "steps.json"))
    os.environ["XDG_CACHE_HOME"] = str(cache)
    for size in sizes:
        data = folder / f"shop-{size}"
        shop(data, size)
        whole[size] = command("build.py", str(data), "--out", str(site))
        _remove(cache, site)
        command("-m", "benchmarks.steps", str(file), str(data), "--out", str(site))
        _remove(cache, site, data)
        steps[size] = {name: (s, cpu, mb) for name, s, cpu, mb in json.loads(file.read_text())}
    return "\n".join((*_wholes(whole), "", *_steps(steps), ""))


def shop(data: Path, customers: int) -> None:
    """A generated shop with visits, four lines an order."""
    how = ("--layout", "thelook", "--customers", str(customers), "--format", "parquet", "--lines-per-order", "4")
    command("-m", "dataset.sample", *how, "--out", str(data))


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder)


def _wholes(whole: dict[int, Measured]) -> list[str]:
    rows = [f"| {size:,} | {m.seconds:.1f} | {m.megabytes:,.0f} | {m.together:,.0f} |" for size, m in whole.items()]
    head = "| customers | seconds | MB, largest process | MB, all processes |"
    return ["Whole builds, two analyses at once:", "", head, "|---|---|---|---|", *rows]


def _steps(steps: dict[int, Rows]) -> list[str]:
    """A row a step: wall seconds, its share of the whole, peak MB; growth of processor seconds over the last two."""
    (*_, last) = steps
    for rows in steps.values():
        rows["all analyses"] = _sum(row for name, row in rows.items() if name not in AROUND)
        rows["whole"] = _sum(row for name, row in rows.items() if name != "all analyses")
    head = "| step |" + "".join(f" {size:,}: s | share | MB |" for size in steps) + " growth |"
    lines = ["Each step alone, one analysis at a time:", "", head, "|---|" + "---|" * (3 * len(steps) + 1)]
    for name in steps[last]:
        cells = []
        for rows in steps.values():
            seconds, _, most = rows.get(name, (0.0, 0.0, 0.0))
            cells.append(f" {seconds:.1f} | {seconds / rows['whole'][0]:.0%} | {most:,.0f} |")
        lines.append(f"| {name} |{''.join(cells)} {_growth(name, steps)} |")
    return lines


def _sum(rows: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    seconds, used, most = zip(*rows, strict=True)
    return sum(seconds), sum(used), max(most)


def _growth(name: str, steps: dict[int, Rows]) -> str:
    """The power of the number of customers that processor seconds grew with, over the two largest shops."""
    if len(steps) < 2:
        return ""
    small, large = list(steps)[-2:]
    before, after = (steps[size].get(name, (0.0, 0.0, 0.0))[1] for size in (small, large))
    if min(before, after) < LEAST:
        return ""
    return f"{math.log(after / before) / math.log(large / small):.2f}"
