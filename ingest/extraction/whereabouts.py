"""Where an organisation is, as the texts that name it say."""

from collections.abc import Iterable, Sequence

from ingest.extraction import lexicon
from ingest.extraction.tokens import TextToken, sentences, tokens
from kb.reference.communes import is_commune

_OF_PLACE = lexicon.words("prepositions", "of_place")
_BETWEEN = _OF_PLACE | lexicon.words("verb_forms", "located") | {",", "("}
_MAX_WORDS = 8


def town_of(name: str, texts: Iterable[str]) -> str:
    """The only commune that stands after a name: "Avel, à Magnac-Lavalette"; else empty."""
    wanted = [token.form for token in tokens(name)]
    read = (each for text in texts for each in sentences("", text))
    towns = {town for each in read if (town := _town_after(wanted, each.text, each.tokens))}
    return towns.pop() if len(towns) == 1 else ""


def _town_after(wanted: Sequence[str], text: str, words: Sequence[TextToken]) -> str:
    count = len(wanted)
    for at in range(len(words) - count):
        if count and [token.form for token in words[at : at + count]] == wanted:
            first = at + count
            while first < len(words) and words[first].form in _BETWEEN:
                first += 1
            before = words[first - 1]
            if first > at + count and (before.text == "(" or before.form in _OF_PLACE):
                return _commune(text, words[first:])
    return ""


def _commune(text: str, words: Sequence[TextToken]) -> str:
    """The longest name of a commune that some words begin with, as it is written; "" for none."""
    if not (words and words[0].is_capital):
        return ""
    for last in range(min(_MAX_WORDS, len(words)), 0, -1):
        written = text[words[0].start : words[last - 1].end]
        if words[last - 1].is_word and is_commune(written):
            return written
    return ""
