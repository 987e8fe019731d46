"""Opening a data set: which layout it is, and its canonical tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from dataset import canonical, database, mapping
from dataset.engine import LEAST, SCHEMA, Engine, enough
from dataset.engines.chosen import Chosen, chosen, connected
from dataset.errors import DataError, counted, existing
from dataset.layouts import adventureworks, generic, online_retail, retailrocket, thelook
from dataset.reading import Reader, data_files, normal, peek
from dataset.settings import Settings
from dataset.tables import TABLES, Dataset, Note

LONG_GAP = timedelta(days=366)  # without a sale, then few more: more likely a wrong date than a long holiday
RARE = 0.01

LAYOUTS = {m.__name__.rpartition(".")[2]: m for m in (retailrocket, thelook, online_retail, adventureworks)}


def open_data(
    data: str, layout: str, mapping_file: Path | None, settings: Settings, folder: Path, *writable: Path
) -> tuple[Dataset, Settings]:
    """Read DATA (a file, a folder or a database URL) into canonical tables; the settings completed from it.

    layout: one of LAYOUTS, "generic", "canonical", or "auto" to tell it from file and column names. folder: for the
    engine's files; writable: folders it may reach beside. Canonical tables are looked at where they lie, if the engine
    the settings name can, all others brought to it.
    Raises DataError, and MemoryError when the data is too large for the machine.
    """
    try:
        engine = chosen(settings.engine)
        with enough():
            if _in_place(data, layout, mapping_file, engine):
                reader = Reader(_at_work(engine, data, folder, writable))
                dataset, settings = _complete(canonical.read(reader, data, settings), reader, settings)
            else:
                passing = None if engine.kind == "duckdb" else LEAST  # the tables go on to the other engine
                dataset, settings = _opened(data, layout, mapping_file, settings, folder, writable, passing)
                dataset = _brought(dataset, engine, folder)
            return replace(dataset, runs_on=engine.label), settings
    except OSError as reason:
        raise DataError("E_FILE_READ", f"cannot be read: {reason.strerror}", file=reason.filename) from None


def _in_place(data: str, layout: str, mapping_file: Path | None, engine: Chosen) -> bool:
    """Whether DATA are canonical tables that the engine reads itself. Raises DataError E_ENGINE where none can."""
    schema = data.startswith(SCHEMA)
    if schema and engine.kind == "duckdb":
        raise DataError("E_ENGINE", f"{data} are tables of a database or of Spark", hint="Name it with --engine")
    told = layout == "auto" and not mapping_file and not database.is_url(data) and canonical.matches(Path(data))
    return schema or ((told or layout == "canonical") and engine.kind != "postgresql")


def _at_work(engine: Chosen, data: str, folder: Path, writable: tuple[Path, ...]) -> Engine:
    return Engine(folder, (Path(data).resolve(), *writable)) if engine.kind == "duckdb" else connected(engine, folder)


def _brought(dataset: Dataset, engine: Chosen, folder: Path) -> Dataset:
    """The data set on the engine chosen: its tables written as Parquet, and read or loaded from there."""
    if engine.kind == "duckdb":
        return dataset
    there = connected(engine, folder)
    (folder / "tables").mkdir()
    canonical.write(dataset, folder / "tables")
    dataset.engine.close()
    for table in dataset.tables:
        there.view(table, TABLES[table], there.parquet(table, folder / "tables" / f"{table}.parquet"))
    return replace(dataset, engine=there)


def _opened(
    data: str,
    layout: str,
    mapping_file: Path | None,
    settings: Settings,
    folder: Path,
    writable: tuple[Path, ...],
    memory: int | None = None,
) -> tuple[Dataset, Settings]:
    url = data if database.is_url(data) else ""
    path = None if url else Path(data)
    if path is not None and not path.exists():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError("E_FILE_MISSING", f"there is no {data!r}", hint=existing(path.name, beside))
    if path is not None and not (path.is_dir() or path.is_file()):
        raise DataError("E_FILE_TYPE", "is neither a file nor a folder", file=path)
    found = mapping_file or (_mapping_beside(path, layout) if path else None)
    readable: tuple[Path, ...] = (path.resolve() if path.is_dir() else path.resolve().parent,) if path else ()
    readable += (found.resolve().parent,) if found else ()
    reader = Reader(Engine(folder, (*readable, *writable), memory))
    if path and (layout == "canonical" or (layout == "auto" and not found and canonical.matches(path))):
        return _complete(canonical.read(reader, data, settings), reader, settings)
    if url or found or layout == "generic":
        if found is None:
            raise DataError(
                "E_CONFIG",
                "the generic layout needs a mapping",
                hint="Put mapping.json beside the data, or give --mapping FILE",
            )
        dataset = generic.read(reader, mapping.load(found), path, settings.zone, url)
    else:
        assert path is not None
        chosen = layout if layout != "auto" else _told(path, reader)
        if chosen not in LAYOUTS:
            raise DataError(
                "E_CONFIG", f"there is no layout {chosen!r}", hint=existing(chosen, (*LAYOUTS, "generic", "auto"))
            )
        dataset = LAYOUTS[chosen].read(reader, [path.resolve()], settings.zone or "UTC")
    return _complete(dataset, reader, settings)


def files(data: str, layout: str, mapping_file: Path | None) -> list[Path]:
    """The files that reading DATA (no URL) reads, a mapping among them; none when that asks a database."""
    path = Path(data)
    found = mapping_file or _mapping_beside(path, layout)
    if found is None and layout in ("auto", "canonical") and path.is_dir() and canonical.matches(path):
        return sorted((*path.glob("*.parquet"), *path.glob("*/*.parquet"), *path.glob(canonical.ABOUT)))
    if found is None:
        return data_files(path) if path.is_dir() else [path]
    described = mapping.load(found)
    return [] if described.source else [found, *described.files(path)]


def _mapping_beside(path: Path, layout: str) -> Path | None:
    if layout not in ("auto", "generic"):
        return None
    folder = path if path.is_dir() else path.parent
    return next((folder / n for n in mapping.NAMES if (folder / n).is_file()), None)


def _told(path: Path, reader: Reader) -> str:
    """The layout by the columns of the files. Raises DataError E_LAYOUT when none or several fit."""
    files = data_files(path) if path.is_dir() else [path]
    headers = {f.name: {normal(c) for c in peek(f)} for f in files}
    for file in files:
        if not any(headers[file.name]):
            reader.read("untold", [file])  # says what is wrong with it
    fits = {name: [f for f, columns in headers.items() if module.matches(columns)] for name, module in LAYOUTS.items()}
    fits = {name: names for name, names in fits.items() if names}
    if not fits:
        there = (
            "; ".join(f"{name} ({', '.join(sorted(c)[:8])})" for name, c in list(headers.items())[:4]) or "no data file"
        )
        raise DataError(
            "E_LAYOUT", "the layout cannot be told from the files", file=path,
            hint=f"There is: {there}. Give --layout, or describe the columns in a mapping.json",
        )  # fmt: skip
    if len(fits) > 1 or (len(next(iter(fits.values()))) > 1 and "retailrocket" in fits):
        said = "; ".join(f"{name} ({', '.join(names)})" for name, names in fits.items())
        raise DataError(
            "E_LAYOUT", f"several data sets lie here: {said}", file=path, hint="Name the file or give --layout"
        )
    return next(iter(fits))


def _complete(dataset: Dataset, reader: Reader, settings: Settings) -> tuple[Dataset, Settings]:
    """Give absent tables their notes and accounts, and the settings what the data told."""
    for table in dataset.tables:
        columns = dataset.engine.columns(table)
        if absent := [c for c in TABLES[table] if c not in columns]:
            raise AssertionError(f"{dataset.layout} made {table} without {', '.join(absent)}")
    last = _last_day(dataset, reader)
    settings = settings.complete(last + timedelta(days=1), dataset.currency, dataset.zone, dataset.no_money)
    if settings.as_of is not None and "lines" in dataset.tables:
        before = dataset.engine.value(
            "select count(*) from lines where kind = 'sale' and ordered_at < $snapshot", snapshot=settings.snapshot
        )
        if not before:
            raise DataError(
                "E_CONFIG", f"there is no sale before as_of {settings.as_of}", hint=f"The last sale is on {last}"
            )
    notes = sorted(reader.notes, key=lambda n: (n.code, n.text))
    return replace(
        dataset, notes=tuple(_distinct(notes)), accounts=tuple(reader.accounts), zone=settings.zone
    ), settings


def _last_day(dataset: Dataset, reader: Reader) -> date:
    """The day of the last sale (without sales: of the last event); notes a last day far after all others."""
    if "lines" in dataset.tables:
        days = dataset.engine.rows(
            """select day, cast(sum(lines) as bigint) from days where kind = 'sale' group by day order by day desc"""
        )
        total, late = sum(count for _, count in days), 0
        for (day, count), (before, _) in pairwise(days):
            late += count
            if late > max(1, RARE * total):
                break
            if day - before > LONG_GAP:
                what = f"{counted(late, 'sale')} from {day} on, {(day - before).days:,} days after the sale before"
                reader.note(
                    "W_LATE_SALES",
                    late,
                    f"{what}: wrong dates? Every recency counts from the last sale; as_of sets another day",
                )
                break
        return days[0][0]
    return dataset.engine.value('select max(cast("at" as date)) from events')


def _distinct(notes: list[Note]) -> list[Note]:
    return list(dict.fromkeys(notes))
