"""Runs each analysis once, in the order its parameters need; skips what cannot be said, and says why."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from analysis.finding import Finding, Result, Skip
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import TABLES, Dataset, Note

if TYPE_CHECKING:
    from analysis.kept import Kept

ROOT = Path(__file__).parent
Step = Callable[[str], AbstractContextManager[None]]
Made = Callable[[str, Result], None]


@dataclass(slots=True)
class Run:
    """Results by analysis, what was skipped and why, and what the analyses want noted."""

    results: dict[str, Result] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def findings(self) -> dict[str, Finding]:
        """Every finding by its full key, `analysis.finding`."""
        return {
            f"{name}.{key}": finding
            for name, result in self.results.items()
            for key, finding in result.findings.items()
        }


def run(
    names: Iterable[str],
    dataset: Dataset,
    settings: Settings,
    step: Step = lambda name: nullcontext(),
    made: Made = lambda name, result: None,
    kept: Kept | None = None,
) -> Run:
    """Run the named analyses and all they need; `made` is told of each result at once. What is `kept` is not computed.

    A parameter of `compute` is: `settings`, `dataset`, a canonical table (annotated Relation) or another analysis'
    result by the module's name. Annotated `| None`, it may be absent. Raises LookupError for any other name.
    """
    done = Run()
    if kept:
        kept.given(dataset, settings)
    for name in names:
        _compute(name, dataset, settings, done, step, made, kept, ())
    return done


def _compute(
    name: str,
    dataset: Dataset,
    settings: Settings,
    done: Run,
    step: Step,
    made: Made,
    kept: Kept | None,
    above: tuple[str, ...],
) -> None:
    if name in done.results or name in done.skipped:
        return
    if name in above:
        raise LookupError(f"analyses need each other in a circle: {' -> '.join((*above, name))}")
    module = load(name)
    arguments: dict[str, Any] = {}
    tables: list[str] = []
    for parameter, (wanted, optional) in parameters(module).items():
        if parameter == "settings":
            arguments[parameter] = settings
        elif parameter == "dataset":
            arguments[parameter] = dataset
        elif wanted is Relation:
            if parameter in dataset.tables:
                tables.append(parameter)
            elif optional:
                arguments[parameter] = None
            else:
                done.skipped[name] = f"needs {parameter}, which this data does not have"
                return
        else:
            _compute(parameter, dataset, settings, done, step, made, kept, (*above, name))
            if parameter in done.results:
                arguments[parameter] = done.results[parameter]
            elif optional:
                arguments[parameter] = None
            else:
                done.skipped[name] = f"needs {parameter}: {done.skipped[parameter]}"
                return
    found = kept.get(name) if kept else None
    if found is None:
        arguments |= {table: _relation(dataset, table) for table in tables}  # opens the data, if nobody has yet
        try:
            with step(name):
                found = module.compute(**arguments)
        except Skip as skip:
            found = skip
        if kept:
            kept.put(name, found)
    if isinstance(found, Skip):
        done.skipped[name] = found.reason
        if found.code:
            done.notes.append(Note(found.code, found.count, f"{name}: {found.reason}"))
        return
    done.results[name] = found
    made(name, found)
    done.notes.extend(getattr(found, "notes", ()))


def _relation(dataset: Dataset, table: str) -> Relation:
    return Relation(dataset.engine, table, ROOT, dataset.engine.columns(table))


def parameters(module: ModuleType) -> Mapping[str, tuple[type, bool]]:
    """Each parameter of a module's `compute`: its type, and whether it may be absent."""
    hints = get_type_hints(module.compute)
    found: dict[str, tuple[type, bool]] = {}
    for parameter in inspect.signature(module.compute).parameters:
        hint = hints[parameter]
        if isinstance(hint, UnionType):
            found[parameter] = (next(h for h in get_args(hint) if h is not type(None)), True)
        else:
            found[parameter] = (hint, False)
    for parameter, (wanted, _) in found.items():
        known = parameter in ("settings", "dataset") or (wanted is Relation and parameter in TABLES)
        if not known and parameter not in analyses():
            raise LookupError(
                f"{module.__name__}.compute wants {parameter!r}; known are settings, dataset, "
                f"the tables {', '.join(TABLES)} (annotated Relation) and the analyses {', '.join(analyses())}"
            )
    return found


def analyses() -> tuple[str, ...]:
    """Every analysis there is: the modules of this folder that define `compute`."""
    return tuple(sorted(p.stem for p in ROOT.glob("*.py") if "\ndef compute(" in p.read_text(encoding="utf-8")))


def load(name: str) -> ModuleType:
    """The module of an analysis. Raises LookupError when there is none."""
    if name not in analyses():
        raise LookupError(f"there is no analysis {name!r}; there are {', '.join(analyses())}")
    return importlib.import_module(f"analysis.{name}")
