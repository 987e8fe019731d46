"""A text file made safe to read: encoding, line ends, completeness checked before a row is believed."""

from __future__ import annotations

import csv
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dataset.errors import DataError, shown
from dataset.tables import Note

CHUNK = 1 << 22
DELIMITERS = (",", ";", "\t", "|")
SURROGATES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
WIDE_BOMS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
FOREIGN = (
    (
        re.compile(rb"\s*<(!doctype|html|\?xml|head|body)", re.I),
        "a web page, not a table (a login page saved as data?)",
    ),
    (re.compile(rb"\x80[\x02-\x05]"), "a Python pickle, which is never opened"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"PAR1"), "a Parquet file; name it .parquet"),
    (re.compile(rb"PK\x03\x04"), "a ZIP or Excel file; name an Excel file .xlsx, unpack a ZIP"),
    (re.compile(rb"SQLite format 3\x00"), "an SQLite database; open it by sqlite:///PATH in a mapping"),
)

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Text:
    """A readable text table: where it lies (the file itself or a clean copy), its header, how to find a row again."""

    label: str
    path: Path
    delimiter: str
    header: tuple[str, ...]
    header_lines: int

    def row(self, record: int) -> int:
        """The physical line (1-based) on which the record of that index (0 = first after the header) begins."""
        for index, line, _ in _records(self.path, self.delimiter, self.header_lines):
            if index == record:
                return line
        return record + 1 + self.header_lines


def prepare(path: Path, folder: Path, notes: list[Note], delimiter: str = "", encoding: str = "") -> Text:
    """Check a CSV file byte by byte; where needed (gzip, other encodings, mixed line ends) copy it clean to `folder`.

    Raises DataError E_FILE_TYPE, E_FILE_TRUNCATED, E_ENCODING, E_NO_ROWS, E_COLUMN_DUPLICATE. Notes W_ENCODING,
    W_NO_FINAL_NEWLINE.
    """
    if not path.is_file():
        raise DataError("E_FILE_TYPE", "is not a regular file", file=path)
    copy: Path | None = _free(folder)
    faults = _checked(path, encoding, copy if _is_gzip(path) else None)
    if not _is_gzip(path) and not faults.untouched:
        faults = _checked(path, encoding, copy)
    elif not _is_gzip(path):
        copy = None
    if faults.encoding:
        notes.append(Note("W_ENCODING", 1, f"{path.name} is {faults.encoding}, not UTF-8; it was converted"))
    if not faults.last:
        raise DataError("E_NO_ROWS", "is empty", file=path)
    if faults.last != b"\n":
        notes.append(
            Note("W_NO_FINAL_NEWLINE", 1, f"{path.name} ends without a line end: its last row may be cut short")
        )
    return _with_header(path, copy or path, delimiter, folder)


@dataclass(slots=True)
class _Faults:
    encoding: str = ""
    last: bytes = b""
    untouched: bool = True


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as source:
        return source.read(2) == b"\x1f\x8b"


def _checked(path: Path, encoding: str, copy: Path | None) -> _Faults:
    """Go through the whole file once; with `copy`, write it there as clean UTF-8."""
    faults = _Faults()
    with path.open("rb") as source, copy.open("wb") if copy else nullcontext() as target:
        for chunk in _decoded(path, source, encoding, faults):
            if target:
                target.write(chunk)
        if target and faults.last not in (b"", b"\n"):
            target.write(b"\n")
    return faults


def _decoded(path: Path, source: BinaryIO, encoding: str, faults: _Faults) -> Iterator[bytes]:
    """The file as UTF-8 with LF line ends, chunk by chunk."""
    chunks = _inflated(path, source, faults)
    first = next(chunks, b"")
    while len(first) < 16 and (more := next(chunks, b"")):
        first += more
    for pattern, what in FOREIGN:
        if pattern.match(first):
            raise DataError("E_FILE_TYPE", f"is {what}", file=path)
    wide = next((name for bom, name in WIDE_BOMS.items() if first.startswith(bom)), "") or _unmarked(first)
    plain = encoding.lower().replace("-", "").replace("_", "") in ("", "utf8", "utf8sig")
    named = wide or ("" if plain else encoding)
    if first.startswith(b"\xef\xbb\xbf"):
        first, faults.untouched = first[3:], False
    data = _joined(first, chunks)
    if named:
        faults.encoding, faults.untouched = (named if plain else ""), False
        texts = _transcoded(path, data, named)
    else:
        texts = _valid(path, data, faults)
    held, old_mac, lines = b"", b"\n" not in first, 1
    for text in texts:
        text = held + text
        held = b"\r" if text.endswith(b"\r") else b""
        text = text[: len(text) - len(held)]
        if b"\0" in text:
            row = lines + text.count(b"\n", 0, text.index(b"\0"))
            raise DataError("E_FILE_TYPE", "holds a NUL byte: not a text table, or damaged", file=path, row=row)
        if b"\r" in text:
            faults.untouched = False
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n" if old_mac else b" ")
        if text:
            faults.last = text[-1:]
            lines += text.count(b"\n")
            yield text
    if held:
        faults.last = b"\n"
        yield b"\n"


def _unmarked(first: bytes) -> str:
    """The UTF-16 of a text without a byte order mark: every other byte of its header is NUL."""
    head = first[:16]
    if len(head) == 16 and not any(head[1::2]) and all(head[::2]):
        return "UTF-16-LE"
    return "UTF-16-BE" if len(head) == 16 and not any(head[::2]) and all(head[1::2]) else ""


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _inflated(path: Path, source: BinaryIO, faults: _Faults) -> Iterator[bytes]:
    """The file's bytes; gzip (known by its first bytes, whatever the name) is unpacked and must be whole."""
    if not _is_gzip(path):
        while chunk := source.read(CHUNK):
            yield chunk
        return
    faults.untouched = False
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while chunk := source.read(CHUNK):
            while chunk:
                if unzip.eof:
                    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
                if out := unzip.decompress(chunk, CHUNK):
                    yield out
                chunk = unzip.unconsumed_tail or unzip.unused_data
        while out := unzip.flush():
            yield out
    except zlib.error as reason:
        raise DataError(
            "E_FILE_TRUNCATED", f"is a damaged gzip file ({reason})", file=path, hint="Download it again"
        ) from None
    if not unzip.eof:
        raise DataError("E_FILE_TRUNCATED", "is a gzip file that ends too early", file=path, hint="Download it again")


def _valid(path: Path, data: Iterator[bytes], faults: _Faults) -> Iterator[bytes]:
    """UTF-8 as it stands; bytes that are not are read as Windows-1252 when the whole file can be that."""
    rest, lines, seen_wide = b"", 1, False
    for chunk in data:
        if faults.encoding:
            yield _single_byte(path, chunk, lines)
            lines += chunk.count(b"\n")
            continue
        chunk = rest + chunk
        try:
            chunk.decode()
            good, rest = chunk, b""
        except UnicodeDecodeError as reason:
            tail = len(chunk) - reason.start
            if reason.reason == "unexpected end of data" and tail < 4:
                good, rest = chunk[: reason.start], chunk[reason.start :]
            elif seen_wide or MULTIBYTE.search(_ascii_free(chunk[: reason.start])) or SURROGATES.search(chunk):
                row = lines + chunk.count(b"\n", 0, reason.start)
                raise _not_text(path, row) from None
            else:
                faults.encoding, faults.untouched = "Windows-1252 (or Latin-1)", False
                yield _single_byte(path, chunk, lines)
                lines += chunk.count(b"\n")
                rest = b""
                continue
        seen_wide = seen_wide or not good.isascii()
        lines += good.count(b"\n")
        yield good
    if rest:
        raise _not_text(path, lines)


def _ascii_free(data: bytes) -> bytes:
    return b"" if data.isascii() else data


def _not_text(path: Path, row: int) -> DataError:
    return DataError(
        "E_ENCODING", "is not valid UTF-8 here, and not one other encoding throughout", file=path, row=row,
        hint="Save the file again as UTF-8",
    )  # fmt: skip


def _single_byte(path: Path, chunk: bytes, lines: int) -> bytes:
    try:
        return chunk.decode("cp1252").encode()
    except UnicodeDecodeError as reason:
        raise _not_text(path, lines + chunk.count(b"\n", 0, reason.start)) from None


def _transcoded(path: Path, data: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    raw = io.BytesIO()
    for chunk in data:
        raw.write(chunk)
    try:
        yield raw.getvalue().decode(encoding).removeprefix("\ufeff").encode()
    except (ValueError, LookupError) as reason:
        raise DataError("E_ENCODING", f"cannot be read as {shown(encoding)}: {shown(reason)}", file=path) from None


def _with_header(path: Path, copy: Path, delimiter: str, folder: Path) -> Text:
    with copy.open(encoding="utf-8", newline="") as lines:
        first = lines.readline()
    if first.startswith(("[", "{")):
        return Text(path.name, copy, delimiter or ",", (), 0)
    delimiter = delimiter or max(DELIMITERS, key=lambda d: (first.count(d), -DELIMITERS.index(d)))
    header, used = _header(path, copy, delimiter)
    if used > 1:
        copy = _one_line_header(copy, header, used, delimiter, folder)
    named = tuple(name or f"column {i}" for i, name in enumerate(header, 1))
    return Text(path.name, copy, delimiter, named, used)


def _one_line_header(path: Path, header: tuple[str, ...], used: int, delimiter: str, folder: Path) -> Path:
    """A copy whose header takes one line, after as many blank ones as it took: lines can be skipped by number."""
    copy = _free(folder)
    with path.open("rb") as source, copy.open("wb") as target:
        for _ in range(used):
            source.readline()
        target.write(b"\n" * (used - 1) + delimiter.join("x" * len(header)).encode() + b"\n")
        while chunk := source.read(CHUNK):
            target.write(chunk)
    return copy


def _free(folder: Path) -> Path:
    return folder / f"text-{len(list(folder.glob('text-*.csv')))}.csv"


def _header(path: Path, copy: Path, delimiter: str) -> tuple[tuple[str, ...], int]:
    with copy.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = next((tuple(h.strip() for h in row) for row in reader if row), ())
        except csv.Error as reason:
            raise DataError("E_CSV_STRUCTURE", f"the header cannot be read: {reason}", file=path, row=1) from None
        used = reader.line_num
    if not any(header):
        raise DataError("E_NO_ROWS", "has no header", file=path)
    return header, used


def records(text: Text) -> Iterator[tuple[int, list[str]]]:
    """(physical line, fields) of every record after the header. Raises DataError E_CSV_STRUCTURE."""
    try:
        for _, line, fields in _records(text.path, text.delimiter, text.header_lines):
            yield line, fields
    except _Unclosed as unclosed:
        raise DataError(
            "E_CSV_STRUCTURE", f"cannot be read here ({unclosed.reason})", file=text.label, row=unclosed.line
        ) from None


def first_fault(text: Text) -> DataError | None:
    """The first record whose shape differs from the header's, found by a second, slow and exact reader."""
    try:
        for _, line, fields in _records(text.path, text.delimiter, text.header_lines):
            if len(fields) != len(text.header) and not (len(fields) == len(text.header) + 1 and not fields[-1]):
                what = f"has {len(fields)} fields where the header has {len(text.header)}"
                return DataError("E_CSV_STRUCTURE", what, file=text.label, row=line, hint="Repair or remove the row")
    except _Unclosed as unclosed:
        what = f"a quote is opened here and not closed properly ({unclosed.reason})"
        return DataError("E_CSV_STRUCTURE", what, file=text.label, row=unclosed.line, hint="Double or remove the quote")
    return None


class _Unclosed(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def _records(path: Path, delimiter: str, header_lines: int) -> Iterator[tuple[int, int, list[str]]]:
    """(index, physical line it begins on, fields) of every record after the header; blank lines are no records."""
    with path.open(encoding="utf-8", newline="") as lines:
        for _ in range(header_lines):
            lines.readline()
        reader, index, line = csv.reader(lines, delimiter=delimiter, strict=True), 0, header_lines + 1
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as reason:
                raise _Unclosed(line, shown(reason)) from None
            if fields:
                yield index, line, fields
                index += 1
            line = header_lines + reader.line_num + 1
