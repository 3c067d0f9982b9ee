"""Pictures: uploads made small and clean, kept in the base under the hash of their content."""

import hashlib
import re
import threading
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from kb.errors import InputError
from kb.registers.clock import DAY_S, before, now
from kb.registers.register import Register, known
from kb.store.store import Store

DIGEST_CHARS = 32
WIDTHS = (480, 960, 1600)  # widths in pixels of a photograph, unless it is narrower
_NAME = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS}}}-([1-9]\d{{0,3}})x([1-9]\d{{0,3}})\.(?:png|webp)")


@dataclass(frozen=True, slots=True)
class PictureSize:
    width: int
    height: int


def is_picture_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def size_in(name: str) -> PictureSize:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no name of a picture")
    return PictureSize(int(found[1]), int(found[2]))


def names_of(name: str) -> Sequence[str]:
    suffix = name.rpartition(".")[2]
    return [picture_name(name[:DIGEST_CHARS], size, suffix) for size in sizes_of(size_in(name))]


def picture_name(digest: str, size: PictureSize, suffix: str) -> str:
    return f"{digest}-{size.width}x{size.height}.{suffix}"


def sizes_of(largest: PictureSize) -> Sequence[PictureSize]:
    return [
        PictureSize(width, height_at(width, largest))
        for width in (*(width for width in WIDTHS if width < largest.width), largest.width)
    ]


def height_at(width: int, size: PictureSize) -> int:
    return max(1, round(size.height * width / size.width))


FORMATS = ("JPEG", "PNG", "WEBP")
MAX_UPLOAD_MB = 8
MAX_PIXELS = 50_000_000
MOST_BYTES = 300_000  # of a photograph in one width: a database holds such, and answers fast
MAX_HEIGHT_TIMES = 2  # a photograph higher than so many widths is cut at top and bottom
LOGO_SIZE = (480, 160)
LEAST_DECODED = WIDTHS[-1]  # a JPEG is decoded in its smallest scale with so many pixels a side
_QUALITIES = (78, 60, 40)
_ONE_AT_A_TIME = threading.Lock()  # decoding an upload takes hundreds of megabytes


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as it is served; `name` holds its hash, size in pixels and format."""

    name: str
    content: bytes


def photograph(upload: bytes) -> Sequence[EncodedPicture]:
    """Returns a photograph as WebP in each of `WIDTHS`, the largest last."""
    with _ONE_AT_A_TIME:
        image = _decoded(upload).convert("RGB")
        if image.height > MAX_HEIGHT_TIMES * image.width:
            image = ImageOps.fit(image, (image.width, MAX_HEIGHT_TIMES * image.width))
        width = min(image.width, WIDTHS[-1])
        whole = PictureSize(image.width, image.height)
        sizes = sizes_of(PictureSize(width, height_at(width, whole)))
        contents = []
        for size in sizes:
            resized = image.resize((size.width, size.height), Image.Resampling.LANCZOS)
            contents.append(_small_enough(resized))
    digest = _digest(contents[-1])
    return [
        EncodedPicture(picture_name(digest, size, "webp"), content)
        for size, content in zip(sizes, contents, strict=True)
    ]


def logo(upload: bytes) -> EncodedPicture:
    with _ONE_AT_A_TIME:
        image = _decoded(upload).convert("RGBA")
        image.thumbnail(LOGO_SIZE, Image.Resampling.LANCZOS)
    content = _encoded(image, "PNG", optimize=True)
    size = PictureSize(image.width, image.height)
    return EncodedPicture(picture_name(_digest(content), size, "png"), content)


def _decoded(upload: bytes) -> Image.Image:
    if len(upload) > MAX_UPLOAD_MB * 1_000_000:
        raise InputError("picture_mb", most=MAX_UPLOAD_MB)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = Image.open(BytesIO(upload), formats=FORMATS)
            # Before any of its pixels is decoded.
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError  # noqa: TRY301 (as Pillow does of more)
            image.draft(None, (LEAST_DECODED, LEAST_DECODED))
            image.load()
            return ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise InputError("picture_format") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError("picture_pixels", most=MAX_PIXELS // 1_000_000) from None
    except Exception:  # noqa: BLE001 (of a damaged file, decoders raise what they please)
        raise InputError("picture_damaged") from None


def _small_enough(image: Image.Image) -> bytes:
    content = b""
    for quality in _QUALITIES:
        content = _encoded(image, "WEBP", quality=quality, method=4)
        if len(content) <= MOST_BYTES:
            break
    return content


def _encoded(image: Image.Image, form: str, **options: int) -> bytes:
    """Encodes the pixels alone: a new image has no metadata that could come along."""
    pixels = Image.new(image.mode, image.size)
    pixels.paste(image)
    stream = BytesIO()
    pixels.save(stream, form, **options)
    return stream.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_CHARS]


# The names of all pictures that a case, a version, a draft or the identity has.
_USED = """
    select picture as name from cases
    union select json_extract(content, '$.picture') from versions
    union select json_extract(content, '$.picture') from drafts
    union select json_extract(content, '$.picture') from draft_versions
    union select json_extract(content, '$.logo') from identity
"""


class Pictures(Register):
    def add(self, encoded: Sequence[EncodedPicture], *, by: str) -> str:
        """Keeps a picture in all its widths, drops unused ones, and returns the largest's name."""
        with self._writing() as store:
            store.executemany(
                "insert into pictures (name, content, added_by, added_at) values (?, ?, ?, ?)"
                " on conflict (name) do update set added_at = excluded.added_at",
                [(picture.name, picture.content, by, now()) for picture in encoded],
            )
            drop_unused(store, added_before=before(DAY_S))
        return encoded[-1].name

    def get(self, name: str) -> bytes:
        rows = self._rows("select content from pictures where name = ?", [name])
        content: bytes = known(rows[0] if rows else None, f"There is no picture {name!r}.")[0]
        return content

    def known(self, names: Collection[str]) -> set[str]:
        with self._stores.lend() as store:
            rows = store.run("select name from pictures where name in :values", names)
        return {row["name"] for row in rows}


def drop_unused(store: Store, *, added_before: str = "") -> None:
    store.execute(
        f"with used as ({_USED})"  # noqa: S608 (written above)
        " delete from pictures where substr(name, 1, :chars) not in"
        " (select substr(name, 1, :chars) from used where name is not null)"
        " and (:added_before = '' or added_at < :added_before)",
        {"chars": DIGEST_CHARS, "added_before": added_before},
    )
