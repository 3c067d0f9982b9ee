"""HTML as a tree: decoded, refused where it would hold up a parser, sanitised."""

import re
from typing import TYPE_CHECKING

from ingest.articles.limits import MAX_ATTRIBUTES, MAX_TAGS
from ingest.encodings import decoded, unscrambled
from kb.errors import InputError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DECLARED_ENCODING = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup",
    "hr", "html", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", *HEADINGS,
}  # fmt: skip
_INLINE = {
    "a", "abbr", "b", "bdi", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark",
    "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
}  # fmt: skip
_SILENT = {
    "audio", "button", "canvas", "datalist", "dialog", "embed", "iframe", "input", "label", "map",
    "math", "noscript", "object", "option", "optgroup", "picture", "progress", "script", "select",
    "style", "svg", "template", "textarea", "title", "video",
}  # fmt: skip
_KEPT_ATTRIBUTES = {
    "class", "id", "role", "itemprop", "rel", "datetime", "href", "hidden", "aria-hidden",
    "aria-label", "start", "value", "property", "content", "title",
}  # fmt: skip
_TAGS_OF_PAGES = re.compile(
    r"<\s*(?:!doctype\s+html|html|head|body|div|p|h[1-6]|article|section|ul|br|table|span|main)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"""(?<==)(?:"[^"]*"|'[^']*')""")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/=]+")


def html_text(content: bytes | str, declared_encoding: str = "") -> str:
    """The HTML as text, without scrambled letters; `declared_encoding` is the server's.

    Raises:
        InputError: it is not HTML, or its encoding cannot be guessed.
    """
    if isinstance(content, bytes):
        meta = _DECLARED_ENCODING.search(content[:4096])
        content = decoded(content, declared_encoding or (meta[1].decode("ascii") if meta else ""))
    text = content if "\ufffd" in content else unscrambled(content)
    if not _TAGS_OF_PAGES.search(text[:200_000]):
        raise InputError("no_html")
    return text


def refuse_tangled(text: str) -> None:
    """Refuses what would hold up the parsers, whose time grows with the square of these counts.

    Raises:
        InputError: there are more tags, or more attributes in one tag, than a page has.
    """
    if text.count("<") > MAX_TAGS:
        raise InputError("many_tags", most=MAX_TAGS)
    for piece in text.split("<"):
        if len(piece) > MAX_ATTRIBUTES and piece[0].isalpha():
            tag = _QUOTED.sub("", piece).partition(">")[0]
            if len(_BETWEEN_ATTRIBUTES.findall(tag)) > MAX_ATTRIBUTES:
                raise InputError("strange_tag")


def parsed(text: str) -> "HtmlElement | None":
    """The root of a page, or nothing where there is no element."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    try:
        # Text that was decoded already must not be decoded again by what it says of itself.
        return document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def sanitised(text: str) -> "HtmlElement | None":
    """The root of a page without scripts, styles, forms and unknown elements and attributes."""
    import nh3

    clean = nh3.clean(
        text,
        tags=BLOCKS - {"html", "body"} | _INLINE,
        clean_content_tags=_SILENT - {"object", "dialog", "map", "math", "picture"},
        attributes={"*": _KEPT_ATTRIBUTES - {"rel", "href"}, "a": {"href", "rel"}},
        link_rel=None,
        url_schemes={"http", "https", "mailto"},
        strip_comments=True,
    )
    return parsed(f"<html><body>{clean}</body></html>") if clean.strip() else None
