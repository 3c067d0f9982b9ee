"""Names: the kind of organisation that one means, or that it is a person's."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from ingest.extraction import lexicon
from ingest.extraction.tokens import TextToken, plain_words, tokens
from kb.reference.communes import is_town
from kb.text.analysis import FUNCTION_WORDS
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

_DESCRIBING = lexicon.words("organisation_classes", "describing")
_OF_TOWN = re.compile(r"\s(?:(?:de|du|des|à|of|from|in|near)\s|d['’])([A-ZÀ-Þ][\w' -]+)$")


@lru_cache(maxsize=NAMES_REMEMBERED)
def is_proper(name: str, *, opens: bool = False) -> bool:
    """Says whether words name an organisation, by a capital or a town, and do not describe one.

    The first word owes its capital to the sentence that it `opens`, unless it stands alone; that
    after an article with a capital is its own: "L'Établissement français du sang".
    """
    of_town = _OF_TOWN.search(name)
    if of_town and not is_town(of_town[1]):
        of_town = None
    said = list(tokens(name[: of_town.start()] if of_town else name))
    own = [
        token
        for token in said
        if token.is_word and not token.form.endswith("'") and token.form not in FUNCTION_WORDS
    ]
    describes = [token.form in _DESCRIBING or _is_of_many_kinds(token.form) for token in own]
    if of_town:
        return bool(own) and (not any(describes) or any(each.is_capital for each in own[1:]))
    if own and own[0] is not said[0] and said[0].is_capital and own[0].is_capital:
        return True
    first = 1 if opens and len(own) > 1 and own[0] is said[0] else 0
    return any(
        token.is_capital and not plain
        for token, plain in list(zip(own, describes, strict=True))[first:]
    )


def _is_of_many_kinds(form: str) -> bool:
    return _OF_MANY_KINDS.fullmatch(form) is not None


@lru_cache(maxsize=NAMES_REMEMBERED)
def kind_of(name: str) -> OrganisationKind:
    """Returns the kind that the first distinctive word of a name means, else `UNKNOWN`."""
    words = " ".join(plain_words(name))
    found = [
        (_is_of_many_kinds(match.group()), match.start(), order, kind)
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
