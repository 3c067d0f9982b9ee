"""Reads a page as a browser would see its elements, for tests of what is really there."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr", "path", "rect"}
BLOCKS = {"dt", "dd", "li", "p", "h1", "h2", "h3", "option", "td", "th"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    ancestors: list["Element"] = field(default_factory=list, repr=False)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, ancestors=list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()
        if tag in BLOCKS:
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


class Page:
    """A page's elements in order; refuses a page whose tags are not balanced."""

    def __init__(self, html: str) -> None:
        reader = _Reader()
        reader.feed(html)
        reader.close()
        assert not reader._open, f"left open: {[element.tag for element in reader._open]}"
        self.elements = reader.elements

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag whose attributes have these values (`class_` for class)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and wanted.items() <= element.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} <{tag}> with {attributes}"
        return found[0]

    def inside(self, outer: Element, tag: str) -> list[Element]:
        return [one for one in self.elements if one.tag == tag and outer in one.ancestors]

    def text(self, tag: str, **attributes: str) -> str:
        return " ".join(self.one(tag, **attributes).text.split())
