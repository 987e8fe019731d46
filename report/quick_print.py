"""Makes WeasyPrint do less for the same pages; for the process that prints, and only there.

What is replaced inside WeasyPrint and pydyf gives the same pages (a test compares). Where a version of theirs has not
what would be replaced, it is left as it is and printing only takes longer.
"""

from __future__ import annotations

import ctypes.util
import io
import re
import sys
import zlib
from contextlib import redirect_stdout, suppress
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element

# Rules of WeasyPrint's own style sheet for what our pages have not: markers and notes, six styles for every element;
# and thirteen of the sixteen places around a page's text, a style each for every page.
UNUSED = re.compile(
    r"^::(?:marker|footnote-call|footnote-marker|note-call|note-marker|note-callback)\s*{.*}$"
    r"|^ *@(?:(?:top|bottom)-(?:left-corner|center|right-corner)|top-left)\s*{.*}$"
    r"|^ *@(?:left|right)-(?:top|middle|bottom)\s*{.*}$",
    re.M,
)
LEVEL = 3  # of zlib; at 9, as pydyf has it, pages are a fifth smaller and take a second longer


def quicken() -> None:
    """Replace what costs much. Once a process, before anything is printed."""
    _import_from_loader()
    for replace in (_leave_unused_rules, _keep_page_references, _write_whole_labels, _compress_faster):
        with suppress(AttributeError, ImportError, TypeError):
            replace()


def name_leaves(root: Element, linked: set[str] | None = None) -> None:
    """Give the name of each element that a link leads to to its first, innermost one, and take the other names away.

    An element with a name has a style of its own, and so has everything within; others share theirs.
    linked: the names that links lead to; None: links below `root` do.
    """
    if linked is None:
        linked = {link.get("href", "")[1:] for link in root.iter("a")}
    for element in list(root.iter()):
        name = element.attrib.pop("id", None) if isinstance(element.tag, str) else None
        if name in linked:
            _innermost(element).set("id", name)


def _innermost(element: Element) -> Element:
    while len(element) and not (element.text or "").strip() and "id" not in element[0].attrib:
        element = element[0]
    return element


def _import_from_loader() -> None:
    """Import WeasyPrint with the libraries that the loader finds by their full names, if it finds all.

    For each other name one might have, ldconfig, the C compiler and the linker are asked: twenty times.
    """
    if sys.platform != "linux":
        return
    asked = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        with suppress(OSError), redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401
    finally:
        ctypes.util.find_library = asked


def _leave_unused_rules() -> None:
    from weasyprint import CSS, HTML, html

    rules = UNUSED.sub("", html.UA)
    if html.UA_STYLESHEET in HTML._ua_stylesheets(None):
        sheet = CSS(string=rules)
        HTML._ua_stylesheets = lambda self, forms=False: [sheet]


def _keep_page_references() -> None:
    """pydyf lists all pages anew for each tag."""
    import pydyf

    listed = pydyf.PDF.page_references.fget

    def page_references(pdf: Any) -> tuple[bytes, ...]:
        known, references = getattr(pdf, "_known_pages", (None, ()))
        if known != len(pdf.pages["Kids"]):
            known, references = pdf._known_pages = len(pdf.pages["Kids"]), listed(pdf)
        return references

    pydyf.PDF.page_references = property(page_references)


class Whole(str):
    """A text that is one piece when it is gone through."""

    def __iter__(self) -> Any:
        yield str(self)


def _write_whole_labels() -> None:
    """WeasyPrint sets the text of an SVG letter by letter, as each may have its own place; ours have not."""
    from weasyprint import svg

    letters = svg.text

    def whole(image: Any, node: Any, font_size: float) -> None:
        label = getattr(node, "_etree_node", None)
        if label is not None and label.text and not {"rotate", "textLength", "letter-spacing"} & node.attrib.keys():
            label.text = Whole(label.text)
        letters(image, node, font_size)

    tags = {tag: whole for tag, drawn in svg.TAGS.items() if drawn is letters}
    svg.text, svg.TAGS = whole, svg.TAGS | tags


def _compress_faster() -> None:
    import pydyf

    theirs = vars(pydyf.zlib) | {"compressobj": lambda *_, **__: zlib.compressobj(LEVEL)}
    pydyf.zlib = SimpleNamespace(**theirs)
