"""The names of pictures: a hash of the content, the size in pixels, the format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

DIGEST_CHARS = 32
WIDTHS = (480, 960, 1600)
"""The widths in pixels in which a photograph is kept, unless it is narrower."""

_NAME = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS}}}-([1-9]\d{{0,3}})x([1-9]\d{{0,3}})\.(?:png|webp)")


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The width and height of a picture, in pixels."""

    width: int
    height: int


def is_picture_name(text: str) -> bool:
    """Returns whether a text may be the name of a picture."""
    return _NAME.fullmatch(text) is not None


def digest_in(name: str) -> str:
    """Returns the hash that the widths of a picture share."""
    return name[:DIGEST_CHARS]


def size_in(name: str) -> PictureSize:
    """Returns the size that the name of a picture says.

    Raises:
        ValueError: it is no name of a picture.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no name of a picture")
    return PictureSize(int(found[1]), int(found[2]))


def names_of(name: str) -> Sequence[str]:
    """Returns the names of a photograph in all widths in which it is kept, the largest last."""
    suffix = name.rpartition(".")[2]
    return [picture_name(digest_in(name), size, suffix) for size in sizes_of(size_in(name))]


def picture_name(digest: str, size: PictureSize, suffix: str) -> str:
    """Returns the name of a picture."""
    return f"{digest}-{size.width}x{size.height}.{suffix}"


def sizes_of(largest: PictureSize) -> Sequence[PictureSize]:
    """Returns the sizes in which a photograph of this largest size is kept."""
    return [
        PictureSize(width, height_at(width, largest))
        for width in (*(width for width in WIDTHS if width < largest.width), largest.width)
    ]


def height_at(width: int, size: PictureSize) -> int:
    """Returns the height of a picture of a size when it is made this wide."""
    return max(1, round(size.height * width / size.width))
