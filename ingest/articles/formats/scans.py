"""Pictures of texts, alone or as the pages of a PDF, read by tesseract where it is installed."""

import io
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.articles.blocks import ParsedPage
from ingest.articles.formats.text import parse_text
from ingest.articles.limits import MAX_SCAN_PIXELS, MAX_SCAN_SECONDS, MAX_SCANNED_PAGES
from kb.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdf import PdfReader

_PROGRAM = "tesseract"
_LANGUAGES = ("fra", "eng")


def parse_picture(content: bytes, *, url: str = "") -> ParsedPage:
    """The page that a picture shows.

    Raises:
        InputError: it is no picture, is too large, or tesseract is not installed.
    """
    _refuse_without_program()
    return parse_text(_read(_picture(content), _deadline()), source_url=url)


def parse_scanned_pdf(reader: "PdfReader", *, url: str = "") -> ParsedPage:
    """The page that the pictures of a PDF without text show.

    Raises:
        InputError: it has too many pages, no pictures, or tesseract is not installed.
    """
    _refuse_without_program()
    if len(reader.pages) > MAX_SCANNED_PAGES:
        raise InputError("many_scanned_pages", count=len(reader.pages), most=MAX_SCANNED_PAGES)
    deadline = _deadline()
    texts = [_read(picture, deadline) for picture in _pictures(reader)]
    if not any(text.strip() for text in texts):
        raise InputError("unreadable_scan")
    return parse_text("\n\n".join(texts), source_url=url)


def _refuse_without_program() -> None:
    if shutil.which(_PROGRAM) is None:
        raise InputError("no_text_recognition")


def _pictures(reader: "PdfReader") -> "Iterator[Image]":
    """The largest picture of each page: that of the page itself."""
    for page in reader.pages:
        largest = max(page.images, key=lambda image: len(image.data), default=None)
        if largest is not None:
            yield _picture(largest.data)


def _picture(content: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content))
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
