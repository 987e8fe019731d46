"""The built-in shop: a seeded generator with known truth, and a writer of raw files in each of the five layouts.

`write(out)` makes the shop every report can be tried on; `truth()` says what an analysis of it should find.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from dataset.errors import DataError
from dataset.sample.truth import DEFAULT_LINES, TRUTH, Affinity, Truth, truth

__all__ = ["CUSTOMERS", "LAYOUTS", "SEED", "TRUTH", "Affinity", "Layout", "Truth", "truth", "write"]

Layout = Literal["thelook", "retailrocket", "online_retail", "adventureworks", "generic"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
CUSTOMERS = 5_000
SEED = 20240229


def write(
    out: Path,
    layout: str = "thelook",
    customers: int = CUSTOMERS,
    seed: int = SEED,
    form: Literal["csv", "parquet"] = "csv",
    lines_per_order: float = DEFAULT_LINES,
    events: bool = True,
) -> Truth:
    """Write the shop of that many buyers as raw files into `out`; the same arguments give the same bytes.

    events: without them theLook has no events file (RetailRocket is nothing else). Returns what is true of the shop.
    Raises DataError E_SAMPLE when an argument is out of range.
    """
    _check(layout, customers, seed, form, lines_per_order)
    from dataset.sample import adventureworks, retailrocket, thelook, transactions
    from dataset.sample.files import Files
    from dataset.sample.shop import Tastes, chunks
    from dataset.sample.visits import visits

    each = {
        "thelook": thelook.each,
        "retailrocket": retailrocket.each,
        "online_retail": transactions.online_retail,
        "adventureworks": adventureworks.each,
        "generic": transactions.generic,
    }[layout]
    once = {
        "thelook": thelook.once,
        "retailrocket": retailrocket.once,
        "adventureworks": adventureworks.once,
        "generic": transactions.mapping,
    }
    true = truth(lines_per_order)
    tastes = Tastes(true)
    visited = layout == "retailrocket" or (layout == "thelook" and events)
    with Files(out, form) as files:
        if layout in once:
            once[layout](files)
        for chunk in chunks(customers, seed, true):
            each(files, chunk, visits(chunk, seed, true, tastes) if visited else None)
    return true


def _check(layout: str, customers: int, seed: int, form: str, lines_per_order: float) -> None:
    wrong = {
        f"layout {layout!r} is none of {', '.join(LAYOUTS)}": layout not in LAYOUTS,
        f"format {form!r} is neither csv nor parquet": form not in ("csv", "parquet"),
        f"{customers} customers: there must be at least one": customers < 1,
        f"seed {seed}: must not be negative": seed < 0,
        f"{lines_per_order} lines an order: must lie between 1 and 50": not 1 <= lines_per_order <= 50,
    }
    for what, so in wrong.items():
        if so:
            raise DataError("E_SAMPLE", what)
