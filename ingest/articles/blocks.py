"""A parsed page: its blocks in reading order, and the values that its file declares."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from ingest.articles.article import MAX_LINES, NOBODY, Person
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
    """A line or paragraph of a page; `markdown` is without the mark of its kind.

    `level` is that of a heading, from 1, or an item, from 0; `number` is 0 without a number.
    `link_share` is of its words, `hint` the field that its markup names, `moment` in ISO 8601.
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
