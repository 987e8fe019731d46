"""What is timed, against what: `python -m benchmarks`, or some of --ladder, --rebuilds, --peers; Markdown tables."""

from __future__ import annotations

import os
import platform
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import against, ladder, rebuilds

PACKAGES = ("duckdb", "pandas", "numpy", "scipy", "scikit-learn", "pyarrow", "plotly", "weasyprint")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    sizes: Annotated[str, typer.Option("--ladder", help="Customers of the shops to build; 0: none.")] = "",
    data: Annotated[Path | None, typer.Option("--rebuilds", help="Data to build, and again after changes.")] = None,
    customers: Annotated[int, typer.Option("--peers", help="Customers of the data peers are asked; 0: none.")] = 0,
    openretail: Annotated[str, typer.Option(help="The interpreter that has OpenRetailScience.")] = "",
) -> None:
    """Print what is measured here; with no option: the ladder to a million, a shop's rebuilds, the peers."""
    everything = not (sizes or data or customers)
    print(f"## {date.today()}, {_machine()}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        if sizes or everything:
            counts = [int(size) for size in (sizes or "10000,100000,1000000").split(",")]
            print(ladder.table(counts, Path(folder)), flush=True)
        if data or everything:
            print(rebuilds.table(data, Path(folder)), flush=True)
        if customers or everything:
            print(against.table(customers or 1_000_000, Path(folder), openretail), flush=True)


def _machine() -> str:
    """Cores, system and versions."""
    made = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; {made}"


if __name__ == "__main__":
    app()
