"""Kinds of organisations, by the words of their names: a town hall, a hospital, a firm."""

import re
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from ingest.extraction.tokens import plain_words

NAMES_REMEMBERED = 5_000
"""Names and noun phrases whose analysis is remembered: an article asks for each many times."""
_NO_KIND = "-"  # mark of the lexicon for a word without a kind


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
"""Each kind and a pattern of its folded words joined by blanks, the most particular first."""
_OF_MANY_KINDS = re.compile(lexicon.any_of("organisation_classes", "many_kinds"))
"""Words in the names of many kinds of organisation: another beside them says more."""


@lru_cache(maxsize=NAMES_REMEMBERED)
def kind_of(name: str) -> OrganisationKind:
    """Returns the kind that the first distinctive word of a name means, else `UNKNOWN`.

    Of kinds that begin at the same word, the most particular counts.
    """
    words = " ".join(plain_words(name))
    found = [
        (_OF_MANY_KINDS.fullmatch(match.group()) is not None, match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_KINDS)
        if (match := pattern.search(words))
    ]
    return min(found)[3] if found else OrganisationKind.UNKNOWN
