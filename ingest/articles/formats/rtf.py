"""Articles in Rich Text Format (.rtf)."""

import re
from collections.abc import Iterator

from ingest.articles.blocks import DeclaredField, ParsedPage
from ingest.articles.formats.file_properties import file_properties
from ingest.articles.formats.text import parse_text
from ingest.articles.limits import MAX_UNPACKED_BYTES
from ingest.encodings import whole_characters
from kb.errors import InputError

MAX_FONT_TABLE_CHARS = 200_000
"""The beginning of the table of fonts that is read."""
_PICTURES = re.compile(r"\{\\\*?\\?(?:shppict|nonshppict|pict|objdata|blipuid)[^{}]*\}")
_PROPERTY = r"\{{\\{name}\s([^{{}}]{{1,500}})\}}"
_FIELD = re.compile(r"\\field\{", re.IGNORECASE)
_FONT = re.compile(
    r"\\f(\d{1,5})(?!\d)[^;{}]{0,200}?(?:\{[^{}]{0,200}\}[^;{}]{0,200}?)?\\fcharset(\d{1,3})"
)
_CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")


def parse_rtf(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of a text in Rich Text Format.

    Raises:
        InputError: it is none.
    """
    from striprtf.striprtf import rtf_to_text

    if not content.lstrip().startswith(b"{\\rtf"):
        raise InputError("no_document", format="RTF (.rtf)")
    # The format is ASCII; other letters are escaped.
    marked = content.decode("latin-1")
    text = rtf_to_text(_soon_read(_PICTURES.sub("", marked)), errors="ignore")
    if len(text) > MAX_UNPACKED_BYTES:
        raise InputError("large_unpacked", size=len(text), most=MAX_UNPACKED_BYTES)
    page = parse_text(whole_characters(text).replace("\r\n", "\n").replace("\xa0", " "))
    return ParsedPage(page.blocks, tuple(_declared(marked)), source_url=url)


def _soon_read(marked: str) -> str:
    """The same text, so written that striprtf takes no longer than in proportion to its length.

    Its patterns of links and of fonts backtrack. A space after the word of a field keeps the
    first from it, and a short table of the fonts stands in for that of the text. It takes binary
    pictures out, which may make words of what stands around them, so that is done before.
    """
    from striprtf.striprtf import font_table_group, remove_pict_groups

    marked = remove_pict_groups(marked).replace("\\bin", "\\zz").lstrip()
    fonts = _FONT.findall(font_table_group(marked)[:MAX_FONT_TABLE_CHARS])
    table = "".join(f"{{\\f{font}\\fcharset{charset} x;}}" for font, charset in fonts)
    marked = _FIELD.sub(r"\\field {", marked.replace("\\fonttbl", "\\colortbl"))
    return f"{{{{\\fonttbl{table}}}{marked[1:]}"


def _declared(marked: str) -> Iterator[DeclaredField]:
    created = _CREATED.search(marked)
    return file_properties(
        title=_property(marked, "title"),
        author=_property(marked, "author"),
        day="-".join(part.zfill(2) for part in created.groups()) if created else "",
        keywords=_property(marked, "keywords"),
    )


def _property(marked: str, name: str) -> str:
    from striprtf.striprtf import rtf_to_text

    found = re.search(_PROPERTY.format(name=name), marked)
    return (
        whole_characters(rtf_to_text(f"{{\\rtf1 {found[1]}}}", errors="ignore")).strip()
        if found
        else ""
    )
