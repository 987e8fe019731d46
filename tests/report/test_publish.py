import errno
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dataset.errors import DataError
from report import publish

DAY = date(2011, 12, 10)
SCRIPT = """
import json, sys
from datetime import date
from pathlib import Path
from typing import Any
from report import publish
out, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for n in range(first, first + count):
    with publish.site(out) as site:
        print("staged", flush=True)
        for k in range(30):
            (site.staged / f"page{k}.html").write_text(f"page {k} of {n} " * 500)
        (site.staged / "index.html").write_text(f"report {n}")
        site.publish(date(2024, 1, 1))
    print("published", flush=True)
"""

TOLD = """
import sys
from dataset.errors import DataError
try:
    exec(sys.argv.pop())
except DataError as told:
    print(told)
"""


def _publish(out: Path, text: str = "a", day: date = DAY, **metrics: object) -> Path:
    with publish.site(out) as site:
        (site.staged / "exports").mkdir()
        (site.staged / "exports" / "customers.csv").write_text("id\n1\n")
        (site.staged / "index.html").write_text(text)
        (site.staged / "metrics.json").write_text(json.dumps(metrics))
        return site.publish(day)


def _temporaries(out: Path) -> list[Path]:
    return [*out.glob(".tmp-*"), *out.glob("releases/.tmp-*")]


def test_a_release_is_named_by_its_content_and_is_current(tmp_path: Path) -> None:
    out = tmp_path / "site"
    release = _publish(out)
    assert release.name.startswith("2011-12-10-") and os.readlink(out / "current") == f"releases/{release.name}"
    assert publish.verify(release) == [] and (out / "current" / "index.html").read_text() == "a"
    manifest = json.loads((release / "MANIFEST.json").read_text())
    assert [f["path"] for f in manifest["files"]] == ["exports/customers.csv", "index.html", "metrics.json"]
    assert _temporaries(out) == []


def test_equal_content_is_the_same_release(tmp_path: Path) -> None:
    first = _publish(tmp_path / "one")
    assert _publish(tmp_path / "one") == first and _publish(tmp_path / "two").name == first.name
    assert len(list((tmp_path / "one" / "releases").iterdir())) == 1


def test_a_broken_release_is_replaced_and_never_repaired_in_place(tmp_path: Path) -> None:
    first = _publish(tmp_path)
    (first / "index.html").write_text("altered")
    second = _publish(tmp_path)
    assert second.name == f"{first.name}-2" and (tmp_path / "current" / "index.html").read_text() == "a"
    assert _publish(tmp_path) == second


def test_verify_names_what_is_wrong(tmp_path: Path) -> None:
    release = _publish(tmp_path)
    (release / "index.html").write_text("b")
    (release / "extra").write_text("")
    (release / "metrics.json").unlink()
    assert publish.verify(release) == [
        "metrics.json is absent",
        "extra is not in the manifest",
        "index.html was altered",
    ]
    assert publish.verify(tmp_path) == ["MANIFEST.json is absent or cannot be read"]


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    out = tmp_path / "site"
    before = os.umask(0o077)
    try:
        release = _publish(out)
    finally:
        os.umask(before)
    for path in (out, out / "releases", release, release / "exports"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    for path in (out / "index.html", out / "archive.json", release / "index.html", release / "MANIFEST.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE((release / "exports" / "customers.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(("named", "mode"), [(False, 0o644), (True, 0o600)])
def test_sources_that_name_customers_are_their_owners_alone(tmp_path: Path, named: bool, mode: int) -> None:
    for name in ("quarto/appendix.qmd", "appendix.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("c39")
    publish.write_manifest(tmp_path, date(2024, 1, 1), named)
    assert stat.S_IMODE((tmp_path / "quarto" / "appendix.qmd").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "appendix.html").stat().st_mode) == 0o644


def test_the_archive_lists_releases_newest_first(tmp_path: Path) -> None:
    known: dict[str, Any] = {"title": "<b>Shop</b>", "currency": "GBP", "locale": "en_GB"}
    old = _publish(tmp_path, "1", values={"buyers": 4338, "net": "9747747.93"}, **known)
    new = _publish(tmp_path, "2", date(2012, 1, 1), findings={"kpis.buyers": {"value": 5000}}, **known)
    page = (tmp_path / "index.html").read_text()
    assert page.index(new.name) < page.index(old.name)
    for said in (
        "&lt;b&gt;Shop&lt;/b&gt;",
        "4,338",
        "£9,747,747.93",
        "5,000",
        "10 December 2011",
        "Content-Security-Policy",
    ):
        assert said in page
    (tmp_path / "archive.json").write_text("not json")
    _publish(tmp_path, "1", values={"buyers": 4338, "net": "9747747.93"}, **known)
    assert json.loads((tmp_path / "archive.json").read_text())["releases"] == [old.name, new.name]


def test_metrics_that_say_nothing_are_dashes(tmp_path: Path) -> None:
    for values in ([], {"buyers": "x", "orders": None, "net": "nan"}, {"buyers": {}}):
        _publish(tmp_path, values=values, findings=values)
        assert tmp_path.joinpath("index.html").read_text().count('<td class="n">–</td>') >= 3


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "releases" / "old").mkdir(parents=True)
    (tmp_path / "releases" / "old" / "index.html").write_text("last good report")
    (tmp_path / "current").symlink_to("releases/old")
    with pytest.raises(ZeroDivisionError), publish.site(tmp_path) as site:
        (site.staged / "index.html").write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "current" / "index.html").read_text() == "last good report" and not _temporaries(tmp_path)
    _publish(tmp_path)
    assert (tmp_path / "releases" / "old" / "index.html").read_text() == "last good report"
    assert (tmp_path / "current" / "index.html").read_text() == "a"


def test_a_failed_first_build_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), publish.site(tmp_path / "new" / "site"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_second_build_is_told_to_wait(tmp_path: Path) -> None:
    with publish.site(tmp_path), pytest.raises(publish.Busy, match="another build"), publish.site(tmp_path):
        pytest.fail("two builds at once")
    _publish(tmp_path)


def test_an_unsafe_output_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "inner").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "index.html").write_text("my home page")
    (tmp_path / "taken" / "current").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("/", "", "file", "data", "data/inner", "foreign", "taken", "file/x"):
        out = tmp_path / name
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(DataError, match="E_OUTPUT"), publish.site(out, [data]):
            pytest.fail(f"{out} was taken")
        assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_one_line_and_nothing_is_published(tmp_path: Path, project: Path) -> None:
    old = _publish(tmp_path)
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    script = limit + TOLD
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "1", "1", SCRIPT], cwd=project, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[1:] == [f"E_OUTPUT {tmp_path} cannot be written: {os.strerror(errno.EFBIG)}"]
    assert (
        done.stderr == "" and os.readlink(tmp_path / "current") == f"releases/{old.name}" and not _temporaries(tmp_path)
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="drops root to meet a closed folder")
def test_a_folder_without_permission_is_one_line(tmp_path: Path, project: Path) -> None:
    old = _publish(tmp_path)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    script = "import os, babel.numbers\nfrom report import publish\nos.setuid(65534)\n" + TOLD
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "1", "1", SCRIPT], cwd=project, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"E_OUTPUT {tmp_path}") and "Permission denied" in done.stdout
    assert os.readlink(tmp_path / "current") == f"releases/{old.name}" and done.stderr == ""


def test_a_killed_build_leaves_the_current_report_whole(tmp_path: Path, project: Path) -> None:
    dice = random.Random(7)
    _publish(tmp_path)
    for trial in range(10):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(100 * trial), "100"]
        build = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE)
        assert build.stdout is not None
        build.stdout.readline()
        time.sleep(dice.uniform(0, 0.08))
        build.send_signal(signal.SIGKILL)
        build.wait()
        build.stdout.close()
        assert publish.verify(tmp_path / "current") == [] and (tmp_path / "index.html").is_file()
    _publish(tmp_path, "after")
    assert not _temporaries(tmp_path) and (tmp_path / "current" / "index.html").read_text() == "after"
    assert all(publish.verify(release) == [] for release in (tmp_path / "releases").iterdir())
