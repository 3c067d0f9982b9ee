"""The known actors as a list of names that are looked for in a text.

A name is only looked for where its rarest word stands, so that a long list costs little more.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self
from weakref import WeakKeyDictionary

from rapidfuzz.distance import OSA

from ingest.extraction import lexicon
from ingest.extraction.names import NAMES_REMEMBERED, OrganisationKind, is_proper, kind_of
from ingest.extraction.tokens import TextToken, is_everyday_word, plain_words, sentences, tokens
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.communes import is_commune
from kb.reference.departments import NAMES
from kb.text.analysis import FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.organisation_name import LEFT_OUT_IN_TEXTS, distinctive

_OF_PLACE = lexicon.words("prepositions", "of_place")
_BETWEEN = _OF_PLACE | lexicon.words("verb_forms", "located") | {",", "("}
_MAX_WORDS = 8


def town_of(name: str, texts: Iterable[str]) -> str:
    """The only commune that stands after a name: "Avel, à Magnac-Lavalette"; else empty."""
    wanted = [token.form for token in tokens(name)]
    read = (each for text in texts for each in sentences("", text))
    towns = {town for each in read if (town := _town_after(wanted, each.text, each.tokens))}
    return towns.pop() if len(towns) == 1 else ""


def _town_after(wanted: Sequence[str], text: str, words: Sequence[TextToken]) -> str:
    count = len(wanted)
    for at in range(len(words) - count):
        if count and [token.form for token in words[at : at + count]] == wanted:
            first = at + count
            while first < len(words) and words[first].form in _BETWEEN:
                first += 1
            before = words[first - 1]
            if first > at + count and (before.text == "(" or before.form in _OF_PLACE):
                return _commune(text, words[first:])
    return ""


def _commune(text: str, words: Sequence[TextToken]) -> str:
    """The longest name of a commune that some words begin with, as it is written; "" for none."""
    if not (words and words[0].is_capital):
        return ""
    for last in range(min(_MAX_WORDS, len(words)), 0, -1):
        written = text[words[0].start : words[last - 1].end]
        if words[last - 1].is_word and is_commune(written):
            return written
    return ""


MIN_SHORT_NAME_CHARS = 5  # least length of the longest word of a short name
_ALIAS_FIELDS = frozenset(lexicon.phrases("alias_fields"))
_PARENTHESIS = re.compile(r"[(\[]([^)\]]{2,80})[)\]]")
_BEFORE_A_NAME = re.compile(
    rf"^\s*(?:{lexicon.any_of('name_links', 'announced')}\b[\s:]*)+", re.IGNORECASE
)
_PUBLIC_KINDS = frozenset(map(OrganisationKind, "town care chamber state network".split()))
_PUBLIC_WORDS = tuple(
    (re.compile(pattern), word) for pattern, word in lexicon.rows("public_bodies", 2)
)
_PAIRED = lexicon.words("organisation_classes", "paired")  # mean a kind with the next word
_VAGUE = lexicon.words("common_name_words", "short_name")
LEFT_OUT = (
    LEFT_OUT_IN_TEXTS
    | lexicon.words("name_links", "article")
    | lexicon.words("name_links", "left_out")
)


@lru_cache(maxsize=NAMES_REMEMBERED)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name that are compared: folded, without articles and legal forms."""
    forms = [token.form.removesuffix("'") for token in tokens(name) if token.is_word]
    return distinctive(forms, LEFT_OUT)


@lru_cache(maxsize=NAMES_REMEMBERED)
def public_key(name: str, kind: OrganisationKind) -> frozenset[str]:
    """Returns the words that spellings of a public body share; empty for other names."""
    if kind not in _PUBLIC_KINDS:
        return frozenset()
    text = " ".join(plain_words(name))
    for pattern, word in _PUBLIC_WORDS:
        text = pattern.sub(word, text)
    words = frozenset(text.split()) - FUNCTION_WORDS - LEFT_OUT
    return words if len(words) > 1 else frozenset()


def names_of(actor: Actor) -> Iterator[str]:
    bare = _PARENTHESIS.sub(" ", actor.name).strip()
    yield bare or actor.name
    sides = [side.strip() for side in re.split(r"\s+[–—-]\s+", bare)]
    if len(sides) == 2 and any(side.isupper() for side in sides):
        yield from sides
    elif len(sides) == 2 and len(name_words(sides[0])) > 1 and is_proper(sides[0], opens=True):
        yield sides[0]
    for match in _PARENTHESIS.finditer(actor.name):
        inside = _BEFORE_A_NAME.sub("", match[1]).strip()
        if inside[:1].isupper() and not inside.isdigit() and fold(inside) != fold(actor.place):
            yield inside
    for key, value in actor.facts.items():
        if fold(key) in _ALIAS_FIELDS:
            yield from (alias.strip() for alias in re.split(r"[|;,\n]", value) if alias.strip())


def short_name(name: str, place: str) -> tuple[str, ...]:
    """The words of a name without its trade and its place, none if that can be no name."""
    words = name_words(name)
    of_place = set(name_words(place)) if place else set()
    of_trade = {word for pair in pairwise(words) if _names_kind(" ".join(pair)) for word in pair}
    left_out = of_place | (of_trade & _PAIRED)
    left = tuple(word for word in words if word not in left_out and not _names_kind(word))
    is_name = (
        left != words
        and max(map(len, left), default=0) >= MIN_SHORT_NAME_CHARS
        and not any(is_everyday_word(word) or word in _VAGUE for word in left)
    )
    return left if is_name else ()


def _names_kind(words: str) -> bool:
    return kind_of(words) is not OrganisationKind.UNKNOWN


MIN_FUZZY_CHARS = 5  # shorter words have too many neighbours for a wrong letter to be a slip
SHORT_NAME = 0.9  # weight of the distinctive part of a name ("Taransaud") beside the whole name, 1
_DEPARTMENTS = frozenset(" ".join(plain_words(name)) for name in NAMES.values())
_NAMED_IN_SHORT = frozenset(map(OrganisationKind, "firm unknown network haulier".split()))


@dataclass(frozen=True, slots=True)
class KnownName:
    """`tokens[first:last]` name any of these actors; `likeness` is 1 if no letter differs."""

    first: int
    last: int
    actor_ids: tuple[str, ...]
    likeness: float


class KnownActors:
    def __init__(self, actors: Iterable[Actor]) -> None:
        self.actors: dict[str, Actor] = {}
        self._names: list[tuple[str, ...]] = []
        self._owners: list[dict[str, None]] = []
        self._number_of: dict[tuple[str, ...], int] = {}
        self._joined: dict[str, list[int]] = defaultdict(list)
        self._public: dict[frozenset[str], dict[str, None]] = defaultdict(dict)
        self._short: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self.places: set[str] = set()
        for actor in actors:
            self._add(actor)
        self._index()

    @classmethod
    def of(cls, knowledge_base: KnowledgeBase) -> Self:
        """The actors of a knowledge base as they are now, listed again only after a change."""
        with _LOCK:
            # Asked for before the actors: a change meanwhile is heeded the next time.
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
        names = list(names_of(actor))
        for name in names:
            self._add_name(actor.id, name)
        of_firms = [name for name in names if kind_of(name) in _NAMED_IN_SHORT]
        for words in {short_name(name, actor.place) for name in of_firms} - {()}:
            self._short[words].append(actor.id)

    def _add_name(self, actor_id: str, name: str) -> None:
        words = name_words(name)
        if max(map(len, words), default=0) < 2:
            return
        number = self._number_of.setdefault(words, len(self._names))
        if number == len(self._names):
            self._names.append(words)
            self._owners.append({})
            if len(words) > 1 or len(words[0]) > 5:
                self._joined["".join(words)].append(number)
        self._owners[number][actor_id] = None
        if key := public_key(name, kind_of(name)):
            self._public[key][actor_id] = None

    def _index(self) -> None:
        self._first_short = len(self._names)
        for words, owners in self._short.items():
            # A short name names an actor only where no other is called so.
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
        return words in self.places or words in _DEPARTMENTS

    def named(self, name: str) -> tuple[str, ...]:
        """The ids of the actors with exactly this name, or that are this public body."""
        if (number := self._number_of.get(name_words(name))) is not None:
            return tuple(self._owners[number])
        key = public_key(name, kind_of(name))
        return tuple(self._public.get(key, ())) if key else ()

    def find(self, sentence: Sequence[TextToken]) -> list[KnownName]:
        distinct = [
            at for at, token in enumerate(sentence) if token.is_word and token.form not in LEFT_OUT
        ]
        found = [*self._in_words(sentence, distinct), *self._run_together(sentence, distinct)]
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
        self, sentence: Sequence[TextToken], distinct: Sequence[int]
    ) -> Iterator[KnownName]:
        """Names that the text writes word by word, but for a slip, at some positions."""
        forms = [sentence[at].form for at in distinct]
        for rank, form in enumerate(forms):
            if form in self._by_rarest:
                alike: Collection[str] = (form,)
            elif sentence[distinct[rank]].is_capital:
                alike = self._misspelt(form)
            else:
                continue
            for word in alike:
                for number, position in self._by_rarest[word]:
                    words = self._names[number]
                    begin = rank - position
                    end = begin + len(words)
                    is_inside = begin >= 0 and end <= len(forms)
                    if not (is_inside and _are_close(distinct, begin, end, sentence)):
                        continue
                    likeness = _likeness(words, forms[begin:end])
                    if number >= self._first_short:
                        # A part of a name with a slip in it is another name.
                        likeness = SHORT_NAME if likeness == 1 else 0.0
                    if likeness:
                        first, last = distinct[begin], distinct[end - 1] + 1
                        yield KnownName(first, last, tuple(self._owners[number]), likeness)

    def _run_together(
        self, sentence: Sequence[TextToken], distinct: Sequence[int]
    ) -> Iterator[KnownName]:
        """Names that the text writes in another number of words: "Polymer Expert", "JM Weston"."""
        for begin in range(len(distinct)):
            for end in range(begin + 1, min(begin + 5, len(distinct) + 1)):
                if not _are_close(distinct, begin, end, sentence):
                    break
                if not any(sentence[at].is_capital for at in distinct[begin:end]):
                    continue
                joined = "".join(sentence[at].form for at in distinct[begin:end])
                for number in self._joined.get(joined, ()):
                    first, last = distinct[begin], distinct[end - 1] + 1
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
        return sorted(word for word in near if OSA.distance(form, word) <= _max_slips(form))


_LOCK = threading.Lock()
_MADE: WeakKeyDictionary[KnowledgeBase, tuple[str, KnownActors]] = WeakKeyDictionary()
"""The known actors of each knowledge base, and the generation of its actors they are of."""


def _are_close(
    distinct: Sequence[int], begin: int, end: int, sentence: Sequence[TextToken]
) -> bool:
    """Whether nothing but articles, prepositions and full stops stands between the words."""
    return all(
        right - left <= 4
        and all(
            token.is_word or token.form in {"-", "'", "’", ".", "&", "‐", "‑"}
            for token in sentence[left + 1 : right]
        )
        for left, right in pairwise(distinct[begin:end])
    )


def _max_slips(word: str) -> int:
    return 1 if len(word) < 9 else 2


def _likeness(words: Sequence[str], forms: Sequence[str]) -> float:
    """Returns the similarity of the words of a name and a text: 1 if equal, 0 for another name."""
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
        if (distance := OSA.distance(word, form)) > _max_slips(word):
            return 0.0
        slips += distance
    return max(0.0, 1.0 - slips / length) if slips <= max(1, length / 6) else 0.0
