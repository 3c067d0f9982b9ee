"""The texts from which the probe learns: written ones, and trades' products, bare or in frames."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kb.reference.trades import trades
from kb.text.lexicon import Lexicons

BARE, SLIPS, FRAMED_NEEDS, FRAMED_OTHERS = 400, 80, 500, 350  # texts in each language
MADE_SHARE = 0.5  # weight of such a text; a written text has 1
_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_LANGS = ("fr", "en")
_BETWEEN_PRODUCTS = re.compile(r"[,:;]| et | and | ou | or ")
_MOST_CHARS, _MOST_WORDS = 40, 4


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A text, its kind, whether it is a need, and how much it weighs beside a written text."""

    text: str
    kind: str
    is_need: bool
    weight: float = 1.0


@cache
def training_texts() -> tuple[TrainingText, ...]:
    """All of them; each text once."""
    texts = [
        *_written("needs", is_need=True),
        *_written("other_texts", is_need=False),
        *(text for lang in _LANGS for text in _made(lang)),
    ]
    return tuple({text.text.lower(): text for text in reversed(texts)}.values())


def products(lang: str) -> list[str]:
    """The products and services that the trades name in a language, in the order of a hash."""
    named = dict.fromkeys(
        part.strip()
        for trade in trades()
        for part in _BETWEEN_PRODUCTS.split(trade.fr if lang == "fr" else trade.en)
    )
    short = (
        part for part in named if 3 <= len(part) <= _MOST_CHARS and part.count(" ") < _MOST_WORDS
    )
    return sorted(short, key=_hash)


def _written(lexicon: str, *, is_need: bool) -> list[TrainingText]:
    rows = _LEXICONS.rows(lexicon, 3)
    return [TrainingText(text, kind, is_need) for kind, _, text in rows]


def _made(lang: str) -> list[TrainingText]:
    """Texts made of products: each product is in one text, so that none teaches only one answer."""
    named = products(lang)
    bare = [TrainingText(text, "product", True, MADE_SHARE) for text in named[:BARE]]
    slips = [
        TrainingText(_with_slip(text), "slip", True, MADE_SHARE)
        for text in named[BARE : BARE + SLIPS]
    ]
    framed = [
        TrainingText(frame.replace("{}", text), kind, is_need, MADE_SHARE)
        for is_need, lexicon, count in (
            (True, "need_frames", FRAMED_NEEDS),
            (False, "other_frames", FRAMED_OTHERS),
        )
        for kind, frame, text in _filled(lexicon, lang, named[BARE + SLIPS :][:count])
    ]
    return [*bare, *slips, *framed]


def _filled(lexicon: str, lang: str, named: Sequence[str]) -> list[tuple[str, str, str]]:
    rows = [(kind, frame) for kind, of, frame in _LEXICONS.rows(lexicon, 3) if of == lang]
    return [(*rows[at % len(rows)], text) for at, text in enumerate(named)]


def _with_slip(text: str) -> str:
    """The text without a letter, with two letters swapped, or with a letter doubled."""
    number = _hash(text)
    at, slip = 1 + number % max(1, len(text) - 2), number // 1000 % 3
    letter, following = text[at : at + 1], text[at + 1 :]
    swapped = following[:1] + letter + following[1:]
    return text[:at] + (following, swapped, letter + letter + following)[slip]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
