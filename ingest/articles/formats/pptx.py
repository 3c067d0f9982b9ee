"""Articles in PowerPoint's format (.pptx): the texts of the slides in their order."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.file_properties import file_properties
from ingest.articles.formats.table_rows import row_block
from ingest.articles.formats.zip_guard import refuse_unsafe
from ingest.articles.markdown_escape import escaped
from ingest.articles.typography import is_prose
from kb.errors import InputError

if TYPE_CHECKING:
    from pptx.presentation import Presentation

_MAX_DEPTH = 5


def parse_pptx(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of a presentation; what its speakers note for themselves is left out.

    Raises:
        InputError: it is no presentation, is damaged, or unpacks to too much.
    """
    import pptx
    from lxml.etree import XMLSyntaxError
    from pptx.exc import PythonPptxError

    refuse_unsafe(content, "ppt/presentation.xml", "PowerPoint (.pptx)")
    try:
        presentation = pptx.Presentation(io.BytesIO(content))
        blocks = within_limits(_content(presentation))
        declared = tuple(_declared_fields(presentation))
    except (PythonPptxError, XMLSyntaxError, KeyError, ValueError, AttributeError, BadZipFile,
            EOFError, OSError):  # fmt: skip
        raise InputError("damaged") from None
    return ParsedPage(blocks, declared, source_url=url)


def _content(presentation: "Presentation") -> Iterator[Block]:
    # A deck that names a slide again and again would take hours.
    slides = {slide.part.partname: slide for slide in presentation.slides}
    for number, slide in enumerate(slides.values()):
        title = slide.shapes.title
        words = " ".join(title.text_frame.text.split()) if title is not None else ""
        if words:
            yield Block(words, escaped(words), BlockKind.HEADING, 2 if number else 1)
        others = (shape for shape in slide.shapes if title is None or shape != title)
        yield from _shapes(others, 0)


def _shapes(shapes: Iterable[Any], depth: int) -> Iterator[Block]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            if depth < _MAX_DEPTH:
                yield from _shapes(shape.shapes, depth + 1)
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                texts = [" ".join(cell.text.split()) for cell in row.cells]
                if any(texts):
                    yield row_block(texts)
        elif getattr(shape, "has_text_frame", False):
            yield from _paragraphs(shape.text_frame.paragraphs)


def _paragraphs(paragraphs: Iterable[Any]) -> Iterator[Block]:
    texts = [(paragraph.level, " ".join(paragraph.text.split())) for paragraph in paragraphs]
    texts = [(level, text) for level, text in texts if text]
    is_list = len(texts) > 1 and not all(is_prose(text) for _, text in texts)
    for level, text in texts:
        if is_list:
            yield Block(text, escaped(text), BlockKind.ITEM, min(level, 3), stands_alone=False)
        else:
            yield Block(text, escaped(text))


def _declared_fields(presentation: "Presentation") -> Iterator[DeclaredField]:
    properties = presentation.core_properties
    created = properties.created
    return file_properties(
        title=properties.title or "",
        author=properties.author or "",
        day=created.date().isoformat() if isinstance(created, datetime) else "",
        keywords=properties.keywords or "",
    )
