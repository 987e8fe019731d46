"""A release with the Quarto project: written without a Quarto, rendered with one, unchanged when that fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from report.publish import verify
from tests.end_to_end.conftest import build, tree
from tests.report.test_quarto import GOOD

ASKED = ("--format", "html,quarto", "--only", "kpis")


def stand_in(folder: Path, script: str) -> str:
    """A program in Quarto's place."""
    path = folder / "quarto"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return str(path)


def test_without_a_quarto_the_project_is_published_and_one_line_says_so(sales: Path, tmp_path: Path) -> None:
    done = build(sales, *ASKED, out=tmp_path / "site", QUARTO_PATH=str(tmp_path / "nowhere"))
    assert done.code == 0 and done.said.count("The Quarto project will be written, not rendered: E_QUARTO") == 1
    assert {"_quarto.yml", "deck.qmd", "appendix.qmd", "README.md"} <= {
        p.name for p in (done.release / "quarto").iterdir()
    }
    assert not (done.release / "quarto" / "rendered").exists() and verify(done.release.resolve()) == []
    again = build(sales, *ASKED, "--no-render", out=tmp_path / "again")
    assert "not rendered" not in again.said
    assert tree(again.release / "quarto") == tree(done.release / "quarto")


def test_to_render_without_a_quarto_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = build("nothing-there", *ASKED, "--render", out=tmp_path / "site", QUARTO_PATH=str(tmp_path / "nowhere"))
    assert done.code == 2 and done.said.startswith("E_QUARTO QUARTO_PATH is") and done.said.count("\n") == 1
    assert not (tmp_path / "site").exists()


def test_a_rendered_project_is_linked_and_a_failed_one_changes_nothing(sales: Path, tmp_path: Path) -> None:
    done = build(sales, *ASKED, out=tmp_path / "site", QUARTO_PATH=stand_in(tmp_path, GOOD))
    assert done.code == 0, done.said
    index = (done.release / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(quarto/[^"]+)"', index)
    assert len(links) == 5 and all((done.release / link).is_file() for link in links)
    assert verify(done.release.resolve()) == []
    before = tree(done.site)
    broken = stand_in(tmp_path, GOOD.replace("folder =", 'print("ERROR: it broke"); raise SystemExit(1)\nfolder ='))
    failed = build(sales, *ASKED, out=tmp_path / "site", QUARTO_PATH=broken)
    assert failed.code == 2 and "could not render the report: ERROR: it broke" in failed.said
    assert "Traceback" not in failed.said and tree(done.site) == before
