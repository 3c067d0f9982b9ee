"""The words of a need, without what could say who asks: what may be counted of a text.

The same need in other words is not the same; the same words in another order, in the plural or
without accents are.
"""

import re
import unicodedata
from dataclasses import dataclass

from kb.text.analysis import carrying_words, stem

MOST_CHARS = 100
MOST_WORDS = 8
MOST_DIGITS = 4
"""More digits in a text could be of a telephone number, a firm or a street."""

_QUOTED_OR_ADDRESS = re.compile('["«»“”„@/\\\\]|www\\.', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NeedWords:
    """The words of a need: `key` is the same for the same need, `shown` is for people.

    `key` has the stems, each once, in alphabetical order; `shown` the words in lower case, as they
    were typed, without function words.
    """

    key: str
    shown: str


def need_words(text: str) -> NeedWords | None:
    """Returns the words of a need; None for a text that could say who asks, or about whom.

    These are long texts, several lines, quotations, addresses, and numbers of many digits. Names
    are told by `kb.search.wordable`, which needs a base.
    """
    text = unicodedata.normalize("NFKC", text)
    if len(text) > MOST_CHARS or "\n" in text.strip() or _QUOTED_OR_ADDRESS.search(text):
        return None
    if sum(map(str.isdigit, text)) > MOST_DIGITS:
        return None
    found = carrying_words(text)
    if not 0 < len(found) <= MOST_WORDS:
        return None
    stems = {stem(stem(word.forms[-1], "en"), "fr") for word in found}
    shown = dict.fromkeys(text[word.start : word.end].lower() for word in found)
    return NeedWords(" ".join(sorted(stems)), " ".join(shown))
