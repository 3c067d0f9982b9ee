"""The known actors as a list of names that are looked for in a text.

Names are compared folded and without articles and legal forms; a letter or so may be wrong in a
long word. What is said in parentheses, and what a directory calls an alias, a brand or an
acronym, are names too. A name is only looked for where its rarest word stands, so that a long
list costs a text little more than a short one.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self
from weakref import WeakKeyDictionary

from rapidfuzz.distance import OSA

from ingest.extraction import lexicon
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.tokens import TextToken, plain_words, tokens
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.departments import NAMES
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.organisation_name import LEFT_OUT_IN_TEXTS, distinctive

MIN_FUZZY_CHARS = 5
"""Shorter words have too many neighbours for a wrong letter to be a slip."""


SHORT_NAME = 0.9
"""What a name that is only the telling part of the whole ("Taransaud") is worth beside it."""

_DEPARTMENTS = frozenset(" ".join(plain_words(name)) for name in NAMES.values())
_PARENTHESIS = re.compile(r"[(\[]([^)\]]{2,80})[)\]]")
_SAID_BEFORE_A_NAME = re.compile(
    rf"^\s*(?:{lexicon.any_of('name_links', 'announced')}\b[\s:]*)+", re.IGNORECASE
)
_PUBLIC_WORDS = tuple(
    (re.compile(pattern), word) for pattern, word in lexicon.rows("public_bodies", 2)
)


@dataclass(frozen=True, slots=True)
class KnownName:
    """A stretch of a sentence that names actors: `tokens[first:last]`.

    `actor_ids` are all whom that name could mean, in order; `likeness` is 1 where every word is
    as in the name, less where letters differ.
    """

    first: int
    last: int
    actor_ids: tuple[str, ...]
    likeness: float


class KnownActors:
    """Who is known, by name. Made once, and read by any thread."""

    def __init__(self, actors: Iterable[Actor]) -> None:
        self.actors: dict[str, Actor] = {}
        self._names: list[tuple[str, ...]] = []
        self._owners: list[dict[str, None]] = []
        self._number_of: dict[tuple[str, ...], int] = {}
        self._joined: dict[str, list[int]] = defaultdict(list)
        self._public: dict[frozenset[str], dict[str, None]] = defaultdict(dict)
        self._short: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._bodies: dict[tuple[OrganisationKind, str], list[str]] = defaultdict(list)
        self.places: set[str] = set()
        for actor in actors:
            self._add(actor)
        self._index()

    @classmethod
    def of(cls, knowledge_base: KnowledgeBase) -> Self:
        """The actors of a knowledge base as they are now.

        Made again only when an actor has changed: of many, it takes seconds.
        """
        with _LOCK:
            # Asked for before the actors: who changes one meanwhile is heeded the next time.
            generation = knowledge_base.generation(Kind.ACTOR)
            made, known = _MADE.get(knowledge_base, ("", None))
            if not isinstance(known, cls) or made != generation:
                known = cls(knowledge_base.actors())
                _MADE[knowledge_base] = (generation, known)
            return known

    def _add(self, actor: Actor) -> None:
        self.actors[actor.id] = actor
        if actor.place:
            self.places.add(" ".join(name_words(actor.place)) or fold(actor.place))
        names = list(_names_of(actor))
        organisation_kinds = [kind_of(name) for name in names]
        for name, kind in zip(names, organisation_kinds, strict=True):
            words = name_words(name)
            if not words or not any(len(word) > 1 for word in words):
                continue
            if words not in self._number_of:
                self._number_of[words] = len(self._names)
                self._names.append(words)
                self._owners.append({})
                if len(words) > 1 or len(words[0]) > 5:
                    self._joined["".join(words)].append(self._number_of[words])
            number = self._number_of[words]
            self._owners[number][actor.id] = None
            key = public_key(name, kind)
            if key:
                self._public[key][actor.id] = None
        kind = organisation_kinds[0]
        if actor.place and kind in {OrganisationKind.TOWN, OrganisationKind.CARE}:
            self._bodies[kind, fold(actor.place)].append(actor.id)
        of_firms = [
            name
            for name, kind in zip(names, organisation_kinds, strict=True)
            if kind
            in {
                OrganisationKind.FIRM,
                OrganisationKind.UNKNOWN,
                OrganisationKind.NETWORK,
                OrganisationKind.HAULIER,
            }
        ]
        for words in {short for name in of_firms for short in _short(name, actor.place)}:
            self._short[words].append(actor.id)

    def _index(self) -> None:
        self._first_short = len(self._names)
        for words, owners in self._short.items():
            # What is left of a name only names somebody where nobody else is called so.
            is_free = words not in self._number_of and not self.is_place(" ".join(words))
            if len(owners) == 1 and is_free:
                self._names.append(words)
                self._owners.append(dict.fromkeys(owners))
        counts: dict[str, int] = defaultdict(int)
        for words in self._names:
            for word in set(words):
                counts[word] += 1
        self._by_rarest: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(self._names):
            # Two words, so that a slip in the rarest is made good by the next.
            for position in sorted(range(len(words)), key=lambda at: (counts[words[at]], at))[:2]:
                self._by_rarest[words[position]].append((number, position))
        self._neighbours: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self._by_rarest:
            if len(word) >= MIN_FUZZY_CHARS and word.isalpha():
                self._neighbours[word[:2], len(word)].append(word)
                self._neighbours[word[-3:], len(word)].append(word)

    def is_place(self, words: str) -> bool:
        """Whether folded words, joined by blanks, are an actor's place or a department."""
        return words in self.places or words in _DEPARTMENTS

    def named(self, name: str) -> tuple[str, ...]:
        """The ids of the actors with exactly this name, or that are this public body."""
        number = self._number_of.get(name_words(name))
        if number is not None:
            return tuple(self._owners[number])
        key = public_key(name, kind_of(name))
        return tuple(self._public.get(key, ())) if key else ()

    def public_bodies(self, kind: OrganisationKind, text: str) -> tuple[str, ...]:
        """The ids of the bodies of a kind in the place that a text speaks of most, in order."""
        said = fold(text)
        counts = {
            place: len(re.findall(rf"(?<!\w){re.escape(place)}(?!\w)", said))
            for body, place in self._bodies
            if body is kind and place in said
        }
        if not counts:
            return ()
        most = max(counts.values())
        places = [place for place, count in counts.items() if count == most]
        return tuple(self._bodies[kind, places[0]]) if len(places) == 1 else ()

    def find(self, sentence: Sequence[TextToken]) -> list[KnownName]:
        """The names in a sentence, from left to right; of two that overlap, the longer."""
        telling = [
            at for at, token in enumerate(sentence) if token.is_word and token.form not in _LEFT_OUT
        ]
        found = [*self._in_words(sentence, telling), *self._run_together(sentence, telling)]
        found.sort(key=lambda known: (known.first - known.last, -known.likeness, known.first))
        taken: set[int] = set()
        kept = []
        for known in found:
            span = set(range(known.first, known.last))
            if not span & taken:
                taken |= span
                kept.append(known)
        return sorted(kept, key=lambda known: known.first)

    def _in_words(
        self, sentence: Sequence[TextToken], telling: Sequence[int]
    ) -> Iterator[KnownName]:
        forms = [sentence[at].form for at in telling]
        for place, form in enumerate(forms):
            if form in self._by_rarest:
                alike: Collection[str] = (form,)
            elif sentence[telling[place]].is_capital:
                alike = self._misspelt(form)
            else:
                continue
            for word in alike:
                for number, position in self._by_rarest[word]:
                    words = self._names[number]
                    begin = place - position
                    end = begin + len(words)
                    if begin < 0 or end > len(forms) or not _close(telling, begin, end, sentence):
                        continue
                    likeness = _likeness(words, forms[begin:end])
                    if number >= self._first_short:
                        # A part of a name with a slip in it is another name.
                        likeness = SHORT_NAME if likeness == 1 else 0.0
                    if likeness:
                        first, last = telling[begin], telling[end - 1] + 1
                        yield KnownName(first, last, tuple(self._owners[number]), likeness)

    def _run_together(
        self, sentence: Sequence[TextToken], telling: Sequence[int]
    ) -> Iterator[KnownName]:
        """Names that the text writes in another number of words: "Polymer Expert", "JM Weston"."""
        for begin in range(len(telling)):
            for end in range(begin + 1, min(begin + 5, len(telling) + 1)):
                if not _close(telling, begin, end, sentence):
                    break
                if not any(sentence[at].is_capital for at in telling[begin:end]):
                    continue
                joined = "".join(sentence[at].form for at in telling[begin:end])
                for number in self._joined.get(joined, ()):
                    first, last = telling[begin], telling[end - 1] + 1
                    yield KnownName(first, last, tuple(self._owners[number]), 1.0)

    def _misspelt(self, form: str) -> list[str]:
        if len(form) < MIN_FUZZY_CHARS or not form.isalpha():
            return []
        near = {
            word
            for length in (len(form) - 1, len(form), len(form) + 1)
            for key in (form[:2], form[-3:])
            for word in self._neighbours.get((key, length), ())
        }
        allowed = 1 if len(form) < 9 else 2
        return sorted(word for word in near if OSA.distance(form, word) <= allowed)


_LOCK = threading.Lock()
_MADE: WeakKeyDictionary[KnowledgeBase, tuple[str, KnownActors]] = WeakKeyDictionary()
"""Who was last known in each knowledge base, and at which generation of its actors."""

_LEFT_OUT = (
    LEFT_OUT_IN_TEXTS
    | lexicon.words("name_links", "article")
    | lexicon.words("name_links", "left_out")
)


@lru_cache(maxsize=200_000)
def name_words(name: str) -> tuple[str, ...]:
    """What is compared of a name: its folded words without articles and legal forms."""
    forms = [token.form.removesuffix("'") for token in tokens(name) if token.is_word]
    return distinctive(forms, _LEFT_OUT)


@lru_cache(maxsize=100_000)
def public_key(name: str, kind: OrganisationKind) -> frozenset[str]:
    """What spellings of a public body share, as of "Ville d'Angoulême", "Angoulême town hall".

    Empty for what is no public body, or has no place in its name.
    """
    if kind not in {
        OrganisationKind.TOWN,
        OrganisationKind.CARE,
        OrganisationKind.CHAMBER,
        OrganisationKind.STATE,
        OrganisationKind.NETWORK,
    }:
        return frozenset()
    said = " ".join(plain_words(name))
    for pattern, word in _PUBLIC_WORDS:
        said = pattern.sub(word, said)
    words = frozenset(said.split()) - FUNCTION_WORDS - _LEFT_OUT
    return words if len(words) > 1 else frozenset()


def is_everyday_word(form: str) -> bool:
    """Whether a folded word is one that sentences are full of."""
    return form in FUNCTION_WORDS or form in FRAMING_WORDS


def _names_of(actor: Actor) -> Iterator[str]:
    bare = _PARENTHESIS.sub(" ", actor.name).strip()
    yield bare or actor.name
    sides = [side.strip() for side in re.split(r"\s+[–—-]\s+", bare)]
    if len(sides) == 2 and any(side.isupper() for side in sides):
        yield from sides
    for match in _PARENTHESIS.finditer(actor.name):
        inside = _SAID_BEFORE_A_NAME.sub("", match[1]).strip()
        if inside[:1].isupper() and not inside.isdigit() and fold(inside) != fold(actor.place):
            yield inside
    yield from _of_facts(actor.facts)


@lru_cache(maxsize=100_000)
def _is_telling(word: str) -> bool:
    return kind_of(word) is OrganisationKind.UNKNOWN


def _short(name: str, place: str) -> Iterator[tuple[str, ...]]:
    """What is left of a name without its trade and its place, if that can still be a name."""
    words = name_words(name)
    of_place = set(name_words(place)) if place else set()
    of_trade = {
        word for pair in pairwise(words) if not _is_telling(" ".join(pair)) for word in pair
    }
    left = tuple(
        word
        for word in words
        if word not in of_place and _is_telling(word) and not (word in of_trade and word in _PAIRED)
    )
    if (
        left
        and left != words
        and max(map(len, left)) >= MIN_FUZZY_CHARS
        and not any(is_everyday_word(word) or word in _VAGUE for word in left)
    ):
        yield left


_PAIRED = lexicon.words("organisation_classes", "paired")
"""Words that say what an organisation is only together with the one beside them."""

_VAGUE = lexicon.words("common_name_words", "short_name")


def _of_facts(facts: Mapping[str, str]) -> Iterator[str]:
    for key, value in facts.items():
        if fold(key) in ALIAS_KEYS:
            yield from (alias.strip() for alias in re.split(r"[|;,\n]", value) if alias.strip())


ALIAS_KEYS = frozenset(lexicon.phrases("alias_fields"))


def _close(telling: Sequence[int], begin: int, end: int, sentence: Sequence[TextToken]) -> bool:
    """Whether nothing but articles, prepositions and full stops stands between the words."""
    for left, right in zip(telling[begin:end], telling[begin + 1 : end], strict=False):
        if right - left > 4:
            return False
        if any(
            not token.is_word and token.form not in {"-", "'", "’", ".", "&", "‐", "‑"}
            for token in sentence[left + 1 : right]
        ):
            return False
    return True


def _likeness(words: Sequence[str], forms: Sequence[str]) -> float:
    """1 for the same words, down to 0 where they are not the same name."""
    slips = 0.0
    length = sum(map(len, words))
    for word, form in zip(words, forms, strict=True):
        if word == form:
            continue
        if word.isalpha() and form.isalpha() and word.rstrip("sx") == form.rstrip("sx"):
            slips += 0.5
            continue
        if len(word) < MIN_FUZZY_CHARS or not word.isalpha():
            return 0.0
        distance = OSA.distance(word, form)
        if distance > (1 if len(word) < 9 else 2):
            return 0.0
        slips += distance
    return max(0.0, 1.0 - slips / length) if slips <= max(1, length / 6) else 0.0
