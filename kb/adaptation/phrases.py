"""Phrases of the indexes of activities as people say them, by class, and those that share a word.

An index says "Boots, rubber, manufacturing" or "Boots (retail)"; a person says "rubber boots", and
means the maker, or "boots, retail". Phrases of several classes that share a word ("bread" of the
baker, of the shop, and of the machine that slices it) are each other's hard negatives: who makes
a thing, and who sells or uses it.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MAKING = range(10, 33)
"""The divisions of NACE that make things; 33 repairs them."""

CLASSES_OF_A_WORD = range(3, 26)
"""A word is shared by so many classes; in more, it says nothing about a thing."""

_LEAST_LETTERS = 4
_BY_MAKING = re.compile(r"(?:,? manufacturing| \(manufactur(?:e|ing)\))$", re.IGNORECASE)
_BY_OTHERS = re.compile(r" \((wholesale|retail|commission agent)\)$")
_REMARK = re.compile(
    r"\s*\((?:i\.e\.|e\.g\.|except|other than|not |excl|sauf|à l['’]excl)[^()]*\)?"
)
_ABBREVIATED = re.compile(r"[A-Z]{4}|\b(?:FAB|art|mat|pers|véhic|similr?|pr|tt)\b[. ]")
_LISTED = re.compile(r"\s*:\s*")
_LIST_END = re.compile(r",?\s*(?:etc\.?|\.\.\.)\s*$")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a class, as it is said: `text`; `things` is what it lists, if it does."""

    lang: str
    code: str
    text: str
    things: tuple[str, ...] = ()

    @property
    def is_of_making(self) -> bool:
        return int(self.code[:2]) in MAKING


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Phrases by class and language, the classes by division, and phrases by word and class."""

    by_class: Mapping[str, Mapping[str, Sequence[Phrase]]]
    by_division: Mapping[str, Sequence[str]]
    by_word: Mapping[str, Mapping[str, Sequence[Phrase]]]

    @classmethod
    def of(cls, phrases: Iterable[Phrase]) -> "PhraseBook":
        by_class: dict[str, dict[str, list[Phrase]]] = defaultdict(lambda: defaultdict(list))
        by_word: dict[str, dict[str, list[Phrase]]] = defaultdict(lambda: defaultdict(list))
        for phrase in dict.fromkeys(phrases):
            by_class[phrase.code][phrase.lang].append(phrase)
            for word in sorted(_words(phrase.text)):
                by_word[word][phrase.code].append(phrase)
        by_division: dict[str, list[str]] = defaultdict(list)
        for code in by_class:
            by_division[code[:2]].append(code)
        shared = {w: classes for w, classes in by_word.items() if len(classes) in CLASSES_OF_A_WORD}
        return cls(by_class, by_division, shared)

    def draw(self, n: int, siblings: int, rng: random.Random) -> list[Phrase]:
        """`n` phrases: half by divisions, a quarter by shared words, the rest from anywhere.

        Of a division or a word come up to `siblings` classes together, with a phrase each.
        """
        drawn: list[Phrase] = []
        divisions = list(self.by_division.values())
        sizes = [len(codes) for codes in divisions]
        while len(drawn) < n // 2:
            (codes,) = rng.choices(divisions, sizes)
            together = rng.sample(list(codes), min(siblings, len(codes)))
            drawn += [self.one_of(code, rng) for code in together]
        drawn = drawn[: n // 2]
        words = list(self.by_word.values())
        while words and len(drawn) < n * 3 // 4:
            classes = rng.choice(words)
            together = rng.sample(list(classes), min(siblings, len(classes)))
            drawn += [rng.choice(classes[code]) for code in together]
        everywhere = list(self.by_class)
        drawn = drawn[:n]
        return drawn + [
            self.one_of(code, rng) for code in rng.choices(everywhere, k=n - len(drawn))
        ]

    def one_of(self, code: str, rng: random.Random) -> Phrase:
        """A phrase of a class, in each of its languages as often."""
        by_lang = self.by_class[code]
        return rng.choice(by_lang[rng.choice(sorted(by_lang))])


def said(text: str) -> str:
    """A phrase of an index as a person says it, or nothing if it is abbreviated."""
    text = _LIST_END.sub("", _REMARK.sub("", text).strip(" .;"))
    if _ABBREVIATED.search(text):
        return ""
    # "Boots (retail)" is "boots, retail"; "Boots, rubber", "rubber boots".
    text = _BY_OTHERS.sub(r", \1", _BY_MAKING.sub("", text))
    head, _, kind = text.partition(", ")
    turned = kind and "," not in kind and len(kind.split()) <= 2 and len(head.split()) == 1
    if turned and kind not in {"wholesale", "retail"}:
        return f"{kind} {head[:1].lower()}{head[1:]}"
    return text


def listed_things(text: str) -> tuple[str, ...]:
    """What a phrase lists after a colon: "cultures : blé, seigle"."""
    _, *rest = _LISTED.split(text, maxsplit=1)
    if not rest:
        return ()
    things = (thing.strip(" .") for thing in _LIST_END.sub("", rest[0]).split(","))
    return tuple(thing for thing in things if len(thing) >= _LEAST_LETTERS)


def _words(text: str) -> set[str]:
    """The words of a text, without the `s` of a plural."""
    found = (word.casefold() for word in _WORD.findall(text))
    return {w.removesuffix("s") for w in found if len(w) >= _LEAST_LETTERS}
