"""Charts for paper: plotly figures drawn in a browser as SVG that a PDF printer draws alike, and as PNG made of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import os
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dataset.errors import DataError, shown
from report.fonts import Fonts

if TYPE_CHECKING:
    from choreographer import Browser as Chrome
    from choreographer import Tab

NAMES = (
    "chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable", "chrome", "microsoft-edge",
)  # fmt: skip
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Beside those of choreographer: labels as wide as in print, equal colours everywhere, nothing asked of any network.
FLAGS = (
    "--font-render-hinting=none", "--force-color-profile=srgb", "--hide-scrollbars", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
NOWHERE = "127.0.0.1:9"
HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
SCRIPT = Path(__file__).with_name("paper.js")
PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><style>{style}</style>
<script src="{plotly}" charset="utf-8"></script><script src="{script}" charset="utf-8"></script></head>
<body></body></html>
"""
START_SECONDS, DRAW_SECONDS, CLOSE_SECONDS = 30.0, 60.0, 3.0
DPI, CSS_DPI = 300, 96


class Spec(NamedTuple):
    """One chart to draw: its name (letters, digits, - and _), figure (or its JSON values), size in CSS pixels."""

    name: str
    figure: Any
    width: int
    height: int


Drawing = futures.Future[bytes]
Ask = Callable[["Browser", Spec, str], Drawing]  # has the browser make something of a chart and its figure's JSON
Job = tuple[int, int, str, tuple[str | float, ...], "asyncio.Future[str]"]  # rank, number, function, arguments, answer


class BrowserTrouble(Exception):
    """The browser did not start, went away or does not answer."""


class Paper:
    """Draws charts, each only once a cache folder. `trouble` says why charts are missing, "" when none is.

    Use as a context manager: it leaves no process and no temporary folder.
    """

    def __init__(self, cache: Path, fonts: Fonts) -> None:
        self.path, self.trouble = browser_path(), ""
        self._cache, self._fonts, self._drawn_by = cache / "charts", fonts, _drawn_by(self.path, fonts)
        self._browser: Browser | None = None
        self._begun: dict[Path, Drawing] = {}

    def __enter__(self) -> Paper:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def drawing(self) -> bool:
        """Whether the browser was needed: something was not kept."""
        return self._browser is not None

    def start(self) -> None:
        """Get the browser ready while the caller does something else, if nothing it would draw is kept yet."""
        if not any(self._cache.glob(f"{self._drawn_by}-*")):
            self._start()

    def begin(self, charts: Sequence[Spec]) -> None:
        """Have these charts drawn while the caller does something else; `draw` and `png` then have them sooner."""
        for chart in charts:
            figure = _figure_json(chart.figure)
            svg, png = (self._cache / self._file(chart, figure, kind) for kind in ("svg", "png"))
            if not svg.is_file():
                self._start()
                if self._browser is not None:
                    self._begun[svg] = self._browser.draw(chart, figure)
                    self._begun[png] = self._browser.picture(self._begun[svg])

    def draw(self, charts: Sequence[Spec]) -> dict[str, str | None]:
        """Each chart's SVG by name; None, and `trouble` set, where the browser failed.

        Raises RuntimeError for a figure that plotly refuses.
        """
        made = self._svgs(charts)
        return {chart.name: made[chart.name].decode() if chart.name in made else None for chart in charts}

    def png(self, charts: Sequence[Spec]) -> dict[str, bytes]:
        """The charts at 300 dpi, by name; those that cannot be drawn are left out. Raises as `draw` does."""
        svgs = self._svgs(charts)

        def picture(browser: Browser, chart: Spec, figure: str) -> Drawing:
            svg = Drawing()
            svg.set_result(svgs[chart.name])
            return browser.picture(svg)

        made = self._made([chart for chart in charts if chart.name in svgs], "png", picture)
        return {name: _with_dpi(image) for name, image in made.items()}

    def _svgs(self, charts: Sequence[Spec]) -> dict[str, bytes]:
        return self._made(charts, "svg", lambda browser, chart, figure: browser.draw(chart, figure))

    def _made(self, charts: Sequence[Spec], kind: str, ask: Ask) -> dict[str, bytes]:
        """What the cache holds of the charts; the others are drawn together."""
        figures = {chart.name: _figure_json(chart.figure) for chart in charts}
        kept = {chart.name: self._cache / self._file(chart, figures[chart.name], kind) for chart in charts}
        made: dict[str, bytes] = {}
        for name, path in kept.items():
            if path.is_file():
                os.utime(path)  # in use: kept for another while
                made[name] = path.read_bytes()
        absent = [chart for chart in charts if chart.name not in made]
        if absent:
            self._start()
        if absent and self._browser is not None:
            begun = {
                self._begun.pop(kept[chart.name])
                if kept[chart.name] in self._begun
                else ask(self._browser, chart, figures[chart.name]): chart.name
                for chart in absent
            }
            try:
                for name, image in self._browser.drawn(begun):
                    made[name] = image
                    _store(kept[name], image)
            except BrowserTrouble as trouble:
                self.trouble = f"{self.path} {trouble}"
                self._close()
        return {chart.name: made[chart.name] for chart in charts if chart.name in made}

    def _file(self, chart: Spec, figure: str, kind: str) -> str:
        seen = f"{chart.name}\n{chart.width}\n{chart.height}\n{figure}"
        return f"{self._drawn_by}-{hashlib.sha256(seen.encode()).hexdigest()[:32]}.{kind}"

    def _start(self) -> None:
        if self._browser is None and not self.trouble:
            self._browser = Browser(self.path, self._fonts)

    def _close(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None


def browser_path() -> str:
    """The browser that draws: BROWSER_PATH, then the usual names on PATH, then the usual places on macOS."""
    told = os.environ.get("BROWSER_PATH", "")
    if told and not (os.path.isfile(told) and os.access(told, os.X_OK)):
        raise DataError("E_BROWSER", f"BROWSER_PATH is {shown(told)}, which is not a program that can be run")
    found = told or next((p for name in NAMES if (p := shutil.which(name))), "")
    found = found or next((p for p in MAC if os.access(p, os.X_OK)), "")
    if not found:
        raise DataError(
            "E_BROWSER",
            "the charts need a Chromium or Chrome browser and none was found",
            hint="Install one (apt install chromium-headless-shell, or brew install --cask google-chrome), "
            "or set BROWSER_PATH to it",
        )
    return found


class Browser:
    """A browser in a home of its own, on a thread and event loop of its own. It gets ready in the background."""

    def __init__(self, path: str, fonts: Fonts) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="customer-deck-browser-"))
        self._said = _Said()
        self._chrome: Chrome | None = None
        self._jobs: asyncio.PriorityQueue[Job] = asyncio.PriorityQueue()
        self._number = count()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # who waits for a result is told of its error
        self._thread = threading.Thread(target=self._loop.run_forever, name="charts", daemon=True)
        self._thread.start()
        self._opened = self._soon(self._open(path, fonts))

    def draw(self, chart: Spec, figure: str) -> Drawing:
        """Have a chart drawn as SVG as soon as the browser is ready; figure: its JSON."""
        return self._soon(self._draw(chart, figure))

    def picture(self, svg: Drawing) -> Drawing:
        """Have a PNG made of an SVG once that is there, and when no other SVG waits."""
        return self._soon(self._picture(svg))

    async def _draw(self, chart: Spec, figure: str) -> bytes:
        return (await self._told(0, "drawn", chart.name, figure, chart.width, chart.height)).encode()

    async def _picture(self, svg: Drawing) -> bytes:
        image = (await asyncio.wrap_future(svg)).decode()
        return base64.b64decode(await self._told(1, "pictured", image, DPI / CSS_DPI))

    async def _told(self, rank: int, function: str, *given: str | float) -> str:
        """What a function of the drawing page answers, once it is free; those of low rank come first."""
        answer: asyncio.Future[str] = self._loop.create_future()
        self._jobs.put_nowait((rank, next(self._number), function, given, answer))
        return await answer

    async def _work(self, tab: Tab, page: str) -> None:
        """Do one job after the other; page: the id of the tab's window."""
        while True:
            _, _, function, given, answer = await self._jobs.get()
            try:
                answer.set_result(await _asked(tab, page, function, given))
            except Exception as wrong:
                answer.set_exception(wrong)

    def drawn(self, drawing: Mapping[Drawing, str]) -> Iterator[tuple[str, bytes]]:
        """The charts by name, as they get ready. Raises BrowserTrouble; RuntimeError for a figure plotly refuses."""
        from choreographer import errors

        ended = (errors.BrowserClosedError, errors.ChannelClosedError, errors.DevtoolsProtocolError)
        self._ready()
        waiting = set(drawing)
        while waiting:
            done, waiting = futures.wait(waiting, DRAW_SECONDS, futures.FIRST_COMPLETED)
            if not done:
                raise BrowserTrouble("does not answer")
            for future in done:
                try:
                    yield drawing[future], future.result()
                except (futures.CancelledError, *ended):
                    raise BrowserTrouble(f"ended while it drew{self._said}") from None
                except Exception as wrong:
                    raise RuntimeError(f"the chart {drawing[future]} cannot be drawn: {wrong}") from None

    def close(self) -> None:
        """End the browser with all its processes; remove its home."""
        self._soon(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        _remove(self._home)

    def _soon(self, work: Coroutine[Any, Any, Any]) -> futures.Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _ready(self) -> None:
        try:
            self._opened.result(START_SECONDS)
        except TimeoutError:
            raise BrowserTrouble("does not answer") from None
        except Exception as reason:
            raise BrowserTrouble(f"ended before it was ready{str(self._said) or f': {shown(str(reason))}'}") from None

    async def _open(self, path: str, fonts: Fonts) -> None:
        from choreographer import Browser as Chrome
        from choreographer.browsers import Chromium

        home = str(self._home)
        same = {"FONTCONFIG_FILE": str(fonts.conf), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if sys.platform == "linux":
            same["TMPDIR"] = "."  # its home by a short name: the path of a socket there has 107 bytes at most

        page = self._home / "page.html"

        class Own(Chromium):
            def get_cli(self) -> list[str]:
                return [*super().get_cli(), *FLAGS, page.as_uri()]  # with no page choreographer waits 2 s for one

            def get_popen_args(self) -> dict[str, Any]:
                return {**super().get_popen_args(), "cwd": home}

            def get_env(self) -> dict[str, str]:
                return {**super().get_env(), **dict.fromkeys(HOMES, home), **same}

        page.write_text(
            PAGE.format(style=fonts.css_paper(), plotly=plotly_js().as_uri(), script=SCRIPT.as_uri()), encoding="utf-8"
        )
        self._chrome = Chrome(
            os.path.abspath(path), browser_cls=Own, tmp_dir=home, proxy_server=NOWHERE, enable_extensions=False
        )
        await self._chrome.open()
        tab = self._chrome.get_tab() or await self._chrome.create_tab(page.as_uri(), window=True)
        self._worker = asyncio.create_task(self._work(tab, await _loaded(tab)))

    async def _end(self) -> None:
        """Close the browser; what does not end by itself is killed."""
        while not self._opened.done() and not hasattr(self._chrome, "subprocess"):
            await asyncio.sleep(0.01)  # a browser that just starts could not be found yet
        late = self._loop.call_later(CLOSE_SECONDS, self._kill)
        if self._chrome is not None:
            with suppress(Exception, asyncio.CancelledError):
                await asyncio.wait_for(self._chrome.close(), CLOSE_SECONDS)
        late.cancel()
        self._kill()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=CLOSE_SECONDS)

    def _kill(self) -> None:
        process = getattr(self._chrome, "subprocess", None)
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):  # all of them are gone
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def _loaded(tab: Tab) -> str:
    """The id of a tab's window, once the drawing page is there with its fonts."""
    asked = {"expression": "ready.then(() => globalThis)", "awaitPromise": True}
    while True:
        answer = await tab.send_command("Runtime.evaluate", params=asked)
        result = answer.get("result", {})
        if "result" in result and "exceptionDetails" not in result:
            return result["result"]["objectId"]
        await asyncio.sleep(0.01)  # the page before it, or not yet the end of it


async def _asked(tab: Tab, page: str, function: str, given: Sequence[str | float]) -> str:
    """What a function of the page answers. Raises ValueError with the page's own words."""
    from choreographer.errors import DevtoolsProtocolError

    answer = await tab.send_command(
        "Runtime.callFunctionOn",
        params={
            "functionDeclaration": f"(...given) => {function}(...given)",
            "objectId": page,
            "arguments": [{"value": value} for value in given],
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    if "error" in answer:
        raise DevtoolsProtocolError(answer)
    if "exceptionDetails" in answer["result"]:
        wrong = answer["result"]["exceptionDetails"].get("exception", {})
        raise ValueError(str(wrong.get("description") or wrong.get("value") or "no reason given").splitlines()[0])
    return answer["result"]["result"]["value"]


class _Said(logging.Handler):
    """Keeps the last line the browser said, and choreographer's own logs off the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._last = ""
        for name in ("choreographer", "browser_proc"):
            logger = logging.getLogger(name)
            logger.propagate, logger.handlers = False, [logging.NullHandler()]
        logger.handlers = [self]
        logger.setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage().strip()
        if line and not line.startswith("wrapper CLI:"):
            self._last = line

    def __str__(self) -> str:
        return f": {shown(self._last)}" if self._last else ""


def _figure_json(figure: Any) -> str:
    plain = figure.to_plotly_json() if hasattr(figure, "to_plotly_json") else figure
    return json.dumps(plain, sort_keys=True, allow_nan=False)


def plotly_js() -> Path:
    """The drawing library as the installed plotly brings it."""
    found = find_spec("plotly")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def _drawn_by(path: str, fonts: Fonts) -> str:
    """A key of all that draws: the browser, known by its file, plotly, the fonts and this module."""
    program = Path(path).resolve()
    seen = hashlib.sha256(f"{program}\n{program.stat().st_size}\n{program.stat().st_mtime_ns}\n{fonts.key}\n".encode())
    seen.update(f"{version('plotly')}\n".encode())
    for source in (SCRIPT, Path(__file__)):
        seen.update(source.read_bytes())
    return seen.hexdigest()[:12]


def _store(path: Path, content: bytes) -> None:
    """Keep in the cache, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".tmp-", delete=False) as new:
        new.write(content)
    os.replace(new.name, path)


def _with_dpi(png: bytes) -> bytes:
    """The PNG with its resolution written in: a pHYs chunk after the header."""
    metre = round(DPI / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", metre, metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]


def _remove(folder: Path) -> None:
    """Remove a folder that a dying process may still write to."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(0.05)
