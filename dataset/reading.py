"""Strict reading: files and query results become raw tables in the engine, every record countable and findable."""

from __future__ import annotations

import csv
import datetime
import gzip
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from dataset import csv_file
from dataset.engine import Engine, identifier, literal_path, quoted
from dataset.errors import DataError, existing, shown
from dataset.tables import Account, Note, Reason

LONGEST_LINE = 1 << 26
MOST_COLUMNS = 500
TABULAR = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".xlsx")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a raw table: how many records it gave, and the number of its first."""

    label: str
    rows: int
    first: int
    text: csv_file.Text | None = None
    header_rows: int = 0

    def row(self, record: int) -> int:
        return self.text.row(record) if self.text else record + 1 + self.header_rows


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw table of the engine: columns as the source names them, types as it has them (text for CSV), and `_row`."""

    engine: Engine
    table: str
    columns: dict[str, str]
    parts: tuple[Part, ...]
    lacking: dict[str, str] = field(default_factory=dict)  # normal column name -> the first of the files without it
    source: str = ""  # what it is a view of, where that has the same columns: what is read of it is read past no view

    @property
    def rows(self) -> int:
        return sum(p.rows for p in self.parts)

    @property
    def columnar(self) -> bool:
        """Whether it is a view of Parquet files: any column is read again at little cost."""
        return self.parts[0].label.lower().endswith(".parquet")

    @property
    def label(self) -> str:
        labels = [p.label for p in self.parts]
        return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"

    def column(self, *names: str) -> str | None:
        """The source's own spelling of the first of these names it has; letter case, blanks and _ do not count.

        Raises DataError E_COLUMN_DUPLICATE when two columns are such spellings, neither the exact one.
        """
        for name in names:
            if name in self.columns:
                return name
            found = [c for c in self.columns if normal(c) == normal(name)]
            if len(found) > 1:
                what = f"could be either of {' and '.join(shown(c, 60) for c in found)}"
                raise DataError(
                    "E_COLUMN_DUPLICATE", what, file=self.parts[0].label, column=name, hint="Rename or remove one"
                )
            if found:
                return found[0]
        return None

    def require(self, *names: str) -> str:
        """As `column`, or DataError E_COLUMN_MISSING."""
        found = self.column(*names)
        if found is None:
            raise missing(self.lacking.get(normal(names[0]), self.parts[0].label), names[0], self.columns)
        return found

    def place(self, row: int) -> tuple[str, int]:
        """The file and physical row of a record by its `_row`."""
        part = next(p for p in reversed(self.parts) if p.first <= row)
        return part.label, part.row(row - part.first)


@dataclass(slots=True)
class Reader:
    """Reads raw tables for one data set; keeps what must be said of them."""

    engine: Engine
    notes: list[Note] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)

    def note(self, code: str, count: int, text: str) -> None:
        if count:
            self.notes.append(Note(code, int(count), text))

    def account(self, raw: Raw, used: int, reasons: Iterable[Reason] = ()) -> None:
        """Say where the rows of a raw table went; refuses an account that does not add up."""
        account = Account(raw.label, raw.rows, used, tuple(r for r in reasons if r.rows))
        if account.rows != account.used + account.rejected + account.excluded:
            raise AssertionError(f"rows of {raw.label} unaccounted for: {account}")
        self.accounts.append(account)

    def read(
        self, table: str, paths: Sequence[Path], delimiter: str = "", encoding: str = "", columns: Sequence[str] = ()
    ) -> Raw:
        """Read one raw table from one or several files of the same kind.

        Several CSV files are matched by column name. `columns` are those every file must have. Raises DataError.
        """
        table = f"raw_{table}"
        kinds = {kind(p) for p in paths}
        if len(kinds) > 1:
            raise DataError("E_FILE_TYPE", f"{', '.join(p.name for p in paths)}: one table in files of different kinds")
        match kinds.pop():
            case ".parquet":
                raw = self._parquet(table, paths, columns)
            case ".xlsx":
                raw = self._spreadsheet(table, paths)
            case _:
                raw = self._csv(table, paths, delimiter, encoding, columns)
        if raw.rows == 0:
            raise DataError("E_NO_ROWS", "has a header but no rows", file=paths[0])
        return raw

    def _csv(self, table: str, paths: Sequence[Path], delimiter: str, encoding: str, columns: Sequence[str]) -> Raw:
        texts = [csv_file.prepare(p, self.engine.folder, self.notes, delimiter, encoding) for p in paths]
        for text in texts:
            if not text.header:
                raise DataError("E_FILE_TYPE", "is JSON, not a table", file=text.label)
            _no_duplicates(text.label, text.header)
            _all_there(text.label, text.header, columns)
        shared = [h for h in texts[0].header if all(_spelling(t.header, h) for t in texts)]
        lacking = {normal(h): t.label for t in reversed(texts) for h in texts[0].header if not _spelling(t.header, h)}
        if not shared:
            raise DataError("E_COLUMN_MISSING", f"has none of the columns of {texts[0].label}", file=texts[-1].label)
        parts: list[Part] = []
        first = 0
        for index, text in enumerate(texts):
            select = _csv_select(text, shared)
            verb = f"insert into {identifier(table)}" if index else f"create table {identifier(table)} as"
            try:
                self.engine.run(f"{verb} {select}")
            except duckdb.Error as reason:
                raise csv_file.first_fault(text) or _unreadable(text, reason) from None
            total = int(self.engine.value(f"select count(*) from {identifier(table)}"))
            parts.append(Part(text.label, total - first, first, text))
            first = total
            if text.path.parent == self.engine.folder and not _spans_lines(text, total - parts[-1].first):
                text.path.unlink()
                parts[-1] = Part(text.label, parts[-1].rows, parts[-1].first, header_rows=text.header_lines)
        view = f"{table}_rows"
        self.engine.run(f"create view {identifier(view)} as select *, rowid as _row from {identifier(table)}")
        return Raw(self.engine, view, dict.fromkeys(map(_free, shared), "VARCHAR"), tuple(parts), lacking)

    def _parquet(self, table: str, paths: Sequence[Path], columns: Sequence[str]) -> Raw:
        parts: list[Part] = []
        selects: list[str] = []
        headers: list[list[str]] = []
        first = 0
        for path in paths:
            path.open("rb").close()
            try:
                rows = int(self.engine.value(f"select count(*) from read_parquet({literal_path(path)})"))
                names = [r[0] for r in self.engine.rows(f"describe select * from read_parquet({literal_path(path)})")]
            except duckdb.Error:
                raise DataError("E_FILE_TYPE", "is not a whole Parquet file", file=path) from None
            _all_there(path.name, names, columns or (headers[0] if headers else ()))
            headers.append(names)
            chosen = ", ".join(f"{identifier(n)} as {identifier(_free(n))}" for n in names)
            selects.append(
                f"select {chosen}, file_row_number + {first} as _row"
                f" from read_parquet({literal_path(path)}, file_row_number = true)"
            )
            parts.append(Part(path.name, rows, first))
            first += rows
        self.engine.run(f"create view {identifier(table)} as {' union all by name '.join(selects)}")
        raw = self.described(table, tuple(parts))
        alone = len(paths) == 1 and all(_free(name) == name for name in headers[0])
        return replace(raw, source=f"read_parquet({literal_path(paths[0])})") if alone else raw

    def _spreadsheet(self, table: str, paths: Sequence[Path]) -> Raw:
        from python_calamine import CalamineError, CalamineWorkbook

        parts: list[Part] = []
        header: list[str] = []
        columns: list[list[str | None]] = []
        for path in paths:
            try:
                book = CalamineWorkbook.from_path(path)
            except (CalamineError, OSError) as reason:
                raise DataError(
                    "E_FILE_TYPE", f"cannot be opened as an Excel file: {shown(reason)}", file=path
                ) from None
            for sheet in book.sheet_names:
                cells_of = book.get_sheet_by_name(sheet)
                rows = cells_of.to_python()
                while rows and not any(str(cell).strip() for cell in rows[-1]):
                    rows.pop()
                if len(rows) < 2:
                    continue
                names = [str(c).strip() for c in rows[0]]
                _no_duplicates(f"{path.name}, sheet {sheet}", [n for n in names if n])
                header = header or names
                if names != header:
                    raise DataError(
                        "E_COLUMN_MISSING", f"sheet {shown(sheet)} has other columns than the first", file=path
                    )
                columns = columns or [[] for _ in header]
                for row in rows[1:]:
                    for cells, cell in zip(columns, row, strict=False):
                        cells.append(_cell(cell))
                first = parts[-1].first + parts[-1].rows if parts else 0
                above = (cells_of.start or (0, 0))[0]
                parts.append(Part(f"{path.name}, sheet {sheet}", len(rows) - 1, first, header_rows=above + 1))
        if not parts:
            raise DataError("E_NO_ROWS", "has no rows", file=paths[0])
        keep = [i for i, name in enumerate(header) if name]
        return self.arrow(table, pa.table({header[i]: pa.array(columns[i], pa.string()) for i in keep}), tuple(parts))

    def arrow(self, table: str, data: pa.Table, parts: tuple[Part, ...]) -> Raw:
        """Take an Arrow table as a raw table."""
        self.engine.connection.register("arriving", data.rename_columns([_free(n) for n in data.column_names]))
        self.engine.run(f"create table {identifier(table)} as select * from arriving")
        self.engine.connection.unregister("arriving")
        view = f"{table}_rows"
        self.engine.run(f"create view {identifier(view)} as select *, rowid as _row from {identifier(table)}")
        return self.described(view, parts)

    def described(self, view: str, parts: tuple[Part, ...]) -> Raw:
        """The raw table of an existing view that has `_row`."""
        found = {r[0]: str(r[1]) for r in self.engine.rows(f"describe {identifier(view)}") if r[0] != "_row"}
        return Raw(self.engine, view, found, parts)


def kind(path: Path) -> str:
    """How a file is to be read, by its name: .csv, .parquet or .xlsx. Raises DataError E_FILE_TYPE."""
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")):
        return ".csv"
    if name.endswith((".parquet", ".xlsx")):
        return path.suffix.lower()
    raise DataError(
        "E_FILE_TYPE", "is not a kind of file that is read", file=path, hint=f"Read are {', '.join(TABULAR)}"
    )


def data_files(folder: Path) -> list[Path]:
    """The tables in a folder, by name; hidden, temporary and other files are passed over.

    Raises DataError E_FILE_TYPE for what only has such a name, E_PATH for a link out of the folder.
    """
    named = (p for p in folder.iterdir() if not p.name.startswith((".", "~")) and p.name.lower().endswith(TABULAR))
    return [plain_file(p, folder) for p in sorted(named)]


def plain_file(path: Path, folder: Path) -> Path:
    """The path, when a regular file lies there and inside the folder. Raises DataError E_FILE_TYPE, E_PATH."""
    if path.is_symlink() and not path.exists():
        raise DataError("E_FILE_TYPE", "is a link that leads nowhere", file=path)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError("E_PATH", "is a link that leads out of the folder", file=path, hint="Put the file itself there")
    if not path.is_file():
        raise DataError("E_FILE_TYPE", "is a folder, not a table" if path.is_dir() else "is no regular file", file=path)
    return path


def peek(path: Path) -> list[str]:
    """The column names of a data file, nothing more read than needed; none when it cannot be told."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        if kind(path) == ".parquet":
            with duckdb.connect() as connection:
                name = str(path).replace("'", "''")
                return [r[0] for r in connection.execute(f"select name from parquet_schema('{name}')").fetchall()][1:]
        if kind(path) == ".xlsx":
            book = CalamineWorkbook.from_path(path)
            return [str(c) for c in next(iter(book.get_sheet_by_index(0).to_python(nrows=1)), [])]
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else path.open("rb") as lines:
            head = lines.readline(1 << 16)
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
        return max((next(csv.reader([text], delimiter=d), []) for d in ",;\t|"), key=len)
    except (OSError, duckdb.Error, CalamineError, EOFError, zlib.error, UnicodeError, csv.Error):
        return []


def normal(name: str) -> str:
    """A column name for comparing: lower case, letters and digits only (other signs kept if nothing remains)."""
    return "".join(c for c in name.lower() if c.isalnum()) or name


def missing(file: str, wanted: str, names: Iterable[str]) -> DataError:
    return DataError(
        "E_COLUMN_MISSING", "this column is missing", file=file, column=wanted, hint=existing(wanted, names)
    )


def _spelling(header: Sequence[str], name: str) -> str:
    """How a header spells a column: exactly so, or with other case, blanks and _; "" when it lacks it."""
    return name if name in header else next((h for h in header if normal(h) == normal(name)), "")


def _all_there(label: str, header: Sequence[str], columns: Sequence[str]) -> None:
    for wanted in columns:
        if not _spelling(header, wanted):
            raise missing(label, wanted, header)


def _free(name: str) -> str:
    """A column name that leaves the engine's own (_row, rowid) free."""
    return f"{name} " if name.lower() in ("_row", "rowid", "file_row_number") else name


def _no_duplicates(label: str, header: Sequence[str]) -> None:
    if len(header) > MOST_COLUMNS:
        what = f"has {len(header):,} columns; up to {MOST_COLUMNS:,} are read"
        raise DataError("E_TOO_WIDE", what, file=label, hint="Keep those the report needs")
    seen: set[str] = set()
    for name in header:
        if name.lower() in seen:
            raise DataError("E_COLUMN_DUPLICATE", "two columns have this name", file=label, column=name)
        seen.add(name.lower())


def _csv_select(text: csv_file.Text, wanted: Sequence[str]) -> str:
    columns = ", ".join(f"{quoted(h)}: 'VARCHAR'" for h in text.header)
    chosen = ", ".join(f"{identifier(_spelling(text.header, w))} as {identifier(_free(w))}" for w in wanted)
    return (
        f"select {chosen} from read_csv({literal_path(text.path)}, auto_detect = false, header = false,"
        f" skip = {text.header_lines}, columns = {{{columns}}}, delim = {quoted(text.delimiter)}, quote = '\"',"
        f" escape = '\"', strict_mode = true, null_padding = false, compression = 'none',"
        f" max_line_size = {LONGEST_LINE})"
    )


def _spans_lines(text: csv_file.Text, rows: int) -> bool:
    """Whether physical lines and records differ (quoted line ends, blank lines)."""
    with text.path.open("rb") as lines:
        newlines = sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(csv_file.CHUNK), b""))
    return newlines != rows + text.header_lines


def _unreadable(text: csv_file.Text, reason: duckdb.Error) -> DataError:
    first = str(reason).splitlines()[0]
    return DataError("E_CSV_STRUCTURE", f"cannot be read as a table ({shown(first)})", file=text.label)


def _cell(value: object) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case datetime.datetime() | datetime.date():
            return value.isoformat(sep=" ") if isinstance(value, datetime.datetime) else value.isoformat()
        case _:
            return str(value)
