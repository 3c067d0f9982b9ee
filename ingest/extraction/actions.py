"""Actions of organisations in a case, and the French and English words for them.

An action is recognised by a verb, or by a noun under a verb that only says that it was done
("assurer le transport"). Who the doer is, is for `ingest.extraction.roles`.
"""

import re
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from kb.reference.roles import Role


class Action(StrEnum):
    MAKE = "make"
    TRANSFORM = "transform"
    USE = "use"
    SUPPLY = "supply"
    BUY = "buy"
    RECEIVE = "receive"
    TAKE = "take"
    PACK = "pack"
    CARRY = "carry"
    TEST = "test"
    FACILITATE = "facilitate"
    PERMIT = "permit"
    GATHER = "gather"
    JOIN = "join"
    NEED = "need"


ROLE_OF_DOER: dict[Action, tuple[tuple[Role, float], ...]] = {
    Action.MAKE: ((Role.PRODUCER, 0.9),),
    Action.TRANSFORM: ((Role.PRODUCER, 0.85),),
    Action.USE: ((Role.PRODUCER, 0.62), (Role.BUYER, 0.45)),
    Action.SUPPLY: ((Role.SUPPLIER, 0.85),),
    Action.BUY: ((Role.BUYER, 0.9),),
    Action.RECEIVE: ((Role.BUYER, 0.65),),
    Action.TAKE: ((Role.PRODUCER, 0.6), (Role.BUYER, 0.45)),
    Action.PACK: ((Role.REPACKAGER, 0.85),),
    Action.CARRY: ((Role.CARRIER, 0.85),),
    Action.TEST: ((Role.LABORATORY, 0.8),),
    Action.FACILITATE: ((Role.FACILITATOR, 0.85),),
    Action.PERMIT: ((Role.AUTHORITY, 0.85),),
    Action.GATHER: ((Role.NETWORK, 0.6), (Role.FACILITATOR, 0.4)),
    Action.JOIN: (),
    Action.NEED: ((Role.BUYER, 0.5),),
}


BY_PRODUCT = re.compile(
    rf"\b(?:{lexicon.any_of('by_products', 'anywhere')}"
    rf"|{lexicon.any_of('by_products', 'in_clause')})\b"
)
"""By-products, in folded words joined by blanks."""

FIGURATIVE = re.compile(rf"^(?:\S+ ){{0,2}}?{lexicon.any_of('clause_cues', 'figurative')}\b")
"""Objects of figurative giving, which supplies nothing, in the words after a verb."""


_INFLECTIONS = {
    "er": "(?:{})(?:e|es|ent|er|ait|aient|ant|a|erent|era|eront|erait|eraient|ons|ez|ee|ees|eons|"
    "eait|eaient|eant|ea)",
    "en": "(?:{})(?:e|s|es|ed|ing|d|ies|ied|y|ying)?",
    "as-is": "{}",
}
"""The folded forms of French verbs in -er and of regular English verbs, by their stems."""


def _with_by_products(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("<by-product>", BY_PRODUCT.pattern))


_VERBS = {
    Action(action): re.compile(pattern)
    for action, pattern in lexicon.alternatives(
        (action, _INFLECTIONS[inflection].format(pattern))
        for action, inflection, pattern in lexicon.rows("action_verbs", 3)
    ).items()
}
_NOUNS = {
    Action(action): re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")
    for action, pattern in lexicon.alternatives(lexicon.rows("action_nouns", 2)).items()
}
_PHRASES = tuple(
    (Action(action), re.compile(verb), _with_by_products(rest))
    for action, verb, rest in lexicon.rows("action_phrases", 3)
)
_ROLE_PHRASES = tuple(
    (Role(role), float(weight), _with_by_products(pattern))
    for role, weight, pattern in lexicon.rows("role_phrases", 3)
)
_DOING = re.compile(
    f"{_INFLECTIONS['er'].format(lexicon.any_of('doing_verbs', 'er'))}"
    f"|{lexicon.any_of('doing_verbs', 'as_is')}"
)


@lru_cache(maxsize=5_000)  # the words of an article
def verbs(form: str) -> tuple[Action, ...]:
    """The actions that a folded word, read as a verb, can say."""
    return tuple(action for action, pattern in _VERBS.items() if pattern.fullmatch(form))


def phrase_actions(form: str, following: str) -> list[Action]:
    """The actions that a word says together with the folded words that follow it."""
    return [
        action for action, verb, rest in _PHRASES if verb.fullmatch(form) and rest.search(following)
    ]


def is_doing(form: str) -> bool:
    """Whether a folded word is a verb whose noun names the action: "assurer le transport"."""
    return bool(_DOING.fullmatch(form))


def noun_actions(words: str) -> list[tuple[int, Action]]:
    """The actions named by nouns in folded words joined by blanks, and where each begins."""
    return [
        (match.start(), action)
        for action, pattern in _NOUNS.items()
        for match in pattern.finditer(words)
    ]


def support(words_before: str) -> list[tuple[Role, float]]:
    """The roles that the folded words just before an organisation give it."""
    return [
        (role, weight) for role, weight, pattern in _ROLE_PHRASES if pattern.search(words_before)
    ]
