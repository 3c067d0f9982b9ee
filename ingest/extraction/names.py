"""Names: the kind of organisation that one means, or that it is a person's."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from ingest.extraction.tokens import TextToken, plain_words
from kb.text.lexicon import LEXICONS
from kb.text.organisation_name import LEGAL_FORMS

NAMES_REMEMBERED = 5_000  # an article asks for the analysis of each name many times


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
        (kind, pattern) for pattern, kind in lexicon.rows("organisation_words", 2)
    ).items()
)
"""Each kind and a pattern of its folded words joined by blanks, the most particular first."""
_OF_MANY_KINDS = re.compile(lexicon.any_of("organisation_classes", "many_kinds"))
"""Words in the names of many kinds of organisation: another beside them says more."""


@lru_cache(maxsize=NAMES_REMEMBERED)
def kind_of(name: str) -> OrganisationKind:
    """Returns the kind that the first distinctive word of a name means, else `UNKNOWN`."""
    words = " ".join(plain_words(name))
    found = [
        (_OF_MANY_KINDS.fullmatch(match.group()) is not None, match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_KINDS)
        if (match := pattern.search(words))
    ]
    return min(found)[3] if found else OrganisationKind.UNKNOWN


CIVILITY = lexicon.words("persons", "civility")
FIRST_NAMES = LEXICONS.words("first_names")


def person_end(tokens: Sequence[TextToken], at: int) -> int:
    """Returns the end of the person's name that begins at a token; 0 if none begins there."""
    first = tokens[at]
    if not first.is_capital:
        return 0
    end = at
    while end < len(tokens) and end - at < 6 and _is_of_a_name(tokens, end):
        end += 1
    if any(
        token.form in LEGAL_FORMS or kind_of(token.form) is not OrganisationKind.UNKNOWN
        for token in tokens[at + 1 : end]
    ):
        return 0
    length = end - at
    if first.form in CIVILITY:
        written_out = length > 1 and not first.text.isupper()
        initial = length > 2 and len(first.text) == 1
        if written_out or initial:
            return end
    return end if first.form in FIRST_NAMES and len(first.text) > 1 and length > 1 else 0


def _is_of_a_name(tokens: Sequence[TextToken], at: int) -> bool:
    joins = tokens[at].text in {"-", "."} and at + 1 < len(tokens) and tokens[at + 1].is_capital
    return tokens[at].is_capital or joins
