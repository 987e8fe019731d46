"""metrics.json: the report's numbers for programs, with all that the ledger says of each."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from analysis.finding import Finding
from analysis.run import Run
from dataset.settings import Settings
from dataset.tables import Dataset
from report import number


def text(run: Run, dataset: Dataset, settings: Settings) -> str:
    """values (the layout's headline figures), notes, findings by `analysis.finding`, and what was skipped and why."""
    told = {
        "title": settings.title,
        "organisation": settings.organisation,
        "currency": settings.currency,
        "locale": settings.locale,
        "snapshot": settings.snapshot.isoformat(),
        "values": dataset.values,
        "notes": [{"code": note.code, "count": note.count, "text": note.text} for note in dataset.notes],
        "findings": {key: _entry(finding) for key, finding in sorted(run.findings.items())},
        "skipped": dict(sorted(run.skipped.items())),
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _entry(finding: Finding) -> dict[str, Any]:
    """One finding; a number stays a number, money is decimal text, a day is ISO text."""
    value = finding.value
    plain: Any = value if isinstance(value, int | float | None) else number.raw(value)
    if finding.unit == "count" and value is not None:
        plain = int(Decimal(str(plain)))
    entry: dict[str, Any] = {
        "value": plain,
        "unit": finding.unit,
        "claim": finding.claim,
        "definition": finding.definition,
        "population": finding.population,
        "n": int(finding.n),
        "window": [day.isoformat() for day in finding.window],
        "source": finding.source,
        "kind": finding.kind,
        "interval": finding.interval,
    }
    return entry | ({"reason": finding.reason} if finding.reason else {})
