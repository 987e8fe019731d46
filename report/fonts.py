"""The report's typeface: a subset of Source Sans Pro, for the PDF and the charts (TTF) and for the pages (WOFF2).

The licence reserves the name Source for the unmodified fonts, so the subset calls itself Deck Sans.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from report import program

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
    """Where the subset lies. ttf, woff2: by the name of the original. key: changes when any byte of the fonts does.

    making: the process that makes the files, where they were not there yet; `drawable` and `ready` wait for it.
    """

    folder: Path
    ttf: dict[str, Path]
    woff2: dict[str, Path]
    conf: Path
    licence: str
    key: str
    making: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)

    def drawable(self) -> Fonts:
        """The fonts, once those for charts and paper are there. Raises whatever hinders making them."""
        if self.making is not None:
            while not all(path.is_file() for path in (*self.ttf.values(), self.conf)) and self.making.poll() is None:
                time.sleep(0.01)
            _make_ttf(self)  # what that process could not make is made, or refused, here
        return self

    def ready(self) -> Fonts:
        """The fonts, once all files are there. Raises whatever hinders making them."""
        if self.making is not None:
            program.ended(self.making)
            prepare(self.folder.parents[1])
        return self

    def leave(self) -> None:
        """Make them no further."""
        if self.making is not None:
            self.making.kill()
            program.ended(self.making)

    def css(self, root: str = "assets") -> str:
        """The @font-face rules of the pages; `root` is where the WOFF2 files lie as seen from the style sheet."""
        return "\n".join(_face(name, f"{root}/{path.name}", "woff2") for name, path in self.woff2.items())

    def css_paper(self) -> str:
        """The @font-face rules of the page that draws charts, the fonts within."""
        within = {name: base64.b64encode(path.read_bytes()).decode() for name, path in self.ttf.items()}
        return "\n".join(_face(name, f"data:font/ttf;base64,{data}", "truetype") for name, data in within.items())

    def copy(self, folder: Path) -> None:
        """Put the WOFF2 files and their licence where a release serves them."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.woff2.values():
            shutil.copyfile(path, folder / path.name)
        (folder / "DeckSans-LICENSE.txt").write_text(self.licence, encoding="utf-8", newline="\n")


def begin(cache: Path) -> Fonts:
    """The subset fonts, which a process of their own makes while the caller does something else; see `Fonts.ready`."""
    fonts = _fonts(cache)
    if all(path.is_file() for path in (*fonts.ttf.values(), *fonts.woff2.values(), fonts.conf)):
        return prepare(cache)
    return replace(
        fonts, making=program.start("report.fonts", str(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )


def prepare(cache: Path) -> Fonts:
    """The subset fonts, made once a cache folder; equal bytes whenever and wherever they are made."""
    fonts = _fonts(cache)
    _make_ttf(fonts)
    _make_woff2(fonts)
    return fonts


def _fonts(cache: Path) -> Fonts:
    """Where the fonts are to lie."""
    folder = cache / "fonts" / _key()
    names = {name: name.replace("SourceSansPro", "DeckSans") for name in FACES}
    return Fonts(
        folder,
        ttf={name: folder / "ttf" / f"{short}.ttf" for name, short in names.items()},
        woff2={name: folder / "woff2" / f"{short}.woff2" for name, short in names.items()},
        conf=folder / "fonts.conf",
        licence=(_source() / "LICENSE.txt").read_text(encoding="utf-8"),
        key=_key(),
    )


def _face(name: str, url: str, kind: str) -> str:
    weight, style = FACES[name]
    return (
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{url}") format("{kind}"); font-display: block; }}'
    )


def _source() -> Path:
    import font_source_sans_pro

    return Path(font_source_sans_pro.font_directory)


@cache
def _key() -> str:
    """What the subset depends on: the original files, this module and fontTools."""
    import fontTools

    seen = hashlib.sha256(fontTools.version.encode())
    for path in (Path(__file__), *(_source() / f"{name}.ttf" for name in FACES)):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def _make_ttf(fonts: Fonts) -> None:
    """What charts are drawn and pages printed with: the TTF files, and the settings that name them."""
    if not all(path.is_file() for path in fonts.ttf.values()):
        with _new(fonts.folder / "ttf") as new:
            for name, path in fonts.ttf.items():
                _subset(_source() / f"{name}.ttf", new / path.name)
    (fonts.folder / "cache").mkdir(exist_ok=True)
    ttf, kept = (escape(str(fonts.folder / name)) for name in ("ttf", "cache"))
    text = FONTS_CONF.format(fonts=ttf, cache=kept, family=FAMILY)
    if not fonts.conf.is_file() or fonts.conf.read_text(encoding="utf-8") != text:
        with tempfile.NamedTemporaryFile("w", dir=fonts.folder, delete=False, encoding="utf-8") as made:
            made.write(text)
        os.replace(made.name, fonts.conf)


def _make_woff2(fonts: Fonts) -> None:
    """What pages on the screen use."""
    from fontTools.ttLib import TTFont

    if not all(path.is_file() for path in fonts.woff2.values()):
        with _new(fonts.folder / "woff2") as new:
            for name, path in fonts.woff2.items():
                with TTFont(fonts.ttf[name], recalcTimestamp=False) as font:  # its tables are taken over as they are
                    font.flavor = "woff2"
                    font.save(new / path.name)


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder to write to, which moves to its place at once, so that no reader sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent.parent, prefix=".tmp-") as made:
        new = Path(made) / "fonts"
        new.mkdir()
        yield new
        shutil.rmtree(folder, ignore_errors=True)
        try:
            os.rename(new, folder)
        except OSError:
            if not folder.is_dir():  # another build made the same fonts meanwhile: those are as good
                raise


def _subset(path: Path, made: Path) -> None:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(path, recalcTimestamp=False)
    options = Options(layout_features=FEATURES, name_IDs=["*"], name_languages=["*"], notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16, 18, 21):
            name = record.toUnicode().replace("Source Sans Pro", FAMILY).replace("SourceSansPro", "DeckSans")
            record.string = name.encode(record.getEncoding())
    font.save(made)


if __name__ == "__main__":
    program.end_with_parent()
    _make_ttf(_fonts(Path(sys.argv[1])))
    os.nice(10)  # nobody waits for the rest yet
    _make_woff2(_fonts(Path(sys.argv[1])))
