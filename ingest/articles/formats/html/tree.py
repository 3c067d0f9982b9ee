"""The tree of a page, and the regions in it: text, margin, and what is about something else."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.articles import lexicon
from ingest.articles.blocks import Region
from ingest.articles.metadata.label_table import DATES, Announced
from ingest.articles.metadata.lines import notices
from ingest.articles.typography import plain
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


def html_text(content: bytes | str, declared_encoding: str = "") -> str:
    """The HTML as text, without scrambled letters; `declared_encoding` is the server's."""
    if isinstance(content, bytes):
        meta = _DECLARED_ENCODING.search(content[:4096])
        content = decoded(content, declared_encoding or (meta[1].decode("ascii") if meta else ""))
    text = content if "\ufffd" in content else unscrambled(content)
    if not _TAGS_OF_PAGES.search(text[:200_000]):
        raise InputError("no_html")
    return text


def parsed(text: str) -> "HtmlElement | None":
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


_ELSEWHERE_TAGS = {"nav", "menu", "search", "dialog"}
_MARGIN_TAGS = {"aside", "footer", "header", "figcaption"}
_ELSEWHERE_ROLES = {"navigation", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar",
                    "tablist", "alert"}  # fmt: skip
_MARGIN_ROLES = {"banner", "contentinfo", "complementary"}


def _names(section: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s_-]){lexicon.any_of('element_names', section)}(?:$|[\s_-])")


_ELSEWHERE_NAMES, _MARGIN_NAMES = _names("elsewhere"), _names("margin")
_SITE_NAMES = _names("site")
_HINTS = tuple(
    (each, _names(each))
    for each in map(Announced, "themes moderated moderator modified date author title".split())
)
_DATE_NAMES = _names(Announced.DATE)
_MAX_HINTED_CHARS = 160
_MAX_TAGS_CHARS = 600
_MAX_REMOVED_SHARE = 0.4  # of the words of a page; an element with more is its text


def is_date(element: "HtmlElement") -> bool:
    prop = element.get("itemprop") or element.get("property") or ""
    names = plain(f"{element.get('class') or ''} {prop}".lower())
    return element.tag == "time" or bool(_DATE_NAMES.search(names))


def is_tag(element: "HtmlElement") -> bool:
    return "tag" in (element.get("rel") or "").lower().split()


@dataclass(frozen=True, slots=True)
class Position:
    region: Region = Region.TEXT
    hint: str = ""
    depth: int = 0
    quoted: bool = False


class Regions:
    """Places the elements of a page in regions, by their names and by how much each holds."""

    def __init__(self, body: "HtmlElement") -> None:
        self._measures: dict[int, tuple[int, bool]] = {}
        self._measure(body)
        self._chars = self.chars_in(body)
        titles = list(body.iter("h1"))
        self._title = titles[0] if len(titles) == 1 else None

    def _measure(self, body: "HtmlElement") -> None:
        self._elements = list(body.iter())  # while these live, so do their ids
        for element in reversed(self._elements):
            length = _length(element.text) if isinstance(element.tag, str) else 0
            holds = element.tag in BLOCKS
            for child in element:
                inner, inner_holds = self._measures[id(child)]
                length += inner + _length(child.tail)
                holds = holds or inner_holds
            self._measures[id(element)] = length, holds

    def chars_in(self, element: "HtmlElement") -> int:
        """The number of characters of text in an element, blanks apart."""
        return self._measures[id(element)][0]

    def holds_blocks(self, element: "HtmlElement") -> bool:
        return self._measures[id(element)][1]

    def at(self, element: "HtmlElement", outer: Position) -> Position:
        names = plain(f"{element.get('class') or ''} {element.get('id') or ''}")
        prop = (element.get("itemprop") or element.get("property") or "").lower()
        region, hint = self._region(element, names, outer.region), outer.hint
        if (length := self.chars_in(element)) <= _MAX_TAGS_CHARS:
            words = f"{names} {prop} {element.get('rel') or ''}"
            for announced, pattern in _HINTS:
                limit = _MAX_TAGS_CHARS if announced is Announced.THEMES else _MAX_HINTED_CHARS
                if length <= limit and pattern.search(words):
                    hint = announced
                    break
        if not hint and element.tag == "address":
            hint = Announced.AUTHOR
        if hint and region is Region.ELSEWHERE and outer.region is not Region.ELSEWHERE:
            region = Region.MARGIN
        return replace(outer, region=region, hint=hint)

    def _region(self, element: "HtmlElement", names: str, outer: Region) -> Region:
        if outer is Region.ELSEWHERE:
            return outer
        role = (element.get("role") or "").lower()
        if _SITE_NAMES.search(names) and not self._holds_much(element):
            return Region.MARGIN
        # Left out: what is hidden, or is called a menu; unless it holds most of the page.
        is_hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
        if (
            element.tag in _ELSEWHERE_TAGS
            or role in _ELSEWHERE_ROLES
            or is_hidden
            or _ELSEWHERE_NAMES.search(names)
        ):
            if self._holds_much(element):
                return outer
            return Region.MARGIN if self._is_notice(element) else Region.ELSEWHERE
        if (
            element.tag in _MARGIN_TAGS
            or role in _MARGIN_ROLES
            or (_MARGIN_NAMES.search(names) and element.tag not in {"h1", "article", "main"})
        ):
            return outer if self._holds_much(element) else Region.MARGIN
        return outer

    def _is_notice(self, element: "HtmlElement") -> bool:
        if self.chars_in(element) > _MAX_HINTED_CHARS:
            return False
        found = notices(" ".join(element.text_content().split()))
        return any(not notice.is_bare and notice.announced in DATES for notice in found)

    def _holds_much(self, element: "HtmlElement") -> bool:
        if self._title is not None and element in self._title.iterancestors():
            # A header around the title holds the article's own notices, whatever its name.
            return element.tag not in _ELSEWHERE_TAGS
        return self.chars_in(element) > _MAX_REMOVED_SHARE * self._chars


def _length(text: str | None) -> int:
    return len(" ".join(text.split())) if text else 0
