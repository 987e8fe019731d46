import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from PIL import Image

from dataset.errors import DataError
from report import pages
from report.fonts import Fonts
from report.paper import Paper, Spec, browser_path

HARD = go.Figure(
    [
        go.Scatter(
            x=[1, 2, 3], y=[1, 2, 3], mode="markers+text", text=["plain", "a <b>bold</b> tail", "up<br>down <i>it</i>"],
            opacity=0.5, marker={"color": [1, 2, 3], "colorscale": "Blues", "showscale": True},
        )
    ]
)  # fmt: skip
HARD.update_layout(title="First line<br><span style='font-size:10px'>second</span> line", font_family="Deck Sans")
HARD.add_annotation(x=2, y=2, text="a note", opacity=0.5)
BARS = go.Figure([go.Bar(x=["a", "b"], y=[1, 2])])
DOTS = go.Figure([go.Scatter(x=[1, 2, 3], y=[1, 3, 2], mode="markers")])
for at in (1, 2):
    DOTS.add_shape(type="rect", x0=at, x1=at + 0.5, y0=1, y1=2, fillcolor="#0b57a4", line={"width": 0})
    DOTS.add_annotation(text=f"note {at}", x=at, y=2, showarrow=False)
SPECS = (Spec("hard", HARD, 640, 360), Spec("bars", BARS.to_dict(), 300, 200))


@pytest.fixture(scope="module")
def drawn(fonts: Fonts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    with Paper(tmp_path_factory.mktemp("charts"), fonts) as paper:
        return paper.draw(SPECS)


@pytest.fixture(scope="module")
def dots(fonts: Fonts, tmp_path_factory: pytest.TempPathFactory) -> str:
    with Paper(tmp_path_factory.mktemp("charts"), fonts) as paper:
        return paper.draw([Spec("dots", DOTS, 300, 200)])["dots"] or ""


def test_a_chart_has_the_size_of_its_slot_and_parses(drawn: dict[str, str | None]) -> None:
    svg = ElementTree.fromstring(drawn["bars"] or "")
    assert (svg.get("width"), svg.get("height"), svg.get("viewBox")) == ("300", "200", "0 0 300 200")


def test_what_pdf_printers_draw_wrongly_is_not_there(drawn: dict[str, str | None]) -> None:
    svg = drawn["hard"] or ""
    assert "<tspan" not in svg and "linearGradient" not in svg and "class=" not in svg
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        assert not re.search(r"(?<![-\w])opacity", text.get("style", ""))
    said = {"".join(t.itertext()) for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {"First line", "second", "line", "bold", "tail", "up", "it", "a note"} <= said


def test_what_takes_long_to_print_is_not_there(dots: str) -> None:
    assert dots.count("<circle") == 3 and "rotate(0" not in dots
    assert dots.count("font-family") == 1 and dots.count("clip-path=") == 2
    shapes = ElementTree.fromstring(dots)
    assert not [
        g for g in shapes.iter("{http://www.w3.org/2000/svg}g") if list(g.attrib) == ["transform"] and len(g) == 1
    ]


def test_a_label_says_where_it_begins(dots: str) -> None:
    texts = list(ElementTree.fromstring(dots).iter("{http://www.w3.org/2000/svg}text"))
    ended = [text for text in texts if text.get("text-anchor") == "end"]
    assert ended and all(
        0 < float(text.get("x", "")) - float(text.get("data-start", "")) < 10 * len(text.text or "") for text in ended
    )
    assert 'text-anchor="end"' not in pages.ANCHORED.sub("", dots)


def test_the_same_figure_gives_the_same_bytes(drawn: dict[str, str | None], fonts: Fonts, tmp_path: Path) -> None:
    with Paper(tmp_path, fonts) as paper:
        again = paper.draw(SPECS)
        assert again == drawn
        first = paper.png(SPECS)
    many = (Spec("other", BARS, 200, 100), *SPECS[::-1])  # in another order: each after another chart
    with Paper(tmp_path / "other", fonts) as paper:
        pngs, svgs = paper.png(many), paper.draw(many)
        assert {name: pngs[name] for name in first} == first
        assert {name: svgs[name] for name in drawn} == drawn
    assert first["bars"][:8] == b"\x89PNG\r\n\x1a\n" and b"pHYs" in first["bars"][:64]


def test_a_picture_is_a_chart_on_white_in_the_reports_font(
    fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = replace(fonts, conf=tmp_path / "none.conf", key="none")
    none.conf.write_text("<fontconfig></fontconfig>")
    bars = go.Figure(BARS).update_layout(font_family="Deck Sans", paper_bgcolor="rgba(0,0,0,0)")
    drawn = []
    for faces in (fonts, none):
        with Paper(tmp_path / "cache", faces) as paper:
            drawn.append(Image.open(io.BytesIO(paper.png([Spec("bars", bars, 300, 200)])["bars"])))
    assert [image.getpixel((0, 0)) for image in drawn] == [(255, 255, 255, 255)] * 2
    assert drawn[0].info["dpi"] == pytest.approx((300, 300), abs=0.01) and drawn[0].size == (937, 625)
    assert drawn[0].tobytes() != drawn[1].tobytes()  # fontconfig gives a picture its font, not the drawing page


def test_a_kept_chart_needs_no_browser(fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Paper(tmp_path, fonts) as paper:
        paper.start()
        before = paper.draw(SPECS), paper.png(SPECS)
    monkeypatch.setattr("report.paper.Browser", lambda *_: pytest.fail("started again"))
    with Paper(tmp_path, fonts) as paper:
        paper.start()
        assert (paper.draw(SPECS), paper.png(SPECS)) == before


def test_another_browser_or_other_fonts_draw_again(
    fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Paper(tmp_path / "cache", fonts) as paper:
        paper.draw(SPECS[1:])
    started: list[str] = []
    monkeypatch.setattr("report.paper.Browser", lambda path, _: started.append(path))
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    Paper(tmp_path / "cache", replace(fonts, key="other")).start()
    monkeypatch.setenv("BROWSER_PATH", str(other))
    Paper(tmp_path / "cache", fonts).start()
    assert len(started) == 2 and started[1] == str(other)


def test_a_figure_plotly_refuses_is_named(fonts: Fonts, tmp_path: Path) -> None:
    broken = Spec("broken", {"data": 5, "layout": {"shapes": 3, "width": "x"}, "frames": 1}, -5, -5)
    with Paper(tmp_path, fonts) as paper:
        for draw in (paper.draw, paper.png):
            with pytest.raises(RuntimeError, match=r"the chart broken cannot be drawn: .*pixel values"):
                draw([*SPECS, broken])
        assert not paper.trouble and None not in paper.draw(SPECS).values()  # the others still can be


def test_no_browser_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("report.paper.MAC", ())
    with pytest.raises(DataError, match=r"E_BROWSER .*none was found. Install one .*chromium-headless-shell"):
        browser_path()
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    with pytest.raises(DataError, match="E_BROWSER BROWSER_PATH"):
        browser_path()


@pytest.mark.parametrize("script", ["exit 3", "echo no display >&2; exit 1", "kill -TRAP $$"])
def test_a_browser_that_cannot_start_is_told_at_once(
    script: str, fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    started = time.monotonic()
    with Paper(tmp_path / "cache", fonts) as paper:
        paper.start()
        assert paper.draw(SPECS) == {"hard": None, "bars": None}
        assert paper.png(SPECS) == {}
    assert "ended" in paper.trouble and time.monotonic() - started < 5


def test_too_little_address_space_leaves_the_charts_undrawn(fonts: Fonts, tmp_path: Path, project: Path) -> None:
    started = time.monotonic()
    out = _run(
        project, fonts, tmp_path, before="import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))"
    )
    assert out.returncode == 0 and "None" in out.stdout and "ended" in out.stdout and out.stderr == ""
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_browser_that_goes_away_leaves_the_charts_undrawn(
    sent: signal.Signals, fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("report.paper.DRAW_SECONDS", 1)
    with Paper(tmp_path / "cache", fonts) as paper:
        drawn = paper.draw(SPECS[:1])
        for process in _processes_with(str(tmp_path)):
            os.kill(process, sent)
        started = time.monotonic()
        assert paper.draw(SPECS) == {**drawn, "bars": None} and paper.png(SPECS) == {}
    assert re.search("ended|does not answer", paper.trouble) and time.monotonic() - started < 10
    assert not _processes_with(str(tmp_path)) and [p.name for p in tmp_path.iterdir()] == ["cache"]


def test_it_draws_without_a_home_and_says_nothing(fonts: Fonts, tmp_path: Path, project: Path) -> None:
    out = _run(project, fonts, tmp_path, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent")
    assert out.returncode == 0 and out.stdout.startswith("<svg") and out.stderr == ""


def test_nothing_is_left_behind(fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Paper(tmp_path / "cache", fonts) as paper:
        paper.draw(SPECS[:1])
        assert _processes_with(str(tmp_path))
    assert not _processes_with(str(tmp_path)) and [p.name for p in tmp_path.iterdir()] == ["cache"]


def test_a_deep_folder_for_temporary_files_will_do(
    fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with Paper(tmp_path / "cache", fonts) as paper:
        assert None not in paper.draw(SPECS[1:]).values()


def test_nothing_is_left_of_a_browser_that_was_not_waited_for(
    fonts: Fonts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Paper(tmp_path / "cache", fonts) as paper:
        paper.start()
    assert not paper.trouble and not _processes_with(str(tmp_path)) and not list(tmp_path.iterdir())


def test_the_browser_ends_with_a_killed_build(fonts: Fonts, tmp_path: Path, project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _script(fonts, tmp_path, after="import time; print('up', flush=True); time.sleep(60)")],
        cwd=project, env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    while b"up" not in process.stdout.readline():
        continue
    assert _processes_with(str(tmp_path))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while _processes_with(str(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _processes_with(str(tmp_path))


def _run(project: Path, fonts: Fonts, tmp_path: Path, before: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", before + "\n" + _script(fonts, tmp_path)]
    return subprocess.run(command, cwd=project, env=os.environ | env, capture_output=True, text=True, timeout=60)


def _script(fonts: Fonts, tmp_path: Path, after: str = "") -> str:
    return textwrap.dedent(f"""
        from pathlib import Path
        from report import fonts
        from report.paper import Paper, Spec
        with Paper(Path({str(tmp_path / "cache")!r}), fonts.prepare(Path({str(fonts.folder.parents[1])!r}))) as paper:
            print(paper.draw([Spec("a", dict(data=[dict(y=[1, 2])], layout={{}}), 300, 200)])["a"], paper.trouble)
            {after or "pass"}
    """)


def _processes_with(text: str) -> list[int]:
    """The running processes of browsers below this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if f"--user-data-dir={text}" in line:
            found.append(int(entry.parent.name))
    return found
