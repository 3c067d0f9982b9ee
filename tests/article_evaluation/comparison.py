"""Compares what is found in labelled articles with their labels."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from operator import eq
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import fuzz

from kb.errors import InputError
from kb.reference.roles import Role
from kb.registers.drafts import FILLED_IN
from kb.text.analysis import FUNCTION_WORDS, stems, words
from kb.text.organisation_name import name_key
from tests.article_evaluation.labels import (
    ArticleFindings,
    FoundParticipation,
    LabelledParticipant,
    Labels,
    read_labelled,
)
from tests.article_evaluation.scores import Scores, Slip

SAME_NAME = 85.0
"""Least similarity, 0 to 100, of two names of the same participant."""

_FILLED_IN = {"participants filled in": "participants", "roles filled in": "roles end to end"}
_SAME_ACTOR = 200.0
_ARTICLE = re.compile(r"(?:le|la|les|the)\s+|l['’]", re.IGNORECASE)
_JOINTS = frozenset({"et", "and"})
_DATES = ("date", "modified", "moderated")


def evaluate_articles(folder: Path, find: Callable[[Path], ArticleFindings]) -> Scores:
    """Compares what `find` finds in each article of a folder with its labels.

    An article that `find` refuses with an `InputError` counts as one in which nothing was found.

    Raises:
        ValueError: labels are not as they should be.
    """
    scores = Scores()
    for path, labels in read_labelled(folder):
        try:
            findings = find(path)
        except InputError as error:
            scores.unread.append(f"{path.name}: {error}")
            findings = ArticleFindings()
        compare(scores, path.name, labels, findings)
    return scores


def compare(scores: Scores, file: str, labels: Labels, findings: ArticleFindings) -> None:
    """Adds the comparison of an article with its labels to the scores."""
    article = Scores(articles=1)
    _Comparison(article, file, labels, findings).run()
    scores.add(article)


class _FoundParticipant(NamedTuple):
    """A participant that was found, with every proposal for it."""

    names: tuple[str, ...]
    actor_id: str
    proposals: tuple[FoundParticipation, ...]

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(proposal.role for proposal in self.proposals)


class _Comparison:
    """The comparison of one article with its labels; adds to the scores."""

    def __init__(
        self, scores: Scores, file: str, labels: Labels, findings: ArticleFindings
    ) -> None:
        self._scores = scores
        self._file = file
        self._labels = labels
        self._findings = findings

    def run(self) -> None:
        labels, findings = self._labels, self._findings
        self._compare("title", findings.title, labels.title, same_text, labels.title_also)
        for name in ("author", "moderator"):
            self._compare(name, getattr(findings, name), getattr(labels, name), _same_person)
            job = f"{name}_job"
            self._compare(f"{name} job", getattr(findings, job), getattr(labels, job), same_text)
        for name in _DATES:
            self._compare(
                "dates", getattr(findings, name), getattr(labels, name), _same_date, about=name
            )
        self._themes()
        self._body()
        self._participants()
        self._filled_in()
        self._need()
        if (periods := self._labels.periods) is not None:
            self._compare("period", findings.period, next(iter(periods), ""), eq, periods)

    def _compare(
        self,
        name: str,
        found: str,
        label: str,
        same: Callable[[str, str], bool],
        also: Collection[str] = (),
        about: str = "",
    ) -> None:
        if found and label and any(same(found, each) for each in (label, *also)):
            self._right(name)
            return
        about = f"{about} " if about else ""
        if found:
            self._wrong(name, f"{about}{found!r}" + (f" for {label!r}" if label else ""))
        if label:
            self._missed(name, f"{about}{label!r}")

    def _themes(self) -> None:
        found = {_folded(theme): theme for theme in self._findings.themes}
        labelled = {_folded(theme): theme for theme in self._labels.themes}
        self._right("themes", len(found.keys() & labelled.keys()))
        for key in found.keys() - labelled.keys():
            self._wrong("themes", repr(found[key]))
        for key in labelled.keys() - found.keys():
            self._missed("themes", repr(labelled[key]))

    def _body(self) -> None:
        text = _padded(self._findings.text)
        for snippet in self._labels.body_must_contain:
            if _padded(snippet) in text:
                self._right("body")
            else:
                self._missed("body", repr(snippet))
        for snippet in self._labels.body_must_not_contain:
            if _padded(snippet) in text:
                self._wrong("body", repr(snippet))

    def _participants(self) -> None:
        participants = _gathered(self._findings.participations)
        pairs = _paired(self._labels.participants, participants)
        right: set[tuple[int, Role]] = set()
        optional: set[int] = set()
        for at, label in enumerate(self._labels.participants):
            if label.optional:
                optional |= {pairs[at]} if at in pairs else set()
                continue
            if at not in pairs:
                self._missed("participants", label.name)
                for roles in label.roles:
                    self._missed("roles end to end", f"{label.name} as {_either(roles)}")
                continue
            self._right("participants")
            found = participants[pairs[at]]
            self._compare("known actors", found.actor_id, label.known, eq)
            right |= {(pairs[at], role) for role in self._roles(label, found)}
        for at, found in enumerate(participants):
            if at in optional:
                continue
            if at not in pairs.values():
                self._wrong("participants", found.names[0])
                for role in sorted(found.roles):
                    self._wrong("roles end to end", f"{found.names[0]} as {role}")
            for proposal in found.proposals:
                band = self._scores.band(proposal.confidence)
                band.proposals += 1
                band.total_confidence += proposal.confidence
                band.right += (at, proposal.role) in right

    def _filled_in(self) -> None:
        """Scores the participations that a draft would hold, as if nothing else was found."""
        sure = [each for each in self._findings.participations if each.presence >= FILLED_IN]
        alone = Scores()
        findings = replace(self._findings, participations=tuple(sure))
        _Comparison(alone, self._file, self._labels, findings)._participants()
        for name, of_all in _FILLED_IN.items():
            self._scores.fields[name] += alone.fields[of_all]

    def _roles(self, label: LabelledParticipant, found: _FoundParticipant) -> set[Role]:
        """The roles of a participant that are right; adds all of them to the scores."""
        left = set(found.roles)
        right: set[Role] = set()
        # The labels that allow the least take their role first.
        for roles in sorted(label.roles, key=lambda roles: (len(roles), sorted(roles))):
            fitting = sorted(left & roles)
            if fitting:
                right.add(fitting[0])
                left.remove(fitting[0])
            for name in ("roles", "roles end to end"):
                if fitting:
                    self._right(name)
                else:
                    self._missed(name, f"{label.name} as {_either(roles)}")
        # Two proposals that are both careful answers for one role are both right.
        right |= {role for role in left if any(role in roles for roles in label.roles)}
        for role in sorted(left - right):
            for name in ("roles", "roles end to end"):
                self._wrong(name, f"{label.name} as {role}")
        return right

    def _need(self) -> None:
        labels = self._labels
        self._compare(
            "need", self._findings.need, labels.need,
            lambda need, _: _meets_need(need, labels.need_keywords),
        )  # fmt: skip

    def _right(self, name: str, count: int = 1) -> None:
        self._scores.fields[name].right += count

    def _wrong(self, name: str, what: str) -> None:
        self._scores.fields[name].wrong += 1
        self._scores.slips.append(Slip(self._file, name, "wrong", what))

    def _missed(self, name: str, what: str) -> None:
        self._scores.fields[name].missed += 1
        self._scores.slips.append(Slip(self._file, name, "missed", what))


def _gathered(participations: Iterable[FoundParticipation]) -> list[_FoundParticipant]:
    """A participant for each actor, and for each name without an actor, in the order met."""
    found: dict[str, _FoundParticipant] = {}
    for each in participations:
        key = f"id {each.actor_id}" if each.actor_id else f"name {name_key(each.name)}"
        before = found.get(key, _FoundParticipant((), each.actor_id, ()))
        names = (*before.names, each.name or each.actor_id)
        found[key] = _FoundParticipant(names, each.actor_id, (*before.proposals, each))
    return list(found.values())


def _paired(
    labels: Sequence[LabelledParticipant], found: Sequence[_FoundParticipant]
) -> dict[int, int]:
    """The number of the found participant that each label is paired with, the most alike first."""
    alike = [
        (likeness, -i, -j)
        for i, label in enumerate(labels)
        for j, participant in enumerate(found)
        if (likeness := _likeness(label, participant))[0] >= SAME_NAME
    ]
    pairs: dict[int, int] = {}
    for _, i, j in sorted(alike, reverse=True):
        if -i not in pairs and -j not in pairs.values():
            pairs[-i] = -j
    return pairs


def _likeness(label: LabelledParticipant, found: _FoundParticipant) -> tuple[float, float]:
    """Returns how alike label and participant are, 0 to 100 or `_SAME_ACTOR`, and a tie-break."""
    if label.known and found.actor_id:
        same = label.known == found.actor_id
        return (_SAME_ACTOR if same else 0.0, 0.0)
    return max(
        name_likeness(name, other) for name in (label.name, *label.aliases) for other in found.names
    )


def _padded(text: str) -> str:
    """Folded words between blanks, so that a snippet is found as whole words."""
    return f" {_folded(text)} "


def _either(roles: Collection[Role]) -> str:
    return " or ".join(sorted(roles))


def same_text(found: str, label: str) -> bool:
    """Whether texts are the same but for case, accents and punctuation."""
    return _folded(found) == _folded(label)


def _same_person(found: str, label: str) -> bool:
    """Whether the names of who signs are the same.

    The order of their parts, an article before them and what joins several do not count.
    """
    return _parts_of_name(found) == _parts_of_name(label)


def _parts_of_name(name: str) -> list[str]:
    parts = _folded(_ARTICLE.sub("", name.strip())).split()
    return sorted(part for part in parts if part not in _JOINTS)


def _same_date(found: str, label: str) -> bool:
    """Whether dates are the same to the minute where the label has a time, else to the day."""
    return found.replace(" ", "T")[: len(label)] == label.replace(" ", "T")


def _meets_need(need: str, keywords: Sequence[str]) -> bool:
    """Whether a need has the stem of each keyword, or of any of its alternatives."""
    found = {stem for word in words(need) for stem in stems(word)}
    return all(
        any(found & stems(word) for each in keyword.split("|") for word in words(each))
        for keyword in keywords
    )


def name_likeness(name: str, other: str) -> tuple[float, float]:
    """Returns the similarity of two names, 0 to 100, and their similarity by letters, for ties.

    100 where either has all the words of the other, else how alike the sorted words are.

    This is rapidfuzz's `token_set_ratio` but for names that share a common word and differ in a
    short one ("entreprise de BTP", "entreprise de cirage"), which it would take for the same.
    """
    words_of, words_of_other = _distinctive(name), _distinctive(other)
    if not words_of or not words_of_other:
        return (0.0, 0.0)
    sorted_ratio = fuzz.ratio(" ".join(sorted(words_of)), " ".join(sorted(words_of_other)))
    if words_of <= words_of_other or words_of_other <= words_of:
        return (100.0, sorted_ratio)
    return (sorted_ratio, sorted_ratio)


def _distinctive(name: str) -> set[str]:
    forms = _folded(name).split()
    return {form for form in forms if form not in FUNCTION_WORDS} or set(forms)


def _folded(text: str) -> str:
    """The folded words of a text, those with hyphens joined: the same for spellings of one text."""
    return " ".join(word.forms[-1] for word in words(text))
