"""Uploads into pictures: decoded, turned upright, made small, and encoded anew without metadata."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from kb.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_UPLOAD_MB = 8
MAX_PIXELS = 50_000_000
WIDTHS = (480, 960, 1600)
"""The widths in pixels in which a photograph is kept, unless it is narrower."""

MAX_HEIGHT_TIMES = 2
"""A photograph that is higher than this many times its width is cut at top and bottom."""

LOGO_SIZE = (480, 160)


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as it is kept and served: `name` holds its hash, size in pixels and format."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The width and height that the name of a picture says, in pixels."""

    width: int
    height: int


def photograph(upload: bytes) -> Sequence[EncodedPicture]:
    """Returns a photograph as WebP in each of `WIDTHS`, the largest last, under one hash.

    Raises:
        InputError: it is no JPEG, PNG or WebP, or too large.
    """
    image = _decoded(upload).convert("RGB")
    if image.height > MAX_HEIGHT_TIMES * image.width:
        image = ImageOps.fit(image, (image.width, MAX_HEIGHT_TIMES * image.width))
    largest = min(image.width, WIDTHS[-1])
    sizes = sizes_of(PictureSize(largest, _height(image.height, image.width, largest)))
    contents = []
    for size in sizes:
        resized = image.resize((size.width, size.height), Image.Resampling.LANCZOS)
        contents.append(_encoded(resized, "WEBP", quality=78, method=4))
    digest = _digest(contents[-1])
    return [
        EncodedPicture(f"{digest}-{size.width}x{size.height}.webp", content)
        for size, content in zip(sizes, contents, strict=True)
    ]


def logo(upload: bytes) -> EncodedPicture:
    """Returns a logo as PNG, which keeps what is transparent.

    Raises:
        InputError: it is no JPEG, PNG or WebP, or too large.
    """
    image = _decoded(upload).convert("RGBA")
    image.thumbnail(LOGO_SIZE, Image.Resampling.LANCZOS)
    content = _encoded(image, "PNG", optimize=True)
    return EncodedPicture(f"{_digest(content)}-{image.width}x{image.height}.png", content)


def size_in(name: str) -> PictureSize:
    """Returns the size that the name of a picture says."""
    width, height = name.rpartition(".")[0].rpartition("-")[2].split("x")
    return PictureSize(int(width), int(height))


def names_of(name: str) -> Sequence[str]:
    """Returns the names of a photograph in all widths in which it is kept, the largest last."""
    digest, suffix = name.partition("-")[0], name.rpartition(".")[2]
    return [f"{digest}-{size.width}x{size.height}.{suffix}" for size in sizes_of(size_in(name))]


def sizes_of(largest: PictureSize) -> Sequence[PictureSize]:
    """Returns the sizes in which a photograph of this largest size is kept."""
    return [
        PictureSize(width, _height(largest.height, largest.width, width))
        for width in (*(width for width in WIDTHS if width < largest.width), largest.width)
    ]


def _height(height: int, width: int, new_width: int) -> int:
    return max(1, round(height * new_width / width))


def _decoded(upload: bytes) -> Image.Image:
    if len(upload) > MAX_UPLOAD_MB * 1_000_000:
        raise InputError("picture_mb", most=MAX_UPLOAD_MB)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = Image.open(BytesIO(upload), formats=FORMATS)
            # Before any of its pixels is decoded.
            if image.width * image.height > MAX_PIXELS:
                raise InputError("picture_pixels", most=MAX_PIXELS // 1_000_000)
            image.load()
            return ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise InputError("picture_format") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError("picture_pixels", most=MAX_PIXELS // 1_000_000) from None
    except (OSError, ValueError, SyntaxError, Warning):
        raise InputError("picture_damaged") from None


def _encoded(image: Image.Image, form: str, **options: int) -> bytes:
    """Encodes the pixels alone: a new image has no metadata that could come along."""
    pixels = Image.new(image.mode, image.size)
    pixels.paste(image)
    stream = BytesIO()
    pixels.save(stream, form, **options)
    return stream.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
