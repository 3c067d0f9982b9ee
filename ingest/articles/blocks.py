"""A parsed page: its blocks in reading order, and the values that its file declares."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from ingest.articles.article import NOBODY, Person
from ingest.articles.suffixes import MAX_LINES
from kb.errors import InputError


class BlockKind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    VERBATIM = "verbatim"


class Region(StrEnum):
    """The text; a margin, where its own notices may stand; menus, comments, other articles."""

    TEXT = "text"
    MARGIN = "margin"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Block:
    """A line or paragraph of a page.

    `text` is its text on a single line; `markdown` how the body shows it, without the mark of
    its kind. `level` is the depth of a heading, from 1, or of an item, from 0; `number` the
    number of an item of an ordered list, else 0. `stands_alone` says whether the page sets it
    off from the block before it. `link_share` is the share of its words that are links. `hint`
    is the field that its markup names, an `Announced` or empty; `moment` the date or time, in
    ISO 8601, that its markup gives for its date; `tags` are the parts that it calls tags.
    """

    text: str
    markdown: str = ""
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    number: int = 0
    stands_alone: bool = True
    region: Region = Region.TEXT
    link_share: float = 0.0
    hint: str = ""
    moment: str = ""
    tags: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return self.markdown or self.text


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A value that a file declares about itself, outside of its text: where it stands, how sure."""

    field: str
    value: str
    where: str
    confidence: float
    person: Person = NOBODY


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """The result of reading a file. `source_url` is its address, if it was fetched."""

    blocks: tuple[Block, ...]
    declared: tuple[DeclaredField, ...] = ()
    lang: str = ""
    source_url: str = ""
    remarks: tuple[str, ...] = field(default=())


def within_limits(blocks: Iterable[Block]) -> tuple[Block, ...]:
    read = tuple(islice(blocks, MAX_LINES + 1))
    if len(read) > MAX_LINES:
        raise InputError("long_page", most=MAX_LINES)
    return read
