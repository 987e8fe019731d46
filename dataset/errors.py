"""What is said when the data, the settings or the machine keep a report from being made."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class DataError(Exception):
    """One clear message for the user: what was wrong, where, what exists, what to do. Exit code 2.

    code: stable, E_... ; file: shown by name; column: as spelled in the file; row: 1-based physical line, header = 1.
    """

    def __init__(
        self,
        code: str,
        what: str,
        *,
        file: str | Path | None = None,
        column: str | None = None,
        row: int | None = None,
        hint: str = "",
    ) -> None:
        self.code, self.what, self.hint = code, what, hint
        self.file = Path(file).name if file is not None else None
        self.column, self.row = column, row
        where = [self.file] if self.file else []
        where += [f"column {shown(column)}"] if column else []
        where += [f"row {row}"] if row else []
        place = f"{', '.join(where)}: " if where else ""
        super().__init__(f"{code} {place}{what}{'. ' + hint if hint else ''}")


def shown(text: object, most: int = 120) -> str:
    """A name from the data, safe in one line of a message: control characters dropped, length bounded."""
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def existing(wanted: str, names: Iterable[str]) -> str:
    """The hint for something absent: what there is, and the likeliest meant."""
    names = [shown(n, 60) for n in names]
    near = get_close_matches(wanted.lower(), [n.lower() for n in names], n=1, cutoff=0.6)
    meant = next((n for n in names if near and n.lower() == near[0]), None)
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return f"There is: {listed or 'nothing'}" + (f". Is {meant} meant?" if meant else "")


def counted(n: int, noun: str) -> str:
    """A count with its noun: 1 row, 2,000 rows."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
