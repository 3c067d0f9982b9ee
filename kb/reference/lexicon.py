"""The lexicon of trades (`lexicon.tsv`): what firms of each class make, could make, and by what.

Some 60,000 phrases of our own, in French and English, as people type them:

    20.41  fr  could  gel hydroalcoolique

A row has a class of NACE Rev. 2 or its NAF code without the letter, the language, the kind of the
phrase (`LexiconKind`), and the phrase.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from kb.reference.tables import rows
from kb.reference.trades import trades


class LexiconKind(StrEnum):
    """What a phrase says of the firms of its class."""

    MAKES = "makes"
    """What they usually make or do."""
    COULD = "could"
    """What they could make with their means."""
    MEANS = "means"
    """Their machines, gestures and certificates."""
    TAKES = "takes"
    """Raw materials and by-products that they can use."""


@dataclass(frozen=True, slots=True)
class TradePhrase:
    """A phrase of the lexicon, with the code of its class, such as `20.42`."""

    code: str
    lang: str
    kind: LexiconKind
    text: str


@cache
def lexicon() -> tuple[TradePhrase, ...]:
    """The lexicon, by ascending code; the file is read once.

    Raises:
        ValueError: the file is no such table, or has a row that is no phrase; names the row.
    """
    codes = {trade.code for trade in trades()}
    kinds = {kind.value: kind for kind in LexiconKind}
    found = []
    for code, lang, kind, text in rows("lexicon.tsv", ("code", "lang", "kind", "phrase")):
        if code not in codes or lang not in {"fr", "en"} or kind not in kinds:
            told = f"{code!r}, {lang!r}, {kind!r}, {text!r}"
            raise ValueError(f"lexicon.tsv: not a code, a language, a kind, a phrase: {told}")
        found.append(TradePhrase(code, lang, kinds[kind], text))
    return tuple(found)


@cache
def digest() -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the lexicon."""
    content = (files("kb.reference") / "lexicon.tsv").read_bytes()
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def _means() -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = {}
    for phrase in lexicon():
        if phrase.kind is LexiconKind.MEANS:
            found.setdefault((phrase.code, phrase.lang), []).append(phrase.text)
    return {key: tuple(texts) for key, texts in found.items()}


def means_of(code: str, lang: str) -> tuple[str, ...]:
    """The means of the firms of a class, as phrases in a language."""
    return _means().get((code, lang), ())
