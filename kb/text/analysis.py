"""French and English words: elision, hyphens, stems, and what carries no meaning."""

import re
import threading
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

ANALYSIS_VERSION = 1  # raised whenever stems change, so that stored words are derived anew
STEMMERS = {"fr": "french", "en": "english"}
TEXTS_REMEMBERED = 1_000
_WORD = re.compile(r"[^\W_ʼ]+(?:[-‐‑'’ʼ][^\W_ʼ]+)*")
_JOINERS = re.compile(r"[-‐‑'’ʼ]")
_HYPHENS = re.compile(r"(?<=[^\W_])[-‐‑](?=[^\W_])")
_PLURAL_END = re.compile("(?<=[^s])s$|(?<=eau)x$")
_LEAST_PLURAL = 4  # characters of the shortest word that may have a mark of the plural
_ELIDED = LEXICONS.words("elisions")
FUNCTION_WORDS = LEXICONS.words("function_words")  # words that no search rests on, folded
FRAMING_WORDS = LEXICONS.words("framing_words")  # folded; they only ask for a maker


@dataclass(frozen=True, slots=True)
class Word:
    """A word, `text[start:end]`, and the folded forms that stand for it."""

    start: int
    end: int
    forms: tuple[str, ...]


_fold_word = lru_cache(maxsize=50_000)(fold)


def words(text: str) -> Iterator[Word]:
    """Yields words, elided articles apart; `porte-fût` has the forms `porte`, `fut`, `portefut`."""
    for match in _WORD.finditer(text):
        written = _JOINERS.split(match.group())
        parts = [_fold_word(part) for part in written]
        start = match.start()
        while len(parts) > 1 and parts[0] in _ELIDED:
            end = start + len(written.pop(0))
            yield Word(start, end, (parts.pop(0),))
            start = end + 1
        forms = (*parts, "".join(parts)) if len(parts) > 1 else (parts[0],)
        yield Word(start, match.end(), forms)


def stems(word: Word, lang: str | None = None) -> set[str]:
    """Returns the stems of a word in a language, or in each if it is not known."""
    langs = [lang] if lang in STEMMERS else list(STEMMERS)
    return {stem(form, language) for form in word.forms for language in langs}


@lru_cache(maxsize=TEXTS_REMEMBERED)
def meaning_spans(text: str, lang: str | None = None) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Returns the places of each stem of a text, in order, without function words."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in _WORD.finditer(text):
        at = match.start()
        for start, end, of_word in _meanings(match.group(), lang):
            for key in of_word:
                found.setdefault(key, []).append((at + start, at + end))
    return MappingProxyType({key: tuple(spans) for key, spans in found.items()})


def places_of(stems_: Set[str], text: str, lang: str | None = None) -> list[tuple[int, int]]:
    """Returns the places of words with one of these stems, in order (`meaning_spans`)."""
    spans = meaning_spans(text, lang)
    return sorted({span for key in stems_ & spans.keys() for span in spans[key]})


@lru_cache(maxsize=50_000)
def _meanings(written: str, lang: str | None) -> tuple[tuple[int, int, frozenset[str]], ...]:
    return tuple(
        (word.start, word.end, frozenset(stems(word, lang)))
        for word in words(written)
        if not is_function_word(word)
    )


def is_function_word(word: Word) -> bool:
    return set(word.forms) <= FUNCTION_WORDS


@lru_cache(maxsize=50_000)
def stem(form: str, lang: str) -> str:
    if not form.isalpha():
        return form
    return str(_stemmer(lang).stemWord(form))


_of_this_thread = threading.local()


def _stemmer(lang: str) -> Any:
    # A Snowball stemmer holds the word it works on, so each thread has its own.
    stemmers = _of_this_thread.__dict__
    if lang not in stemmers:
        import snowballstemmer

        stemmers[lang] = snowballstemmer.stemmer(STEMMERS[lang])
        # It would remember 10,000 words, in each thread and beside `stem`.
        stemmers[lang].maxCacheSize = 0
    return stemmers[lang]


def index_words(text: str, lang: str) -> str:
    """Returns the stems of a text in order, without function words, for the lexical index."""
    lang = lang if lang in STEMMERS else "fr"
    return " ".join(filter(None, (_indexed(written, lang) for written in _WORD.findall(text))))


@lru_cache(maxsize=50_000)
def _indexed(written: str, lang: str) -> str:
    all_forms = (word.forms for word in words(written))
    kept = (forms for forms in all_forms if len(forms) > 1 or forms[0] not in FUNCTION_WORDS)
    return " ".join(stem(form, lang) for forms in kept for form in forms)


def spellings(word: Word) -> set[str]:
    """Returns the stems of a word as texts may write it: `porte-fût`, `porte fût`, `portefût`."""
    return {
        " ".join(stem(form, lang) for form in written)
        for written in (word.forms[-1:], _parts_of(word))
        for lang in STEMMERS
    }


def query_stems(query: str) -> set[str]:
    return {key for word in carrying_words(query) for key in stems(word)}


def word_coverage(query: str, text: str) -> float:
    asked = carrying_words(query)
    present = _stems_in(text)
    return sum(not stems(word).isdisjoint(present) for word in asked) / max(len(asked), 1)


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _stems_in(text: str) -> frozenset[str]:
    return frozenset(key for word in words(text) for key in stems(word))


def carrying_words(query: str) -> list[Word]:
    found = list(words(query))
    for unwanted in (FUNCTION_WORDS, FRAMING_WORDS):
        found = [word for word in found if not set(word.forms) <= unwanted] or found
    return found


def says(text: str, phrase: str) -> bool:
    """Returns whether a text has the words of a phrase, whatever accents, capitals, plurals."""
    pieces, pattern = _literally(phrase)
    folded = fold(text)
    # Most texts lack a piece: to look for it is much faster than to match.
    return any(
        all(piece in written for piece in pieces) and pattern.search(written) is not None
        for written in (folded, _HYPHENS.sub("", folded))
    )


@lru_cache(maxsize=1_000)
def _literally(phrase: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Returns the pieces that a text with a phrase has, and the pattern of its folded text."""
    pieces: list[str] = []
    pattern = ""
    before: Word | None = None
    for word, part in ((found, part) for found in words(phrase) for part in _parts_of(found)):
        if before:
            # Parts of a word may be joined in the text; words may not.
            pattern += r"[\W_]*" if word is before else r"[\W_]+"
        before = word
        has_plural = part not in FUNCTION_WORDS and len(part) >= _LEAST_PLURAL and part.isalpha()
        pieces.append(_PLURAL_END.sub("", part) if has_plural else part)
        pattern += re.escape(pieces[-1]) + ("[sx]?" if has_plural else "")
    return tuple(pieces), re.compile(rf"(?<![^\W_]){pattern}(?![^\W_])")


def _parts_of(word: Word) -> tuple[str, ...]:
    return word.forms[:-1] or word.forms
