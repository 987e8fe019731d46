"""`python -m dataset.sample`: write the built-in shop as raw files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dataset.errors import DataError
from dataset.sample import CUSTOMERS, SEED, Layout, write
from dataset.sample.files import Format
from dataset.sample.truth import DEFAULT_LINES


def main(
    out: Annotated[Path, typer.Option(help="folder to write into; made when absent")],
    layout: Annotated[Layout, typer.Option(help="how the raw files look")] = "thelook",
    customers: Annotated[int, typer.Option(help="how many people buy; visitors are five times as many")] = CUSTOMERS,
    seed: Annotated[int, typer.Option(help="the same seed writes the same bytes")] = SEED,
    format: Annotated[Format, typer.Option(help="file format")] = "csv",
    lines_per_order: Annotated[
        float, typer.Option(help="average number of different products in an order")
    ] = DEFAULT_LINES,
    events: Annotated[bool, typer.Option(help="theLook: write the visits as events too")] = True,
) -> None:
    """Write the built-in shop, two years of an invented homeware and outdoor shop with known truth, as raw files."""
    try:
        write(out, layout, customers, seed, format, lines_per_order, events)
    except DataError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
