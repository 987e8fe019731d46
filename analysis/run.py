"""Runs each analysis once, in the order its parameters need; skips what cannot be said, and says why."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args, get_type_hints

from analysis.finding import Finding, Result, Skip
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import TABLES, Dataset, Note

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
) -> Run:
    """Run the named analyses and all they need; `made` is told of each result at once.

    A parameter of `compute` is: `settings`, `dataset`, a canonical table (annotated Relation) or another analysis'
    result by the module's name. Annotated `| None`, it may be absent. Raises LookupError for any other name.
    """
    done = Run()
    for name in names:
        _compute(name, dataset, settings, done, step, made, ())
    return done


def _compute(
    name: str, dataset: Dataset, settings: Settings, done: Run, step: Step, made: Made, above: tuple[str, ...]
) -> None:
    if name in done.results or name in done.skipped:
        return
    if name in above:
        raise LookupError(f"analyses need each other in a circle: {' -> '.join((*above, name))}")
    module = _module(name)
    arguments: dict[str, Any] = {}
    for parameter, (wanted, optional) in parameters(module).items():
        if parameter == "settings":
            arguments[parameter] = settings
        elif parameter == "dataset":
            arguments[parameter] = dataset
        elif wanted is Relation:
            if parameter in dataset.tables:
                columns = dataset.engine.columns(parameter)
                arguments[parameter] = Relation(dataset.engine, parameter, ROOT, columns)
            elif optional:
                arguments[parameter] = None
            else:
                done.skipped[name] = f"needs {parameter}, which this data does not have"
                return
        else:
            _compute(parameter, dataset, settings, done, step, made, (*above, name))
            if parameter in done.results:
                arguments[parameter] = done.results[parameter]
            elif optional:
                arguments[parameter] = None
            else:
                done.skipped[name] = f"needs {parameter}: {done.skipped[parameter]}"
                return
    try:
        with step(name):
            done.results[name] = module.compute(**arguments)
            made(name, done.results[name])
        done.notes.extend(getattr(done.results[name], "notes", ()))
    except Skip as skip:
        done.skipped[name] = skip.reason
        if skip.code:
            done.notes.append(Note(skip.code, skip.count, f"{name}: {skip.reason}"))


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


def _module(name: str) -> ModuleType:
    if name not in analyses():
        raise LookupError(f"there is no analysis {name!r}; there are {', '.join(analyses())}")
    return importlib.import_module(f"analysis.{name}")
