"""Running text of a page: the words of inline elements, and how Markdown writes them."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest.articles.formats.html.parsing import BLOCKS
from ingest.articles.formats.html.regions import is_date, is_signature, is_tag
from ingest.articles.typography import is_prose

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SPACES = re.compile(r"[ \t\n\r\f\v]+")
_UNSAFE = re.compile(r"[\s()<>]")


@dataclass(slots=True)
class Run:
    """Running text: its words, and how Markdown writes them.

    `linked` is the number of characters in links, `moment` what markup gives for a date,
    `signature` the words that it calls the author, `tags` those that it calls tags.
    """

    words: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    linked: int = 0
    moment: str = ""
    signature: str = ""
    tags: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return SPACES.sub(" ", "".join(self.words)).strip()

    def add_text(self, text: str | None) -> None:
        if text:
            self.words.append(text)
            self.shown.append(SPACES.sub(" ", text).replace("<", r"\<"))


def gather(element: "HtmlElement", run: Run, url: str, *, marks: bool) -> None:
    """Adds the words of an inline element to a run.

    `url` completes links without a host; with `marks`, links and strong words stay marked.
    """
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
    """Adds to a run what the markup of an element, whose words are `inner`, says of them."""
    if not inner.moment and is_date(element):
        moment = element.get("datetime") or element.get("content") or element.get("title") or ""
        inner.moment = moment.strip()
    if not inner.signature and is_signature(element):
        inner.signature = inner.text
    if is_tag(element):
        inner.tags.append(inner.text)
    run.moment = run.moment or inner.moment
    run.signature = run.signature or inner.signature
    run.tags += inner.tags


def _link(element: "HtmlElement", url: str) -> str:
    href = (element.get("href") or "").strip()
    if not href or href.startswith(("#", "mailto:")) or _UNSAFE.search(href):
        return ""
    address = urljoin(url, href) if url else href
    return address if address.startswith(("http://", "https://")) else ""


def ends_paragraph(br: "HtmlElement") -> bool:
    """Whether a line end ends a paragraph too: two in a row, or short lines on both sides."""
    following = br.getnext()
    if following is not None and following.tag == "br" and not (br.tail or "").strip():
        return True
    before = br.getprevious()
    if before is not None and before.tag == "br" and not (before.tail or "").strip():
        return True
    return not is_prose((br.tail or "").strip())


def touches_link(link: "HtmlElement") -> bool:
    """Whether another link stands right before a link, with nothing between them."""
    before = link.getprevious()
    return before is not None and before.tag == "a" and not before.tail
