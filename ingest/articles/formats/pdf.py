"""Articles in PDF: lines as they are printed, put together again to paragraphs.

What every page repeats at its top and bottom is dropped, so are page numbers; words broken at a
line's end are joined.
"""

import io
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pypdf import PdfReader
from pypdf.errors import DependencyError, DeprecationError, PyPdfError

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.limits import MAX_PDF_PAGES, MAX_PDF_SECONDS
from ingest.articles.markdown_escape import escaped
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.labels import notices
from ingest.articles.metadata.person_names import is_person, person_at
from ingest.articles.metadata.same_length_fold import plain
from ingest.encodings import unscrambled
from kb.errors import InputError

_BULLET = re.compile(r"^\s*(?:[•●▪◦‣·∙–\uf0b7\uf0a7\u2022\x95*-])\s+(?=\S)")
_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?:;…][»”\"')]*$")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|p\.)?\s*\d{1,4}(?:\s*(?:/|sur|of|\|)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_HYPHEN = re.compile(r"(?P<left>[^\W\d_]+)[-\u00ad\u2010]$")
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})
# First parts that keep their hyphen, and words that a hyphen ties to the verb before them.
_KEEPS_LEFT = set(
    "savoir compte rendez mi demi semi non ex vice sous avant après grand petit porte quelques"
    " celui celle ceux celles lui elle eux moi toi peut chef arc basse haut haute centre saint"
    " sainte co auto self well long short part full high low".split()
)
_KEEPS_RIGHT = set(
    "il elle ils elles on ce ci là même mêmes je vous nous tu t être faire rendu d l uns".split()
)
_PRINTED_ON = re.compile(r"\b(?:imprime|printed|edite|telecharge|downloaded|consulte|genere)")
_UNKNOWN_ENCRYPTION = (
    PyPdfError,
    NotImplementedError,  # an algorithm that pypdf does not know
    DependencyError,  # one that it has no library for
)
_DAMAGE = (
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
"""What pypdf raises over a file that is damaged: its documentation warns of more than its own."""
_EDGE_LINES = 3
_MAX_EDGE_CHARS = 160


@dataclass(slots=True)
class _Printed:
    """A line of a page. `x`, `y` and `size` in points; `gap` to the line above it."""

    text: str
    x: float
    y: float
    size: float
    page: int
    gap: float = 0.0


def parse_pdf(content: bytes, *, url: str = "") -> ParsedPage:
    """The page that a PDF is.

    Raises:
        InputError: it is encrypted, damaged, scanned without text, or has too many pages.
    """
    if not content.lstrip()[:1024].count(b"%PDF-"):
        raise InputError("no_pdf")
    reader = _reader(content)
    pages = _pages(reader)
    lines = [line for page in pages for line in page]
    if not sum(len(line.text) for line in lines) > 20 * max(1, len(pages) // 4):
        raise InputError("scanned")
    lines = _without_edges(pages)
    kept = {id(line) for line in lines}
    edges = [line.text for page in pages for line in page if id(line) not in kept]
    unscrambled("\n".join(line.text for line in lines))
    return ParsedPage(
        within_limits(_blocks(lines)),
        (*_declared_fields(reader), *_dates_at_edges(edges)),
        source_url=url,
    )


def _reader(content: bytes) -> PdfReader:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        is_locked = reader.is_encrypted and not _opens(reader)
        count = 0 if is_locked else len(reader.pages)
    except _DAMAGE:
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


def _pages(reader: PdfReader, seconds: float = MAX_PDF_SECONDS) -> list[list[_Printed]]:
    pages: list[list[_Printed]] = []
    deadline = time.monotonic() + seconds

    def refuse_slow() -> None:
        if time.monotonic() > deadline:
            raise InputError("slow_pdf", seconds=f"{seconds:g}")

    for number, page in enumerate(reader.pages):
        refuse_slow()
        printed: list[_Printed] = []
        pieces: list[tuple[str, float, float, float]] = []

        def end_line(
            pieces: list[tuple[str, float, float, float]] = pieces,
            printed: list[_Printed] = printed,
            number: int = number,
        ) -> None:
            text = "".join(piece[0] for piece in pieces)
            text = re.sub(r"[ \t\u00a0]+", " ", text.translate(_LIGATURES).replace("\x00", ""))
            inked = [piece for piece in pieces if piece[0].strip()]
            if text.strip() and inked:
                _, x, y, _ = inked[0]
                printed.append(_Printed(text.strip(), x, y, max(p[3] for p in inked), number))
            pieces.clear()

        def visit(
            text: str,
            cm: Sequence[float],
            tm: Sequence[float],
            _font: object,
            size: float,
            pieces: list[tuple[str, float, float, float]] = pieces,
        ) -> None:
            refuse_slow()
            x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
            y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            scale = abs(tm[3] or tm[0]) * abs(cm[3] or cm[0]) or 1.0
            for at, part in enumerate(re.split(r"\n", text)):
                if at:
                    end_line()
                if part:
                    pieces.append((part, x, y, round(size * scale, 1)))

        try:
            page.extract_text(visitor_text=visit)
        except _DAMAGE:
            raise InputError("damaged_page", page=number + 1) from None
        end_line()
        for above, line in pairwise(printed):
            line.gap = above.y - line.y
        pages.append(printed)
    return pages


def _without_edges(pages: Sequence[list[_Printed]]) -> list[_Printed]:
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
            at_edge = id(line) in edges
            is_running = at_edge and repeats[_pattern(line.text)] >= enough
            is_number = at_edge and bool(_PAGE_NUMBER.match(line.text))
            is_numbered_print = (
                at_edge
                and line.size < 0.85 * usual
                and bool(re.search(r"\b\d+\s*/\s*\d+$", line.text))
            )
            if not (is_running or is_number or is_numbered_print):
                kept.append(line)
    return kept


def _edges(page: Sequence[_Printed]) -> list[_Printed]:
    """The lines at the top and at the bottom of a page, as far as a gap sets them off."""
    lines = sorted(page, key=lambda line: -line.y)
    gaps = sorted(above.y - line.y for above, line in pairwise(lines))
    usual = gaps[len(gaps) // 2] if gaps else 0.0
    edges = _edge(lines, usual) + _edge(lines[::-1], usual)
    return [line for line in edges if len(line.text) <= _MAX_EDGE_CHARS]


def _edge(lines: Sequence[_Printed], usual_gap: float) -> list[_Printed]:
    edge = list(lines[:1])
    for before, line in pairwise(lines[:_EDGE_LINES]):
        if abs(before.y - line.y) > 1.35 * usual_gap:
            break
        edge.append(line)
    return edge


def _pattern(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", " ", text)).casefold()


def _blocks(lines: Sequence[_Printed]) -> Iterator[Block]:
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


def _goes_on(line: _Printed, following: _Printed, gap: float, widest: int, usual: float) -> bool:
    """Whether a paragraph goes on in the next line."""
    if abs(line.size - following.size) > 0.6:
        return False
    if _BULLET.match(following.text) or _NUMBER.match(following.text):
        return False
    if line.size > usual * 1.12:  # a heading
        return line.page == following.page and 0 < following.gap < 2 * line.size
    if is_boilerplate(following.text) or notices(following.text) or notices(line.text):
        return False
    return _is_same_paragraph(line, following, gap, widest)


def _is_same_paragraph(line: _Printed, following: _Printed, gap: float, widest: int) -> bool:
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
            left = broken["left"].lower()
            whole, tied = left + right[0].lower(), f"{left}-{right[0].lower()}"
            keeps = words[tied] > 0 or (
                not words[whole] and (left in _KEEPS_LEFT or right[0].lower() in _KEEPS_RIGHT)
            )
            text = (text if keeps else text[:-1]) + line
        elif broken:
            text += line
        else:
            text += " " + line
    return re.sub(r"\s+", " ", text.replace("\u00ad", "")).strip()


def _block(
    text: str, kind: BlockKind, *, level: int = 0, number: int = 0, alone: bool = True
) -> Block:
    shown = escaped(text)
    return Block(text, shown, kind, level, number, stands_alone=alone)


def _dates_at_edges(edges: Sequence[str]) -> Iterator[DeclaredField]:
    """The day of the issue, which its pages carry at their top or bottom."""
    days = {found.iso for text in edges for found in dates_in(text)}
    if len(days) == 1 and not any(_PRINTED_ON.search(plain(text)) for text in edges):
        day = days.pop()
        yield DeclaredField("date", day, next(text for text in edges if any(dates_in(text))), 0.6)


def _declared_fields(reader: PdfReader) -> Iterator[DeclaredField]:
    """The properties of the file: a program wrote them, so that they are hints."""
    try:
        properties = reader.metadata
        title, author = (
            (str(properties.title or ""), str(properties.author or "")) if properties else ("", "")
        )
    except _DAMAGE:
        return  # the article is no worse for it
    if len(title.split()) >= 3 and not re.search(r"\.\w{3,4}$|^microsoft|untitled|sans titre",
                                                  title, re.IGNORECASE):  # fmt: skip
        yield DeclaredField("title", title, f"title of the file: {title}", 0.5)
    if is_person(author):
        person, _ = person_at(author, 0)
        yield DeclaredField("author", person.name, f"author of the file: {author}", 0.4, person)
