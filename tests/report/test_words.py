"""Words a reader could take for a value that went missing (none, nan, inf) stand in no sentence of the report."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import analysis
from report import figures

MISSING = re.compile(r"(?<![\w-])(nan|inf|nat|none)(?![\w-])", re.I)
FOLDERS = (Path(analysis.__file__).parent, Path(figures.__file__).parent)


def sentences(path: Path) -> Iterator[str]:
    """Texts of more than a word in a module, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in bare else None
        if isinstance(text, str) and " " in text.strip():
            yield text


def test_no_sentence_holds_a_word_that_looks_like_a_missing_value() -> None:
    said = [(path.name, text) for folder in FOLDERS for path in folder.glob("*.py") for text in sentences(path)]
    assert len(said) > 2000
    assert [(name, text) for name, text in said if MISSING.search(text)] == []


def test_nor_does_a_statement_that_is_printed() -> None:
    assert [p.name for p in FOLDERS[0].glob("*.sql") if MISSING.search(p.read_text(encoding="utf-8"))] == []
