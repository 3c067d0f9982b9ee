"""The blocks of a sanitised page, in the order in which they are read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest.articles.blocks import Block, BlockKind
from ingest.articles.formats.html.tree import BLOCKS, HEADINGS, Position, Regions, is_date, is_tag
from ingest.articles.formats.office import row_block
from ingest.articles.metadata.label_table import Announced
from ingest.articles.metadata.lines import notices
from ingest.articles.typography import BULLETS, escaped, is_inert, is_prose
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SPACES = re.compile(r"[ \t\n\r\f\v]+")
_UNSAFE = re.compile(r"[\s()<>]")


@dataclass(slots=True)
class Run:
    """Running text and its Markdown; `linked` is the number of its characters in links."""

    words: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    linked: int = 0
    moment: str = ""
    tags: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return SPACES.sub(" ", "".join(self.words)).strip()

    def add_text(self, text: str | None) -> None:
        if text:
            self.words.append(text)
            self.shown.append(SPACES.sub(" ", text).replace("<", r"\<"))


def gather(element: "HtmlElement", run: Run, url: str, *, marks: bool) -> None:
    if not isinstance(element.tag, str):
        return
    if element.tag == "br":
        run.words.append(" ")
        run.shown.append("\n" if marks else " ")
        return
    inner = Run()
    inner.add_text(element.text)
    for child in element:
        gather(child, inner, url, marks=marks)
        inner.add_text(child.tail)
    text, shown = "".join(inner.words), "".join(inner.shown)
    if element.tag in BLOCKS or element.tag == "time":
        text, shown = f" {text} ", f" {shown} "
    run.words.append(text)
    words = shown.strip()
    around = (shown[: len(shown) - len(shown.lstrip())], shown[len(shown.rstrip()) :])
    if element.tag == "a":
        run.linked += len(text.strip())
        address = _link(element, url)
        if address and words and marks:
            shown = f"{around[0]}[{words}]({address}){around[1]}"
    else:
        run.linked += inner.linked
        mark = {"strong": "**", "b": "**", "em": "*", "i": "*"}.get(element.tag, "")
        if mark and words and marks and "*" not in words and "\n" not in words:
            shown = f"{around[0]}{mark}{words}{mark}{around[1]}"
    _add_facts(element, run, inner)
    run.shown.append(shown)


def _add_facts(element: "HtmlElement", run: Run, inner: Run) -> None:
    if not inner.moment and is_date(element):
        moment = element.get("datetime") or element.get("content") or element.get("title") or ""
        inner.moment = moment.strip()
    if is_tag(element):
        inner.tags.append(inner.text)
    run.moment = run.moment or inner.moment
    run.tags += inner.tags


def _link(element: "HtmlElement", url: str) -> str:
    href = (element.get("href") or "").strip()
    if not href or href.startswith(("#", "mailto:")) or _UNSAFE.search(href):
        return ""
    address = urljoin(url, href) if url else href
    return address if address.startswith(("http://", "https://")) else ""


_MAX_DEPTH = 200
_NUMBER = re.compile(r"[0-9]{1,9}")  # as Markdown numbers items
_LABEL_END = re.compile(r"(?<=\w)\s*$")
_BULLET = re.compile(rf"^[{BULLETS}]\s*(?=\S)")


def blocks_of(root: "HtmlElement | None", url: str) -> Iterator[Block]:
    body = root.find("body") if root is not None else None
    if body is not None:
        yield from _Walk(body, url).inside(body, Position())


class _Walk:
    def __init__(self, body: "HtmlElement", url: str) -> None:
        self._url = url
        self._regions = Regions(body)

    def inside(self, element: "HtmlElement", where: Position) -> Iterator[Block]:
        if where.depth > _MAX_DEPTH:
            return
        where = replace(where, depth=where.depth + 1)
        run = Run()
        if self._is_row_of_chips(element):
            for chip in element:
                at = self._regions.at(chip, where)
                yield from self._block(self._unmarked(chip), at, BlockKind.PARAGRAPH, alone=False)
            return
        is_list = self._is_labelled_list(element, where)
        run.add_text(_LABEL_END.sub(" : ", element.text or "") if is_list else element.text)
        for child in element:
            if not isinstance(child.tag, str):
                run.add_text(child.tail)
                continue
            if self._regions.holds_blocks(child):
                yield from self._block(run, where, BlockKind.PARAGRAPH)
                run = Run()
                yield from self._element(child, where)
            elif child.tag == "br":
                yield from self._block(run, where, BlockKind.PARAGRAPH)
                run = Run()
            else:
                gather(child, run, self._url, marks=True)
            if is_list and child.tag == "a" and not (child.tail or "").strip():
                run.add_text(" ;")
            run.add_text(child.tail)
        yield from self._block(run, where, BlockKind.PARAGRAPH)

    def _is_labelled_list(self, element: "HtmlElement", where: Position) -> bool:
        """Whether an element is a label and links after it, with only spaces between them."""
        links = [child for child in element if child.tag == "a"]
        if len(links) < 2 or any((link.tail or "").strip() for link in links[:-1]):
            return False
        words = SPACES.sub(" ", element.text_content()).strip()
        label = SPACES.sub(" ", element.text or "").strip()
        found = notices(label) or notices(words)
        if where.hint == Announced.THEMES:
            return True
        return len(found) == 1 and found[0].announced in {Announced.THEMES, Announced.CATEGORIES}

    def _is_row_of_chips(self, element: "HtmlElement") -> bool:
        children = [child for child in element if isinstance(child.tag, str)]
        if len(children) < 2 or any(child.tag not in {"a", "span", "b", "strong", "em", "small",
                                                      "time"} for child in children):  # fmt: skip
            return False
        between = [element.text, *(child.tail for child in children)]
        if any((text or "").strip(" \t\n\r\f,;|·•/#") for text in between):
            return False
        texts = [child.text_content().strip() for child in children]
        return not any(self._regions.holds_blocks(child) for child in children) and not any(
            is_prose(text) for text in texts
        )

    def _element(self, element: "HtmlElement", where: Position) -> Iterator[Block]:
        where = self._regions.at(element, where)
        if (tag := element.tag) in HEADINGS:
            run = self._unmarked(element)
            yield from self._block(run, where, BlockKind.HEADING, level=HEADINGS[tag])
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
            yield from self.inside(element, replace(where, quoted=True))
        else:
            yield from self.inside(element, where)

    def _list(self, element: "HtmlElement", where: Position, level: int) -> Iterator[Block]:
        start = element.get("start") or ""
        number = int(start) if _NUMBER.fullmatch(start) else 1
        for item in element:
            if item.tag in {"ul", "ol"}:
                yield from self._list(item, self._regions.at(item, where), level + 1)
            elif item.tag == "li":
                inner_where = self._regions.at(item, where)
                count = number if element.tag == "ol" else 0
                yield from self._item(item, inner_where, level, count)
                number += 1
            elif isinstance(item.tag, str):
                yield from self._element(item, where)

    def _item(
        self, item: "HtmlElement", where: Position, level: int, number: int
    ) -> Iterator[Block]:
        first = True
        for block in self.inside(item, where):
            if first and block.kind is BlockKind.PARAGRAPH:
                yield replace(block, kind=BlockKind.ITEM, level=min(level, 3), number=number,
                              stands_alone=False)  # fmt: skip
            elif block.kind is BlockKind.ITEM:
                yield replace(block, level=min(max(block.level, level + 1), 3))
            else:
                yield block
            first = False

    def _table(self, table: "HtmlElement", where: Position) -> Iterator[Block]:
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
            texts = [self._unmarked(cell).text for cell in row]
            if any(texts):
                yield replace(row_block(texts, widest), region=where.region,
                              hint=where.hint)  # fmt: skip

    def _unmarked(self, element: "HtmlElement") -> Run:
        run = Run()
        gather(element, run, self._url, marks=False)
        return run

    def _is_part_of_layout(self, cell: "HtmlElement") -> bool:
        if self._regions.chars_in(cell) > 300:
            return True
        layout = HEADINGS.keys() | {"ul", "ol", "div", "table"}
        return any(inner.tag in layout for inner in cell.iterdescendants())

    def _layout(self, element: "HtmlElement", where: Position) -> Iterator[Block]:
        if element.tag in {"td", "th", "caption"}:
            yield from self.inside(element, self._regions.at(element, where))
            return
        for child in element:
            if isinstance(child.tag, str):
                yield from self._layout(child, where)

    def _definitions(self, element: "HtmlElement", where: Position) -> Iterator[Block]:
        term, parts = "", list[Block]()
        for child in element.iter("dt", "dd"):
            if child.tag == "dd":
                parts += self.inside(child, self._regions.at(child, where))
                continue
            yield from self._definition(term, parts)
            term, parts = SPACES.sub(" ", child.text_content()).strip().rstrip(" :"), []
        yield from self._definition(term, parts)

    def _definition(self, term: str, parts: Sequence[Block]) -> Iterator[Block]:
        """A term and its definition, on a single line if both are short."""
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

    def _block(
        self, run: Run, where: Position, kind: BlockKind, level: int = 0, *, alone: bool = True
    ) -> Iterator[Block]:
        if not (text := run.text):
            return
        shown = "\n".join(
            line.strip() for line in re.sub(r"[ \t]+", " ", "".join(run.shown)).split("\n")
        ).strip()
        shown = re.sub(r"\n{2,}", "\n", shown).replace("\n", "  \n")
        if plain_text(shown) != text or not is_inert(shown):
            shown = escaped(text)
        if kind is BlockKind.PARAGRAPH and _BULLET.match(text):
            kind, alone = BlockKind.ITEM, False
            text, shown = _BULLET.sub("", text), _BULLET.sub("", shown)
        if where.quoted and kind is BlockKind.PARAGRAPH:
            shown = "> " + shown.replace("\n", "\n> ")
        share = min(1.0, run.linked / len(text))
        yield Block(text, shown, kind, level, 0, alone, where.region, share, where.hint,
                    run.moment, tuple(run.tags))  # fmt: skip
