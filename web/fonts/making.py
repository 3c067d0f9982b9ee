"""Makes the subsets with fontTools, once, and keeps them in the cache."""

import hashlib
import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from kb.whole_file import replacing
from web.fonts.faces import FACES, RANGES, Face
from web.fonts.web_fonts import NO_FONTS, FontFile, WebFonts

logger = logging.getLogger(__name__)

_MADE_BY = "1"
"""Raised when subsets are made in another way, so that those in a cache are not taken."""

_FEATURES = ("kern", "liga", "ccmp", "locl", "mark", "onum")
_KEPT_NAMES = (0, 13, 14)
"""Copyright and licence, which go with a font."""


def prepare_fonts(cache: Path) -> WebFonts:
    """Returns the fonts of the pages, out of the cache or made and kept there.

    Without the packages that hold the fonts there are none: pages are set in those of the system.
    """
    try:
        made = [
            FontFile(face, name, _subset_in(cache / "fonts", face, characters))
            for face in FACES
            for name, characters in RANGES.items()
        ]
    except (ImportError, PackageNotFoundError, OSError) as error:
        logger.warning("Pages are set in the fonts of the system: %s", error)
        return NO_FONTS
    return WebFonts(made)


def _subset_in(folder: Path, face: Face, characters: str) -> bytes:
    package = face.package.replace("_", "-")
    made_of = (_MADE_BY, version("fonttools"), version(package), face.file, characters, *_FEATURES)
    key = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]
    path = folder / f"{face.slug}-{key}.woff2"
    if not path.is_file():
        with replacing(path) as pending:
            pending.write_bytes(subset(face, characters))
    return path.read_bytes()


def subset(face: Face, characters: str) -> bytes:
    """Returns a face as WOFF2 with these characters alone, written as CSS's `unicode-range`."""
    from fontTools import subset as font_subset
    from fontTools.ttLib import TTFont

    options = font_subset.Options()
    options.flavor = "woff2"
    options.layout_features = list(_FEATURES)
    options.hinting = False
    options.name_IDs = list(_KEPT_NAMES)
    with (
        files(face.package).joinpath("files", face.file).open("rb") as source,
        TTFont(source, recalcTimestamp=False) as font,
    ):
        subsetter = font_subset.Subsetter(options)
        subsetter.populate(unicodes=_code_points(characters))
        subsetter.subset(font)
        for name_id in (1, 4):
            font["name"].setName(face.family, name_id, 3, 1, 0x409)
        font["name"].setName(face.family.replace(" ", ""), 6, 3, 1, 0x409)
        font.flavor = "woff2"
        stream = BytesIO()
        font.save(stream)
    return stream.getvalue()


def _code_points(characters: str) -> Sequence[int]:
    points: list[int] = []
    for part in characters.split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        points += range(int(first, 16), int(last or first, 16) + 1)
    return points
