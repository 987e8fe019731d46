"""A build after a change, as a user does it: what it computes, and that nothing is published when all is as it was."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ROOT, Built, build, tree

QUICK = ("--only", "pareto", "--only", "actions", "--only", "quality", "--format", "html")


def steps(built: Built) -> list[str]:
    """The steps a build names, in alphabetical order; without those every build has."""
    assert built.code == 0, built.said
    names = {match[1] for match in re.finditer(r"^ *\d+ (.+) \d+\.\d s$", built.said, re.MULTILINE)}
    return sorted(names - {"start the browser", "draw and print", "publish"})


def releases(built: Built) -> list[str]:
    return sorted(path.name for path in (built.site / "releases").iterdir())


def test_a_rebuild_computes_what_has_changed(tmp_path: Path, sales: Path) -> None:
    config, book = tmp_path / "report.toml", tmp_path / "mine.toml"
    shutil.copy(ROOT / "templates" / "playbook.toml", book)
    config.write_text('title = "One"\nplaybook = "mine.toml"\n')

    def again(*more: str, where: str = "site") -> Built:
        return build(
            sales, "--config", config, *QUICK, *more, out=tmp_path / where, XDG_CACHE_HOME=str(tmp_path / "cache")
        )

    first = again()
    assert {"read the data", "pareto", "actions", "quality", "customers"} <= set(steps(first))
    everything, one = tree(first.release), releases(first)

    unchanged = again()
    assert unchanged.code == 0 and unchanged.said.count("\n") == 1
    assert re.match(
        rf"Nothing changed since \d{{4}}-\d\d-\d\d \d\d:\d\d: .*/current \({one[0]}\) is up to date", unchanged.said
    )
    assert releases(unchanged) == one and tree(unchanged.release) == everything

    elsewhere = again(where="other")
    assert steps(elsewhere) == [] and tree(elsewhere.release) == everything
    assert "results of an earlier build were used again" in elsewhere.said

    anew = again("--no-cache")
    assert set(steps(anew)) == set(steps(first)) and tree(anew.release) == everything

    config.write_text('title = "Two"\naccent = "#7a1f5c"\nplaybook = "mine.toml"\n')
    coloured = again()
    assert steps(coloured) == [] and len(releases(coloured)) == 2
    assert re.search(r"<title>.*Two", (coloured.release / "deck.html").read_text(encoding="utf-8"))

    book.write_text(book.read_text(encoding="utf-8").replace("name = ", 'name = "A " #', 1), encoding="utf-8")
    planned = again()
    assert "actions" in steps(planned) and not {"customers", "pareto", "quality"} & set(steps(planned))

    (sales / "sales.csv").write_text((sales / "sales.csv").read_text() + "c1,o9,2024-08-01,1.00\n")
    assert set(steps(again())) == set(steps(first))
    assert again().said.startswith("Nothing changed since")


def test_strict_check_and_a_damaged_cache_keep_their_meaning(tmp_path: Path, sales: Path) -> None:
    (sales / "sales.csv").write_text((sales / "sales.csv").read_text() + "c1,o9,never,1.00\n" * 2)

    def again(*more: str) -> Built:
        return build(sales, *QUICK, *more, out=tmp_path / "site", XDG_CACHE_HOME=str(tmp_path / "cache"))

    first = again()
    assert first.code == 0 and "note" in first.said.splitlines()[-1]
    refused = again("--strict")
    assert refused.code == 2 and refused.said.splitlines()[-1].startswith("E_STRICT")
    assert again("--check").said.count("rejected") >= 1
    assert again().said.startswith("Nothing changed since")
    for file in (tmp_path / "cache" / "customer-deck" / "results").glob("pareto-*/*.parquet"):
        file.write_bytes(file.read_bytes()[:-1])
    (tmp_path / "site" / ".built").unlink()
    mended = again()
    assert (
        steps(mended) == ["pareto", "read the data"] and mended.said.count("What was kept of pareto is not used") == 1
    )
    assert tree(mended.release) == tree(first.release)


@pytest.mark.parametrize("how", ["a file in its place", "no home"])
def test_without_a_cache_a_report_is_made_all_the_same(how: str, tmp_path: Path, sales: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "cache" / "customer-deck").mkdir(parents=True)
    (tmp_path / "cache" / "customer-deck" / "results").write_text("")
    place = str(tmp_path / ("cache" if how == "a file in its place" else "file"))
    env = {"XDG_CACHE_HOME": place} | ({} if how == "a file in its place" else {"TMPDIR": str(tmp_path / "nowhere")})
    built = build(sales, *QUICK, out=tmp_path / "site", **env)
    assert built.code == 0, built.said
    assert ("No result is kept: " in built.said) == (how == "a file in its place")
