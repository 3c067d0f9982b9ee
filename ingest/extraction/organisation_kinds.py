"""What kind of organisation a name stands for, by its words: a town hall, a hospital, a firm.

What an organisation did in a story is for `ingest.extraction.roles`.
"""

import re
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from ingest.extraction.tokens import plain_words

_NO_KIND = "-"
"""What the lexicon has instead of a kind for a word that says none."""


class OrganisationKind(StrEnum):
    FIRM = "firm"
    TOWN = "town"
    CARE = "care"
    STATE = "state"
    CHAMBER = "chamber"
    NETWORK = "network"
    LABORATORY = "laboratory"
    HAULIER = "haulier"
    SCHOOL = "school"
    MEDIA = "media"
    UNKNOWN = "unknown"


_KINDS = tuple(
    (OrganisationKind(kind), re.compile(rf"\b(?:{pattern})\b"))
    for kind, pattern in lexicon.alternatives(
        (kind, pattern) for pattern, kind, _ in lexicon.rows("organisation_words", 3)
    ).items()
    if kind != _NO_KIND
)
"""Each kind and what says it in folded words joined by blanks, the most particular first."""
_OF_MANY_KINDS = re.compile(lexicon.any_of("organisation_classes", "many_kinds"))
"""Words in the names of many kinds of organisation: another beside them says more."""


@lru_cache(maxsize=100_000)
def kind_of(name: str) -> OrganisationKind:
    """What kind of organisation a name or a noun phrase stands for, `UNKNOWN` if it does not say.

    The first distinctive word decides ("lycée de la communauté d'agglomération" is a school), and
    of kinds that begin at the same word, the most particular.
    """
    words = " ".join(plain_words(name))
    found = [
        (_OF_MANY_KINDS.fullmatch(match.group()) is not None, match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_KINDS)
        if (match := pattern.search(words))
    ]
    return min(found)[3] if found else OrganisationKind.UNKNOWN
