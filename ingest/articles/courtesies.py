"""Courtesies of letters: the greeting, the offer of a contact and the farewell, left out."""

import re

from ingest.articles import lexicon

_GREETING = re.compile(
    rf"^[ \t]*{lexicon.any_of('courtesies', 'greeting')}(?!\w)[\s,!.:–-]*(?P<first>\w?)",
    re.IGNORECASE | re.MULTILINE,
)
_OFFER = re.compile(
    rf"(?:^|(?<=[.!?…])[ \t]+)[^.!?…\n]{{0,300}}\b{lexicon.any_of('courtesies', 'offer')}[^.!?…\n]*"
    r"(?:[.!?…]+|$)",
    re.IGNORECASE | re.MULTILINE,
)
_FAREWELL = re.compile(
    rf"(?:^|(?<=[.!?…]))[ \t]*{lexicon.any_of('courtesies', 'farewell')}[ \t,.!]*$",
    re.IGNORECASE | re.MULTILINE,
)


def without_courtesies(text: str) -> str:
    """The text of a letter that tells something; what is addressed to its readers is left out."""
    text = _FAREWELL.sub("", _OFFER.sub("", text))
    text = _GREETING.sub(lambda found: found["first"].upper(), text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
