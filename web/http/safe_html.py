"""Texts of records, which anyone may have written, as safe HTML: passages and articles."""

import re
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

from kb.text.markdown import markdown_parser

_SPACES = re.compile(r"\s+")

_TAGS = set(
    "a blockquote br code em h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr "
    "ul".split()
)
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}


def marked(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    return _html_of(pieces_of(text, marks))


def marked_excerpt(text: str, marks: Sequence[tuple[int, int]], most: int) -> Markup:
    return _html_of(excerpt(text, marks, most))


def _html_of(pieces: Iterable[tuple[str, bool]]) -> Markup:
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if is_marked else escape(piece)
        for piece, is_marked in pieces
    )


def pieces_of(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cuts a text where marks begin and end; yields non-empty pieces, and if they are marked."""
    pieces: list[tuple[str, bool]] = []
    position = 0
    for start, end in marks:
        pieces += [(text[position:start], False), (text[start:end], True)]
        position = end
    return [piece for piece in (*pieces, (text[position:], False)) if piece[0]]


def excerpt(text: str, marks: Sequence[tuple[int, int]], most: int) -> list[tuple[str, bool]]:
    if len(text) <= most:
        return [(_SPACES.sub(" ", piece), is_marked) for piece, is_marked in pieces_of(text, marks)]
    first = marks[0][0] if marks else 0
    # A third of the room before what is marked, unless the text ends soon after it.
    start = max(0, min(first - most // 3, len(text) - most))
    if start:
        start = next((space.end() for space in _SPACES.finditer(text, start, first)), first)
    end = len(text)
    if start + most < end:
        ends = [space.start() for space in _SPACES.finditer(text, start, start + most + 1)]
        end = ends[-1] if ends else start + most
        end = start + len(text[start:end].rstrip(" ,;:.–-"))
    kept = [
        (max(left, start) - start, min(right, end) - start)
        for left, right in marks
        if left < end and right > start
    ]
    pieces = [
        (_SPACES.sub(" ", piece), is_marked)
        for piece, is_marked in pieces_of(text[start:end], kept)
    ]
    return [
        *([("… ", False)] if start else []),
        *pieces,
        *([("…", False)] if end < len(text) else []),
    ]


def article(markdown: str) -> Markup:
    """Returns an article's HTML, headings from `<h2>`; HTML becomes text, and images links."""
    clean = nh3.clean(
        _ARTICLES.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return Markup(clean)  # noqa: S704 (that is what it was cleaned for)


def _set_heading_levels(state: StateCore) -> None:
    outer_levels: list[int] = []
    for token in state.tokens:
        if token.type == "heading_open":
            level = int(token.tag.removeprefix("h"))
            while outer_levels and outer_levels[-1] >= level:
                outer_levels.pop()
            outer_levels.append(level)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(len(outer_levels) + 1, 6)}"


def _link_to_image(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    address = str(token.attrGet("src") or "")
    return Markup('<a href="{}">{}</a>').format(address, token.content or address)


_ARTICLES = markdown_parser().enable("table")
_ARTICLES.core.ruler.push("heading_levels", _set_heading_levels)
_ARTICLES.add_render_rule("image", _link_to_image)
