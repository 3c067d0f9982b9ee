"""The shape of an article: which lines of a page are its title, its notices, its text.

No site is known here. A page is lines in order; labels say what some of them announce
(`ingest.articles.metadata.labels`), others are boilerplate, and the text is what lies between the
first and the last line that reads as prose. What cannot be told for certain stays empty, and a
remark says so; what is doubtful stays in the text.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from ingest.articles.article import Article, FoundField, Person
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, Region
from ingest.articles.metadata.boilerplate import (
    is_boilerplate,
    opens_colophon,
    opens_comments,
    opens_elsewhere,
    opens_same_themes,
)
from ingest.articles.metadata.dates import is_unclear_date, only_date
from ingest.articles.metadata.labels import (
    DATES,
    PEOPLE,
    Announced,
    Notice,
    is_alone,
    notices,
    themes_of,
)
from ingest.articles.metadata.person_names import (
    MAX_JOB_CHARS,
    bare_name,
    is_job,
    is_name_of_organisation,
    is_organisation,
    is_person,
    person_at,
)
from ingest.fields import detected_language, folded

_SENTENCE_END = re.compile(r"[.!?…][»”\"')\]]*$")
_TWO_SENTENCES = re.compile(r"[.!?…][»”\"')]*\s+\S")
_QUESTION = re.compile(r"[?!]$")
_HASHTAGS = re.compile(r"(?:#[\w-]{2,40}[\s,;]*)+")
_HASHTAG = re.compile(r"(?<!\w)#([^\W\d][\w-]*)")
_CLOSING = re.compile(
    r"(?:bien )?(?:cordialement|amicalement|sincerement|respectueusement|a bientot|bonne journee"
    r"|bien a vous|best|kind|warm|yours|regards|sincerely|thanks|thank you|merci)\b"
)
_MASTHEAD = re.compile(
    r"\bn\s?[°o]\s?\d|\b(?:lettre|bulletin|newsletter|gazette|issue|volume|carnet|blog|flash"
    r"|communiqué|press release|immediate release|pour diffusion"
    r"|^(?:fiches? )?(?:retours? d['’]expériences?|case stud(?:y|ies)|témoignages?|portraits?"
    r"|actualités?|comptes? rendus?|études? de cas|articles?|reportages?|dossiers?)$"
    r"|(?:journal|quotidien|magazine|revue|echo|écho) (?:de|du|des)|mensuel|hebdo\w*"
    r"|(?:review|herald|chronicle|times|digest)$)\b",
    re.IGNORECASE,
)
_INITIAL = re.compile(r"(?P<first>[^\W\d_])\.[ \u00a0]?(?P<last>[^\W\d_][\w' -]+)")
_LABELLED = re.compile(r"[^:]{3,40}\s?:\s")
_SAID_OF = re.compile(r",\s(?P<job>[^\W\d_A-ZÀ-Þ][^.!?:;,\d]{3,50})\.?")
_FORWARDED = re.compile(r"^(?:(?:re|tr|fwd?|aw|wg)\s?:\s*)+", re.IGNORECASE)
_BARS = re.compile(r"\S\s[|·•>›/]\s\S")
_NUMBERING = re.compile(r"^(?:\d{1,2}|[IVX]{1,4})[.)]\s+")
MIN_CERTAIN = 0.5
"""How sure a value is at least to be the article's; a less sure one is only proposed."""
MAX_TITLE_CHARS = 300
MAX_THEME_CHARS = 60
MAX_THEMES = 30
_CLOSING_FIELDS = PEOPLE | DATES | {Announced.THEMES}
_MAX_AFTER_COLOPHON = 0.2
"""How much of all prose may stand below the notices that close a text."""
_MAX_ABOUT = 0.4
"""The same, for what an organisation says of itself below its press releases."""
_MAX_BOX = 0.4
_MIN_PROSE_BEFORE = 120
_MAX_ABOVE = 100


def article_of(page: ParsedPage) -> Article:
    """The article that a page shows; its text is empty when the page has none."""
    return _Shape(page).article()


def is_prose(text: str) -> bool:
    """Whether a line reads as the sentences of a text rather than as a heading or a notice."""
    if len(text) >= 200:
        return True
    if len(text) >= 45 and _SENTENCE_END.search(text):
        return True
    return len(text) >= 70 and bool(_TWO_SENTENCES.search(text))


def markdown_of(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown: headings from the second level down, items as lists, tables."""
    levels = [block.level for block in blocks if block.kind is BlockKind.HEADING]
    shift = 2 - min(levels, default=2)
    pieces: list[str] = []
    before: Block | None = None
    for block in blocks:
        piece = _piece(block, shift)
        if before and before.kind is block.kind and block.kind in {BlockKind.ITEM, BlockKind.ROW}:
            pieces.append("\n")
        elif before:
            pieces.append("\n\n")
        if block.kind is BlockKind.ROW and not (before and before.kind is BlockKind.ROW):
            piece += "\n" + re.sub(r"[^|]+", " --- ", piece)
        pieces.append(piece)
        before = block
    return "".join(pieces).strip()


def _piece(block: Block, shift: int) -> str:
    if block.kind is BlockKind.HEADING:
        return f"{'#' * min(6, max(2, block.level + shift))} {block.shown}"
    if block.kind is BlockKind.ITEM:
        mark = f"{block.number}." if block.number else "-"
        return f"{'   ' * block.level}{mark} {block.shown}"
    return block.shown


@dataclass(slots=True)
class _Line:
    """A block and what it was found to be. `is_body` is decided last."""

    block: Block
    notices: tuple[Notice, ...] = ()
    is_boilerplate: bool = False
    opens_elsewhere: bool = False
    is_prose: bool = False
    is_body: bool = True
    is_used: bool = False

    @property
    def text(self) -> str:
        return self.block.text

    @property
    def is_event(self) -> bool:
        """Whether the line belongs to what surrounds an article."""
        return self.is_boilerplate or self.opens_elsewhere or bool(self.notices)

    @property
    def is_short(self) -> bool:
        return not self.is_event and not self.is_prose

    def leave(self) -> None:
        self.is_body = False
        self.is_used = True


@dataclass(slots=True)
class _Found:
    """The best value of each field so far."""

    fields: dict[str, FoundField] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    words: str = ""

    def full_name(self, name: str) -> str:
        """The name that an initial is short for, where the page writes it out somewhere."""
        short = _INITIAL.fullmatch(name)
        if not short:
            return name
        written = re.compile(
            rf"\b({re.escape(short['first'])}[^\W\d_]+(?:-[^\W\d_]+)?)\s+{re.escape(short['last'])}\b",
            re.IGNORECASE,
        ).search(self.words)
        return bare_name(written[0]) if written and is_person(written[0]) else name

    def add(self, name: str, value: str, line: str, confidence: float) -> None:
        name = str(name)
        known = self.fields.get(name)
        if value and (known is None or known.confidence < confidence):
            self.fields[name] = FoundField(name, value, line, confidence)

    def add_person(self, name: str, person: Person, line: str, confidence: float) -> None:
        name = str(name)
        person = Person(self.full_name(person.name), person.job)
        known = self.fields.get(name)
        if known is not None and known.confidence >= confidence:
            held = self.people[name]
            if held.name == person.name and not held.job and person.job:
                self.people[name] = person
                self.fields[f"{name}_job"] = FoundField(f"{name}_job", person.job, line, confidence)
            return
        held = self.people.get(name, Person())
        if held.name == person.name and held.job and not person.job:
            person = held
        self.people[name] = person
        self.fields[name] = FoundField(name, person.name, line, confidence)
        self.fields.pop(f"{name}_job", None)
        if person.job:
            self.fields[f"{name}_job"] = FoundField(f"{name}_job", person.job, line, confidence)

    def value(self, name: str) -> str:
        return self.fields[name].value if name in self.fields else ""


class _Shape:
    def __init__(self, page: ParsedPage) -> None:
        self._page = page
        self._remarks = list(page.remarks)
        words = " ".join(block.text for block in page.blocks if block.region is Region.TEXT)
        self._lang = page.lang or detected_language(words)
        self._found = _Found(words=words)
        self._themes: list[tuple[float, tuple[str, ...], str]] = []
        english = self._lang == "en"
        self._lines = [
            self._read(block, english)
            for block in page.blocks
            if block.region is not Region.ELSEWHERE and block.text.strip()
        ]

    def article(self) -> Article:
        self._take_declared(self._page.declared)
        self._leave_elsewhere()
        self._end_at_colophon()
        self._find_bounds()
        self._find_title()
        self._find_bounds()
        self._take_notices()
        self._take_below()
        self._take_hinted()
        self._find_byline()
        self._find_dateline()
        self._find_themes()
        self._find_signature()
        self._leave_surroundings()
        text = markdown_of([line.block for line in self._lines if line.is_body])
        return self._result(text)

    # Reading

    def _read(self, block: Block, english: bool) -> _Line:
        line = _Line(block)
        if block.kind is BlockKind.VERBATIM:
            line.is_prose = True
            return line
        line.notices = notices(block.text, english=english)
        line.opens_elsewhere = opens_elsewhere(block.text)
        line.is_boilerplate = is_boilerplate(block.text)
        long_enough = is_prose(block.text)
        if line.notices and long_enough and all(one.is_weak for one in line.notices):
            line.notices = ()
        line.is_prose = (
            long_enough
            and not line.is_event
            and block.region is Region.TEXT
            and block.kind is not BlockKind.HEADING
            and (block.link_share < 0.7 or len(block.text) > 200)
        )
        if block.region is Region.MARGIN:
            line.is_body = False
        return line

    def _find_bounds(self) -> None:
        prose = [at for at, line in enumerate(self._lines) if line.is_prose and line.is_body]
        if not prose:
            inner = [at for at, line in enumerate(self._lines) if line.is_short and line.is_body]
            prose = sorted(inner, key=lambda at: -len(self._lines[at].text))[:1]
        self._first = prose[0] if prose else len(self._lines)
        self._last = prose[-1] if prose else -1
        self._head = prose[min(2, len(prose) - 1)] if prose else len(self._lines)

    def _prose_chars(self, lines: Iterable[_Line]) -> int:
        return sum(len(line.text) for line in lines if line.is_prose and line.is_body)

    # Parts about something else

    def _leave_elsewhere(self) -> None:
        at = before = 0
        after = self._prose_chars(self._lines)
        while at < len(self._lines):
            line = self._lines[at]
            if line.opens_elsewhere and line.is_body and before >= _MIN_PROSE_BEFORE:
                end = self._leave_part(at, before, after)
                after -= sum(len(one.text) for one in self._lines[at:end] if one.is_prose)
                at = end
                continue
            if line.is_prose and line.is_body:
                before += len(line.text)
                after -= len(line.text)
            at += 1

    def _leave_part(self, start: int, before: int, after: int) -> int:
        """Leaves out a part of the page; where what is not of it begins.

        `before` and `after` are how much prose there is on either side of it.
        """
        if opens_comments(self._lines[start].text) and after <= before:
            for line in self._lines[start:]:
                line.leave()
            return len(self._lines)
        box = self._box_of(start)
        repeats: list[str] = []
        same_themes = opens_same_themes(self._lines[start].text)
        end = start
        for end in range(start, len(self._lines)):
            line = self._lines[end]
            if box and line.block.path[: len(box)] != box:
                break
            if not box and end > start and (self._resumes(end) or line.opens_elsewhere):
                break
            if end > start and line.notices and not line.is_boilerplate:
                break
            if same_themes and line.is_short and len(line.text) <= MAX_THEME_CHARS:
                repeats.append(line.text)
            line.leave()
        else:
            end = len(self._lines)
        heading = self._lines[start]
        if end == start + 1 < len(self._lines) and heading.block.kind is BlockKind.HEADING:
            # Nothing is under it but the text: it is a heading of the text after all.
            heading.opens_elsewhere, heading.is_used, heading.is_body = False, False, True
        if same_themes and repeats:
            names = _unique(repeats)
            told = {name.casefold() for name in names}
            first = [
                line
                for line in self._lines[:start]
                if line.text.casefold() in told and line.is_body
            ]
            if len(first) >= max(1, len(names) - 1):
                for line in first:
                    line.leave()
                self._themes.append((0.95, names, " ".join(names)))
        return end

    def _box_of(self, start: int) -> tuple[int, ...]:
        """The element that a heading about something else stands in, if it holds none of the text.

        Empty where it does, or where the page has no elements.
        """
        box = self._lines[start].block.path[:-1]
        above = self._lines[max(0, start - 200) : start]
        if not box or any(line.is_prose and line.block.path[: len(box)] == box for line in above):
            return ()
        size = self._prose_chars(
            line for line in self._lines[start:] if line.block.path[: len(box)] == box
        )
        return box if size <= _MAX_BOX * self._prose_chars(self._lines) else ()

    def _resumes(self, at: int) -> bool:
        """Whether the text goes on here: a long paragraph, or prose after prose."""
        line = self._lines[at]
        following = self._lines[at + 1] if at + 1 < len(self._lines) else None
        if line.block.kind is BlockKind.HEADING and line.is_short and line.block.link_share < 0.5:
            # A heading of the text; what other articles are called is a link, or no prose follows.
            return following is not None and self._resumes(at + 1)
        if not line.is_prose or line.block.kind is BlockKind.ITEM or line.block.link_share > 0.3:
            return False
        return len(line.text) >= 200 or bool(following and following.is_prose)

    def _end_at_colophon(self) -> None:
        """What little stands below the notices that close an article is not of its text."""
        whole = self._prose_chars(self._lines)
        after, is_little = 0, True
        for at in range(len(self._lines) - 1, -1, -1):
            line = self._lines[at]
            if line.is_prose and line.is_body:
                after += len(line.text)
                is_little = is_little and len(line.text) <= 250
                is_little = is_little and after <= _MAX_AFTER_COLOPHON * whole
                if after > _MAX_ABOUT * whole:
                    return
            elif after and (opens_colophon(line.text) or (is_little and self._closes(line))):
                for below in self._lines[at + 1 :]:
                    below.is_prose = False
                return

    def _closes(self, line: _Line) -> bool:
        """Whether the notices of a line are such as stand below a text."""
        if _HASHTAGS.fullmatch(line.text.strip()):
            return len(line.text.split()) > 1
        return line.block.region is Region.TEXT and any(
            notice.announced in _CLOSING_FIELDS and not notice.is_bare for notice in line.notices
        )

    # The title

    def _find_title(self) -> None:
        said = self._found.fields.get("title")
        scores = self._title_scores(said)
        announced = [
            (at, notice)
            for at, line in enumerate(self._lines[: self._head + 1])
            for notice in line.notices
            if notice.announced is Announced.TITLE and notice.value
        ]
        if announced:
            at, notice = announced[0]
            value = _FORWARDED.sub("", notice.value)
            self._found.add("title", value, self._lines[at].text, 0.92)
            self._leave_before(at)
            self._lines[at].leave()
            self._leave_repeats(value)
            return
        best = max(scores, default=(-1.0, 0))
        if said and said.confidence >= 0.9:
            at = next((at for at, line in enumerate(self._lines)
                       if self._same(line.text, said.value)), -1)  # fmt: skip
            if at >= 0:
                self._leave_before(at)
            self._leave_repeats(said.value)
            return
        if best[0] >= 0:
            at = -best[1]
            line = self._lines[at]
            confidence = 0.9 if best[0] >= 5 else 0.7
            title = _NUMBERING.sub("", line.text).strip(" *_#")
            title = re.sub(r"^\[\s*([^\[\]]+?)\s*\]$", r"\1", title)
            if said and folded(said.value).startswith(folded(title)) and len(title) > 10:
                confidence = 0.95
            self._found.fields.pop("title", None)
            self._found.add("title", title, line.text, confidence)
            self._leave_before(at)
            line.leave()
            self._leave_repeats(title)

    def _title_scores(self, said: FoundField | None) -> list[tuple[float, int]]:
        """How much each line above the text speaks for being the title, and minus its place."""
        above = [at for at in self._above() if self._could_be_title(at)]
        if not above and self._first < len(self._lines) and self._could_be_title(self._first):
            above = [self._first]
        inner = [self._lines[at] for at in self._above()]
        inner = [line for line in inner if line.is_body and not line.is_event]
        return [(self._title_score(at, inner, said), -at) for at in above]

    def _above(self) -> list[int]:
        """The lines above the text; of very many, those at their beginning and their end."""
        return [
            at for at in range(self._first) if at < _MAX_ABOVE or at >= self._first - _MAX_ABOVE
        ]

    def _could_be_title(self, at: int) -> bool:
        line = self._lines[at]
        if not line.is_body or line.is_event or len(line.text) > MAX_TITLE_CHARS:
            return False
        if line.block.kind in {BlockKind.ROW, BlockKind.VERBATIM}:
            return False
        if at < self._first:
            return line.block.link_share < 0.9 or line.block.kind is BlockKind.HEADING
        # The first sentence may be a title that asks or states something.
        text = line.text
        return (
            line.block.kind is BlockKind.PARAGRAPH
            and len(text) <= 150
            and line.block.stands_alone
            and not _TWO_SENTENCES.search(text)
            and any(other.is_prose for other in self._lines[at + 1 :])
        )

    def _title_score(self, at: int, inner: Sequence[_Line], said: FoundField | None) -> float:
        """How much speaks for a line being the title; less than 0 where more speaks against it."""
        line = self._lines[at]
        text = line.text
        is_heading = line.block.kind is BlockKind.HEADING
        level = line.block.level if is_heading else 99
        following = self._lines[at + 1 : at + 2]
        is_apart = line.block.stands_alone and all(
            one.block.stands_alone or one.is_event for one in following
        )
        others_are_apart = any(one.block.stands_alone for one in inner[1:])
        between = [one for one in self._lines[at + 1 : self._first] if one.is_body]
        # One line may stand between, that says more than the title.
        more = [one for one in between if one.is_short and len(one.text) > len(text)][:1]
        leads_to_text = all(
            one in more
            or one.is_event
            or (one.block.kind is BlockKind.HEADING and one.block.level > level)
            or _is_numbered(one)
            or (_LABELLED.match(one.text) and len(one.text) < 80)
            for one in self._lines[at + 1 : self._first]
        )
        for_and_against = (
            (1.5, line is next(filter(_is_plausible_title, inner), None)),
            (1.5, self._is_right_above_byline(at)),
            (3 - 0.5 * level, is_heading),
            (1.0, is_apart),
            (-1.0, not is_apart and others_are_apart),
            (1.2, leads_to_text),
            (-1.5, text.isupper() and self._is_above_other_case(at, inner)),
            (-2.0, bool(_MASTHEAD.search(text))),
            (-2.0, bool(_BARS.search(text)) and not is_heading),
            (-3.0, _is_numbered(line) and sum(map(_is_numbered, self._lines)) > 1),
            (-2.0, self._is_signed_below(text)),
            (1.0, sum(folded(one.text) == folded(text) for one in self._lines) > 1),
            (-2.0, is_name_of_organisation(text)),
            (-1.5, self._has_navigation_below(at)),
            (-1.5, self._has_byline_above(at)),
            (0.7, 20 <= len(text) <= 160),
            (-1.0, len(text.split()) < 3),
            (-2.0, text.endswith((":", ";", ","))),
            (-1.0, text.endswith(".")),
            (-1.0, line.block.kind is BlockKind.ITEM),
            (-1.0, is_person(text) or is_job(text)),
            (-3.0, bool(_LABELLED.match(text)) and is_person(text.split(":")[1].split(",")[0])),
            (4.0, said is not None and self._same(said.value, text)),
        )
        return 3.0 + sum(weight for weight, is_so in for_and_against if is_so)

    def _has_navigation_below(self, at: int) -> bool:
        """Whether buttons and menus stand between a line and others that could be the title."""
        rest = self._lines[at + 1 : self._first]
        below = next((i for i, line in enumerate(rest) if line.is_boilerplate), None)
        return below is not None and any(
            line.is_short and line.is_body and len(line.text.split()) >= 3 for line in rest[below:]
        )

    def _is_above_other_case(self, at: int, inner: Sequence[_Line]) -> bool:
        """Whether lines that are not in capitals could be the title, below one that is."""
        above = {id(line) for line in self._lines[:at]}
        return any(not one.text.isupper() and id(one) not in above for one in inner)

    def _is_signed_below(self, text: str) -> bool:
        """Whether what stands below the article names the line, as sites name themselves."""
        name = folded(text)
        return len(name) >= 6 and any(
            name in folded(line.text) and folded(line.text) != name
            for line in self._lines[self._last + 1 :]
            if line.is_boilerplate
        )

    def _is_right_above_byline(self, at: int) -> bool:
        """Whether a notice of who and when hangs on the line, with no blank between."""
        below = self._lines[at + 1 : at + 2]
        return any(
            (notice.announced in PEOPLE or (notice.announced in DATES and not notice.is_bare))
            and not line.block.stands_alone
            for line in below
            for notice in line.notices
        )

    def _has_byline_above(self, at: int) -> bool:
        return any(
            notice.announced in PEOPLE for line in self._lines[:at] for notice in line.notices
        )

    def _same(self, one: str, other: str) -> bool:
        left, right = folded(one), folded(other)
        if left == right:
            return True
        short, long = sorted((left, right), key=len)
        return len(short) >= 15 and long.startswith(short)

    def _leave_before(self, at: int) -> None:
        """What stands above the title is the page's: but never the better part of the text."""
        above = self._lines[:at]
        prose = self._prose_chars(above)
        keep_prose = prose > 0.3 * self._prose_chars(self._lines)
        for line in above:
            if not (line.is_prose and keep_prose) and not line.notices:
                line.is_body = False

    def _leave_repeats(self, title: str) -> None:
        for line in self._lines[: self._first + 2]:
            if folded(line.text) == folded(title) and not line.is_prose:
                line.leave()
        if self._first < len(self._lines) and folded(self._lines[self._first].text) == folded(
            title
        ):
            self._lines[self._first].leave()

    # Notices

    def _take_declared(self, declared: Sequence[DeclaredField]) -> None:
        for one in declared:
            if one.field in {"author", "moderator"}:
                self._found.add_person(one.field, one.person, one.where, one.confidence)
            elif one.field == "themes":
                self._themes.append((one.confidence, themes_of(one.value), one.where))
            else:
                self._found.add(one.field, one.value, one.where, one.confidence)

    def _is_believable(self, at: int, notice: Notice) -> bool:
        """Whether a notice stands where notices stand, or is too plain to be anything else."""
        if self._lines[at].block.region is Region.MARGIN:
            return not notice.is_bare or at <= self._head
        if notice.is_bare and self._first <= at <= self._last:
            # Within the text a date alone is one of the story, unless other notices are beside it.
            beside = self._lines[max(0, at - 1)], self._lines[min(at + 1, len(self._lines) - 1)]
            others = [one for one in self._lines[at].notices if not one.is_bare]
            return at <= self._head and bool(
                others or any(one.notices and one is not self._lines[at] for one in beside)
            )
        if notice.announced is Announced.SECTION:
            return not self._first <= at <= self._last
        if at <= self._head or at > self._last:
            return True
        return not notice.is_weak and not notice.is_bare and bool(notice.value)

    def _take_notices(self) -> None:
        for at, line in enumerate(self._lines):
            if line.is_used and not line.is_body:
                continue
            if not line.notices or is_alone(line.notices):
                continue
            believed = [notice for notice in line.notices if self._is_believable(at, notice)]
            if not believed:
                line.is_prose = is_prose(line.text)
                line.notices = ()
                continue
            line.leave()
            for notice in believed:
                is_bare_date = notice.announced is Announced.DATE and notice.is_bare
                announced = self._dated_by(at) if is_bare_date else notice.announced
                self._take_notice(replace(notice, announced=announced), line)

    def _dated_by(self, at: int) -> Announced:
        """What a bare date is the date of: the moderation, where a moderator is named above it."""
        label = self._lines[at - 1] if at else None
        if label and is_alone(label.notices) and label.notices[0].announced in DATES:
            label.leave()
            return label.notices[0].announced
        for above in self._lines[max(0, at - 3) : at][::-1]:
            if is_alone(above.notices):
                meant = above.notices[0].announced
                is_moderation = meant in {Announced.MODERATOR, Announced.MODERATED}
                return Announced.MODERATED if is_moderation else Announced.DATE
        return Announced.DATE

    def _take_notice(self, notice: Notice, line: _Line) -> None:
        confidence = 0.75 if notice.is_bare else 0.85 if notice.is_weak else 0.95
        if line.block.region is Region.MARGIN:
            confidence -= 0.15
        if notice.announced in PEOPLE and notice.person.name:
            if is_organisation(notice.person.name):
                confidence = 0.6
            self._found.add_person(notice.announced, notice.person, line.text, confidence)
        elif notice.announced in DATES and notice.value:
            self._take_date(notice, line, confidence)
        elif notice.announced is Announced.THEMES and notice.value:
            self._themes.append((confidence, themes_of(notice.value), line.text))
        elif notice.announced is Announced.CATEGORIES and notice.value:
            self._themes.append((0.8, themes_of(notice.value), line.text))
        elif notice.announced is Announced.JOB and self._found.people.get("author"):
            author = self._found.people["author"]
            self._found.add_person("author", Person(author.name, notice.value), line.text, 0.9)
        elif notice.announced is Announced.OTHER:
            moment = only_date(line.block.moment)
            if is_unclear_date(notice.value) and moment:
                self._take_date(replace(notice, announced=Announced.DATE, value=moment), line, 0.85)
            elif is_unclear_date(notice.value):
                self._remark(f"date {notice.value!r} is not a day: it is left empty")
            elif is_organisation(notice.value):
                self._remark(f"the page is signed {notice.value!r}, which names nobody")

    def _take_date(self, notice: Notice, line: _Line, confidence: float) -> None:
        moment = only_date(line.block.moment)
        if re.search(r"T00:00(?:[+]00:00)?$", moment):
            moment = moment[:10]  # how a day without a time is stored
        if moment[:10] == notice.value[:10] and "T" not in notice.value:
            notice = replace(notice, value=moment)
        known = self._found.fields.get(notice.announced)
        if known and known.value[:10] == notice.value[:10]:
            # The same day, once with a time: the reader's own clock is the one shown.
            if "T" in notice.value or "T" not in known.value:
                self._found.fields[str(notice.announced)] = FoundField(
                    known.field, notice.value, line.text, max(confidence, known.confidence)
                )
            return
        self._found.add(notice.announced, notice.value, line.text, confidence)

    def _take_below(self) -> None:
        """Labels that stand alone: their value lies on the lines below, or on the one above."""
        for at, line in enumerate(self._lines):
            if line.is_used or not is_alone(line.notices):
                continue
            announced = line.notices[0].announced
            inside = self._head < at <= self._last and line.block.region is Region.TEXT
            taken = False
            if inside and announced not in PEOPLE | DATES:
                taken = False
            elif announced in PEOPLE:
                taken = self._take_person_near(at, announced)
            elif announced in DATES:
                taken = self._take_date_below(at, announced)
                if not taken and announced is Announced.MODERATED:
                    taken = self._take_person_near(at, Announced.MODERATOR)
            elif announced is Announced.THEMES:
                taken = self._take_themes_below(at)
            if taken or at > self._last or line.block.region is Region.MARGIN:
                line.leave()
            else:
                line.notices = ()

    def _next_lines(self, at: int) -> Iterable[int]:
        for below in range(at + 1, len(self._lines)):
            line = self._lines[below]
            if line.is_boilerplate or (line.is_used and not line.is_body and line.notices):
                continue
            yield below

    def _take_person_near(self, at: int, announced: Announced) -> bool:
        near = list(islice(self._next_lines(at), 2))
        attached = at > 0 and not self._lines[at].block.stands_alone
        above = next((up for up in (at - 1, at - 2) if attached and self._names_above(up)), -1)
        if above >= 0:
            name_at, job_at = above, above + 1 if above == at - 2 else -1
        elif near and self._names_somebody(near[0]) and not self._lines[near[0]].is_used:
            name_at = near[0]
            job_at = near[1] if len(near) > 1 else -1
            if any(line.notices for line in self._lines[name_at + 1 : max(job_at, 0)]):
                job_at = -1
        elif at and self._names_somebody(at - 1) and not self._lines[at - 1].is_used:
            name_at, job_at = at - 1, -1
        elif at > 1 and self._names_somebody(at - 2) and is_job(self._lines[at - 1].text):
            name_at, job_at = at - 2, at - 1
        else:
            return False
        line = self._lines[name_at]
        person, _ = person_at(line.text.strip(), 0)
        if not person.name:
            person = Person(bare_name(line.text))
        if not person.job and job_at >= 0 and self._could_be_job(job_at):
            person = Person(person.name, _job(self._lines[job_at].text))
            self._lines[job_at].leave()
        line.leave()
        line.notices = ()
        self._found.add_person(announced, person, f"{self._lines[at].text} {line.text}", 0.95)
        return True

    def _names_above(self, at: int) -> bool:
        """Whether somebody is named here, of whom the lines below say more."""
        if at < 0 or self._lines[at].is_used or not self._names_somebody(at):
            return False
        return all(not one.is_event for one in self._lines[at + 1 : at + 2]) or is_alone(
            self._lines[at + 1].notices
        )

    def _names_somebody(self, at: int) -> bool:
        line = self._lines[at]
        if is_person(line.text):
            return True
        person, end = person_at(line.text.strip(), 0)
        return bool(person.name) and end >= len(line.text.strip(" .)"))

    def _could_be_job(self, at: int) -> bool:
        line = self._lines[at]
        return (
            line.is_short
            and len(line.text) <= MAX_JOB_CHARS
            and (is_job(line.text) or not is_person(line.text))
            and (is_job(line.text) or at > self._last or line.block.region is Region.MARGIN
                 or (at < self._first and len(line.text.split()) <= 6))
        )  # fmt: skip

    def _take_date_below(self, at: int, announced: Announced) -> bool:
        below = next(iter(self._next_lines(at)), -1)
        if below < 0:
            return False
        line = self._lines[below]
        for notice in line.notices:
            if notice.announced is Announced.DATE and notice.is_bare:
                self._found.add(
                    announced, notice.value, f"{self._lines[at].text} {line.text}", 0.95
                )
                line.leave()
                return True
        return False

    def _take_themes_below(self, at: int) -> bool:
        names: list[str] = []
        kind = self._lines[at + 1].block.kind if at + 1 < len(self._lines) else None
        for below in range(at + 1, len(self._lines)):
            line = self._lines[below]
            if not line.is_short or len(line.text) > MAX_NOTICE_LIST:
                break
            parts = themes_of(line.text)
            if len(line.text) > MAX_THEME_CHARS and len(parts) < 2:
                break
            if line.block.kind is BlockKind.HEADING or line.block.kind is not kind:
                break
            names += parts
            line.leave()
        if names:
            self._themes.append((0.9, _unique(names), " ".join(names)))
        return bool(names)

    def _take_hinted(self) -> None:
        """What the page's own markup says a line is."""
        tags: list[str] = []
        for at, line in enumerate(self._lines):
            hint, text = line.block.hint, line.text.strip()
            if hint == Announced.THEMES and (line.is_used or line.notices):
                line.is_body = False
            elif hint == Announced.THEMES and not line.is_prose:
                tags += themes_of(text) if "," in text or ";" in text else [text.strip("# ,")]
                line.leave()
            elif hint in PEOPLE and not line.is_used and not line.is_prose:
                person, end = person_at(text, 0)
                if person.name and end >= len(text) - 2:
                    for below in self._lines[at + 1 : at + 2]:
                        if below.block.hint == hint and is_job(below.text) and not person.job:
                            person = Person(person.name, _job(below.text))
                            below.leave()
                    self._found.add_person(hint, person, text, 0.85)
                    line.leave()
            elif hint in DATES and not line.is_prose:
                self._take_hinted_date(hint, line)
        names = [tag for tag in _unique(tags) if len(tag) <= MAX_THEME_CHARS]
        if names:
            self._themes.append((0.88, tuple(names), " ".join(names)))

    def _take_hinted_date(self, hint: str, line: _Line) -> None:
        found = notices(line.text, english=self._lang == "en")
        if len(found) == 1 and found[0].announced is Announced.DATE and found[0].is_bare:
            self._take_date(replace(found[0], announced=Announced(hint)), line, 0.85)
            line.leave()

    # Themes without a label

    def _find_themes(self) -> None:
        for at, line in enumerate(self._lines):
            # Within the text, one hashtag alone may be a slip of a heading.
            is_inside = self._first < at <= self._last and len(line.text.split()) == 1
            is_row = _HASHTAGS.fullmatch(line.text.strip()) or (
                not line.is_prose and len(_HASHTAG.findall(line.text)) >= 2
            )
            if not (line.is_used or is_inside) and is_row:
                self._themes.append((0.9, tuple(_HASHTAG.findall(line.text)), line.text))
                line.leave()
        if any(confidence >= 0.85 for confidence, names, _ in self._themes if names):
            return
        if self._find_row_of_themes():
            return
        run: list[_Line] = []
        had_notice = False
        for line in self._lines[self._last + 1 :]:
            if line.is_body and line.is_short and self._could_be_theme(line):
                run.append(line)
            elif line.is_event and not is_boilerplate(line.text) and run:
                break
            elif line.is_body or line.is_event:
                had_notice = had_notice or bool(line.notices)
                run = []
        else:
            # Below all notices, only what is set in one row is sure to be no address.
            run = run if had_notice and all(not one.block.stands_alone for one in run[1:]) else []
        before = self._lines[self._lines.index(run[0]) - 1] if run else None
        opened = before and (
            before.text.rstrip().endswith(":")
            or (before.block.kind is BlockKind.HEADING and before.is_body)
            or any(line.block.number or line.block.kind is not run[0].block.kind for line in run)
        )
        if len(run) >= 2 and before and not opened:
            names = _unique(line.text.strip() for line in run)
            self._themes.append((0.75, names, " ".join(names)))
            for line in run:
                line.leave()

    def _find_row_of_themes(self) -> bool:
        """Themes in one line below the text: `Lait | Élevage | Logistique`."""
        for line in self._lines[self._last + 1 :]:
            parts = re.split(r"\s+[|·•/]\s+", line.text.strip())
            if len(parts) < 3 or line.is_used or not line.is_short:
                continue
            if all(self._could_be_theme(replace(line, block=replace(line.block, text=part)))
                   for part in parts):  # fmt: skip
                self._themes.append((0.75, _unique(parts), line.text))
                line.leave()
                return True
        return False

    def _could_be_theme(self, line: _Line) -> bool:
        text = line.text.strip()
        return (
            len(text) <= MAX_THEME_CHARS
            and len(text.split()) <= 7
            and not re.search(r"[.!?:;@]|\d{3}|^\d", text)
            and not is_person(text)
            and not is_job(text)
            and line.block.kind in {BlockKind.PARAGRAPH, BlockKind.ITEM}
        )

    # Who signs above the text, and below

    def _find_byline(self) -> None:
        """A name alone above the text, with what its owner does or with a date beside it."""
        if "author" in self._found.fields and self._found.fields["author"].confidence >= 0.7:
            return
        for at, line in enumerate(self._lines[: self._first]):
            if line.is_used or line.is_event or not is_person(line.text):
                continue
            below = self._lines[at + 1] if at + 1 < self._first else None
            has_job = bool(below and below.is_short and is_job(below.text))
            beside = [one for one in (below, self._lines[at - 1] if at else None) if one]
            if below and has_job:
                beside += self._lines[at + 2 : at + 3]
            has_date = any(one.announced in DATES for line in beside for one in line.notices)
            if not (has_job or has_date):
                continue
            job = _job(below.text) if below and has_job else ""
            if below and has_job:
                below.leave()
            line.leave()
            self._found.add_person("author", Person(bare_name(line.text), job), line.text, 0.7)
            return

    def _find_dateline(self) -> None:
        """The place and day that the first sentence of a press release opens with."""
        if "date" in self._found.fields or self._first >= len(self._lines):
            return
        line = self._lines[self._first]
        opening = re.split(r"\s[–—-]+\s|\s?[–—:]\s", line.text[:80], maxsplit=1)
        if len(opening) < 2:
            return
        found = notices(opening[0], english=self._lang == "en")
        if len(found) == 1 and found[0].announced is Announced.DATE and found[0].is_bare:
            self._found.add("date", found[0].value, opening[0], 0.7)

    def _find_signature(self) -> None:
        author = self._found.people.get("author", Person())
        for at in range(self._last + 1, len(self._lines)):
            line = self._lines[at]
            if line.is_used or not line.is_short:
                continue
            text = line.text.strip(" —–-")
            person, end = person_at(text, 0)
            said = _SAID_OF.fullmatch(text, end) if at <= self._last + 2 else None
            if person.name and said and not person.job:
                person, end = Person(person.name, said["job"].strip()), len(text)
            if not person.name or end < len(text.rstrip(" .")):
                continue
            below = self._lines[at + 1] if at + 1 < len(self._lines) else None
            has_job_below = bool(below and below.is_short and is_job(below.text))
            job = person.job or (_job(below.text) if below and has_job_below else "")
            # A name alone right below the text signs it, unless others stand beside it.
            is_alone_below = at == self._last + 1 and not (below and is_person(below.text))
            closes = is_alone_below or bool(at and _CLOSING.match(folded(self._lines[at - 1].text)))
            if author.name and author.name not in {person.name, bare_name(person.name)}:
                continue
            if not author.name and not (job or closes):
                continue
            line.leave()
            line.is_boilerplate = True
            if below and has_job_below and not person.job:
                below.leave()
            known = self._found.fields.get("author")
            confidence = known.confidence if known else 0.7
            self._found.add_person("author", Person(person.name, author.job or job), line.text,
                                   confidence)  # fmt: skip
            return

    # The text

    def _leave_surroundings(self) -> None:
        """Leaves out boilerplate, and what stands below the text and does not belong to it."""
        is_over = False
        for at, line in enumerate(self._lines):
            if at > self._last and (line.is_event or not line.is_body):
                is_over = is_over or line.block.region is Region.TEXT
            if at > self._last and line.is_short and line.is_body:
                is_over = is_over or not self._still_belongs(at, line)
            if (
                line.is_boilerplate
                or (at > self._last and line.opens_elsewhere)
                or (is_over and line.is_body and not line.is_prose)
            ):
                line.leave()
        body = [line for line in self._lines if line.is_body]
        while body and body[-1].block.kind is BlockKind.HEADING:
            body.pop().leave()

    def _still_belongs(self, at: int, line: _Line) -> bool:
        """Whether a short line below the last prose is the text's."""
        kind = line.block.kind
        if kind in {BlockKind.ITEM, BlockKind.ROW}:
            return line.block.link_share < 0.7
        below = self._lines[at + 1] if at + 1 < len(self._lines) else None
        if below and below.block.kind in {BlockKind.ITEM, BlockKind.ROW} and below.is_body:
            return self._still_belongs(at + 1, below)
        if kind is BlockKind.HEADING or line.text.rstrip().endswith(":"):
            return True  # of what follows; the last of all is left out
        if line.text.rstrip().endswith("?") and line is not self._lines[-1]:
            return False  # the reader is asked
        return bool(_SENTENCE_END.search(line.text)) and len(line.text.split()) >= 2

    def _remark(self, text: str) -> None:
        if text not in self._remarks:
            self._remarks.append(text)

    def _certain(self) -> _Found:
        """What is sure enough to be taken; the rest is only proposed."""
        fields = {
            name: found
            for name, found in self._found.fields.items()
            if found.confidence >= MIN_CERTAIN or name == "title"
        }
        return _Found(
            fields, {name: one for name, one in self._found.people.items() if name in fields}
        )

    def _result(self, text: str) -> Article:
        themes: tuple[str, ...] = ()
        ranked = [one for one in self._themes if one[1] and len(one[1]) <= MAX_THEMES]
        if ranked:
            confidence, themes, line = max(ranked, key=lambda one: one[0])
            self._found.fields["themes"] = FoundField(
                "themes", " | ".join(themes), line, confidence
            )
        title = self._found.value("title")
        if not title and text:
            self._remark("has no title that stands out: give it one")
        if not self._certain().value("author"):
            self._remark("has no author that is certain")
        if not self._certain().value("date") and not self._certain().value("modified"):
            self._remark("has no date that is certain")
        found = self._certain()
        return Article(
            title=title,
            text=text,
            author=found.people.get("author", Person()),
            moderator=found.people.get("moderator", Person()),
            date=found.value("date"),
            modified=found.value("modified"),
            moderated=found.value("moderated"),
            themes=themes,
            lang=self._lang,
            source_url=self._page.source_url,
            found=tuple(self._found.fields.values()),
            remarks=tuple(self._remarks),
            page_text="\n\n".join(line.text for line in self._lines),
        )


MAX_NOTICE_LIST = 200


def _is_plausible_title(line: _Line) -> bool:
    """Whether a line is more than a kicker, a masthead or the name of a site."""
    text = line.text
    return not (
        len(text.split()) < 3
        or line.block.kind is BlockKind.ITEM
        or _MASTHEAD.search(text)
        or (_BARS.search(text) and line.block.kind is not BlockKind.HEADING)
        or is_name_of_organisation(text)
    )


def _is_numbered(line: _Line) -> bool:
    return line.block.number > 0 or bool(_NUMBERING.match(line.text))


def _job(line: str) -> str:
    """What a person does, of a line that may say after a bar where."""
    return re.split(r"\s*[|·•]\s*", line)[0].strip(" ,;.()")


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name.casefold(), name.strip())
    return tuple(kept.values())
