"""Articles in PDF: lines as they are printed, put together again to paragraphs.

What every page repeats at its top and bottom is dropped, so are page numbers; words broken at a
line's end are joined.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pypdf import PdfReader

from ingest.articles import lexicon
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.file_properties import file_properties
from ingest.articles.formats.pdf_lines import (
    DAMAGE,
    PrintedLine,
    open_reader,
    printed_pages,
    without_edges,
)
from ingest.articles.formats.scans import parse_scanned_pdf
from ingest.articles.markdown_escape import escaped
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.labels import notices
from ingest.articles.metadata.same_length_fold import plain
from ingest.articles.typography import BULLETS, CLOSING, ENDING
from ingest.encodings import unscrambled
from kb.errors import InputError

_BULLET = re.compile(rf"^\s*[{BULLETS}·∙–\uf0b7\uf0a7\x95*-]\s+(?=\S)")
_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s+(?=\S)")
_SENTENCE_END = re.compile(rf"[{ENDING}:;][{CLOSING}]*$")
_HYPHEN = re.compile(r"(?P<left>[^\W\d_]+)[-\u00ad\u2010]$")
_FIRST_PARTS = re.compile(lexicon.any_of("hyphens", "first_parts"))
_TIED = re.compile(lexicon.any_of("hyphens", "tied"))
_PRINTED_ON = re.compile(r"\b(?:imprime|printed|edite|telecharge|downloaded|consulte|genere)")
_NO_TITLE = re.compile(r"\.\w{3,4}$|^microsoft|untitled|sans titre", re.IGNORECASE)
"""Names that programs give to files."""


def parse_pdf(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of a PDF.

    Raises:
        InputError: it is encrypted, damaged, has too many pages, or is scanned and cannot be
            recognised.
    """
    if not content.lstrip()[:1024].count(b"%PDF-"):
        raise InputError("no_pdf")
    reader = open_reader(content)
    pages = printed_pages(reader)
    if sum(len(line.text) for page in pages for line in page) <= 20 * max(1, len(pages) // 4):
        reader.most_bytes = math.inf  # pictures have limits of their own
        return parse_scanned_pdf(reader, url=url)
    lines = without_edges(pages)
    kept = {id(line) for line in lines}
    edges = [line.text for page in pages for line in page if id(line) not in kept]
    unscrambled("\n".join(line.text for line in lines))
    return ParsedPage(
        within_limits(_blocks(lines)),
        (*_declared_fields(reader), *_dates_at_edges(edges)),
        source_url=url,
    )


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
    except DAMAGE:
        return  # the article is no worse for it
    yield from file_properties("" if _NO_TITLE.search(title) else title, author)
