"""The report's typeface: a subset of Source Sans Pro, for the PDF and the charts (TTF) and for the pages (WOFF).

The licence reserves the name Source for the unmodified fonts, so the subset calls itself Deck Sans.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FAMILY = "Deck Sans"
# File of the original -> (CSS weight, CSS style)
FACES = {
    "SourceSansPro-Regular": (400, "normal"),
    "SourceSansPro-Semibold": (600, "normal"),
    "SourceSansPro-Bold": (700, "normal"),
    "SourceSansPro-It": (400, "italic"),
}
# Latin with its extensions and spacing marks, Greek, Cyrillic, Vietnamese Latin, punctuation, super- and subscripts,
# currency signs, letter-like, fractions, arrows, mathematics, blocks and shapes.
RANGES = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x206F),
    (0x2070, 0x209F), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2150, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x2500, 0x25FF), (0x2713, 0x2717), (0xFB00, 0xFB04),
)  # fmt: skip
FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "lnum", "tnum", "pnum", "case", "sups", "subs"]
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="same"><family>Source Sans Pro</family><prefer><family>{family}</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>{family}</family></prefer></alias>
  <match target="font"><edit name="antialias" mode="assign"><bool>true</bool></edit></match>
  <match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
  <match target="font"><edit name="rgba" mode="assign"><const>none</const></edit></match>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Fonts:
    """Where the subset lies. ttf, woff: by the name of the original. key: changes when any byte of the fonts does."""

    folder: Path
    ttf: dict[str, Path]
    woff: dict[str, Path]
    conf: Path
    licence: str
    key: str

    def css(self, root: str = "assets") -> str:
        """The @font-face rules of the pages; `root` is where the WOFF files lie as seen from the style sheet."""
        return "\n".join(_face(name, f"{root}/{path.name}", "woff") for name, path in self.woff.items())

    def css_paper(self) -> str:
        """The @font-face rules of the page that draws charts, the fonts within."""
        within = {name: base64.b64encode(path.read_bytes()).decode() for name, path in self.ttf.items()}
        return "\n".join(_face(name, f"data:font/ttf;base64,{data}", "truetype") for name, data in within.items())

    def copy(self, folder: Path) -> None:
        """Put the WOFF files and their licence where a release serves them."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.woff.values():
            shutil.copyfile(path, folder / path.name)
        (folder / "DeckSans-LICENSE.txt").write_text(self.licence, encoding="utf-8", newline="\n")


def prepare(cache: Path) -> Fonts:
    """The subset fonts, made once a cache folder; equal bytes whenever and wherever they are made."""
    key = _key()
    folder = cache / "fonts" / key
    names = {name: name.replace("SourceSansPro", "DeckSans") for name in FACES}
    fonts = Fonts(
        folder,
        ttf={name: folder / "ttf" / f"{short}.ttf" for name, short in names.items()},
        woff={name: folder / "woff" / f"{short}.woff" for name, short in names.items()},
        conf=folder / "fonts.conf",
        licence=(_source() / "LICENSE.txt").read_text(encoding="utf-8"),
        key=key,
    )
    if not all(path.is_file() for path in (*fonts.ttf.values(), *fonts.woff.values())):
        _make(fonts)
    (folder / "cache").mkdir(exist_ok=True)
    ttf, kept = (escape(str(folder / name)) for name in ("ttf", "cache"))
    text = FONTS_CONF.format(fonts=ttf, cache=kept, family=FAMILY)
    if not fonts.conf.is_file() or fonts.conf.read_text(encoding="utf-8") != text:
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as made:
            made.write(text)
        os.replace(made.name, fonts.conf)
    return fonts


def _face(name: str, url: str, kind: str) -> str:
    weight, style = FACES[name]
    return (
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{url}") format("{kind}"); font-display: block; }}'
    )


def _source() -> Path:
    import font_source_sans_pro

    return Path(font_source_sans_pro.font_directory)


def _key() -> str:
    """What the subset depends on: the original files, this module, and what makes it."""
    import fontTools

    seen = hashlib.sha256(f"{fontTools.version} {version('uharfbuzz')}".encode())
    for path in (Path(__file__), *(_source() / f"{name}.ttf" for name in FACES)):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def _make(fonts: Fonts) -> None:
    """Make the files in a folder that moves to its place at once, so that no reader sees half of it."""
    fonts.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=fonts.folder.parent, prefix=".tmp-") as made:
        new = Path(made) / "fonts"
        for name in FACES:
            subset = _subset(_source() / f"{name}.ttf")
            for path, flavor in ((fonts.ttf[name], None), (fonts.woff[name], "woff")):
                place = new / path.relative_to(fonts.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                subset.flavor = flavor
                subset.save(place)
        shutil.rmtree(fonts.folder, ignore_errors=True)
        try:
            os.rename(new, fonts.folder)
        except OSError:
            if not fonts.folder.is_dir():  # another build made the same fonts meanwhile: those are as good
                raise


def _subset(path: Path) -> TTFont:
    """The characters and features of a font that reports use, under our name."""
    import uharfbuzz
    from fontTools.ttLib import TTFont

    wanted, kinds = uharfbuzz.SubsetInput(), uharfbuzz.SubsetInputSets
    wanted.sets(kinds.UNICODE).update(code for first, last in RANGES for code in range(first, last + 1))
    for kind in (kinds.LAYOUT_FEATURE_TAG, kinds.NAME_ID, kinds.NAME_LANG_ID):
        wanted.sets(kind).clear()
    wanted.sets(kinds.LAYOUT_FEATURE_TAG).update(int.from_bytes(tag.encode()) for tag in FEATURES)
    for kind in (kinds.NAME_ID, kinds.NAME_LANG_ID):
        wanted.sets(kind).invert()  # all there are
    wanted.flags |= uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    face = uharfbuzz.subset(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path))), wanted)
    font = TTFont(BytesIO(face.blob.data), recalcTimestamp=False)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16, 18, 21):
            name = record.toUnicode().replace("Source Sans Pro", FAMILY).replace("SourceSansPro", "DeckSans")
            record.string = name.encode(record.getEncoding())
    return font
