"""Draws the picture of a page that is shared: 1200 × 630 pixels, as Open Graph asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont, ImageOps

from web.fonts.faces import FACES, SANS, SERIF

WIDTH, HEIGHT = 1200, 630
MARGIN = 80
PAPER, INK, SOFT = "#faf5e9", "#241e18", "#61564a"
PICTURE_WIDTH = 460
TITLE_SIZES = (76, 64, 54, 46)
MOST_TITLE_LINES = 5
MOST_CHARS = 300

_LINE_HEIGHT = 1.18


class Measuring(Protocol):
    """A font, as far as lines are measured with it."""

    def getlength(self, text: str) -> float:
        """Returns the width of a text in pixels."""


@dataclass(frozen=True, slots=True)
class ShareCard:
    """What the picture says: the name of the site, a title, a line below it, in a colour.

    `picture` is the content of a photograph at the right edge; empty for none.
    """

    site: str
    title: str
    line: str
    accent: str
    picture: bytes = b""


def drawn(card: ShareCard) -> bytes:
    """Returns the picture of a card as PNG, or as JPEG if it has a photograph."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 24, HEIGHT), fill=card.accent)
    room = WIDTH - 2 * MARGIN
    if card.picture:
        with Image.open(BytesIO(card.picture), formats=("WEBP",)) as photograph:
            image.paste(
                ImageOps.fit(photograph.convert("RGB"), (PICTURE_WIDTH, HEIGHT)),
                (WIDTH - PICTURE_WIDTH, 0),
            )
        room -= PICTURE_WIDTH - MARGIN // 2
    small = _font(SANS, 34)
    draw.text((MARGIN, 64), card.site, fill=card.accent, font=_font(SERIF, 40))
    size, lines = _fitted(card.title[:MOST_CHARS], room)
    top = 150
    for line in lines:
        draw.text((MARGIN, top), line, fill=INK, font=_font(SERIF, size))
        top += round(size * _LINE_HEIGHT)
    below = wrapped(card.line[:MOST_CHARS], small, room, most=2)
    for number, line in enumerate(below):
        draw.text((MARGIN, HEIGHT - 70 - 44 * (len(below) - number)), line, fill=SOFT, font=small)
    stream = BytesIO()
    if card.picture:
        image.save(stream, "JPEG", quality=82, optimize=True)
    else:
        # Paper, ink and one colour: few shades, and so few bytes.
        image.quantize(64).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _fitted(title: str, room: int) -> tuple[int, Sequence[str]]:
    """Returns the largest size in which a title fits, and its lines."""
    for size in TITLE_SIZES:
        lines = wrapped(title, _font(SERIF, size), room, most=MOST_TITLE_LINES + 1)
        if len(lines) * size * _LINE_HEIGHT <= 340:
            return size, lines
    return TITLE_SIZES[-1], wrapped(title, _font(SERIF, TITLE_SIZES[-1]), room, MOST_TITLE_LINES)


def wrapped(text: str, font: Measuring, room: float, most: int) -> Sequence[str]:
    """Returns the lines of a text, `room` pixels wide at most; of more than `most`, an ellipsis."""
    lines: list[str] = []
    words = text.split(" ")
    while words:
        count = len(words)
        while count > 1 and font.getlength(" ".join(words[:count])) > room:
            count -= 1
        line, words = " ".join(words[:count]), words[count:]
        if font.getlength(line) > room:
            fitting = next(n for n in range(len(line), 0, -1) if font.getlength(line[:n]) <= room)
            words.insert(0, line[fitting:])
            line = line[:fitting]
        if len(lines) + 1 == most and words:
            while line and font.getlength(f"{line}…") > room:
                line = line[:-1]
            return [*lines, f"{line.rstrip(' ,;:.')}…"]
        lines.append(line)
    return [line for line in lines if line]


@cache
def _font(family: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The boldest face of a family for titles, the plainest for texts; else Pillow's own."""
    faces = [face for face in FACES if face.family == family]
    face = faces[-1] if family == SERIF else faces[0]
    try:
        content = files(face.package).joinpath("files", face.file).read_bytes()
    except ImportError:
        return ImageFont.load_default(size)
    return ImageFont.truetype(BytesIO(content), size)
