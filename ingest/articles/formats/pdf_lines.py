"""The lines of a PDF as its pages print them, without what every page repeats."""

import io
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from pypdf import PdfReader
from pypdf.errors import DependencyError, DeprecationError, PyPdfError
from pypdf.generic import IndirectObject, PdfObject, StreamObject

from ingest.articles.limits import MAX_PDF_BYTES, MAX_PDF_PAGES
from kb.errors import InputError

_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|p\.)?\s*\d{1,4}(?:\s*(?:/|sur|of|\|)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})
_UNKNOWN_ENCRYPTION = (
    PyPdfError,
    NotImplementedError,  # an algorithm that pypdf does not know
    DependencyError,  # an algorithm that it has no library for
)
DAMAGE = (
    PyPdfError,
    DeprecationError,  # names of filters that pypdf once took; no PyPdfError, nor is the next
    DependencyError,  # pictures, or an encryption, that it has no library for
    NotImplementedError,  # filters that it does not know
    AssertionError,  # what it takes for granted
    AttributeError,  # an object of another kind than its place calls for; so are these two
    TypeError,
    ValueError,
    KeyError,  # entries that a dictionary lacks
    IndexError,  # items that an array lacks
    OSError,  # places that no file has
    RecursionError,  # objects within themselves, or thousands deep
    ZeroDivisionError,  # letters of no size
)
"""Errors of pypdf for a damaged file: its documentation warns of more than its own."""
_EDGE_LINES = 3
_MAX_EDGE_CHARS = 160


@dataclass(slots=True)
class PrintedLine:
    """A line of a page. `x`, `y` and `size` in points; `gap` to the line above it."""

    text: str
    x: float
    y: float
    size: float
    page: int
    gap: float = 0.0


class CountingReader(PdfReader):
    """A reader that counts the bytes of streams each time that one is read: work, not time.

    Pages may share a stream, and to draw it takes as long on each. With more than `most_bytes`,
    reading raises `InputError`.
    """

    most_bytes: float = MAX_PDF_BYTES
    _used_bytes = 0
    _depth = 0

    def get_object(self, indirect_reference: int | IndirectObject) -> PdfObject | None:
        self._depth += 1
        try:
            found = super().get_object(indirect_reference)
        finally:
            self._depth -= 1
        if isinstance(found, StreamObject) and "get_data" not in vars(found):
            vars(found)["get_data"] = partial(self._counted, found.get_data)
        return found

    def refuse_heavy(self) -> None:
        if self._used_bytes > self.most_bytes:
            raise InputError("heavy_pdf", most=int(self.most_bytes))

    def _counted(self, read: Callable[[], bytes]) -> bytes:
        content = read()
        if not self._depth:  # else it holds objects, of which one is looked up
            self._used_bytes += len(content)
            self.refuse_heavy()
        return content


def open_reader(content: bytes) -> CountingReader:
    """A reader of the PDF.

    Raises:
        InputError: the file is encrypted, damaged, cut off, or has too many pages.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = CountingReader(io.BytesIO(content))
        is_locked = reader.is_encrypted and not _opens(reader)
        count = 0 if is_locked else len(reader.pages)
    except DAMAGE:
        if b"%%EOF" not in content[-2048:]:
            raise InputError("cut_off") from None
        raise InputError("damaged_pdf") from None
    if is_locked:
        raise InputError("encrypted")
    if b"%%EOF" not in content[-2048:] or not count:
        raise InputError("cut_off")
    if count > MAX_PDF_PAGES:
        raise InputError("many_pages", count=count, most=MAX_PDF_PAGES)
    return reader


def _opens(reader: PdfReader) -> bool:
    """Whether an encrypted file opens without a password."""
    try:
        return bool(reader.decrypt(""))
    except _UNKNOWN_ENCRYPTION:
        return False


def printed_pages(reader: CountingReader) -> list[list[PrintedLine]]:
    """The lines of each page, from its top.

    Raises:
        InputError: a page is damaged, or all draw more than the reader may read.
    """
    pages: list[list[PrintedLine]] = []
    for number, page in enumerate(reader.pages):
        printer = _Printer(number)
        try:
            page.extract_text(visitor_text=printer.visit)
        except DAMAGE:
            raise InputError("damaged_page", page=number + 1) from None
        reader.refuse_heavy()  # pypdf goes on without a part that it cannot read
        printer.end_line()
        for above, line in pairwise(printer.lines):
            line.gap = above.y - line.y
        pages.append(printer.lines)
    return pages


class _Printer:
    """Puts the pieces of text that pypdf visits on a page together to `lines`."""

    def __init__(self, page: int) -> None:
        self.lines: list[PrintedLine] = []
        self._page = page
        self._pieces: list[PrintedLine] = []

    def visit(
        self, text: str, cm: Sequence[float], tm: Sequence[float], _font: object, size: float
    ) -> None:
        x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
        y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        scale = abs(tm[3] or tm[0]) * abs(cm[3] or cm[0]) or 1.0
        for at, part in enumerate(text.split("\n")):
            if at:
                self.end_line()
            if part:
                self._pieces.append(PrintedLine(part, x, y, round(size * scale, 1), self._page))

    def end_line(self) -> None:
        text = "".join(piece.text for piece in self._pieces)
        text = re.sub(r"[ \t\u00a0]+", " ", text.translate(_LIGATURES).replace("\x00", "")).strip()
        inked = [piece for piece in self._pieces if piece.text.strip()]
        if text and inked:
            size = max(piece.size for piece in inked)
            self.lines.append(PrintedLine(text, inked[0].x, inked[0].y, size, self._page))
        self._pieces.clear()


def without_edges(pages: Sequence[list[PrintedLine]]) -> list[PrintedLine]:
    """The lines of all pages without what their tops and bottoms repeat."""
    repeats: Counter[str] = Counter()
    for page in pages:
        repeats.update({_pattern(line.text) for line in _edges(page)})
    enough = max(2, len(pages) // 2) if len(pages) < 6 else max(3, len(pages) // 4)
    kept = []
    for page in pages:
        edges = {id(line) for line in _edges(page)}
        # Small print at the edge of a single page repeats on none: the page number tells.
        sizes = sorted(line.size for line in page)
        usual = sizes[len(sizes) // 2] if sizes else 0
        for line in page:
            is_numbered = line.size < 0.85 * usual and re.search(r"\b\d+\s*/\s*\d+$", line.text)
            if id(line) not in edges or not (
                repeats[_pattern(line.text)] >= enough
                or _PAGE_NUMBER.match(line.text)
                or is_numbered
            ):
                kept.append(line)
    return kept


def _edges(page: Sequence[PrintedLine]) -> list[PrintedLine]:
    """The lines at the top and at the bottom of a page, as far as a gap sets them off."""
    lines = sorted(page, key=lambda line: -line.y)
    gaps = sorted(above.y - line.y for above, line in pairwise(lines))
    usual = gaps[len(gaps) // 2] if gaps else 0.0
    edges = _edge(lines, usual) + _edge(lines[::-1], usual)
    return [line for line in edges if len(line.text) <= _MAX_EDGE_CHARS]


def _edge(lines: Sequence[PrintedLine], usual_gap: float) -> list[PrintedLine]:
    edge = list(lines[:1])
    for before, line in pairwise(lines[:_EDGE_LINES]):
        if abs(before.y - line.y) > 1.35 * usual_gap:
            break
        edge.append(line)
    return edge


def _pattern(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", " ", text)).casefold()
