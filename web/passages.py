"""Texts of records as safe HTML: passages with their telling words, articles in Markdown.

Nothing here trusts the text: it may come from anyone.
"""

from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

_TAGS = set(
    "a blockquote br code em h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr "
    "ul".split()
)
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}


def marked(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """The text with each half-open span of `marks` in a `<mark>`; spans in order and apart."""
    pieces: list[Markup] = []
    position = 0
    for start, end in marks:
        pieces += [escape(text[position:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        position = end
    return Markup("").join([*pieces, escape(text[position:])])


def article(markdown: str) -> Markup:
    """The HTML of an article's Markdown, to stand under a page's `<h1>`.

    HTML in the source is shown as text, links carry `rel="nofollow noopener"`, an image becomes a
    link to it (a page makes no third-party request), and headings start at `<h2>` and never skip
    a level, whatever levels the source uses. What comes out is cleaned once more by a library
    that knows nothing of how it was made.
    """
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


def _mark_links_as_foreign(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    tokens[index].attrSet("rel", "nofollow noopener")
    return renderer.renderToken(tokens, index, options, _env)


def _link_to_image(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    address = str(token.attrGet("src") or "")
    link = Markup('<a href="{}" rel="nofollow noopener">{}</a>')
    return link.format(address, token.content or address)


def _article_renderer() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.push("heading_levels", _set_heading_levels)
    parser.add_render_rule("link_open", _mark_links_as_foreign)
    parser.add_render_rule("image", _link_to_image)
    return parser


_ARTICLES = _article_renderer()
