"""Participants: the stretches that the heads tag, gathered by name, with the roles of each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ingest.extraction.gazetteer import name_words
from ingest.extraction.names import is_proper, kind_of
from ingest.extraction.reader.encoded import (
    EncodedText,
    Floats,
    learnt_roles,
    odds_of_kind,
    tags,
)
from ingest.extraction.reader.marked import role_odds
from ingest.extraction.tokens import plain_words
from kb.reference.communes import is_town
from kb.reference.roles import Role
from kb.text.analysis import FUNCTION_WORDS
from kb.text.folding import fold

LEAST_TAG = 0.3  # least probability of a token that is taken for one of a participant
LEAST = 0.4  # least probability of a participant: of those below, a quarter take part
MOST = 60  # participants of a text, the likeliest: the roles of each take 25 ms
ALSO = 0.4  # least probability of a further role
_DETERMINER = re.compile(
    r"(?:(?:le|la|les|un|une|des|du|au|aux|the|an?|ce|cet|cette|ces|son|sa|ses|leurs?|notre|nos"
    r"|its|their|our|this|these)\s+|[ld]['’])",
    re.IGNORECASE,
)
_NAMED_SO = re.compile(r"(?<![.!?:»\n]\s)(?<!^)\b(?:(?:La|Le|Les|The|Un|Une)\s|[LD]['’])$")
_OF_PLACE = re.compile(r"(?:^|\W)(?:à|de|en|vers|at|in|from|near)\s$|\bd['’]$")
_IN_TOWN = re.compile(r"(?<=\w)\s(?:à|in|near)\s[A-ZÀ-Þ][\w' -]+$")  # "Tree Brewery in Leeds"
_CUT_AFTER = frozenset(
    "a an and at au aux avec d de des du en et for from in l la le les of on par pour the to"
    " with".split()
)
_DEFINITE = re.compile(
    r"(?:^|\W)(?:l['’]|(?:le|la|the|du|au|cette|cet|ce|this|sa|son)\s)$", re.IGNORECASE
)
_OPENING = re.compile(r"[.!?…:•*|\n-][\s«“\"*_]*$")
_AROUND = " \t\n,;:.«»\"“”()'’*_|[]–—-"


@dataclass(frozen=True, slots=True)
class TaggedName:
    """`text[start:end]`, which names somebody, and how likely it is a participant."""

    start: int
    end: int
    name: str
    probability: float


@dataclass(slots=True)
class Participant:
    """An organisation of the article under all its names, the fullest first."""

    text: str
    mentions: list[TaggedName] = field(default_factory=list)

    @property
    def name(self) -> str:
        best = self.mentions[0].name
        return best[:1].upper() + best[1:]

    @property
    def probability(self) -> float:
        return max(mention.probability for mention in self.mentions)

    @property
    def is_named(self) -> bool:
        """Whether a mention is a name: others say "la mairie", "un imprimeur"."""
        return any(
            is_proper(mention.name, opens=_opens(self.text, mention)) for mention in self.mentions
        )

    def roles(self) -> list[tuple[Role, float]]:
        """The likeliest role, then those of at least `ALSO`, with how likely they are."""
        odds = role_odds(self.text, [(each.start, each.end) for each in self.mentions])
        odds = odds + odds_of_kind(kind_of(self.name))
        likely = np.exp(odds - odds.max())
        likely /= likely.sum()
        named = zip(learnt_roles(), likely.tolist(), strict=True)
        best, *others = sorted(named, key=lambda one: -one[1])
        return [best, *(one for one in others if one[1] >= ALSO)]


def _opens(text: str, mention: TaggedName) -> bool:
    """Whether a name is the first of its sentence."""
    before = text[max(0, mention.start - 8) : mention.start]
    return not mention.start or _OPENING.search(before) is not None


def participants(read: EncodedText) -> list[Participant]:
    """The participants in the order in which the text first names them."""
    found: list[Participant] = []
    back = []
    for mention in sorted(_mentions(read), key=lambda one: -len(one.name)):
        same = (each for each in found if _is_same(mention.name, each.mentions))
        participant = next(same, None)
        if participant is None and _points_back(mention, read.text):
            back.append(mention)
            continue
        if participant is None:
            participant = Participant(read.text)
            found.append(participant)
        participant.mentions.append(mention)
    for mention in back:
        before = [
            (other.end, number)
            for number, each in enumerate(found)
            for other in each.mentions
            if other.end <= mention.start
        ]
        if before:
            found[max(before)[1]].mentions.append(mention)
        else:
            found.append(Participant(read.text, [mention]))
    likely = sorted(found, key=lambda each: -each.probability)[:MOST]
    likely = [each for each in likely if each.probability >= LEAST]
    return sorted(likely, key=lambda each: min(mention.start for mention in each.mentions))


def _points_back(mention: TaggedName, text: str) -> bool:
    """Whether a mention, as "l'entreprise", may stand for an organisation named before."""
    before = text[max(0, mention.start - 6) : mention.start]
    is_plain = mention.name.islower() and len(mention.name.split()) <= 2
    return is_plain and _DEFINITE.search(before) is not None


def _is_same(name: str, others: Sequence[TaggedName]) -> bool:
    """Whether a name is another's, its initials, or has none but words of it."""
    words = set(name_words(name))
    return any(
        (words and words <= set(name_words(other.name)))
        or (name.isupper() and fold(name) == _initials(other.name))
        for other in others
    )


@lru_cache(maxsize=5_000)
def _initials(name: str) -> str:
    words = re.findall(r"\w+", fold(name))
    return "".join(word[0] for word in words if word not in FUNCTION_WORDS)


def _mentions(read: EncodedText) -> Iterator[TaggedName]:
    likely = tags(read)
    for first, last in _tagged(read, likely):
        start, end = int(read.spans[first][0]), int(read.spans[last - 1][1])
        start += len(read.text[start:end]) - len(read.text[start:end].lstrip())
        if found := _NAMED_SO.search(read.text[max(0, start - 7) : start]):
            start -= len(found[0])
        name = bare(read.text[start:end])
        name = _IN_TOWN.sub("", name)
        is_place = _OF_PLACE.search(read.text[max(0, start - 6) : start]) and is_town(name)
        if len(name) > 1 and not is_place and not set(plain_words(name)) <= FUNCTION_WORDS:
            probability = float(np.mean(1 - likely[first:last, 0]))
            yield TaggedName(start, end, name, probability)


def bare(name: str) -> str:
    """A name without its determiner, signs around it, and small words that it is cut after.

    A determiner with a capital before a capital is of the name: "La Poste", "L'Oréal".
    """
    name = " ".join(name.split()).strip(_AROUND)
    if (found := _DETERMINER.match(name)) and not (
        name[0].isupper() and name[found.end() : found.end() + 1].isupper()
    ):
        name = name[found.end() :]
    words = name.split()
    while len(words) > 1 and fold(words[-1]).rstrip("'’") in _CUT_AFTER:
        words.pop()
    return " ".join(words)


def _tagged(read: EncodedText, likely: Floats) -> Iterator[tuple[int, int]]:
    """The tokens `first` to `last` of each tagged stretch, whole words."""
    inside = (1 - likely[:, 0] >= LEAST_TAG) & (read.spans[:, 0] < read.spans[:, 1])
    at, count = 0, len(inside)
    while at < count:
        if not inside[at]:
            at += 1
            continue
        first = at
        at += 1
        while at < count and (
            _continues(read, at) or (inside[at] and likely[at, 1] >= likely[at, 2])
        ):
            at += 1
        while first and _continues(read, first):
            first -= 1
        yield first, at


def _continues(read: EncodedText, at: int) -> bool:
    """Whether a token goes on in the word of the one before."""
    start, before = int(read.spans[at][0]), int(read.spans[at - 1][1])
    return start == before and read.text[start - 1 : start + 1].isalnum()
