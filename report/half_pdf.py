"""Two PDFs made in two processes, each of which has painted some of the pages, as one file. Needs pydyf."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import count
from typing import Any, NamedTuple

import pydyf

# Objects that both halves call by the same number. Pages follow, then the halves' own objects by turns: neither need
# know how many the other has.
PAGES, CATALOG, TAGS, DOCUMENT, FIRST_PAGE = range(1, 6)
SAME = {"/StructTreeRoot": TAGS, "/Document": DOCUMENT}


class Painted(NamedTuple):
    """What one process has painted.

    objects: as a PDF has them, by number. packed: of each small object, the number of the one it is packed in and its
    place there. tags: the elements of its pages. marks: by page, those of marked content. links: by number, of links.
    """

    objects: dict[int, bytes]
    packed: dict[int, tuple[int, int]]
    tags: list[bytes]
    marks: dict[int, list[bytes]]
    links: dict[int, bytes]


class Half(pydyf.PDF):
    """A PDF of all pages, those that the other process paints empty. turn: 0, or 1 in the second process."""

    def __init__(self, page_count: int, turn: int) -> None:
        self.page_count = page_count
        self.objects: list[Any]
        self._free = count(FIRST_PAGE + page_count + turn, 2)
        self._other: Painted | None = None
        super().__init__()

    def add_object(self, added: Any) -> None:
        super().add_object(added)
        if added.number in (0, PAGES, CATALOG):
            return
        kind = (added.get("Type"), added.get("S")) if isinstance(added, pydyf.Dictionary) else ()
        if "/Page" in kind:
            added.number = FIRST_PAGE + len(self.pages["Kids"]) // 3
        else:
            added.number = next((SAME[name] for name in kind if name in SAME), 0) or next(self._free)

    def painted(self, first: int, links_before: int) -> Painted:
        """What this process has painted: the pages from the first; their links are numbered on from those before."""
        for one in self.objects:
            if isinstance(one, pydyf.Dictionary) and "StructParent" in one:
                one["StructParent"] += links_before
        nums = self._marks()["Nums"]
        numbered = dict(zip(nums[::2], nums[1::2], strict=True))
        marks = {page: list(numbered.pop(page)) for page in range(self.page_count)}
        links = {number + links_before: element for number, element in numbered.items()}
        tags = list(self._object(DOCUMENT)["K"])
        again = {PAGES, CATALOG, TAGS, DOCUMENT, self._marks().number, _number(self.catalog["Metadata"])}
        self._leave_out(again | self._empty(range(first)))
        ours = {page: marks[page] for page in range(first, self.page_count)}
        return Painted(*self._written(), tags, ours, links)

    def join(self, other: Painted) -> None:
        """Have what the other process painted in place of the empty pages."""
        self._object(DOCUMENT)["K"].extend(other.tags)
        nums = self._marks()["Nums"]
        for page, marks in other.marks.items():
            nums[2 * page + 1] = pydyf.Array(marks)
        for link in other.links.items():
            nums.extend(link)
        self._leave_out(self._empty(other.marks))
        self._other = other

    def write(self, output: Any, *_: object) -> None:
        """Write both halves to one file; nothing where only one is there."""
        if self._other is None:
            return
        self.add_object(self.info)
        objects, packed = self._written()
        places = {number: (2, *place) for number, place in (packed | self._other.packed).items()}
        self.write_line(b"%PDF-1.7", output)
        self.write_line(b"%\xf0\x9f\x96\xa4", output)
        for number, written in (objects | self._other.objects).items():
            places[number] = (1, self.current_position, 0)
            self.write_line(written, output)
        index = pydyf.Stream(compress=True)
        self.add_object(index)
        self.xref_position = self.current_position
        places[index.number] = (1, self.xref_position, 0)
        size = max(places) + 1
        index.stream = [b"".join(struct.pack(">BII", *places.get(number, (0, 0, 0))) for number in range(size))]
        index.extra = {"Type": "/XRef", "W": pydyf.Array((1, 4, 4)), "Size": size}
        index.extra |= {"Root": self.catalog.reference, "Info": self.info.reference}
        self.write_line(index.indirect, output)
        self.write_line(f"startxref\n{self.xref_position}\n%%EOF".encode(), output)

    def _object(self, number: int) -> Any:
        return next(one for one in self.objects if one.number == number)

    def _marks(self) -> Any:
        """The number tree: of each page the elements of its marked content, then of each link its element."""
        return self._object(_number(self._object(TAGS)["ParentTree"]))

    def _empty(self, pages: Iterable[int]) -> set[int]:
        """The numbers of pages that are empty here, and of their contents."""
        objects = {one.number: one for one in self.objects}
        found = [objects[FIRST_PAGE + page] for page in pages]
        return {page.number for page in found} | {_number(page["Contents"]) for page in found}

    def _leave_out(self, numbers: set[int]) -> None:
        self.objects = [one for one in self.objects if one.number not in numbers]

    def _written(self) -> tuple[dict[int, bytes], dict[int, tuple[int, int]]]:
        """The objects as they stand in a file, and the places of those that are packed into another."""
        used = [one for one in self.objects if one.free != "f"]
        small = {one.number: one.data for one in used if one.compressible}
        starts, start = [], 0
        for number, data in small.items():
            starts.append(f"{number} {start}")
            start += len(data) + 1
        head = " ".join(starts)
        extra = {"Type": "/ObjStm", "N": len(small), "First": len(head) + 1}
        pack = pydyf.Stream([head, *small.values()], extra, compress=True)
        self.add_object(pack)
        objects = {one.number: one.indirect for one in (*used, pack) if not one.compressible}
        return objects, {number: (pack.number, at) for at, number in enumerate(small)}


def _number(reference: bytes) -> int:
    return int(reference.split()[0])
