"""The faces that the pages use, and the characters that they are cut down to.

The fonts are Source Serif and Source Sans (SIL Open Font License 1.1). A subset is a modified font,
which may not bear the reserved name “Source”: it has names of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """A font file of a package, and the family and weights for which browsers use it."""

    family: str
    package: str
    file: str
    weights: str

    @property
    def slug(self) -> str:
        """Returns the beginning of the names of its files."""
        return self.file.partition(".")[0].removeprefix("Source").lower()


SERIF, SANS = "Quisait Serif", "Quisait Sans"

FACES = (
    Face(SANS, "font_source_sans_pro", "SourceSansPro-Regular.ttf", "100 499"),
    Face(SANS, "font_source_sans_pro", "SourceSansPro-Semibold.ttf", "500 900"),
    # Titles are in serif, texts in sans, whatever family they ask for: a page loads three files.
    Face(SERIF, "font_source_sans_pro", "SourceSansPro-Regular.ttf", "100 499"),
    Face(SERIF, "font_source_serif_pro", "SourceSerifPro-Semibold.ttf", "500 900"),
)

LATIN = (
    "U+20-7E,U+A0,U+A7,U+A9,U+AB,U+B0,U+B2-B3,U+B7,U+BB,U+BD,U+C0-FF,U+152-153,U+178,U+2010-2011,"
    "U+2013-2014,U+2018-2019,U+201C-201D,U+2022,U+2026,U+202F,U+2039-203A,U+20AC,U+2190,U+2192,"
    "U+2212"
)
"""What French, English and their neighbours write every day."""

LATIN_EXTENDED = (
    "U+A1-A6,U+A8,U+AA,U+AC-AF,U+B1,U+B4-B6,U+B8-BA,U+BC,U+BE-BF,U+100-151,U+154-177,U+179-17F,"
    "U+218-21B,U+2BC,U+2C6,U+2DA,U+2DC,U+1E9E,U+201A,U+201E,U+2020,U+2030,U+2032-2033,U+2044,"
    "U+2122,U+2191,U+2193,U+2260,U+2264-2265"
)
"""What the other languages of Europe in Latin letters write; loaded where a page has any of it."""

RANGES = {"latin": LATIN, "latin-ext": LATIN_EXTENDED}

FALLBACKS = (
    ("Quisait Sans Fallback", 'local("Arial"),local("Liberation Sans")', 94, 104.6, 29.0),
    (
        "Quisait Serif Fallback",
        'local("Times New Roman"),local("Liberation Serif")',
        112,
        92.3,
        29.8,
    ),
)
"""Family, source, and in percent size, ascent and descent.

Fonts that nearly every system has, sized so that lines hold when the web font comes: the widths of
the letters by how often French has them, and the heights of the line.
"""
