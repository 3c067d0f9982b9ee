"""Words of the language: those in which the trades and their lexicon are written."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from kb.reference.trades import lexicon, trades
from kb.text.folding import fold

_LETTERS = re.compile(r"[^\W\d_]+")


@cache
def written_words() -> Mapping[str, str]:
    """Maps folded words to themselves, or else to how they are mostly written."""
    texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    texts += [phrase.text for phrase in lexicon()]
    counts = Counter(word for text in texts for word in _LETTERS.findall(text.lower()))
    likely_last = sorted(counts, key=lambda word: (word.isascii(), counts[word]))
    return {fold(word): word for word in likely_last}


def is_of_language(word: str) -> bool:
    """Says whether a folded word, or its singular, is a word of the language."""
    return word in written_words() or word.rstrip("sx") in written_words()


def accented(text: str) -> str:
    """Returns a text with the accents that are left out in its words of the language."""
    return _LETTERS.sub(lambda match: _accented(match.group()), text)


def _accented(word: str) -> str:
    written = written_words().get(word.lower(), word)
    return written.capitalize() if word[0].isupper() and written != word.lower() else written
