"""Charts for paper: plotly figures drawn by a headless browser as SVG that a PDF printer draws alike, and as PNG.

The browser is spoken to over a pipe in its DevTools protocol: all charts in one page of one browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dataset.errors import DataError, shown
from report.fonts import Fonts

NAMES = (
    "chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable", "chrome", "microsoft-edge",
)  # fmt: skip
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
FLAGS = (
    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-breakpad", "--no-first-run", "--no-default-browser-check", "--password-store=basic", "--mute-audio",
    "--use-mock-keychain", "--hide-scrollbars", "--force-color-profile=srgb", "--font-render-hinting=none",
    "--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
# The protocol's two pipes are the browser's descriptors 3 and 4; what it says goes to its log, never to a terminal.
SHELL = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >&2'
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>{css} body {{ margin: 0; background: #fff }}</style>
<script src="{plotly}"></script><script src="{script}"></script></head><body><div id="stage"></div></body></html>"""
SCRIPT = Path(__file__).with_name("paper.js")
START_SECONDS, DRAW_SECONDS, CLOSE_SECONDS = 20.0, 60.0, 3.0
DPI, CSS_DPI = 300, 96


class Spec(NamedTuple):
    """One chart to draw: its name (letters, digits, - and _), plotly figure (or its dict), size in CSS pixels."""

    name: str
    figure: Any
    width: int
    height: int


class BrowserTrouble(Exception):
    """The browser did not start, went away or does not answer."""


class Paper:
    """Draws charts, each only once a cache folder. `trouble` says why charts are missing, "" when none is.

    Use as a context manager, or call `close`: it leaves no process and no temporary folder.
    """

    def __init__(self, cache: Path, fonts: Fonts) -> None:
        self.cache, self.fonts, self.trouble = cache / "charts", fonts, ""
        self.path = browser_path()
        self._browser: Browser | None = None

    def __enter__(self) -> Paper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the browser now; it gets ready while the caller does something else."""
        if self._browser is None and not self.trouble:
            try:
                self._browser = Browser(self.path, _page(self.fonts), self.fonts.conf)
            except BrowserTrouble as trouble:
                self.trouble = f"{self.path} {trouble}"

    def draw(self, charts: Sequence[Spec]) -> dict[str, str | None]:
        """Each chart's SVG by name; None, and `trouble` set, where the browser failed."""
        return {chart.name: self._kept(_key(chart), ".svg", lambda b, c=chart: _svg(b, c)) for chart in charts}

    def png(self, svgs: Mapping[str, str | None]) -> dict[str, bytes]:
        """The drawn charts at 300 dpi, by name; those that cannot be drawn are left out."""
        kept = {
            name: self._kept(svg, ".png", lambda browser, svg=svg: browser.photograph(svg))
            for name, svg in svgs.items()
            if svg is not None
        }
        return {name: base64.b64decode(text) for name, text in kept.items() if text is not None}

    def close(self) -> None:
        """End the browser and remove its folder."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def _kept(self, key: str, suffix: str, make: Any) -> str | None:
        """What the cache holds under this key, or what `make(browser)` makes."""
        try:
            self.start()
            if self._browser is None:
                return None
            version = f"{self._browser.version}\n{self.fonts.key}\n{_drawn_by()}\n"
            path = self.cache / (hashlib.sha256((version + key).encode()).hexdigest()[:32] + suffix)
            if path.is_file():
                os.utime(path)  # in use: kept for another while
                return path.read_text(encoding="utf-8")
            made = make(self._browser)
        except BrowserTrouble as trouble:
            self.trouble = f"{self.path} {trouble}"
            self.close()
            return None
        _store(path, made)
        return made


def browser_path() -> str:
    """The browser that draws: BROWSER_PATH, then the usual names on PATH, then the usual places on macOS."""
    told = os.environ.get("BROWSER_PATH", "")
    if told and not os.access(told, os.X_OK):
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
    """A headless browser with the drawing page open, in a home of its own.

    Raises BrowserTrouble when it does not start, ends or does not answer.
    """

    def __init__(self, path: str, page: str, fonts_conf: Path) -> None:
        self.home = tempfile.mkdtemp(prefix="customer-deck-browser-")
        self._page = Path(self.home) / "page.html"
        self._page.write_text(page, encoding="utf-8")
        self._log = Path(self.home) / "log"
        kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
        own = {key: self.home for key in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SHELL, path, *FLAGS, f"--user-data-dir={self.home}/profile", "about:blank"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                cwd=self.home,
                start_new_session=True,
                env={**kept, **own, "FONTCONFIG_FILE": str(fonts_conf), "LANG": "C.UTF-8", "TZ": "UTC"},
            )
        self._read, self._asked, self._session = b"", 0, ""
        self._version = ""
        try:
            self._first = self._send("Browser.getVersion")
        except BrowserTrouble:
            self.close()
            raise

    @property
    def version(self) -> str:
        """Product and version; waits until the browser is up."""
        if not self._version:
            self._version = self._answer(self._first, START_SECONDS)["product"]
        return self._version

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the drawing page, awaited."""
        self._open()
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", DRAW_SECONDS, **asked)
        if "exceptionDetails" in answer:
            wrong = answer["exceptionDetails"]
            raise RuntimeError(wrong.get("exception", {}).get("description") or wrong.get("text"))
        return answer["result"].get("value")

    def photograph(self, svg: str) -> str:
        """An SVG as a 300-dpi PNG, in base64."""
        shape = "(svg => { stage().innerHTML = svg; const s = stage().firstChild.viewBox.baseVal; "
        width, height = self.evaluate(f"{shape} return [s.width, s.height] }})({json.dumps(svg)})")
        size = {"width": int(width), "height": int(height), "deviceScaleFactor": DPI / CSS_DPI, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", DRAW_SECONDS, **size)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._call("Page.captureScreenshot", DRAW_SECONDS, format="png", clip=clip)
        return base64.b64encode(_with_dpi(base64.b64decode(shot["data"]))).decode()

    def close(self) -> None:
        """End the browser with all its processes; remove its home."""
        try:
            self._send("Browser.close")
            self._process.wait(CLOSE_SECONDS)
        except (BrowserTrouble, subprocess.TimeoutExpired):
            self._kill()
        self._kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        _remove(self.home)

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # all of them are gone
        finally:
            self._process.wait()

    def _open(self) -> None:
        """Open the drawing page, once, and wait until its scripts are there."""
        if self._session:
            return
        assert self.version
        target = self._call("Target.createTarget", START_SECONDS, url=self._page.as_uri())["targetId"]
        attached = self._call("Target.attachToTarget", START_SECONDS, targetId=target, flatten=True)
        self._session = attached["sessionId"]
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if time.monotonic() > deadline:
                raise BrowserTrouble("did not open the drawing page")
            time.sleep(0.02)

    def _ready(self) -> bool:
        asked = "document.readyState === 'complete' && typeof Plotly === 'object' && typeof draw === 'function'"
        return self._call("Runtime.evaluate", START_SECONDS, expression=asked).get("result", {}).get("value") is True

    def _call(self, method: str, seconds: float, **parameters: Any) -> dict[str, Any]:
        return self._answer(self._send(method, **parameters), seconds)

    def _send(self, method: str, **parameters: Any) -> int:
        self._asked += 1
        message: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = memoryview(json.dumps(message).encode() + b"\0")
        assert self._process.stdin is not None
        try:
            while data:
                data = data[os.write(self._process.stdin.fileno(), data) :]
        except OSError:
            raise BrowserTrouble(self._why()) from None
        return self._asked

    def _answer(self, asked: int, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            message = json.loads(self._message(deadline))
            if message.get("id") == asked:
                if "error" in message:
                    raise BrowserTrouble(f"refused: {message['error'].get('message', '')}")
                return message["result"]

    def _message(self, deadline: float) -> bytes:
        """The next message, which ends in a NUL."""
        assert self._process.stdout is not None
        parts = [self._read]
        while b"\0" not in parts[-1]:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._process.stdout.fileno(), 1 << 20) if ready else b""
            if not part:
                raise BrowserTrouble("does not answer" if not ready else self._why())
            parts.append(part)
        message, _, self._read = b"".join(parts).partition(b"\0")
        return message

    def _why(self) -> str:
        """How the browser ended, with the last line it said."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        end = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        said = [line for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return f"{end}{': ' + shown(said[-1]) if said else ''}"


def _svg(browser: Browser, chart: Spec) -> str:
    figure = json.dumps(_figure_json(chart.figure))
    try:
        drawn = browser.evaluate(f"draw(JSON.parse({figure}), {chart.width}, {chart.height}, {json.dumps(chart.name)})")
    except RuntimeError as wrong:
        raise RuntimeError(f"the chart {chart.name} cannot be drawn: {wrong}") from None
    return drawn


def _key(chart: Spec) -> str:
    return f"{chart.name}\n{chart.width}\n{chart.height}\n{_figure_json(chart.figure)}"


def _figure_json(figure: Any) -> str:
    from plotly.utils import PlotlyJSONEncoder

    return json.dumps(figure, cls=PlotlyJSONEncoder, sort_keys=True)


def _plotly() -> Path:
    import plotly

    assert plotly.__file__
    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def _drawn_by() -> str:
    """What draws beside the browser: plotly.js and the page's own script and flags."""
    import plotly

    own = SCRIPT.read_bytes() + repr((FLAGS, PAGE, DPI)).encode()
    return f"{plotly.__version__} {hashlib.sha256(own).hexdigest()}"


def _page(fonts: Fonts) -> str:
    return PAGE.format(css=fonts.css_paper(), plotly=_plotly().as_uri(), script=SCRIPT.as_uri())


def _store(path: Path, text: str) -> None:
    """Keep in the cache, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".tmp-", delete=False, encoding="utf-8") as new:
        new.write(text)
    os.replace(new.name, path)


def _with_dpi(png: bytes) -> bytes:
    """The PNG with its resolution written in: a pHYs chunk after the header."""
    metre = round(DPI / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", metre, metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]


def _remove(folder: str) -> None:
    """Remove a folder that a dying process may still write to."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(0.05)
