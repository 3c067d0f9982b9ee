"""Articles in HTML: what the page declares about itself, and its blocks in order.

The markup is sanitised by a library first. Element, role and class name tell menus, comments and
the like from the text, unless they hold most of the words of the page. A second opinion on pages
of unknown make is trafilatura's; it may add to the text, never take from its prose.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from ingest.articles.article import NoArticle
from ingest.articles.blocks import Block, ParsedPage, Region, within_limits
from ingest.articles.formats.html.blocks import blocks_of
from ingest.articles.formats.html.metadata import Head
from ingest.articles.formats.html.parsing import html_text, parsed, refuse_tangled, sanitised
from ingest.articles.typography import is_prose
from ingest.records.fields import folded


def parse_html(content: bytes | str, *, url: str = "", declared_encoding: str = "") -> ParsedPage:
    """The page of some HTML.

    `url`, from where it comes, is the base of its links, unless it names another;
    `declared_encoding` is the server's.

    Raises:
        InputError: it is not HTML, or has no text at all.
    """
    text = html_text(content, declared_encoding)
    refuse_tangled(text)
    head = Head(text, url)
    blocks = within_limits(blocks_of(sanitised(text), head.address or url))
    if not any(block.text for block in blocks):
        raise NoArticle("script_page")
    return ParsedPage(
        tuple(_with_second_opinion(blocks, text)),
        tuple(head.declared_fields()),
        head.lang,
        head.address or url,
    )


def feed_link(text: str, url: str) -> str:
    """The address of the feed that a page names, or an empty text."""
    root = parsed(text)
    for link in root.iter("link") if root is not None else ():
        kind = (link.get("type") or "").lower()
        if "alternate" in (link.get("rel") or "").lower() and re.search(r"(?:rss|atom)\+xml", kind):
            with suppress(ValueError):  # an address that is none
                return str(urljoin(url, link.get("href") or ""))
    return ""


def parse_html_fragment(fragment: str, *, url: str = "") -> ParsedPage:
    refuse_tangled(fragment)
    return ParsedPage(within_limits(blocks_of(sanitised(fragment), url)))


def _with_second_opinion(blocks: Sequence[Block], text: str) -> list[Block]:
    """The blocks, with prose outside of the text moved into it if trafilatura reads it as text.

    Blocks move only if the page has less text than they hold.
    """
    ours = sum(len(block.text) for block in blocks
               if block.region is Region.TEXT and is_prose(block.text))  # fmt: skip
    others = [block for block in blocks if block.region is not Region.TEXT and is_prose(block.text)]
    if not others and ours:
        return list(blocks)
    main = folded(_main_text(text))
    added = [block for block in others if folded(block.text) in main] if main else []
    if sum(len(block.text) for block in added) <= ours:
        return list(blocks)
    return [replace(block, region=Region.TEXT) if block in added else block for block in blocks]


def _main_text(text: str) -> str:
    from trafilatura import extract

    return extract(text, include_comments=False, favor_recall=True, with_metadata=False) or ""
