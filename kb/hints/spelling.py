"""Spelling: what was meant by a need with a word that nobody knows: `cirrage` → `cirage`."""

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, partial

from spellchecker import SpellChecker

from kb.models import Kind
from kb.reference.communes import communes_named
from kb.reference.trades import trades
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.text.analysis import FUNCTION_WORDS, STEMMERS, Word, stem, words
from kb.text.folding import fold
from kb.text.phonetics import sound, sounds
from kb.trade_index.trade_index import TradeIndex

LEAST_LETTERS = 5  # shorter words are near to too many others
MOST_CHARS = 200  # of a need that is looked at: who writes a letter is not interrupted
LEAST_COUNT = 50  # uses by which a dictionary vouches for a word: it has slips, too
LOOKED_AT = 200  # passages with the stem of a word that are read to find it as it is written
READ_AT_ONCE = 2_000  # records of a base whose words are read whenever they have changed
REST = 20  # how many times as long as reading took, a large base is not read again
_LETTERS = re.compile(r"[^\W\d_]+")


class Vocabulary:
    """Words of texts: how they are mostly written, by folded form, and how often they are there."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """Takes words in small letters with their counts."""
        self._written: dict[str, str] = {}  # only where it is not the folded form
        folded: dict[str, int] = {}
        for word in sorted(counts, key=counts.__getitem__, reverse=True):
            key = word if word.isascii() else fold(word)
            if key.isalpha() and len(key) >= LEAST_LETTERS - 1:
                before = folded.get(key)
                if before is None and key != word:
                    self._written[key] = word
                folded[key] = (before or 0) + counts[word]
        # All is in small letters: it need not be lowered again.
        self._checker = SpellChecker(language=None, distance=1, case_sensitive=True)
        self._checker.word_frequency.load_json(folded)

    @cached_property
    def _of_sound(self) -> Mapping[str, list[str]]:
        """The words of each sound: made when a word is first looked for by its sound."""
        found: dict[str, list[str]] = defaultdict(list)
        for key, sounded in sounds(self._checker.word_frequency.words()).items():
            found[sounded].append(key)
        return dict(found)

    def __contains__(self, word: str) -> bool:
        return word in self._checker.word_frequency

    def nearest(self, word: str, may_be: Callable[[str], bool] | None = None) -> str:
        """Returns the word, as written, a slip from a folded word or sounding the same; or ""."""
        slips = set(self._checker.candidates(word) or ()) - {word}
        near = slips or set(self._of_sound.get(sound(word), ())) - {word}

        def likely(one: str) -> tuple[bool, bool, bool, int, str]:
            alike = sound(one) == sound(word)
            count = int(self._checker.word_frequency[one])
            return one[0] == word[0], one[-1] == word[-1], alike, count, one

        meant = next(filter(may_be, sorted(near, key=likely, reverse=True)), "")
        return self._written.get(meant, meant)


class Spelling:
    """Corrects needs by the words of a base, read anew when it has changed."""

    def __init__(self, stores: StorePool, trade_index: Callable[[], TradeIndex | None]) -> None:
        self._stores, self._trade_index = stores, trade_index
        self._read: tuple[tuple[str, ...], Vocabulary] = ((), Vocabulary({}))
        self._rests_until = 0.0
        self._reading = threading.Lock()

    def meant(self, need: str) -> str:
        """Returns the need with unknown words corrected, or ""; names and numbers stay."""
        if len(need) > MOST_CHARS:
            return ""
        unknown = [word for word in words(need) if self._may_be_a_slip(word, need)]
        if not unknown:
            return ""
        with self._stores.lend() as store:
            of_base, has = self._of_base(store)
            corrected = need
            for word in reversed(unknown):
                form = word.forms[0]
                if form in of_base or (has and has(form)):
                    continue
                if meant := of_base.nearest(form, has) or ordinary_words().nearest(form):
                    corrected = corrected[: word.start] + meant + corrected[word.end :]
        return corrected if corrected != need else ""

    def _may_be_a_slip(self, word: Word, need: str) -> bool:
        form, written = word.forms[0], need[word.start : word.end]
        return (
            len(word.forms) == 1
            and form.isalpha()
            and len(form) >= LEAST_LETTERS
            and written.islower()
            and form not in FUNCTION_WORDS
            and not self._is_filed(form)
            and form not in ordinary_words()
            and not communes_named(form)
        )

    def _is_filed(self, form: str) -> bool:
        index = self._trade_index()
        return index is not None and any(stem(form, lang) in index.words.rows for lang in STEMMERS)

    def _of_base(self, store: Store) -> tuple[Vocabulary, Callable[[str], bool] | None]:
        """The words of the base; if they are former ones, with what says whether it has one."""
        state = tuple(map(store.generation_of, Kind))
        is_due = time.monotonic() >= self._rests_until or store.count_records() <= READ_AT_ONCE
        # One reads; the others go on with the former words.
        if self._read[0] != state and is_due and self._reading.acquire(blocking=False):
            try:
                started = time.monotonic()
                self._read = state, Vocabulary(_counted(store.texts()))
                self._rests_until = started + (REST + 1) * (time.monotonic() - started)
            finally:
                self._reading.release()
        known_in, words_ = self._read
        return words_, None if known_in == state else partial(_has, store)


def _has(store: Store, word: str) -> bool:
    ids = store.passages_saying([{stem(word, lang) for lang in STEMMERS}], LOOKED_AT)
    return word in _counted(fold(passage.text) for passage in store.passages(ids).values())


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _LETTERS.findall(text.lower()))


@cache
def ordinary_words() -> Vocabulary:
    """The words of the trades, and the usual ones of dictionaries: read in most of a second."""
    counts: dict[str, int] = {}
    dictionaries = (SpellChecker(lang).word_frequency.dictionary for lang in STEMMERS)
    titles = _counted(text for trade in trades() for text in (trade.fr, trade.en))
    common = (
        {word: count for word, count in told.items() if count >= LEAST_COUNT}
        for told in dictionaries
    )
    for told in (*common, titles):
        for word, count in told.items():
            counts[word] = max(counts.get(word, 0), count)
    return Vocabulary(counts)
