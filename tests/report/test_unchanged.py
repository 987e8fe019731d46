"""Nothing is published when nothing has changed; each thing a report is made of makes it changed again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis import kept_keys
from analysis.kept_keys import Inputs
from dataset.settings import Settings
from report import paper, publish, unchanged
from report.quarto_program import Program
from report.unchanged import Basis

DAY = date(2024, 1, 1)
BASIS = Basis(Inputs("data", {}), "key")


def published(out: Path, text: str = "a", day: date = DAY, basis: Basis = BASIS) -> Path:
    with publish.site(out) as site:
        (site.staged / "index.html").write_text(text)
        release = site.publish(day)
        basis.note(site.out, release, day)
        return release


def test_a_release_made_of_the_same_stands(tmp_path: Path) -> None:
    release = published(tmp_path / "site")
    found = BASIS.standing(tmp_path / "site")
    assert found is not None and found[0] == release
    assert abs(found[1].timestamp() - (tmp_path / "site" / ".built").stat().st_mtime) < 1
    assert Basis(BASIS.inputs, "other").standing(tmp_path / "site") is None
    assert BASIS.standing(tmp_path / "nowhere") is None


def test_a_note_holds_no_secret_and_changes_no_release(tmp_path: Path) -> None:
    release = published(tmp_path / "site")
    told = json.loads((tmp_path / "site" / ".built").read_text())
    assert told == {"key": "key", "release": release.name, "before": None}
    assert publish.verify(release) == [] and published(tmp_path / "site") == release


def test_what_must_be_read_to_be_known_never_stands(tmp_path: Path) -> None:
    published(tmp_path / "site", basis=Basis(None, ""))
    assert Basis(None, "").standing(tmp_path / "site") is None


def _other(out: Path) -> None:
    published(out, "b", basis=Basis(BASIS.inputs, "other"))


def _moved(out: Path) -> None:
    (out / "current").unlink()
    (out / "current").symlink_to(f"releases/{sorted(os.listdir(out / 'releases'))[0]}")


FAULTS: dict[str, Callable[[Path], object]] = {
    "another release was published": _other,
    "the link is gone": lambda out: (out / "current").unlink(),
    "the link leads elsewhere": _moved,
    "a page is gone": lambda out: (out / "current" / "index.html").unlink(),
    "a page was truncated": lambda out: (out / "current" / "index.html").write_text(""),
    "the manifest is gone": lambda out: (out / "current" / "MANIFEST.json").unlink(),
    "the manifest was altered": lambda out: (out / "current" / "MANIFEST.json").write_text(
        (out / "current" / "MANIFEST.json").read_text() + " "
    ),
    "the note is gone": lambda out: (out / ".built").unlink(),
    "the note is no JSON": lambda out: (out / ".built").write_text("{"),
    "the note is a list": lambda out: (out / ".built").write_text("[]"),
    "the note is a folder": lambda out: [(out / ".built").unlink(), (out / ".built").mkdir()],
    "the archive has an earlier release": lambda out: [
        published(out, "earlier", date(2023, 1, 1), Basis(None, "")),
        (out / "current").unlink(),
        (out / "current").symlink_to(f"releases/{json.loads((out / '.built').read_text())['release']}"),
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_release_that_is_not_as_published_does_not_stand(name: str, tmp_path: Path) -> None:
    published(tmp_path / "site", "earlier", basis=Basis(None, ""))
    published(tmp_path / "site")
    assert BASIS.standing(tmp_path / "site") is not None
    FAULTS[name](tmp_path / "site")
    assert BASIS.standing(tmp_path / "site") is None


def test_the_release_it_was_compared_with_counts_by_content(tmp_path: Path) -> None:
    earlier = published(tmp_path / "site", "earlier", date(2023, 1, 1))
    published(tmp_path / "site")
    assert BASIS.standing(tmp_path / "site") is not None
    (earlier / "metrics.json").write_text("{}")
    assert BASIS.standing(tmp_path / "site") is None


def test_a_note_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "site" / ".built").mkdir(parents=True)
    published(tmp_path / "site")
    assert BASIS.standing(tmp_path / "site") is None


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "lines.csv").write_text("a,b\n1,2\n")
    return tmp_path / "lines.csv"


def test_each_thing_a_report_is_made_of_counts(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "chrome"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    (tmp_path / "logo.svg").write_text("<svg/>")
    asked = {"wanted": ("kpis",), "formats": ["html"], "strict": False, "quarto": None}
    seen: list[str] = []

    def key(settings: Settings = Settings(), **options: Any) -> str:  # noqa: B008 - frozen
        return unchanged.basis(str(data), "auto", None, settings, **asked | options).key

    before = key()
    for change in (
        {"title": "x"}, {"organisation": "x"}, {"accent": "#000000"}, {"locale": "de_DE"}, {"seed": 3}, {"budget": 5.0},
        {"currency": "USD"}, {"zone": "Europe/Paris"}, {"as_of": DAY}, {"include_customers": True},
        {"logo": tmp_path / "logo.svg"}, {"playbook": data}, {"assign": tmp_path}, {"previous": tmp_path},
    ):  # fmt: skip
        seen.append(key(replace(Settings(), **change)))  # type: ignore[arg-type]
    for option in (
        {"wanted": ()},
        {"formats": ["pdf"]},
        {"strict": True},
        {"quarto": Program(data, "1.4")},
        {"quarto": Program(data, "1.5")},
    ):
        seen.append(key(**option))
    (tmp_path / "logo.svg").write_text("<svg />")
    seen.append(key(Settings(logo=tmp_path / "logo.svg")))
    for name in (*unchanged.CODE, "build.py"):
        with monkeypatch.context() as patched:
            folder, hashed = kept_keys.folder, kept_keys.hashed
            patched.setattr(kept_keys, "folder", lambda p, e=("",), n=name, f=folder: "x" if p.name == n else f(p, e))
            patched.setattr(kept_keys, "hashed", lambda p, n=name, f=hashed: "x" if p.name == n else f(p))
            seen.append(key())
    with monkeypatch.context() as patched:
        patched.setattr(unchanged, "_installed", lambda: ["weasyprint-999.dist-info"])
        seen.append(key())
    program.write_text("another browser")
    seen.append(key())
    data.write_text("a,b\n1,3\n")
    seen.append(key())
    assert len({before, *seen}) == 1 + len(seen) and "" not in seen


def test_the_programs_that_make_a_report_are_known() -> None:
    names = {name.lower().replace("_", "-").partition("-")[0] for name in unchanged._installed()}
    assert {"pandas", "weasyprint", "plotly", "choreographer", "jinja2"} <= names
    program = Path(paper.browser_path())
    assert unchanged._program(program)[:2] == [str(program.resolve()), program.stat().st_size]
