"""Actions of organisations in a case, and the French and English verbs for them."""

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
_BUYERS = (("to", 0.5), ("for", 0.45), ("object", 0.3))
ROLE_OF_OTHER: dict[tuple[str, Action], dict[Role, float]] = {
    (relation, action): {Role.BUYER: weight}
    for action in (Action.SUPPLY, Action.CARRY, Action.PACK, Action.MAKE)
    for relation, weight in _BUYERS
} | {
    (relation, action): {Role.SUPPLIER: 0.6}
    for action in (Action.BUY, Action.RECEIVE, Action.TAKE, Action.TRANSFORM)
    for relation in ("of", "to")
}
"""The roles of who is beside a verb, by its preposition, and how surely."""
BY_PRODUCT = re.compile(
    rf"\b(?:{lexicon.any_of('by_products', 'anywhere')}"
    rf"|{lexicon.any_of('by_products', 'in_clause')})\b"
)
"""By-products, in folded words joined by blanks."""
_INFLECTIONS = {
    "er": "(?:{})(?:e|es|ent|er|ait|aient|ant|a|erent|era|eront|erait|eraient|ons|ez|ee|ees|eons|"
    "eait|eaient|eant|ea)",
    "en": "(?:{})(?:e|s|es|ed|ing|d|ies|ied|y|ying)?",
    "as-is": "{}",
}
"""The folded forms of French verbs in -er and of regular English verbs, by their stems."""
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
    (Action(action), re.compile(verb), re.compile(rest.replace("<by-product>", BY_PRODUCT.pattern)))
    for action, verb, rest in lexicon.rows("action_phrases", 3)
)
_DOING = re.compile(
    f"{_INFLECTIONS['er'].format(lexicon.any_of('doing_verbs', 'er'))}"
    f"|{lexicon.any_of('doing_verbs', 'as_is')}"
)


@lru_cache(maxsize=5_000)  # the words of an article
def verbs(form: str) -> tuple[Action, ...]:
    """The actions that a folded word, read as a verb, can say."""
    return tuple(action for action, pattern in _VERBS.items() if pattern.fullmatch(form))


def actions(form: str, following: str) -> list[Action]:
    """The actions of a folded verb by the folded words after it: "mis en flacons"."""
    found = [
        action for action, verb, rest in _PHRASES if verb.fullmatch(form) and rest.search(following)
    ]
    near = " ".join(following.split()[:7])
    if not found and _DOING.fullmatch(form):
        found = [action for action, pattern in _NOUNS.items() if pattern.search(near)]
    found = found or list(verbs(form))
    if Action.MAKE in found and BY_PRODUCT.search(" ".join(following.split()[:3])):
        return [Action.SUPPLY]  # who makes waste has it to give
    return found
