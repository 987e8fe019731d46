"""The documents are true: the example analysis builds as written, the README names what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dataset.settings import USER_KEYS
from tests.end_to_end.conftest import ROOT

BLOCK = re.compile(r"^`([\w/.]+)`:[^`]*?(?:`[^`]*`[^`]*?)*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_example_analysis_builds_as_written(sales: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".uv", ".git", "site", ".*_cache", "tests"))
    files = dict(BLOCK.findall((ROOT / "docs" / "adding-an-analysis.md").read_text(encoding="utf-8")))
    assert len(files) == 5, sorted(files)
    for name, text in files.items():
        (copy / name).write_text(text, encoding="utf-8")
    outline = copy / "report" / "outline.py"
    outline.write_text(outline.read_text(encoding="utf-8").replace('("kpis", ', '("kpis", "weekdays", ', 1))
    done = subprocess.run(
        [sys.executable, str(copy / "build.py"), str(sales), "--out", str(tmp_path / "site")],
        capture_output=True, text=True, cwd=copy,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for page in ("deck.html", "appendix.html"):
        text = (tmp_path / "site" / "current" / page).read_text(encoding="utf-8")
        assert "is the busiest day" in text and 'id="weekdays"' in text, page


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-spark.lock"])
def test_the_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text and text.count("--hash=sha256:") > text.count("==") > 10


LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def test_every_file_a_document_links_to_is_there() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    links = [(page, link) for page in documents for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(links) > 10
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


MODELS = {
    "scikit-learn",
    "scipy",
    "joblib",
    "cloudpickle",
    "threadpoolctl",
    "lifetimes",
    "autograd",
    "dill",
}  # docs/decisions/08


def test_the_readme_names_every_package_and_without_the_models_there_are_at_most_fifty() -> None:
    packages = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## What it stands on") :]
    assert (
        sorted(p for p in packages if p not in re.split(r"[^a-z0-9-]+", table)) == [] and len(packages - MODELS) <= 50
    )


def test_the_readme_names_every_setting_and_option() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [key for key in USER_KEYS if f"`{key}`" not in readme] == []
    done = subprocess.run(
        [sys.executable, str(ROOT / "build.py"), "--help"], capture_output=True, text=True, check=True
    )
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", readme)) - {"--customers"}
    assert sorted(option for option in used if option not in done.stdout) == []
