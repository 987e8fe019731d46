"""Prints a page to PDF/UA by WeasyPrint, in a process of its own, and only when something has changed.

Run as a program (`python -m report.pdf`) it is that process: one JSON job on standard input, one JSON answer on output.
With the argument `two` it has a second process print half of a page that is cut.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit

from dataset.errors import DataError
from report import program, quick_print, side_by_side
from report.fonts import Fonts

PRINTED_BY = ("weasyprint", "pydyf", "tinycss2", "cssselect2", "tinyhtml5", "pyphen", "fonttools", "pillow")
PANGO = ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0.dll")
GLYPH = ".notdef glyph"
LINK = re.compile(r"#.*|https://\S+|mailto:\S+|(?!/)(?!.*\.\.)[\w./-]+(#\S*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed document. missing: the characters no font of the report has, which print as boxes."""

    pages: int
    missing: tuple[str, ...] = ()
    from_cache: bool = False


def write(html: str, target: Path, root: Path, fonts: Fonts, cache: Path) -> Printed:
    """Print a page to `target`; files it names are read below `root` only.

    Raises RuntimeError for whatever WeasyPrint warns of, a forbidden link or a file outside `root`: these are faults of
    the templates, not of the data. DataError E_MEMORY when memory runs out, OSError when `target` cannot be written.
    """
    with Printing(html, target, root, fonts, cache) as printing:
        return printing.finish()


class Press:
    """A process that gets ready to print, and prints the one page it is told. two: half of it by a second process."""

    def __init__(self, fonts: Fonts, two: bool = False) -> None:
        kept = {key: value for key, value in os.environ.items() if key not in ("FONTCONFIG_PATH", "SOURCE_DATE_EPOCH")}
        same = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore"}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self.process = program.start(
            "report.pdf",
            *(["two"] if two else []),
            environment={**kept, **same, "FONTCONFIG_FILE": str(fonts.conf)},
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def __enter__(self) -> Press:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def said(self) -> tuple[bytes, str, int]:
        """Its answer, its errors and its exit code, once it has ended."""
        assert self.process.stdout is not None
        answer = self.process.stdout.read()
        code = self.process.wait()
        self._errors.seek(0)
        return answer, self._errors.read().decode("utf-8", "replace").strip(), code

    def end(self) -> None:
        """End it, if it still runs."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._errors):
            if pipe is not None:
                pipe.close()


class Printing:
    """A print under way; `finish` waits for it. Several run at the same time. Leaving the context ends it."""

    def __init__(
        self, html: str, target: Path, root: Path, fonts: Fonts, cache: Path, press: Press | None = None
    ) -> None:
        self.target, self.root = target, root
        self._kept = cache / "pdf" / _key(html, fonts)
        self._press: Press | None = None
        self._cached = _cached(self._kept, root)
        if self._cached is None:
            self._press = press or Press(fonts, two=side_by_side.CUT in html)
            self._begin(html)

    def __enter__(self) -> Printing:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def finish(self) -> Printed:
        """The printed document, once it is there."""
        if self._cached is not None:
            shutil.copyfile(self._kept.with_suffix(".pdf"), self.target)
            for suffix in (".pdf", ".json"):
                os.utime(self._kept.with_suffix(suffix))  # in use: kept for another while
            return Printed(self._cached["pages"], tuple(self._cached["missing"]), from_cache=True)
        answer = self._answer()
        _keep(self._kept, self.target, answer)
        return Printed(answer["pages"], tuple(answer["missing"]))

    def cancel(self) -> None:
        """End the process, if it still runs."""
        if self._press is not None:
            self._press.end()
            self._press = None

    def _begin(self, html: str) -> None:
        job = json.dumps({"html": html, "target": str(self.target.absolute()), "root": str(self.root.resolve())})
        try:
            self._stdin.write(job.encode() + b"\n")
            self._stdin.flush()  # left open: when this process dies, the other reads its end and stops
        except BrokenPipeError:
            self._answer()

    @property
    def _stdin(self) -> Any:
        assert self._press is not None
        return self._press.process.stdin

    def _answer(self) -> dict[str, Any]:
        assert self._press is not None
        said, errors, code = self._press.said()
        self.cancel()
        if code == -9 or "MemoryError" in errors:
            raise DataError("E_MEMORY", f"the machine ran out of memory while {self.target.name} was printed")
        if code or not said:
            raise RuntimeError(f"{self.target.name} was not printed (exit code {code})\n{errors}")
        answer = json.loads(said)
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]), str(self.target))
        if answer["faults"]:
            raise RuntimeError(f"{self.target.name} does not print cleanly: {'; '.join(answer['faults'][:8])}")
        return answer


def _key(html: str, fonts: Fonts) -> str:
    """What a printed document depends on, but for the files it names."""
    made_by = [f"{name} {version(name)}" for name in PRINTED_BY] + [f"pango {_pango()}", fonts.key]
    seen = hashlib.sha256("\n".join(made_by).encode())
    for module in ("pdf", "quick_print", "side_by_side", "half_pdf"):
        seen.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    seen.update(html.encode())
    return seen.hexdigest()[:32]


def _pango() -> int:
    for name in PANGO:
        try:
            return ctypes.CDLL(name).pango_version()
        except OSError:
            continue
    return 0


def _cached(kept: Path, root: Path) -> dict[str, Any] | None:
    """What was noted when this page was printed, if every file it named is still the same."""
    if not (kept.with_suffix(".pdf").is_file() and kept.with_suffix(".json").is_file()):
        return None
    noted = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))
    same = all(_hash(root / name) == known for name, known in noted["files"].items())
    same = same and _hash(kept.with_suffix(".pdf")) == noted["pdf"]
    return noted if same else None


def _keep(kept: Path, printed: Path, answer: dict[str, Any]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    noted = {key: answer[key] for key in ("pages", "missing", "files")} | {"pdf": _hash(printed)}
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".tmp-") as made:
        new = Path(made) / "new"
        shutil.copyfile(printed, new.with_suffix(".pdf"))
        new.with_suffix(".json").write_text(json.dumps(noted, sort_keys=True), encoding="utf-8")
        for suffix in (".pdf", ".json"):
            os.replace(new.with_suffix(suffix), kept.with_suffix(suffix))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


class Warned(logging.Handler):
    """Collects what WeasyPrint warns of: missing glyphs apart, all else is a fault."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.faults: list[str] = []
        self.missing: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(GLYPH) and isinstance(record.args, tuple):
            self.missing.add(str(record.args[0]))
        else:
            self.faults.append(record.getMessage())


class Noted(NamedTuple):
    """What a process has to say when it has printed."""

    missing: set[str]
    faults: list[str]
    files: dict[str, str]


class Refused(Exception):
    """Not printed: what there is to say tells why."""

    noted = Noted(set(), [], {})


class Reader:
    """Reads pages for WeasyPrint and notes their faults, the characters no font has and the files they name.

    linked: the names that links lead to; None: those of the links of each page itself.
    """

    def __init__(self, root: Path, linked: set[str] | None = None) -> None:
        self._root, self._linked = root, linked
        self._warned, self._fetcher, self._faults = Warned(), _fetcher(root), list[str]()
        logger = logging.getLogger("weasyprint")
        logger.handlers, logger.propagate = [self._warned], False
        logger.setLevel(logging.WARNING)

    def page(self, html: str) -> Any:
        """A page as WeasyPrint has it. Raises Refused for links that must not get into a PDF."""
        from weasyprint import HTML

        text = html.replace("<wbr>", "\u200b")
        page = HTML(string=text, base_url=self._root.as_uri() + "/", url_fetcher=self._fetcher)
        if faults := [f"a link to {link!r} is not allowed" for link in _forbidden(page.etree_element)]:
            self._faults += faults
            raise Refused
        quick_print.name_leaves(page.etree_element, self._linked)
        return page

    def noted(self, refusal: BaseException | None = None) -> Noted:
        """All that was noted. refusal: what ended the printing."""
        faults = [*self._faults, *([str(refusal)] if isinstance(refusal, _fatal()) else [])]
        faults += [f"refused to read {url[:200]!r}" for url in self._fetcher.refused] + self._warned.faults
        files = {path.relative_to(self._root).as_posix(): _hash(path) for path in sorted(self._fetcher.read)}
        return Noted(self._warned.missing, faults, files)


class Second:
    """The process that prints the second half, as the first sees it."""

    def __init__(self) -> None:
        self._way, theirs = Pipe()
        number = theirs.fileno()
        self._process = program.start("report.pdf", str(number), pass_fds=(number,), stdout=subprocess.DEVNULL)
        theirs.close()

    def tell(self, what: Any) -> None:
        """Tell it something. Raises as `told` does."""
        try:
            self._way.send(what)
        except BrokenPipeError:
            self._gone()

    def told(self) -> Any:
        """What it says next. Raises Refused; MemoryError or SystemExit when it is gone: it has said why."""
        try:
            said = self._way.recv()
        except (EOFError, ConnectionResetError):
            self._gone()
        if isinstance(said, Refused):
            raise said
        return said

    def leave(self) -> None:
        """End it."""
        self._process.kill()
        program.ended(self._process)

    def _gone(self) -> NoReturn:
        if program.ended(self._process) == -9:
            raise MemoryError
        sys.exit(1)


class First:
    """The process that prints the first half, as the second sees it."""

    def __init__(self, way: Connection) -> None:
        self._way = way
        self.tell, self.told = way.send, way.recv


def _print(html: str, target: str, root: Path, second: Second | None = None) -> dict[str, Any]:
    """Print in this process, and a second: page count, missing characters, faults, and the hash of each file read."""
    parts = None if second is None else side_by_side.cut(html)
    reader = Reader(root, parts and parts.linked)
    pages, noted = 0, [Noted(set(), [], {})]
    try:
        if second is not None and parts is not None:
            second.tell((root, parts.second, parts.linked))
            try:
                pages = side_by_side.lead(parts, reader.page, _relative(root), target, second)
                noted.append(second.told())
            except side_by_side.Uneven:
                parts = None
        if parts is None:
            document = reader.page(html).render(**side_by_side.VARIANT)
            pages = len(document.pages)
            document.write_pdf(target, finisher=_relative(root), **side_by_side.VARIANT)
        noted.insert(0, reader.noted())
    except (Refused, _fatal()) as refusal:
        noted = [reader.noted(refusal), *([refusal.noted] if isinstance(refusal, Refused) else [])]
    missing = sorted(set().union(*(one.missing for one in noted)))
    faults = list(dict.fromkeys(fault for one in noted for fault in one.faults))
    files = {name: seen for one in noted for name, seen in one.files.items()}
    return {"pages": pages, "missing": missing, "faults": faults, "files": files}


def _print_second(way: Connection) -> None:
    """Print the second half for the process at the other end of the way, and say what there is to say."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the first needs it no more
        root, html, linked = way.recv()
        reader = Reader(root, linked)
        try:
            side_by_side.follow(reader.page(html), _relative(root), First(way))
            way.send(reader.noted())
        except (Refused, _fatal()) as refusal:
            refused = Refused()
            refused.noted = reader.noted(refusal)
            way.send(refused)
            while True:  # the first may have more to tell before it listens
                way.recv()


def _get_ready() -> None:
    """What takes time and needs no page yet."""
    quick_print.quicken()
    from weasyprint import HTML

    HTML(string="<p lang=en>a</p>").render()  # its fonts and its own style sheet


def _fatal() -> type[BaseException]:
    from weasyprint.urls import FatalURLFetchingError

    return FatalURLFetchingError


def _fetcher(root: Path) -> Any:
    """Reads data: URLs and files below `root`; refuses all else, and notes what it read and refused."""
    from weasyprint.urls import URLFetcher

    class Fetcher(URLFetcher):
        def __init__(self) -> None:
            super().__init__(allow_redirects=False, fail_on_errors=True)
            self.refused: list[str] = []
            self.read: set[Path] = set()

        def fetch(self, url: str, headers: Any = None) -> Any:
            parts = urlsplit(url)
            path = Path(unquote(parts.path)).resolve()
            if parts.scheme == "file" and not parts.netloc and path.is_relative_to(root) and path.is_file():
                self.read.add(path)
            elif parts.scheme != "data":
                self.refused.append(url)
                raise ValueError(f"refused to read {url[:200]!r}")
            return super().fetch(url, headers)

    return Fetcher()


def _forbidden(page: Any) -> Iterator[str]:
    """The links of a page that must not get into a PDF: other schemes, absolute paths, paths upwards."""
    for element in page.iter():
        if not isinstance(element.tag, str) or element.tag.rpartition("}")[2] == "link":
            continue
        for key, value in element.attrib.items():
            if key.rpartition("}")[2] == "href" and not LINK.fullmatch(value.strip()):
                yield value[:200]


def _relative(root: Path) -> Any:
    """Turns links to files of the release, which WeasyPrint makes absolute, back into relative ones."""
    import pydyf

    start = root.as_uri() + "/"

    def shorten(item: Any, key: str) -> None:
        text = item.get(key)
        if isinstance(text, pydyf.String) and text.string.startswith(start):
            item[key] = pydyf.String(text.string.removeprefix(start))

    def finish(_: Any, pdf: Any) -> None:
        for item in (item for item in pdf.objects if isinstance(item, pydyf.Dictionary)):
            shorten(item, "Contents")
            if isinstance(item.get("A"), pydyf.Dictionary):
                shorten(item["A"], "URI")

    return finish


def _main(way: str) -> None:
    """Be the process that prints. way: `two`, nothing, or to the process whose second this is."""
    gc.disable()  # a document lives until the end: looking for what does not is a tenth of the time
    if way.isdigit():
        program.end_with_parent()
        _get_ready()
        _print_second(Connection(int(way)))
        return
    second = Second() if way else None
    with ThreadPoolExecutor(1) as reader:  # who writes the job need not wait
        line = reader.submit(sys.stdin.buffer.readline)
        _get_ready()
    job = json.loads(line.result())
    program.end_with_parent()
    try:
        answer = _print(job["html"], job["target"], Path(job["root"]), second)
    except OSError as wrong:
        if wrong.errno is None or wrong.filename not in (None, job["target"]):
            raise
        answer = {"errno": wrong.errno}
    if second is not None:
        second.leave()
    print(json.dumps(answer))


if __name__ == "__main__":
    _main("".join(sys.argv[1:]))
