"""The fonts as pages ask for them: files and a style sheet, under the hashes of their content."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from web.fonts.faces import FALLBACKS, RANGES, Face

PREFIX = "/fonts/"


@dataclass(frozen=True, slots=True)
class FontFile:
    """A face with some of its characters; `range_name` is one of `RANGES`."""

    face: Face
    range_name: str
    content: bytes

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self.content).hexdigest()[:12]
        return f"{self.face.slug}-{self.range_name}-{digest}.woff2"


class WebFonts:
    """The files of the fonts, by name, with the style sheet that names them."""

    def __init__(self, made: Sequence[FontFile]) -> None:
        self.files: Mapping[str, bytes] = {}
        self.style_url = ""
        if made:
            style = _style(made).encode()
            style_name = f"{hashlib.sha256(style).hexdigest()[:12]}.css"
            self.files = {**{file.name: file.content for file in made}, style_name: style}
            self.style_url = PREFIX + style_name


NO_FONTS = WebFonts(())


def _style(made: Sequence[FontFile]) -> str:
    faces = [
        f'@font-face{{font-family:"{file.face.family}";font-weight:{file.face.weights};'
        f'font-display:swap;src:url({file.name}) format("woff2");'
        f"unicode-range:{RANGES[file.range_name]}}}"
        for file in made
    ]
    fallbacks = [
        f'@font-face{{font-family:"{family}";src:{source};size-adjust:{size}%;'
        f"ascent-override:{ascent}%;descent-override:{descent}%;line-gap-override:0%}}"
        for family, source, size, ascent, descent in FALLBACKS
    ]
    return "\n".join([*faces, *fallbacks, ""])
