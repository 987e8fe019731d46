"""Runs each analysis once, after what its parameters need; skips what cannot be said, and says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis import mapped, memory, plan
from analysis.finding import Finding, Result, Skip
from analysis.threads import listening
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset, Note

if TYPE_CHECKING:
    from analysis.kept import Kept

Step = Callable[[str], AbstractContextManager[None]]
Made = Callable[[str, Result | Skip], None]


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
    at_once: int = 1,
    kept: Kept | None = None,
) -> Run:
    """Run the named analyses and all they need, `at_once` side by side; `made` is told of each, one by one.

    A parameter of `compute` is: `settings`, `dataset`, a canonical table (annotated Relation) or another analysis'
    result by the module's name. Annotated `| None`, it may be absent. Raises LookupError for any other name.
    What is found does not depend on `at_once`, nor on what an earlier build left: what is `kept` is not computed again.
    """
    planned = plan.plan(names)
    tables = {n: Relation(dataset.engine, n, plan.ROOT) for n in dataset.tables}
    given = {"settings": settings, "dataset": dataset}
    if kept is not None:
        kept.given(dataset, settings)
    found: dict[str, Result | Skip] = {}
    waiting, under_way, told = _in_turn(planned), dict[Future[Result | Skip], str](), []

    def tell(name: str, result: Result | Skip) -> None:
        found[name] = result
        told.append(teller.submit(made, name, result))

    def compute(name: str, arguments: dict[str, Any]) -> Result | Skip:
        with step(name):
            try:
                return plan.module(name).compute(**arguments)
            except Skip as skip:
                return skip
            finally:
                memory.given_back()

    def got(name: str, arguments: dict[str, Any]) -> Result | Skip:
        if kept is None:
            return mapped.mapped(compute(name, arguments))
        said = kept.get(name)
        if said is None:
            if any(isinstance(value, Relation) for value in arguments.values()):
                kept.open()
            said = kept.put(name, compute(name, arguments))
        return mapped.mapped(said)

    with ThreadPoolExecutor(at_once, "analysis") as pool, ThreadPoolExecutor(1, "told") as teller, listening():
        try:
            while waiting or under_way:
                for name in _ready(waiting, found)[: at_once - len(under_way)]:
                    arguments = _arguments(waiting.pop(name), given, tables, found)
                    if isinstance(arguments, Skip):
                        tell(name, arguments)
                    else:
                        under_way[pool.submit(got, name, arguments)] = name
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    tell(under_way.pop(future), future.result())
            for telling in told:
                telling.result()
        finally:
            for executor in (pool, teller):
                executor.shutdown(wait=False, cancel_futures=True)
    return _run({name: found[name] for name in planned})


def _in_turn(planned: plan.Plan) -> plan.Plan:
    """The analyses: those first whose module says that they take LONG, then those that most others wait for."""
    below: dict[str, set[str]] = {}
    for name, parameters in planned.items():
        own = plan.needs(parameters)
        below[name] = set(own).union(*(below[need] for need in own))
    waiting = Counter(need for needs in below.values() for need in needs)
    long = {name for name in planned if getattr(plan.module(name), "LONG", False)}
    return {name: planned[name] for name in sorted(planned, key=lambda name: (name not in long, -waiting[name]))}


def _ready(waiting: plan.Plan, found: Mapping[str, object]) -> list[str]:
    """The analyses all of whose needs are found."""
    return [name for name, parameters in waiting.items() if all(need in found for need in plan.needs(parameters))]


def _arguments(
    parameters: plan.Parameters,
    given: Mapping[str, object],
    tables: Mapping[str, Relation],
    found: Mapping[str, Result | Skip],
) -> dict[str, Any] | Skip:
    """What `compute` is called with; why it is not, where something it must have is absent."""
    arguments: dict[str, Any] = {}
    for name, (wanted, optional) in parameters.items():
        value = given[name] if name in given else tables.get(name) if wanted is Relation else found[name]
        absent = value is None or isinstance(value, Skip)
        if absent and not optional:
            why = f"{name}: {value.reason}" if isinstance(value, Skip) else f"{name}, which this data does not have"
            return Skip(f"needs {why}")
        arguments[name] = None if absent else value
    return arguments


def _run(found: Mapping[str, Result | Skip]) -> Run:
    done = Run()
    for name, result in found.items():
        if isinstance(result, Skip):
            done.skipped[name] = result.reason
            if result.code:
                done.notes.append(Note(result.code, result.count, f"{name}: {result.reason}"))
        else:
            done.results[name] = result
            done.notes.extend(getattr(result, "notes", ()))
    return done
