"""Pictures of texts, alone or as the pages of a PDF, read by tesseract where it is installed."""

import io
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.articles.article import MAX_SCAN_PIXELS, MAX_SCAN_SECONDS, MAX_SCANNED_PAGES
from ingest.articles.blocks import ParsedPage
from ingest.articles.formats.text import parse_text
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdf import PdfReader

_PROGRAM = "tesseract"
_LANGUAGES = ("fra", "eng")
_FORMATS = ("PNG", "JPEG", "TIFF", "JPEG2000")  # parsers of others could be attacked


def parse_picture(content: bytes, *, url: str = "") -> ParsedPage:
    _refuse_without_program()
    return parse_text(_read(_picture(content), _deadline()), source_url=url)


def parse_scanned_pdf(reader: "PdfReader", *, url: str = "") -> ParsedPage:
    _refuse_without_program()
    if len(reader.pages) > MAX_SCANNED_PAGES:
        raise InputError("many_scanned_pages", count=len(reader.pages), most=MAX_SCANNED_PAGES)
    deadline = _deadline()
    texts: list[str] = []
    remarks: list[str] = []
    for number, page in enumerate(reader.pages, start=1):
        try:
            # The largest is that of the page itself.
            shown = max(page.images, key=lambda image: len(image.data), default=None)
            texts += [_read(_picture(shown.data), deadline)] if shown else []
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
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.png")
        picture.save(file)
        languages = [lang for lang in _LANGUAGES if lang in _run(deadline, "--list-langs").split()]
        asked = ("-l", "+".join(languages)) if languages else ()
        return _run(deadline, str(file), "stdout", *asked).replace("\f", "\n")


def _run(deadline: float, *arguments: str) -> str:
    left = deadline - time.monotonic()
    try:
        done = subprocess.run([_PROGRAM, *arguments], capture_output=True, timeout=left, check=True)
    except subprocess.TimeoutExpired:
        raise InputError("slow_scan", most=MAX_SCAN_SECONDS) from None
    except (subprocess.SubprocessError, OSError):
        raise InputError("unreadable_scan") from None
    return done.stdout.decode("utf-8", "replace")
