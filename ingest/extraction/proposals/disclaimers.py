"""What says of an organisation that it is only an example, or took no part."""

import re

from ingest.extraction import lexicon

_TAKES_NO_PART = re.compile(rf"\b{lexicon.any_of('disclaimers', 'takes_no_part')}", re.IGNORECASE)
_POINTS_BACK = re.compile(rf"\W*{lexicon.any_of('disclaimers', 'points_back')}", re.IGNORECASE)


def is_disclaimer(sentence: str) -> bool:
    """Whether a sentence says of those it names that they took no part."""
    return _TAKES_NO_PART.search(sentence) is not None


def points_back(sentence: str) -> bool:
    """Whether a sentence speaks of the one before it: "Mais c'est une autre histoire."."""
    return _POINTS_BACK.match(sentence) is not None
