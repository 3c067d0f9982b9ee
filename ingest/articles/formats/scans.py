"""Pictures of texts, alone or as the pages of a PDF, read by tesseract where it is installed."""

import io
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.articles.blocks import ParsedPage
from ingest.articles.formats.text import parse_text
from ingest.articles.limits import MAX_SCAN_PIXELS, MAX_SCAN_SECONDS, MAX_SCANNED_PAGES
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdf import PageObject, PdfReader

_PROGRAM = "tesseract"
_LANGUAGES = ("fra", "eng")
_FORMATS = ("PNG", "JPEG", "TIFF", "JPEG2000")
"""The formats that are read; others have parsers that a hostile file could use."""
MAX_PICTURES = 200
"""The pictures and forms of a page or of a form that are looked at."""
MAX_FORMS = 3
"""The forms within each other in which pictures are looked for, with the pictures."""


def parse_picture(content: bytes, *, url: str = "") -> ParsedPage:
    """The page that a picture shows."""
    _refuse_without_program()
    return parse_text(_read(_picture(content), _deadline()), source_url=url)


def parse_scanned_pdf(reader: "PdfReader", *, url: str = "") -> ParsedPage:
    """The page that the pictures of a PDF without text show."""
    _refuse_without_program()
    if len(reader.pages) > MAX_SCANNED_PAGES:
        raise InputError("many_scanned_pages", count=len(reader.pages), most=MAX_SCANNED_PAGES)
    deadline = _deadline()
    texts: list[str] = []
    remarks: list[str] = []
    for number, page in enumerate(reader.pages, start=1):
        try:
            texts += [_read(picture, deadline) for picture in _pictures(page, deadline)]
        except InputError as error:
            if error.remark.code != "slow_scan" or not any(text.strip() for text in texts):
                raise
            remarks.append(Remark("slow_pages", page=number, most=MAX_SCAN_SECONDS))
            break
    if not any(text.strip() for text in texts):
        raise InputError("unreadable_scan")
    page_of_texts = parse_text("\n\n".join(texts), source_url=url)
    return replace(page_of_texts, remarks=(*page_of_texts.remarks, *remarks))


def _refuse_without_program() -> None:
    if shutil.which(_PROGRAM) is None:
        raise InputError("no_text_recognition")


def _pictures(page: "PageObject", deadline: float) -> "Iterator[Image]":
    """The largest picture of a page, that of the page itself, if it has one.

    Only that is unpacked, and only if it is not too large.
    """
    if time.monotonic() > deadline:
        raise InputError("slow_scan", most=MAX_SCAN_SECONDS)
    pixels, path = max(_sizes(page), default=(0, ()))
    if pixels > MAX_SCAN_PIXELS:
        raise InputError("large_picture", most=MAX_SCAN_PIXELS // 1_000_000)
    if path:
        yield _picture(page.images[list(path)].data)
    elif inline := max(page.images, key=lambda image: len(image.data), default=None):
        yield _picture(inline.data)


def _sizes(
    holder: Mapping[str, Any], within: tuple[str, ...] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The pixels and the path of each picture that a page or a form shows by name."""
    named = _part(_part(holder, "/Resources"), "/XObject")
    for name in islice(named, MAX_PICTURES):
        shown, path = _part(named, name), (*within, name)
        if shown.get("/Subtype") == "/Image":
            yield int(shown.get("/Width", 0)) * int(shown.get("/Height", 0)), path
        elif len(path) < MAX_FORMS:
            yield from _sizes(shown, path)


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A dictionary within another, empty where a file has something else in its place."""
    found: Any = holder.get(name)
    part = found.get_object() if hasattr(found, "get_object") else found
    return part if isinstance(part, Mapping) else {}


def _picture(content: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if picture.width * picture.height > MAX_SCAN_PIXELS:
            raise InputError("large_picture", most=MAX_SCAN_PIXELS // 1_000_000)
        return picture.convert("L")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        raise InputError("no_picture") from None


def _deadline() -> float:
    return time.monotonic() + MAX_SCAN_SECONDS


def _read(picture: "Image", deadline: float) -> str:
    """The text of a picture, in the languages that tesseract has here."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.png")
        picture.save(file)
        languages = [lang for lang in _LANGUAGES if lang in _run(deadline, "--list-langs").split()]
        asked = ("-l", "+".join(languages)) if languages else ()
        return _run(deadline, str(file), "stdout", *asked).replace("\f", "\n")


def _run(deadline: float, *arguments: str) -> str:
    left = max(0.1, deadline - time.monotonic())
    try:
        done = subprocess.run([_PROGRAM, *arguments], capture_output=True, timeout=left, check=True)
    except subprocess.TimeoutExpired:
        raise InputError("slow_scan", most=MAX_SCAN_SECONDS) from None
    except (subprocess.SubprocessError, OSError):
        raise InputError("unreadable_scan") from None
    return done.stdout.decode("utf-8", "replace")
