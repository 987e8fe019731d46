"""Which analyses there are, what each needs, and in which order they can run."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType, UnionType
from typing import get_args, get_type_hints

from dataset.engine import Relation
from dataset.tables import TABLES

ROOT = Path(__file__).parent
GIVEN = ("settings", "dataset")
Parameters = Mapping[str, tuple[type, bool]]  # of a `compute`: the type of each, and whether it may be absent
Plan = dict[str, Parameters]


def plan(names: Iterable[str]) -> Plan:
    """The named analyses and all they need, each after what it needs, with the `parameters` of each."""
    planned: Plan = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in planned:
            return
        if name in above:
            raise LookupError(f"analyses need each other in a circle: {' -> '.join((*above, name))}")
        found = parameters(module(name))
        for needed in needs(found):
            add(needed, (*above, name))
        planned[name] = found

    for name in names:
        add(name, ())
    return planned


def needs(parameters: Parameters) -> list[str]:
    """Those of the parameters that are other analyses' results."""
    return [name for name, (wanted, _) in parameters.items() if name not in GIVEN and wanted is not Relation]


def parameters(of: ModuleType) -> Parameters:
    """Each parameter of a module's `compute`: its type, and whether it may be absent."""
    hints = get_type_hints(of.compute)
    found: dict[str, tuple[type, bool]] = {}
    for parameter in inspect.signature(of.compute).parameters:
        hint = hints[parameter]
        if isinstance(hint, UnionType):
            found[parameter] = (next(h for h in get_args(hint) if h is not type(None)), True)
        else:
            found[parameter] = (hint, False)
    for parameter, (wanted, _) in found.items():
        known = parameter in GIVEN or (wanted is Relation and parameter in TABLES)
        if not known and parameter not in analyses():
            raise LookupError(
                f"{of.__name__}.compute wants {parameter!r}; known are settings, dataset, "
                f"the tables {', '.join(TABLES)} (annotated Relation) and the analyses {', '.join(analyses())}"
            )
    return found


def analyses() -> tuple[str, ...]:
    """Every analysis there is: the modules of this folder that define `compute`."""
    return _analyses(ROOT, ROOT.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _analyses(root: Path, changed: int) -> tuple[str, ...]:
    return tuple(sorted(p.stem for p in root.glob("*.py") if "\ndef compute(" in p.read_text(encoding="utf-8")))


def module(name: str) -> ModuleType:
    if name not in analyses():
        raise LookupError(f"there is no analysis {name!r}; there are {', '.join(analyses())}")
    return importlib.import_module(f"analysis.{name}")
