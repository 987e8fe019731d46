"""What may import what: dataset <- analysis <- report <- build.py, told from the import statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("dataset", "analysis", "report", "build")
MAY = {"dataset": {"dataset"}, "analysis": {"dataset", "analysis"}, "report": {"dataset", "analysis", "report"}}
NOT = {
    "dataset": {"jinja2", "choreographer", "plotly", "weasyprint", "typer", "rich", "pandas", "sklearn", "scipy"},
    "analysis": {"jinja2", "choreographer", "plotly", "weasyprint", "typer", "rich", "duckdb"},
    "report": {"duckdb", "sklearn", "scipy", "lifetimes"},
}
EVERYWHERE_NOT = {"pickle", "joblib", "dill", "shelve", "requests", "httpx", "urllib.request"}
MODULES = sorted(p for package in MAY for p in (ROOT / package).rglob("*.py") if "sample" not in p.parts)


def imported(path: Path) -> Iterator[str]:
    """The dotted names a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: a relative import hides the direction"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_direction(path: Path) -> None:
    """A package imports itself and those below it, and no library that belongs above."""
    package = path.relative_to(ROOT).parts[0]
    names = set(imported(path))
    tops = {name.split(".")[0] for name in names}
    assert tops & set(OURS) <= MAY[package]
    assert not tops & NOT[package]
    assert not names & EVERYWHERE_NOT


def test_the_modules_were_found() -> None:
    assert len(MODULES) > 30
