"""The analysis of an organisation's name, made once for all that compare names."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from kb.text.analysis import FUNCTION_WORDS, words
from kb.text.lexicon import LEXICONS

_FORMS = LEXICONS.words("legal_forms", "forms")
_FIRM_WORDS = LEXICONS.words("legal_forms", "words")
LEGAL_FORMS = _FORMS | LEXICONS.words("legal_forms", "only_after_a_name")  # folded
LEFT_OUT_IN_TEXTS = _FORMS | _FIRM_WORDS  # no part of a name in a text, folded

# Folded words that distinguish a name from no other.
LEFT_OUT_OF_NAMES = (
    FUNCTION_WORDS | LEFT_OUT_IN_TEXTS | LEXICONS.words("legal_forms", "words_of_names_in_texts")
)
INITIALS = -1  # the position of initials, which are not in the name as a word
WRITTEN_ALIKE = {row[0]: row[1] for row in LEXICONS.rows("written_alike", 2)}
_APOSTROPHES = frozenset("'’ʼ")
_NUMBER = re.compile(r"\d+")
_MIN_INITIALS = 3
_MAX_SPELLED = 24  # the first words of a longer name are enough to know it by


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """The folded words of a name: `distinctive` ones; `spelled`, initials joined, at most 24."""

    distinctive: tuple[str, ...]
    spelled: tuple[str, ...]
    initials: tuple[str, ...]
    numbers: frozenset[str]

    def placed(self) -> Iterator[tuple[int, str]]:
        yield from enumerate(self.spelled)
        yield from ((INITIALS, initials) for initials in self.initials)


@lru_cache(maxsize=20_000)
def analyse_name(name: str) -> OrganisationName:
    parts = list(_parts(name))
    joined = _initials_joined(parts)
    telling = distinctive(joined, LEFT_OUT_OF_NAMES)[:_MAX_SPELLED]
    spelled = tuple(WRITTEN_ALIKE.get(word, word) for word in telling)
    initials = set()
    if len(spelled) >= _MIN_INITIALS:
        initials = {"".join(word[0] for word in several) for several in (spelled, joined)}
    return OrganisationName(
        distinctive([word for word, _ in parts], LEFT_OUT_OF_NAMES),
        spelled,
        tuple(sorted(initials)),
        frozenset(_NUMBER.findall(name)),
    )


def name_key(name: str) -> str:
    """Returns the key that spellings of a name share: its distinctive words, joined."""
    return "".join(analyse_name(name).distinctive)


def distinctive(name_words: Collection[str], left_out: Collection[str]) -> tuple[str, ...]:
    """Returns the words of a name without those left out, or all if none stays."""
    return tuple(word for word in name_words if word not in left_out) or tuple(name_words)


def joined_words(name: str) -> list[str]:
    return _initials_joined(_parts(name), digits=False)


def _parts(name: str) -> Iterator[tuple[str, bool]]:
    for word in words(name):
        is_elided = name[word.end : word.end + 1] in _APOSTROPHES
        for part in word.forms[: max(1, len(word.forms) - 1)]:
            yield part, is_elided


def _initials_joined(parts: Iterable[tuple[str, bool]], *, digits: bool = True) -> list[str]:
    joined: list[str] = []
    initials = ""
    for part, is_elided in parts:
        if len(part) == 1 and not is_elided and (digits or part.isalpha()):
            initials += part
            continue
        if initials:
            joined.append(initials)
            initials = ""
        joined.append(part)
    return [*joined, initials] if initials else joined
