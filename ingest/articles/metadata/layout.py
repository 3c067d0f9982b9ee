"""The layout of a page, and findings: the best value of each field that its parts gave so far."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.articles.article import NOBODY, Person
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, Region
from ingest.articles.metadata.boilerplate import is_boilerplate, opens_elsewhere
from ingest.articles.metadata.label_table import DATES
from ingest.articles.metadata.labels import Announcement
from ingest.articles.metadata.lines import notices
from ingest.articles.metadata.person_names import bare_name, is_person
from ingest.articles.typography import is_prose
from ingest.records.fields import detected_language
from kb.registers.drafts import ProposedField
from kb.remarks import Remark

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
    """The lines of a page; its prose is from `first` to `last`, and `head` is its third line."""

    def __init__(self, page: ParsedPage) -> None:
        self.words = " ".join(block.text for block in page.blocks if block.region is Region.TEXT)
        self.lang = page.lang or detected_language(self.words)
        self.is_english = self.lang == "en"
        kept = (block for block in page.blocks if block.region is not Region.ELSEWHERE)
        self.lines = [self._line(block) for block in kept if block.text.strip()]
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


MIN_CERTAIN = 0.5  # the least confidence of a value that the article takes
_SHOWN = 0.88  # the confidence from which themes stand on the page, called so
MAX_THEMES = 30
_SEVERAL = re.compile(r"\s(?:et|and|&|avec|with)\s")
_THEME_SPLIT = re.compile(r"\s*[;|•·#\n]\s*|\s{2,}")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ \u00a0]?-?){2,4}")
_INITIAL = re.compile(r"(?P<first>[^\W\d_])\.[ \u00a0]?(?P<last>[^\W\d_][\w' -]+)")


@dataclass(frozen=True, slots=True)
class FoundThemes:
    confidence: float
    names: tuple[str, ...]
    line: str
    are_categories: bool = False


@dataclass(slots=True)
class Findings:
    """The best value of each field, the person of each role, and all lists of themes."""

    words: str = ""
    fields: dict[str, ProposedField] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    themes: list[FoundThemes] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, value: str, line: str, confidence: float) -> None:
        name = str(name)
        known = self.fields.get(name)
        is_better = known is None or known.confidence < confidence
        if known and name in DATES and known.value.startswith(value[:10]):
            # Of the same day, the one with a time.
            is_better = is_better or len(value) > len(known.value)
            value = max(known.value, value, key=len)
            confidence = max(known.confidence, confidence)
        if value and is_better:
            self.fields[name] = ProposedField(name, value, line, confidence)

    def add_person(self, name: str, person: Person, line: str, confidence: float) -> None:
        name = str(name)
        known, held = self.fields.get(name), self.people.get(name, NOBODY)
        person = Person(self._full_name(person.name, held.name), person.job)
        is_fuller = held.name != "" and (
            person.name.startswith(f"{held.name}, ") and bool(_SEVERAL.search(line))
        )
        if known is not None and known.confidence >= confidence and not is_fuller:
            if held.name != person.name or held.job or not person.job:
                return
        else:
            if held.name == person.name and held.job and not person.job:
                person = held
            self.fields[name] = ProposedField(name, person.name, line, confidence)
        self.people[name] = person
        job = f"{name}_job"
        self.fields.pop(job, None)
        if person.job:
            self.fields[job] = ProposedField(job, person.job, line, confidence)

    def add_themes(
        self, names: Iterable[str], line: str, confidence: float, *, are_categories: bool = False
    ) -> None:
        kept = tuple(name for name in names if not is_boilerplate(name))
        self.themes.append(FoundThemes(confidence, kept, line, are_categories))

    def add_declared(self, declared: Iterable[DeclaredField]) -> None:
        for value in declared:
            if value.field in {"author", "moderator"}:
                self.add_person(value.field, value.person, value.where, value.confidence)
            elif value.field == "themes":
                self.add_themes(themes_of(value.value), value.where, value.confidence)
            else:
                self.add(value.field, value.value, value.where, value.confidence)

    def choose_themes(self) -> tuple[str, ...]:
        lists = [found for found in self.themes if 0 < len(found.names) <= MAX_THEMES]
        if not lists:
            return ()
        best = max(lists, key=lambda found: found.confidence)
        # Categories, and what other labels announce, are themes beside the best.
        names = unique(name for found in (best, *lists)
                       if found.line == best.line or found.are_categories
                       or found.confidence >= best.confidence >= _SHOWN
                       for name in found.names)  # fmt: skip
        self.fields["themes"] = ProposedField(
            "themes", " | ".join(names), best.line, best.confidence
        )
        return names

    def remark(self, remark: Remark) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    def is_certain(self, name: str) -> bool:
        return name in self.fields and self.fields[name].confidence >= MIN_CERTAIN

    def certain_value(self, name: str) -> str:
        return self.fields[name].value if self.is_certain(name) else ""

    def certain_person(self, name: str) -> Person:
        return self.people.get(name, NOBODY) if self.is_certain(name) else NOBODY

    def _full_name(self, name: str, known: str) -> str:
        """The name that initials are short for: the known one, or one that the page writes out."""
        if _INITIALS.fullmatch(name) and _initials(known) == _initials(name):
            return known
        if not (short := _INITIAL.fullmatch(name)):
            return name
        written = re.compile(
            rf"\b({re.escape(short['first'])}[^\W\d_]+(?:-[^\W\d_]+)?)\s+{re.escape(short['last'])}\b",
            re.IGNORECASE,
        ).search(self.words)
        return bare_name(written[0]) if written and is_person(written[0]) else name


def _initials(name: str) -> str:
    return "".join(word[0] for word in re.findall(r"[^\W\d_]+", name)).casefold()


def unique(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name.casefold(), name.strip())
    return tuple(kept.values())


def themes_of(value: str) -> tuple[str, ...]:
    """The themes that a value lists: between `;` or `|` where there are any, else commas."""
    value = value.strip(" .\t")
    parts = _THEME_SPLIT.split(value)
    if len([part for part in parts if part.strip()]) < 2:
        parts = value.replace("#", "").split(",")
        if len(parts) == 1:
            parts = re.split(r"\s+[/–—-]\s+", value.replace("#", ""))
    names: dict[str, str] = {}
    for part in parts:
        name = part.strip(" \t.,;:*_#")
        if name:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())
