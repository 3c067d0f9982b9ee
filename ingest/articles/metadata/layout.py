"""The layout of a page: the kind of each line, and the lines between which the text lies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.articles.blocks import Block, BlockKind, ParsedPage, Region
from ingest.articles.metadata.boilerplate import is_boilerplate, opens_elsewhere
from ingest.articles.metadata.labels import Announcement
from ingest.articles.metadata.lines import notices
from ingest.articles.typography import is_prose
from ingest.records.fields import detected_language

_MAX_LINK_SHARE = 0.7  # the share of links from which a short block is a menu rather than prose


@dataclass(slots=True)
class Line:
    """A block; `is_used` if a field was read from it, `is_body` if it belongs to the text."""

    block: Block
    notices: tuple[Announcement, ...] = ()
    is_boilerplate: bool = False
    opens_elsewhere: bool = False
    is_prose: bool = False
    is_body: bool = True
    is_used: bool = False

    @property
    def text(self) -> str:
        return self.block.text

    @property
    def is_heading(self) -> bool:
        return self.block.kind is BlockKind.HEADING

    @property
    def is_event(self) -> bool:
        return self.is_boilerplate or self.opens_elsewhere or bool(self.notices)

    @property
    def is_short(self) -> bool:
        return not self.is_event and not self.is_prose

    def leave(self) -> None:
        self.is_body = False
        self.is_used = True


class Layout:
    """The lines of a page in order, without its parts that are about something else.

    `first` and `last` are the places of the first and the last line of prose, `head` of the
    third.
    """

    def __init__(self, page: ParsedPage) -> None:
        self.words = " ".join(block.text for block in page.blocks if block.region is Region.TEXT)
        self.lang = page.lang or detected_language(self.words)
        self.is_english = self.lang == "en"
        self.lines = [
            self._line(block)
            for block in page.blocks
            if block.region is not Region.ELSEWHERE and block.text.strip()
        ]
        self.find_bounds()

    def find_bounds(self) -> None:
        """Finds anew where the text begins and ends; a page without prose has its longest line."""
        prose = [at for at, line in enumerate(self.lines) if line.is_prose and line.is_body]
        if not prose:
            inner = [at for at, line in enumerate(self.lines) if line.is_short and line.is_body]
            prose = sorted(inner, key=lambda at: -len(self.lines[at].text))[:1]
        self.first = prose[0] if prose else len(self.lines)
        self.last = prose[-1] if prose else -1
        self.head = prose[min(2, len(prose) - 1)] if prose else len(self.lines)

    def line_at(self, at: int) -> Line | None:
        return self.lines[at] if 0 <= at < len(self.lines) else None

    def next_lines(self, at: int) -> Iterator[int]:
        for below in range(at + 1, len(self.lines)):
            line = self.lines[below]
            if line.is_boilerplate or (line.is_used and not line.is_body and line.notices):
                continue
            yield below

    def _line(self, block: Block) -> Line:
        line = Line(block)
        if block.kind is BlockKind.VERBATIM:
            line.is_prose = True
            return line
        line.notices = notices(block.text, english=self.is_english)
        line.opens_elsewhere = opens_elsewhere(block.text)
        line.is_boilerplate = is_boilerplate(block.text)
        long_enough = is_prose(block.text)
        if long_enough and all(notice.is_weak for notice in line.notices):
            line.notices = ()
        line.is_prose = (
            long_enough
            and not line.is_event
            and block.region is Region.TEXT
            and not line.is_heading
            and (block.link_share < _MAX_LINK_SHARE or len(block.text) > 200)
        )
        line.is_body = block.region is not Region.MARGIN
        return line


def prose_chars(lines: Iterable[Line]) -> int:
    return sum(len(line.text) for line in lines if line.is_prose and line.is_body)
