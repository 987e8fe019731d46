import json
import re
import subprocess
import sys
import zlib
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest

from report import pdf, program, quick_print
from report.fonts import Fonts

LABEL = '<text x="9" y="20" text-anchor="{}" font-family="Deck Sans">AVATAR To 12</text>'
CHART = f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><title>t</title>{LABEL.format("start")}</svg>'
ROWS = "".join(f'<tr id="r{i}"><th scope="row"><p>row {i}</p></th><td class="n">{i * i}</td></tr>' for i in range(90))
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>A report</title><style>
@page {{ size: 4in 5in; @bottom-right {{ content: counter(page) }} }} table {{ border-collapse: collapse }}
body {{ font-family: "Deck Sans" }} nav a::after {{ content: target-counter(attr(href), page) }}
section {{ break-before: page }} .n {{ text-align: right }} ul {{ list-style: none }}</style></head>
<body><h1>One</h1><nav><ol><li><a href="#two">Two</a></li><li><a href="#r80">Row</a></li></ol></nav><ul><li>a</li></ul>
<section id="two"><h2>Two</h2><table><tbody>{ROWS}</tbody></table></section></body></html>"""
# Prints the page twice in one process, before and after WeasyPrint is made to do less, and says what each PDF holds.
TWICE = """
import json, re, sys, zlib
from weasyprint import HTML
from report import quick_print

def unpacked():
    data = HTML(string=sys.stdin_page).write_pdf(pdf_variant="pdf/ua-1")
    parts = [zlib.decompress(found) for found in re.findall(rb"stream\\r?\\n(.*?)\\nendstream", data, re.S)]
    return len(data), [re.sub(rb"[^ -~]", b"", part).decode() for part in parts[:-1]]  # the last has places in the file

sys.stdin_page = sys.stdin.read()
first = unpacked()
quick_print.quicken()
print(json.dumps([first, unpacked()]))
"""


@pytest.fixture(scope="module")
def twice(fonts: Fonts) -> dict[str, list]:
    """Of a page of text and tables, and of one of a label: size and streams as WeasyPrint prints it, and as we do."""
    pages = {"text": PAGE, "label": f'<html lang="en"><title>t</title>{CHART}</html>'}
    return {name: _printed_twice(page, fonts) for name, page in pages.items()}


def _printed_twice(page: str, fonts: Fonts) -> list:
    environment = {"FONTCONFIG_FILE": str(fonts.conf), "PYTHONPATH": str(program.PROJECT), "PYTHONHASHSEED": "0"}
    run = subprocess.run(
        [sys.executable, "-c", TWICE], input=page.encode(), capture_output=True, env=environment, check=True
    )
    return json.loads(run.stdout)


def test_a_page_holds_what_it_would(twice: dict[str, list]) -> None:
    (_, plain), (_, quick) = twice["text"]
    assert len(plain) > 5 and plain == quick


def test_a_label_is_one_piece_and_not_its_letters(twice: dict[str, list]) -> None:
    (_, plain), (_, quick) = twice["label"]
    shown = [sum(part.count(" TJ") for part in parts) for parts in (plain, quick)]
    assert shown == [10, 1]  # the letters without the blanks, and all of them


def test_names_go_to_the_first_text_within_and_those_nobody_links_to_go() -> None:
    root = ElementTree.fromstring(
        '<body><a href="#s">x</a><a href="#row">x</a><a href="x.html#other">x</a><section id="s"> <h2>T</h2></section>'
        '<table><tr id="row"><th><p>key</p></th></tr><tr id="free"><th>b</th></tr></table><p id="other">o</p></body>'
    )
    quick_print.name_leaves(root)
    named = {e.get("id"): e.tag for e in root.iter() if e.get("id")}
    assert named == {"s": "h2", "row": "p"}


def test_two_names_do_not_meet() -> None:
    root = ElementTree.fromstring('<body><a href="#a">x</a><a href="#b">x</a><div id="a"><p id="b">t</p></div></body>')
    quick_print.name_leaves(root)
    assert sorted((e.get("id"), e.tag) for e in root.iter() if e.get("id")) == [("a", "div"), ("b", "p")]


def test_links_lead_to_the_pages_they_did(tmp_path: Path, fonts: Fonts) -> None:
    pdf.write(PAGE, tmp_path / "a.pdf", tmp_path, fonts, tmp_path / "cache")
    data = (tmp_path / "a.pdf").read_bytes()
    held = b"".join(zlib.decompress(found) for found in re.findall(rb"stream\r?\n(.*?)\nendstream", data, re.S))
    assert b"(two)" in held and b"(r80)" in held and b"(r81)" not in held


IMPORT = """
import cffi, ctypes.util, json, resource
from report import quick_print
theirs, load, refused = ctypes.util.find_library, cffi.FFI.dlopen, []
def dlopen(self, name, *flags):
    if {elsewhere} and ctypes.util.find_library is not theirs:
        refused.append(name)
        raise OSError(name)
    return load(self, name, *flags)
cffi.FFI.dlopen = dlopen
quick_print.quicken()
asked = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
import weasyprint
print(json.dumps([bool(refused), asked, ctypes.util.find_library is theirs, weasyprint.VERSION]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libraries are looked for as ever")
@pytest.mark.parametrize("elsewhere", [False, True])
def test_no_compiler_is_asked_for_libraries_that_the_loader_finds(elsewhere: bool) -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT.format(elsewhere=elsewhere)], cwd=program.PROJECT, capture_output=True, check=True
    )
    assert json.loads(run.stdout) == [elsewhere, elsewhere, True, version("weasyprint")]
