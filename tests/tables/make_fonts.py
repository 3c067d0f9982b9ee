"""Makes `web/static/fonts`: subsets of Source Serif and Source Sans, and the style that names them.

    pip install fonttools brotli font-source-sans-pro font-source-serif-pro
    python -m tests.tables.make_fonts

The fonts are under the SIL Open Font License 1.1. A subset is a modified font, which may not bear
the reserved name “Source”: it has a name of its own.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from io import BytesIO

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from web.http.templating import STATIC_FOLDER

FOLDER = STATIC_FOLDER / "fonts"

SERIF, SANS = "Quisait Serif", "Quisait Sans"

FONTS = {
    "sans-regular": (SANS, "font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    "sans-semibold": (SANS, "font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
    "serif-semibold": (SERIF, "font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
}

USES = (
    (SANS, "100 499", "sans-regular"),
    (SANS, "500 900", "sans-semibold"),
    # Titles are in serif, texts in sans, whatever family they ask for: a page loads three files.
    (SERIF, "100 499", "sans-regular"),
    (SERIF, "500 900", "serif-semibold"),
)

RANGES = {
    # What French, English and their neighbours write every day.
    "latin": "U+20-7E,U+A0,U+A7,U+A9,U+AB,U+B0,U+B2-B3,U+B7,U+BB,U+BD,U+C0-FF,U+152-153,U+178,"
    "U+2010-2011,U+2013-2014,U+2018-2019,U+201C-201D,U+2022,U+2026,U+202F,U+2039-203A,U+20AC,"
    "U+2190,U+2192,U+2212",
    # The other languages of Europe in Latin letters; loaded where a page has any of it.
    "latin-ext": "U+A1-A6,U+A8,U+AA,U+AC-AF,U+B1,U+B4-B6,U+B8-BA,U+BC,U+BE-BF,U+100-151,"
    "U+154-177,U+179-17F,U+218-21B,U+2BC,U+2C6,U+2DA,U+2DC,U+1E9E,U+201A,U+201E,U+2020,U+2030,"
    "U+2032-2033,U+2044,U+2122,U+2191,U+2193,U+2260,U+2264-2265",
}

FALLBACKS = """\
@font-face{font-family:"Quisait Sans Fallback";src:local("Arial"),local("Liberation Sans");\
size-adjust:94%;ascent-override:104.6%;descent-override:29.0%;line-gap-override:0%}
@font-face{font-family:"Quisait Serif Fallback";\
src:local("Times New Roman"),local("Liberation Serif");\
size-adjust:112%;ascent-override:92.3%;descent-override:29.8%;line-gap-override:0%}
"""
"""Fonts that nearly every system has, sized so that lines hold when the web font comes: the widths
of the letters by how often French has them, and the heights of the line."""

KEPT_NAMES = (0, 13, 14)
"""Copyright and licence, which go with a font."""


def code_points(characters: str) -> Iterator[int]:
    """Yields the characters of a `unicode-range` of CSS."""
    for first, last in re.findall(r"U\+(\w+)(?:-(\w+))?", characters):
        yield from range(int(first, 16), int(last or first, 16) + 1)


def subset(family: str, package: str, file: str, characters: str) -> bytes:
    """Returns a font as WOFF2 with these characters alone."""
    options = Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "onum"]
    options.hinting = False
    options.name_IDs = list(KEPT_NAMES)
    with (
        files(package).joinpath("files", file).open("rb") as source,
        TTFont(source, recalcTimestamp=False) as font,
    ):
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=list(code_points(characters)))
        subsetter.subset(font)
        for name_id in (1, 4):
            font["name"].setName(family, name_id, 3, 1, 0x409)
        font["name"].setName(family.replace(" ", ""), 6, 3, 1, 0x409)
        font.flavor = "woff2"
        stream = BytesIO()
        font.save(stream)
    return stream.getvalue()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    asked = {}
    for name, font in FONTS.items():
        for of_range, characters in RANGES.items():
            content = subset(*font, characters)
            file = f"{name}-{of_range}.woff2"
            (FOLDER / file).write_bytes(content)
            # As `Assets.url` writes it, so that browsers keep the file.
            asked[name, of_range] = f"{file}?v={sha256(content).hexdigest()[:12]}"
    style = "".join(
        f'@font-face{{font-family:"{family}";font-weight:{weights};font-display:swap;'
        f'src:url({asked[name, of_range]}) format("woff2");unicode-range:{characters}}}\n'
        for family, weights, name in USES
        for of_range, characters in RANGES.items()
    )
    (FOLDER / "fonts.css").write_text(style + FALLBACKS, encoding="utf-8")
    notices = {
        files(package).joinpath("files", "LICENSE.txt").read_text("utf-8").partition("\n")[::2]
        for _, package, _ in FONTS.values()
    }
    owners = "\n".join(sorted(owner.strip() for owner, _ in notices))
    licence = min(terms for _, terms in notices)
    (FOLDER / "LICENSE.txt").write_text(f"{owners}\n{licence}".replace("\r", ""), "utf-8")


if __name__ == "__main__":
    main()
