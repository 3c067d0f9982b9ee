"""What kind of organisation a name stands for, as its words tell: a town hall, a hospital, a firm.

The lists are by meaning and in both languages, folded. They know nothing of what an organisation
did in a story; that is `ingest.extraction.roles`.
"""

import re
from collections import defaultdict
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from ingest.extraction.tokens import plain_words

NO_KIND = "-"
"""What the lexicon has instead of a kind for a word that says none."""


class OrganisationKind(StrEnum):
    """What kind of organisation a participant is."""

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


# In order: the first that matches tells. Matched against folded words joined by blanks.
def _kind_patterns() -> tuple[tuple[OrganisationKind, re.Pattern[str]], ...]:
    """Each kind and what says it in folded words joined by blanks, in the order of the lexicon."""
    patterns: dict[OrganisationKind, list[str]] = defaultdict(list)
    for pattern, kind, _ in lexicon.rows("organisation_words", 3):
        if kind != NO_KIND:
            patterns[OrganisationKind(kind)].append(pattern)
    return tuple(
        (kind, re.compile(rf"\b(?:{'|'.join(each)})\b")) for kind, each in patterns.items()
    )


_KINDS = _kind_patterns()


_GENERIC = re.compile(lexicon.any_of("organisation_classes", "many_kinds"))
"""Words that many kinds of organisation have in their names: another beside them tells more."""


@lru_cache(maxsize=100_000)
def kind_of(name: str) -> OrganisationKind:
    """What kind of organisation a name or a noun phrase stands for, `UNKNOWN` if it does not say.

    The first telling word decides ("lycée de la communauté d'agglomération" is a school), and
    of those that begin at one word the kind that is the most particular.
    """
    words = " ".join(plain_words(name))
    found = [
        (_GENERIC.fullmatch(match.group()) is not None, match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_KINDS)
        if (match := pattern.search(words))
    ]
    return min(found)[3] if found else OrganisationKind.UNKNOWN
