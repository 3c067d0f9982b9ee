"""The cards that networks and forums set beside a post: who wrote it, what they do, since when."""

import re

from ingest.articles import lexicon
from ingest.articles.article import Person
from ingest.articles.metadata.dates import only_date
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.labels import signed_name
from ingest.articles.metadata.layout import Layout, Line
from ingest.articles.metadata.person_names import MAX_JOB_CHARS, bare_name, is_person
from ingest.articles.typography import plain

ON_NETWORK, ON_FORUM = 0.8, 0.65
"""The confidence in a person above the age of a post, and in an account above its own facts."""
_MAX_CARD_LINES = 5
_AGE = re.compile(lexicon.any_of("labels", "ages"))
_DEGREE = re.compile(rf"(?:[•·] ?)?{lexicon.any_of('labels', 'degrees')}")
_MEMBER = re.compile(lexicon.any_of("labels", "member_facts"))
_MEMBER_DETAIL = re.compile(lexicon.any_of("labels", "member_details"))
_SYMBOLS = " •·🌐🌍🌎🌏👥"
"""What networks set beside the age or the day of a post: who may read it."""
_BAR = re.compile(r"\s*[|·•]\s*")


def find_card(layout: Layout, findings: Findings) -> None:
    """Takes the writer of the first post, and leaves the cards of all out of the text."""
    _find_on_network(layout, findings)
    _find_on_forum(layout, findings)


def _find_on_network(layout: Layout, findings: Findings) -> None:
    """Takes a person above the age of a post: "Anne Roy", "Directrice", "2 sem. • Modifié"."""
    for at, line in enumerate(layout.lines[: layout.first]):
        text = line.text.strip(" •·")
        is_dated = only_date(line.text.strip(_SYMBOLS)) and not only_date(line.text)
        if not (is_dated or _AGE.fullmatch(plain(text))):
            continue
        card = [above for above in layout.lines[max(0, at - _MAX_CARD_LINES) : at]
                if not _DEGREE.fullmatch(plain(above.text).strip())]  # fmt: skip
        for place in range(len(card) - 1, -1, -1):
            name = _BAR.split(card[place].text.strip())[0]
            if not is_person(name):
                continue
            jobs = [below for below in card[place + 1 :] if not below.is_boilerplate]
            job = _BAR.split(jobs[0].text.strip())[0] if jobs else ""
            person = Person(bare_name(name), job if len(job) <= MAX_JOB_CHARS else "")
            findings.add_person("author", person, card[place].text, ON_NETWORK)
            for used in layout.lines[max(0, at - _MAX_CARD_LINES) : at + 1]:
                if used not in card[:place] and not used.notices:
                    _leave(used)
            return


def _find_on_forum(layout: Layout, findings: Findings) -> None:
    """Takes an account above how much it wrote and since when: "Messages : 12"."""
    for at, line in enumerate(layout.lines):
        if not _MEMBER.fullmatch(plain(line.text).strip()):
            continue
        above = at - 1
        while above >= max(0, at - _MAX_CARD_LINES) and _is_fact(layout.lines[above]):
            above -= 1
        name_line = layout.line_at(above)
        if name_line and not name_line.is_used and len(name_line.text.split()) <= 2:
            name = signed_name(name_line.text)
            if name and not name_line.is_heading and not name_line.is_event:
                if above <= layout.head:
                    findings.add_person("author", Person(name), name_line.text, ON_FORUM)
                _leave(name_line)
        for fact in layout.lines[max(0, above + 1) : at + _MAX_CARD_LINES]:
            if _is_fact(fact) and not fact.notices:
                _leave(fact)


def _is_fact(line: Line) -> bool:
    text = plain(line.text).strip()
    return bool(line.notices or _MEMBER.fullmatch(text) or _MEMBER_DETAIL.fullmatch(text))


def _leave(line: Line) -> None:
    line.leave()
    line.is_boilerplate = True
