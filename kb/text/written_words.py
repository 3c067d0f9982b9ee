"""Words of the language: those in which the trades and their lexicon are written."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from kb.reference.trades import lexicon, trades
from kb.text.folding import fold

_LETTERS = re.compile(r"[^\W\d_]+")
_PLAIN = 20  # times that an accent must be more usual than none, to have been left out


@cache
def written_words() -> Mapping[str, str]:
    """Maps folded words to themselves, or else to how they are mostly written."""
    texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    texts += [phrase.text for phrase in lexicon()]
    counts = Counter(word for text in texts for word in _LETTERS.findall(text.lower()))
    likely_last = sorted(counts, key=lambda word: counts[word] * (_PLAIN if word.isascii() else 1))
    return {fold(word): word for word in likely_last}


def is_of_language(word: str) -> bool:
    """Says whether a folded word, or its singular, is a word of the language."""
    return word in written_words() or word.rstrip("sx") in written_words()


def accented(text: str) -> str:
    """Returns a text with the accents left out in its words of the language, but not in names."""
    return _LETTERS.sub(_accented, text)


def _accented(match: re.Match[str]) -> str:
    word = match.group()
    written = written_words().get(word.lower(), "")
    if not written or written == word.lower() or not (word.islower() or match.start() == 0):
        return word
    return written if word.islower() else written.capitalize()
