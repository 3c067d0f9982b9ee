"""Articles in HTML: the page's own statements about itself, and its blocks in order.

The markup is sanitised by a library first; what stands in menus, comments and the like is told
from the text by element, role and class name, unless it holds most of what the page says. A
second opinion on pages of unknown make is trafilatura's; it may add to the text, never take from
its prose.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ingest.articles.article import NoArticle, Person
from ingest.articles.blocks import (
    Block,
    BlockKind,
    DeclaredField,
    ParsedPage,
    Region,
    within_limits,
)
from ingest.articles.limits import MAX_ATTRIBUTES, MAX_TAGS
from ingest.articles.markdown_escape import escaped, says_itself
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.labels import Announced, notices
from ingest.articles.metadata.person_names import bare_name, is_organisation, person_at
from ingest.articles.metadata.prose import is_prose
from ingest.articles.metadata.same_length_fold import plain
from ingest.encodings import decoded, unscrambled
from ingest.fields import folded
from kb.errors import InputError
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DECLARED_ENCODING = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup",
    "hr", "html", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", *_HEADINGS,
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
    "aria-label", "start", "value", "property", "content",
}  # fmt: skip
_ELSEWHERE_TAGS = {"nav", "menu", "search", "dialog"}
_MARGIN_TAGS = {"aside", "footer", "header", "figcaption"}
_ELSEWHERE_ROLES = {"navigation", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar",
                    "tablist", "alert"}  # fmt: skip
_MARGIN_ROLES = {"banner", "contentinfo", "complementary"}
_ELSEWHERE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|fil-?d?-?ariane|ariane|comments?"
    r"|commentaires?|respond|related|similaires?|recommend\w*|cookies?|consent|gdpr|rgpd|popup|modal"
    r"|newsletter|subscribe|abonnement|inscription|advert\w*|ads?|pub|publicite|promo|sponsor\w*"
    r"|share|sharing|partage\w*|social|sociaux|follow|pagination|pager|skip|search|recherche"
    r"|login|connexion|toolbar|a-?lire(?:-aussi)?|most-?read|trending|teasers?|read-?more"
    r"|sitemap|visually-hidden|sr-only|screen-reader-text|noprint|no-print|hidden)(?:$|[\s_-])"
)
_MARGIN_NAMES = re.compile(
    r"(?:^|[\s_-])(?:footer|foot|pied|sidebar|side|aside|header|bandeau|masthead|colophon|meta"
    r"|infos?|byline|author|auteur|widget)(?:$|[\s_-])"
)
_HINTS = (
    (Announced.THEMES, re.compile(r"(?:^|[\s_-])(?:tags?|etiquettes?|themes?|thematiques?|keywords?"
                                  r"|mots-?cles|topics?)(?:$|[\s_-])")),
    (Announced.MODERATED, re.compile(r"(?:^|[\s_-])(?:moderated|moderation)(?:$|[\s_-])")),
    (Announced.MODERATOR, re.compile(r"(?:^|[\s_-])(?:moderator|moderat(?:eur|rice))(?:$|[\s_-])")),
    (Announced.MODIFIED, re.compile(r"(?:^|[\s_-])(?:date-?modified|modified|updated|maj"
                                    r"|last-?update\w*)(?:$|[\s_-])")),
    (Announced.DATE, re.compile(r"(?:^|[\s_-])(?:published|date|pubdate|date-?published|posted-on"
                                r"|entry-date|publication)(?:$|[\s_-])")),
    (Announced.AUTHOR, re.compile(r"(?:^|[\s_-])(?:author|auteur|autrice|byline|writer"
                                  r"|signature)(?:$|[\s_-])")),
)  # fmt: skip
_MAX_HINTED_CHARS = 160
_MAX_REMOVED_SHARE = 0.4
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_QUOTED = re.compile(r"""(?<==)(?:"[^"]*"|'[^']*')""")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/=]+")
_BULLET = re.compile(r"^[•●▪◦‣]\s*(?=\S)")
_UNSAFE = re.compile(r"[\s()<>]")
_IMPRECISE_NAMES = {"", "admin", "administrator", "administrateur", "webmaster", "redaction",
                    "la redaction", "editor", "root", "user", "unknown", "anonymous"}  # fmt: skip


def parse_html(content: bytes | str, *, url: str = "", declared_encoding: str = "") -> ParsedPage:
    """The page that some HTML is.

    Args:
        content: the HTML, as bytes or as text.
        url: where it was read, for its links, and its address where it names none itself.
        declared_encoding: the encoding that the server named.

    Raises:
        InputError: it is no HTML, or has no text at all.
    """
    text = content if isinstance(content, str) else _decoded(content, declared_encoding)
    if "\ufffd" not in text:
        text = unscrambled(text)
    if not re.search(r"<\s*(?:!doctype\s+html|html|head|body|div|p|h[1-6]|article|section|ul|br"
                     r"|table|span|main)\b", text[:200_000], re.IGNORECASE):  # fmt: skip
        raise InputError("no_html")
    _refuse_tangled(text)
    head = _Head(text, url)
    blocks = within_limits(_Walk(_sanitised(text), head.address or url).blocks())
    if not any(block.text for block in blocks):
        raise NoArticle("script_page")
    return ParsedPage(
        tuple(_with_second_opinion(blocks, text)),
        tuple(head.declared_fields()),
        head.lang,
        head.address or url,
    )


def feed_link(text: str, url: str) -> str:
    """The address of the feed that a page names, or empty."""
    root = _parsed(text)
    for link in root.iter("link") if root is not None else ():
        kind = (link.get("type") or "").lower()
        if "alternate" in (link.get("rel") or "").lower() and re.search(r"(?:rss|atom)\+xml", kind):
            return str(urljoin(url, link.get("href") or ""))
    return ""


def parse_html_fragment(fragment: str, *, url: str = "") -> ParsedPage:
    """The page that a fragment of HTML is, as feeds carry them."""
    _refuse_tangled(fragment)
    return ParsedPage(within_limits(_Walk(_sanitised(fragment), url).blocks()))


def _refuse_tangled(text: str) -> None:
    """Refuses what would hold up the parsers: their time grows with the square of these counts.

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


def _decoded(content: bytes, declared: str) -> str:
    meta = _DECLARED_ENCODING.search(content[:4096])
    return decoded(content, declared or (meta[1].decode("ascii") if meta else ""))


def _parsed(text: str) -> "HtmlElement | None":
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    try:
        # Text that was decoded already must not be decoded again by what it says of itself.
        return document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _sanitised(text: str) -> "HtmlElement | None":
    import nh3

    clean = nh3.clean(
        text,
        tags=_BLOCKS - {"html", "body"} | _INLINE,
        clean_content_tags=_SILENT - {"object", "dialog", "map", "math", "picture"},
        attributes={"*": _KEPT_ATTRIBUTES - {"rel", "href"}, "a": {"href", "rel"}},
        link_rel=None,
        url_schemes={"http", "https", "mailto"},
        strip_comments=True,
    )
    return _parsed(f"<html><body>{clean}</body></html>") if clean.strip() else None


class _Head:
    """What a page says of itself: JSON-LD, meta tags, its title, its address."""

    def __init__(self, text: str, url: str) -> None:
        self._root = _parsed(text)
        self._meta: dict[str, list[str]] = {}
        self._declared: list[DeclaredField] = []
        self.lang = ""
        self.address = ""
        if self._root is None:
            return
        for meta in self._root.iter("meta"):
            name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
            value = " ".join((meta.get("content") or "").split())
            if name and value:
                self._meta.setdefault(name, []).append(unescape(value))
        self.lang = (self._root.get("lang") or "")[:2].lower()
        if self.lang and self.lang not in {"fr", "en"}:
            self.lang = ""
        self.address = self._address(url)

    def declared_fields(self) -> list[DeclaredField]:
        if self._root is None:
            return []
        self._read_linked_data()
        self._read_meta()
        self._read_title()
        return self._declared

    def _add(self, field: str, value: str, where: str, confidence: float) -> None:
        if value:
            self._declared.append(DeclaredField(field, value, where, confidence))

    def _address(self, url: str) -> str:
        if self._root is None:
            return ""
        links = [link.get("href") or "" for link in self._root.iter("link")
                 if "canonical" in (link.get("rel") or "").lower().split()]  # fmt: skip
        for address in [*links, *self._meta.get("og:url", [])]:
            full = urljoin(url, address.strip())
            parts = urlsplit(full)
            same_host = not url or _host(full) == _host(url)
            # The address of a site's home says nothing of this page.
            if (
                parts.scheme in {"http", "https"}
                and parts.netloc
                and same_host
                and (parts.path.strip("/") or parts.query)
            ):
                return str(full)
        return ""

    def _read_linked_data(self) -> None:
        for script in self._root.iter("script") if self._root is not None else ():
            if (script.get("type") or "").strip().lower() != "application/ld+json":
                continue
            try:
                data = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue
            for one in _articles_in(data, 0):
                self._read_article_data(one)

    def _read_article_data(self, data: Mapping[str, object]) -> None:
        where = "JSON-LD"
        self._add("title", _words(data.get("headline")), f"{where}: headline", 0.85)
        for field, key in (("date", "datePublished"), ("modified", "dateModified")):
            value = _words(data.get(key))
            self._add_date(field, value, f"{where}: {key}", 0.88)
        self._add_people(data.get("author"), f"{where}: author", 0.9)
        keywords = data.get("keywords")
        names = [_words(word) for word in keywords] if isinstance(keywords, list) else []
        value = " ; ".join(filter(None, names)) or _words(keywords)
        self._add("themes", value, f"{where}: keywords", 0.8)

    def _add_people(self, value: object, where: str, confidence: float) -> None:
        people = [_person(one) for one in (value if isinstance(value, list) else [value])]
        people = [one for one in people if one.name and plain(one.name) not in _IMPRECISE_NAMES]
        site = plain(" ".join(self._meta.get("og:site_name", [])))
        titles = plain(" | ".join(title.text_content() for title in self._root_titles()))
        people = [
            one
            for one in people
            if plain(one.name) != site and not titles.endswith(f" {plain(one.name)}")
        ]
        if not people or any(is_organisation(one.name) for one in people):
            return
        name = ", ".join(one.name for one in people)
        if len(people) == 1 and " " not in name:
            confidence -= 0.3  # the name of an account
        person = Person(name, people[0].job if len(people) == 1 else "")
        self._declared.append(DeclaredField("author", name, f"{where}: {name}", confidence, person))

    def _add_date(self, field: str, value: str, where: str, confidence: float) -> None:
        for found in dates_in(value):
            if found.start == 0:
                iso = found.iso
                # Midnight to the second is how a day without a time is stored.
                if re.fullmatch(r".*T00:00(?::00)?(?:\+00:00)?", iso):
                    iso = iso[:10]
                self._add(field, iso, f"{where}: {value}", confidence)
            break

    def _read_meta(self) -> None:
        for name in ("og:title", "dc.title", "dcterms.title", "citation_title", "twitter:title"):
            for value in self._meta.get(name, [])[:1]:
                self._add("title", self._without_site(value), f"{name}: {value}", 0.8)
        for name in ("article:published_time", "dc.date", "dcterms.date", "dc.date.issued", "date",
                     "dcterms.created", "dcterms.issued", "citation_publication_date", "pubdate",
                     "citation_date", "datepublished", "dc.date.created", "publish_date",
                     ):  # fmt: skip
            for value in self._meta.get(name, [])[:1]:
                self._add_date("date", value, name, 0.86)
        for name in ("article:modified_time", "og:updated_time", "dcterms.modified", "datemodified",
                     "last-modified", "dc.date.modified"):  # fmt: skip
            for value in self._meta.get(name, [])[:1]:
                self._add_date("modified", value, name, 0.84)
        for name in ("author", "dc.creator", "dcterms.creator", "article:author",
                     "citation_author", "parsely-author"):  # fmt: skip
            values = [value for value in self._meta.get(name, []) if "://" not in value]
            self._add_people(values, name, 0.8)
        for name, confidence in (("article:tag", 0.82), ("dc.subject", 0.7),
                                 ("dcterms.subject", 0.7), ("citation_keywords", 0.7),
                                 ("news_keywords", 0.7), ("keywords", 0.6)):  # fmt: skip
            values = self._meta.get(name, [])
            if len(values) > 0 and len(" ".join(values)) < 400:
                self._add("themes", " ; ".join(values) if len(values) > 1 else values[0], name,
                          confidence)  # fmt: skip

    def _root_titles(self) -> "list[HtmlElement]":
        return list(self._root.iter("title"))[:1] if self._root is not None else []

    def _read_title(self) -> None:
        for element in self._root_titles():
            title = " ".join(element.text_content().split())
            self._add("title", self._without_site(title), f"title: {title}", 0.5)

    def _without_site(self, title: str) -> str:
        sites = {plain(name) for name in self._meta.get("og:site_name", [])}
        parts = re.split(r"\s+[|·•»–—-]\s+", title)
        if len(parts) > 1 and (plain(parts[-1]) in sites or "|" in title):
            cut = title.rindex(parts[-1])
            return title[:cut].rstrip(" |·•»–—-")
        return title


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _articles_in(data: object, depth: int) -> Iterator[Mapping[str, object]]:
    if depth > 6:
        return
    if isinstance(data, list):
        for one in data[:200]:
            yield from _articles_in(one, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        names = kinds if isinstance(kinds, list) else [kinds]
        if any(re.search(r"Article|Posting|Report$|^WebPage$", str(name)) for name in names):
            yield data
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _articles_in(data.get(key), depth + 1)


def _words(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return " ".join(unescape(str(value)).split()) if isinstance(value, str | int) else ""


def _person(value: object) -> Person:
    job = _words(value.get("jobTitle")) if isinstance(value, dict) else ""
    if isinstance(value, dict) and value.get("@type") == "Organization":
        return Person()
    name = _words(value)
    found, end = person_at(name, 0)
    if found.name and end >= len(name):
        return Person(found.name, job or found.job)
    return Person(bare_name(name), job)


@dataclass(slots=True)
class _Piece:
    """Running text being gathered: what it says, how Markdown writes it, how much is linked."""

    words: list[str]
    shown: list[str]
    linked: int = 0
    moment: str = ""

    @property
    def text(self) -> str:
        return _SPACES.sub(" ", "".join(self.words)).strip()


@dataclass(frozen=True, slots=True)
class _Where:
    """Where the walk stands."""

    region: Region = Region.TEXT
    hint: str = ""
    depth: int = 0
    quoted: bool = False
    path: tuple[int, ...] = ()


class _Walk:
    """The blocks of a sanitised page, in the order in which they are read."""

    def __init__(self, root: "HtmlElement | None", url: str) -> None:
        self._body = root.find("body") if root is not None else None
        self._url = url
        self._measures: dict[int, tuple[int, bool]] = {}
        self._prose = 0
        self._count = 0
        if self._body is not None:
            self._measure(self._body)
            self._prose = self._prose_in(self._body)
        titles = list(self._body.iter("h1")) if self._body is not None else []
        self._title = titles[0] if len(titles) == 1 else None

    def blocks(self) -> Iterator[Block]:
        if self._body is not None:
            yield from self._inside(self._body, _Where())

    def _measure(self, body: "HtmlElement") -> None:
        """Notes of each element how much it says and whether blocks are in it, once for all."""
        self._elements = list(body.iter())  # while these live, so do their ids
        for element in reversed(self._elements):
            length = _length(element.text) if isinstance(element.tag, str) else 0
            holds = element.tag in _BLOCKS
            for child in element:
                inner, inner_holds = self._measures[id(child)]
                length += inner + _length(child.tail)
                holds = holds or inner_holds
            self._measures[id(element)] = length, holds

    def _prose_in(self, element: "HtmlElement") -> int:
        return self._measures[id(element)][0]

    def _inside(self, element: "HtmlElement", where: _Where) -> Iterator[Block]:
        """The blocks in an element: runs of text between the block elements that it holds."""
        if where.depth > 200:
            return
        where = replace(where, depth=where.depth + 1)
        piece = _Piece([], [])
        if self._is_row_of_chips(element):
            for chip in element:
                inner = _Piece([], [])
                self._gather(chip, inner, bold=False)
                at = self._at(chip, where)
                yield from self._block(inner, at, BlockKind.PARAGRAPH, alone=False)
            return
        self._say(element.text, piece)
        is_list = self._is_labelled_list(element)
        for child in element:
            if not isinstance(child.tag, str):
                self._say(child.tail, piece)
                continue
            if self._holds_blocks(child):
                yield from self._block(piece, where, BlockKind.PARAGRAPH)
                piece = _Piece([], [])
                yield from self._element(child, where)
            elif child.tag == "br":
                if self._breaks(child):
                    yield from self._block(piece, where, BlockKind.PARAGRAPH)
                    piece = _Piece([], [])
                else:
                    piece.words.append(" ")
                    piece.shown.append("\n")
            else:
                if child.tag == "a" and _touches_link(child):
                    # Links side by side, with no space between: each is an entry.
                    yield from self._block(piece, where, BlockKind.PARAGRAPH, alone=False)
                    piece = _Piece([], [])
                self._gather(child, piece, bold=True)
            if is_list and child.tag == "a" and not (child.tail or "").strip():
                self._say(" ;", piece)
            self._say(child.tail, piece)
        yield from self._block(piece, where, BlockKind.PARAGRAPH)

    def _is_labelled_list(self, element: "HtmlElement") -> bool:
        """Whether an element is a label and links after it with nothing but space between them."""
        links = [child for child in element if child.tag == "a"]
        if len(links) < 2 or any((link.tail or "").strip() for link in links[:-1]):
            return False
        words = _SPACES.sub(" ", element.text_content()).strip()
        found = notices(words)
        return len(found) == 1 and found[0].announced in {Announced.THEMES, Announced.CATEGORIES}

    def _is_row_of_chips(self, element: "HtmlElement") -> bool:
        """Whether an element is a row of links or labels with no words between them."""
        children = [child for child in element if isinstance(child.tag, str)]
        if len(children) < 2 or any(child.tag not in {"a", "span", "b", "strong", "em", "small",
                                                      "time"} for child in children):  # fmt: skip
            return False
        between = [element.text, *(child.tail for child in children)]
        if any((text or "").strip(" \t\n\r\f,;|·•/#") for text in between):
            return False
        texts = [child.text_content().strip() for child in children]
        return not any(self._holds_blocks(child) for child in children) and not any(
            is_prose(text) for text in texts
        )

    def _holds_blocks(self, element: "HtmlElement") -> bool:
        """Whether an element is a block, or has one in it."""
        return self._measures[id(element)][1]

    def _breaks(self, br: "HtmlElement") -> bool:
        """Whether a line end ends a paragraph too: two in a row, or short lines on both sides."""
        following = br.getnext()
        if following is not None and following.tag == "br" and not (br.tail or "").strip():
            return True
        before = br.getprevious()
        if before is not None and before.tag == "br" and not (before.tail or "").strip():
            return True
        return not is_prose((br.tail or "").strip())

    def _element(self, element: "HtmlElement", where: _Where) -> Iterator[Block]:
        where = self._at(element, where)
        tag = element.tag
        if tag in _HEADINGS:
            piece = _Piece([], [])
            self._gather(element, piece, bold=False)
            yield from self._block(piece, where, BlockKind.HEADING, level=_HEADINGS[tag])
        elif tag in {"ul", "ol"}:
            yield from self._list(element, where, level=0)
        elif tag == "table":
            yield from self._table(element, where)
        elif tag == "dl":
            yield from self._definitions(element, where)
        elif tag == "pre":
            text = element.text_content().strip("\n")
            if text.strip():
                yield Block(" ".join(text.split()), f"```\n{text}\n```", BlockKind.VERBATIM,
                            region=where.region)  # fmt: skip
        elif tag == "blockquote":
            yield from self._inside(element, replace(where, quoted=True))
        else:
            yield from self._inside(element, where)

    def _at(self, element: "HtmlElement", where: _Where) -> _Where:
        names = plain(f"{element.get('class') or ''} {element.get('id') or ''}")
        prop = (element.get("itemprop") or element.get("property") or "").lower()
        region, hint = self._region(element, names, where.region), where.hint
        length = self._prose_in(element)
        if length <= 600:
            words = f"{names} {prop} {element.get('rel') or ''}"
            for announced, pattern in _HINTS:
                limit = 600 if announced is Announced.THEMES else _MAX_HINTED_CHARS
                if length <= limit and pattern.search(words):
                    hint = announced
                    break
        if not hint and element.tag == "address":
            hint = Announced.AUTHOR
        if hint and region is Region.ELSEWHERE and where.region is not Region.ELSEWHERE:
            region = Region.MARGIN
        self._count += 1
        return replace(where, region=region, hint=hint, path=(*where.path, self._count))

    def _region(self, element: "HtmlElement", names: str, outer: Region) -> Region:
        if outer is Region.ELSEWHERE:
            return outer
        role = (element.get("role") or "").lower()
        # Left out: what is hidden, or is called a menu; unless it holds most of the page.
        is_hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
        if (
            element.tag in _ELSEWHERE_TAGS
            or role in _ELSEWHERE_ROLES
            or is_hidden
            or _ELSEWHERE_NAMES.search(names)
        ):
            return outer if self._holds_much(element) else Region.ELSEWHERE
        if (
            element.tag in _MARGIN_TAGS
            or role in _MARGIN_ROLES
            or (_MARGIN_NAMES.search(names) and element.tag not in {"h1", "article", "main"})
        ):
            return outer if self._holds_much(element) else Region.MARGIN
        return outer

    def _holds_much(self, element: "HtmlElement") -> bool:
        if self._title is not None and element in self._title.iterancestors():
            # A header around the title holds the article's own notices, whatever its name.
            return element.tag not in _ELSEWHERE_TAGS
        return self._prose_in(element) > _MAX_REMOVED_SHARE * self._prose

    def _list(self, element: "HtmlElement", where: _Where, level: int) -> Iterator[Block]:
        number = int(element.get("start") or 1) if (element.get("start") or "1").isdigit() else 1
        for item in element:
            if item.tag in {"ul", "ol"}:
                yield from self._list(item, self._at(item, where), level + 1)
            elif item.tag == "li":
                inner_where = self._at(item, where)
                count = number if element.tag == "ol" else 0
                yield from self._item(item, inner_where, level, count)
                number += 1
            elif isinstance(item.tag, str):
                yield from self._element(item, where)

    def _item(self, item: "HtmlElement", where: _Where, level: int, number: int) -> Iterator[Block]:
        first = True
        for block in self._inside(item, where):
            if first and block.kind is BlockKind.PARAGRAPH:
                yield replace(block, kind=BlockKind.ITEM, level=min(level, 3), number=number,
                              stands_alone=False)  # fmt: skip
            elif block.kind is BlockKind.ITEM:
                yield replace(block, level=min(max(block.level, level + 1), 3))
            else:
                yield block
            first = False

    def _table(self, table: "HtmlElement", where: _Where) -> Iterator[Block]:
        rows = list(table.iter("tr"))
        cells = [[cell for cell in row if cell.tag in {"td", "th"}] for row in rows]
        widest = max((len(row) for row in cells), default=0)
        nested = any(inner is not table for inner in table.iter("table"))
        is_layout = (
            nested
            or widest <= 1
            or any(self._is_part_of_layout(cell) for row in cells for cell in row)
        )
        if is_layout:
            for row in table:
                yield from self._layout(row, where)
            return
        for row in cells:
            pieces = []
            for cell in row:
                piece = _Piece([], [])
                self._gather(cell, piece, bold=False)
                pieces.append(piece)
            texts = [piece.text for piece in pieces]
            if any(texts):
                text = " : ".join(texts) if len(texts) == 2 else " | ".join(texts)
                shown = [escaped(text).replace("|", "\\|") for text in texts]
                shown += [""] * (widest - len(shown))
                yield Block(text, f"| {' | '.join(shown)} |", BlockKind.ROW, stands_alone=False,
                            region=where.region, hint=where.hint, path=where.path)  # fmt: skip

    def _is_part_of_layout(self, cell: "HtmlElement") -> bool:
        """Whether a cell holds a part of a page rather than a value."""
        if self._prose_in(cell) > 300:
            return True
        layout = _HEADINGS.keys() | {"ul", "ol", "div", "table"}
        return any(inner.tag in layout for inner in cell.iterdescendants())

    def _layout(self, element: "HtmlElement", where: _Where) -> Iterator[Block]:
        """A table that lays out a page: its cells one after the other."""
        if element.tag in {"td", "th", "caption"}:
            yield from self._inside(element, self._at(element, where))
            return
        for child in element:
            if isinstance(child.tag, str):
                yield from self._layout(child, where)

    def _definitions(self, element: "HtmlElement", where: _Where) -> Iterator[Block]:
        term, parts = "", list[Block]()
        for child in element.iter("dt", "dd"):
            if child.tag == "dd":
                parts += [part for part in self._inside(child, self._at(child, where)) if part.text]
                continue
            yield from self._definition(term, parts)
            term, parts = _SPACES.sub(" ", child.text_content()).strip().rstrip(" :"), []
        yield from self._definition(term, parts)

    def _definition(self, term: str, parts: Sequence[Block]) -> Iterator[Block]:
        """A term and what is said of it, on one line where both are short."""
        if not term or len(term) > 60 or not parts:
            if term:
                yield Block(term, escaped(term))
            yield from parts
        elif len(parts) > 1 and all(len(part.text) < 60 for part in parts):
            text = f"{term} : {' ; '.join(part.text for part in parts)}"
            yield Block(text, escaped(text), region=parts[0].region)
        else:
            shown = f"{escaped(term)} : {parts[0].shown}"
            yield replace(parts[0], text=f"{term} : {parts[0].text}", markdown=shown, hint="")
            yield from parts[1:]

    def _say(self, text: str | None, piece: _Piece) -> None:
        if text:
            piece.words.append(text)
            piece.shown.append(_SPACES.sub(" ", text).replace("<", r"\<"))

    def _gather(self, element: "HtmlElement", piece: _Piece, *, bold: bool) -> None:
        """Adds the words of an inline element; a link keeps its address, strong stays strong."""
        if not isinstance(element.tag, str):
            return
        if element.tag == "br":
            piece.words.append(" ")
            piece.shown.append("\n" if bold else " ")
            return
        inner = _Piece([], [])
        self._say(element.text, inner)
        for child in element:
            self._gather(child, inner, bold=bold)
            self._say(child.tail, inner)
        text, shown = "".join(inner.words), "".join(inner.shown)
        if element.tag in _BLOCKS or element.tag == "time":
            text, shown = f" {text} ", f" {shown} "
        piece.words.append(text)
        words = shown.strip()
        around = (shown[: len(shown) - len(shown.lstrip())], shown[len(shown.rstrip()) :])
        if element.tag == "a":
            piece.linked += len(text.strip())
            address = self._link(element)
            if address and words and bold:
                shown = f"{around[0]}[{words}]({address}){around[1]}"
        else:
            piece.linked += inner.linked
            if element.tag == "time":
                inner.moment = (element.get("datetime") or "").strip()
            mark = {"strong": "**", "b": "**", "em": "*", "i": "*"}.get(element.tag, "")
            if mark and words and bold and "*" not in words and "\n" not in words:
                shown = f"{around[0]}{mark}{words}{mark}{around[1]}"
        piece.moment = piece.moment or inner.moment
        piece.shown.append(shown)

    def _link(self, element: "HtmlElement") -> str:
        href = (element.get("href") or "").strip()
        if not href or href.startswith(("#", "mailto:")) or _UNSAFE.search(href):
            return ""
        address = urljoin(self._url, href) if self._url else href
        return address if address.startswith(("http://", "https://")) else ""

    def _block(
        self, piece: _Piece, where: _Where, kind: BlockKind, level: int = 0, *, alone: bool = True
    ) -> Iterator[Block]:
        text = piece.text
        if not text:
            return
        shown = "\n".join(
            line.strip() for line in re.sub(r"[ \t]+", " ", "".join(piece.shown)).split("\n")
        ).strip()
        shown = re.sub(r"\n{2,}", "\n", shown).replace("\n", "  \n")
        if plain_text(shown) != text or not says_itself(shown):
            shown = escaped(text)
        if kind is BlockKind.PARAGRAPH and _BULLET.match(text):
            kind, alone = BlockKind.ITEM, False
            text, shown = _BULLET.sub("", text), _BULLET.sub("", shown)
        if where.quoted and kind is BlockKind.PARAGRAPH:
            shown = "> " + shown.replace("\n", "\n> ")
        share = min(1.0, piece.linked / len(text))
        yield Block(text, shown, kind, level, 0, alone, where.region, share, where.hint,
                    piece.moment, where.path)  # fmt: skip


def _touches_link(link: "HtmlElement") -> bool:
    before = link.getprevious()
    return before is not None and before.tag == "a" and not before.tail


def _length(text: str | None) -> int:
    return len(" ".join(text.split())) if text else 0


def _with_second_opinion(blocks: Sequence[Block], text: str) -> list[Block]:
    """The blocks, those placed by trafilatura's reading where ours sees little text or much else.

    What it takes for the main text and we for a margin or a menu becomes text when it is prose
    and the page would have little of it otherwise.
    """
    ours = sum(len(block.text) for block in blocks
               if block.region is Region.TEXT and is_prose(block.text))  # fmt: skip
    kept = list(blocks)
    others = [block for block in blocks if block.region is not Region.TEXT and is_prose(block.text)]
    if not others and ours:
        return kept
    main = folded(_main_text(text))
    if not main:
        return kept
    added = [block for block in others if folded(block.text) in main]
    if sum(len(block.text) for block in added) <= ours:
        return kept
    return [replace(block, region=Region.TEXT) if block in added else block for block in kept]


def _main_text(text: str) -> str:
    from trafilatura import extract

    return extract(text, include_comments=False, favor_recall=True, with_metadata=False) or ""
