"""Articles in PDF: lines as they are printed, put together again to paragraphs."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from ingest.articles import lexicon
from ingest.articles.article import MAX_PDF_PAGES
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.office import file_properties
from ingest.articles.formats.scans import parse_scanned_pdf
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.lines import notices
from ingest.articles.typography import BULLETS, CLOSING, ENDING, escaped, plain
from ingest.encodings import unscrambled
from kb.errors import InputError

_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|p\.)?\s*\d{1,4}(?:\s*(?:/|sur|of|\|)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})
_EDGE_LINES = 3
_MAX_EDGE_CHARS = 160


@dataclass(slots=True)
class PrintedLine:
    text: str
    x: float
    y: float
    size: float
    page: int
    gap: float = 0.0


def open_reader(content: bytes) -> PdfReader:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        is_locked = reader.is_encrypted and not _opens(reader)
        count = 0 if is_locked else len(reader.pages)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (pypdf warns of errors other than its own)
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
    try:
        return bool(reader.decrypt(""))
    except (PyPdfError, NotImplementedError, DependencyError):  # an algorithm that it does not know
        return False


def printed_pages(reader: PdfReader) -> list[list[PrintedLine]]:
    pages: list[list[PrintedLine]] = []
    for number, page in enumerate(reader.pages):
        printer = _Printer(number)
        try:
            page.extract_text(visitor_text=printer.visit)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 (as above)
            raise InputError("damaged_page", page=number + 1) from None
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


_BULLET = re.compile(rf"^\s*[{BULLETS}·∙–\uf0b7\uf0a7\x95*-]\s+(?=\S)")
_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s+(?=\S)")
_SENTENCE_END = re.compile(rf"[{ENDING}:;][{CLOSING}]*$")
_HYPHEN = re.compile(r"(?P<left>[^\W\d_]+)[-\u00ad\u2010]$")
_FIRST_PARTS = re.compile(lexicon.any_of("hyphens", "first_parts"))
_TIED = re.compile(lexicon.any_of("hyphens", "tied"))
_PRINTED_ON = re.compile(r"\b(?:imprime|printed|edite|telecharge|downloaded|consulte|genere)")
_NO_TITLE = re.compile(r"\.\w{3,4}$|^microsoft|untitled|sans titre", re.IGNORECASE)


def parse_pdf(content: bytes, *, url: str = "") -> ParsedPage:
    if not content.lstrip()[:1024].count(b"%PDF-"):
        raise InputError("no_pdf")
    reader = open_reader(content)
    pages = printed_pages(reader)
    if sum(len(line.text) for page in pages for line in page) <= 20 * max(1, len(pages) // 4):
        return parse_scanned_pdf(reader, url=url)
    lines = without_edges(pages)
    kept = {id(line) for line in lines}
    edges = [line.text for page in pages for line in page if id(line) not in kept]
    unscrambled("\n".join(line.text for line in lines))
    declared = (*_declared_fields(reader), *_dates_at_edges(edges))
    return ParsedPage(within_limits(_blocks(lines)), declared, source_url=url)


def _blocks(lines: Sequence[PrintedLine]) -> Iterator[Block]:
    if not lines:
        return
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    usual = weights.most_common(1)[0][0]
    sizes = sorted({line.size for line in lines if line.size > usual * 1.12}, reverse=True)
    gaps = Counter(round(line.gap, 1) for line in lines if 0 < line.gap < 4 * line.size)
    gap = gaps.most_common(1)[0][0] if gaps else usual * 1.2
    widest = max(len(line.text) for line in lines)
    words = Counter(
        re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", " ".join(li.text for li in lines).lower())
    )
    at = 0
    while at < len(lines):
        run = [lines[at]]
        while at + 1 < len(lines) and _goes_on(lines[at], lines[at + 1], gap, widest, usual):
            at += 1
            run.append(lines[at])
        at += 1
        text = _joined([line.text for line in run], words)
        first = run[0]
        if first.size in sizes and len(text) <= 300:
            yield _block(text, BlockKind.HEADING, level=1 + sizes.index(first.size))
        elif _BULLET.match(text):
            yield _block(_BULLET.sub("", text), BlockKind.ITEM)
        elif number := _NUMBER.match(text):
            yield _block(_NUMBER.sub("", text), BlockKind.ITEM, number=int(number[1]))
        else:
            alone = first.gap > 1.25 * gap or first.gap <= 0
            yield _block(text, BlockKind.PARAGRAPH, alone=alone)


def _goes_on(
    line: PrintedLine, following: PrintedLine, gap: float, widest: int, usual: float
) -> bool:
    if abs(line.size - following.size) > 0.6:
        return False
    if _BULLET.match(following.text) or _NUMBER.match(following.text):
        return False
    if line.size > usual * 1.12:  # a heading
        return line.page == following.page and 0 < following.gap < 2 * line.size
    if is_boilerplate(following.text) or notices(following.text) or notices(line.text):
        return False
    return _is_same_paragraph(line, following, gap, widest)


def _is_same_paragraph(line: PrintedLine, following: PrintedLine, gap: float, widest: int) -> bool:
    ends = bool(_SENTENCE_END.search(line.text))
    if line.page != following.page or following.gap <= 0:
        return not ends and following.text[:1].islower()
    if following.gap > 1.35 * gap and (ends or following.gap > 1.6 * line.size):
        return False
    return not (ends and len(line.text) < 0.72 * widest) and (
        len(line.text) >= 0.5 * widest or following.text[:1].islower()
    )


def _joined(lines: Sequence[str], words: Counter[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        broken = _HYPHEN.search(text)
        right = re.match(r"[^\W\d_]+", line)
        if broken and right and line[0].islower():
            first, second = broken["left"].lower(), right[0].lower()
            is_compound = _FIRST_PARTS.fullmatch(first) or _TIED.fullmatch(second)
            keeps = words[f"{first}-{second}"] > 0 or (not words[first + second] and is_compound)
            text = (text if keeps else text[:-1]) + line
        elif broken:
            text += line
        else:
            text += " " + line
    return re.sub(r"\s+", " ", text.replace("\u00ad", "")).strip()


def _block(
    text: str, kind: BlockKind, *, level: int = 0, number: int = 0, alone: bool = True
) -> Block:
    return Block(text, escaped(text), kind, level, number, stands_alone=alone)


def _dates_at_edges(edges: Sequence[str]) -> Iterator[DeclaredField]:
    """The day of the issue, if the pages print a single day at their top or bottom."""
    days = {found.iso for text in edges for found in dates_in(text)}
    if len(days) == 1 and not any(_PRINTED_ON.search(plain(text)) for text in edges):
        day = days.pop()
        yield DeclaredField("date", day, next(text for text in edges if any(dates_in(text))), 0.6)


def _declared_fields(reader: PdfReader) -> Iterator[DeclaredField]:
    try:
        properties = reader.metadata
        title = str(properties.title or "") if properties else ""
        author = str(properties.author or "") if properties else ""
    except Exception:  # noqa: BLE001 (pypdf warns of errors other than its own)
        return  # the article is no worse for it
    yield from file_properties("" if _NO_TITLE.search(title) else title, author)
