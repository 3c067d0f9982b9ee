"""Making a trade index: phrases of activity indexes and of the lexicon, embedded, with trades."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from kb.adaptation.nomenclatures import (
    NACE_NOTES_FILE,
    PHRASE_FILES,
    read_index_phrases,
    read_nace_items,
    split_of_phrase,
)
from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.trades import LexiconKind, lexicon, lexicon_digest, trade_of, trades
from kb.trade_index.trade_index import TradeIndex

FACTORY = "IVF128,SQ4"
"""How FAISS keeps the phrases: in 128 lists, of which a search reads a few; four bits a number."""

FEW, FACTORY_OF_FEW = 5_000, "Flat"
"""Below this count of phrases, they are kept as they are: lists need more to be drawn up."""

BATCH = 512

VECTORS_ONLY = ("nacebel2008_fr.tsv", "nacebel2003_fr.tsv")
"""The files whose terms are not stated: an index has the embeddings of their phrases, no word."""

SHOPS = ("45", "46", "47")
"""The divisions of trade: what they sell is asked of makers, too, so that it files nobody."""


@dataclass(frozen=True, slots=True)
class FiledPhrase:
    """A phrase, the codes of the trades that it is filed in, and whether its words may be kept."""

    text: str
    codes: tuple[str, ...]
    worded: bool = True


def read_filed_phrases(folder: Path) -> list[FiledPhrase]:
    """The phrases of a trade index, from the nomenclatures in a folder; each text once.

    Left out are those that sets for evaluation ask. The words of a text may be kept if a file whose
    terms allow it has the text.
    """
    items = [item for item in read_nace_items(folder) if item.split == "train"]
    phrases = [
        FiledPhrase(phrase.text, phrase.codes, name not in VECTORS_ONLY)
        for name in PHRASE_FILES
        for phrase in read_index_phrases(folder, [name])
    ] + [FiledPhrase(item.text, (item.code,)) for item in items]
    found: dict[str, dict[str, None]] = {}
    worded: set[str] = set()
    for phrase in phrases:
        known = [code for code in phrase.codes if trade_of(code)]
        if known and split_of_phrase(phrase.text) == "train":
            found.setdefault(phrase.text, {}).update(dict.fromkeys(known))
            if phrase.worded:
                worded.add(phrase.text)
    return [FiledPhrase(text, tuple(codes), text in worded) for text, codes in found.items()]


def _of_lexicon(*kinds: LexiconKind) -> list[FiledPhrase]:
    return [
        FiledPhrase(phrase.text, (phrase.code,))
        for phrase in lexicon()
        if phrase.kind in kinds
        and not (phrase.kind is LexiconKind.MAKES and phrase.code[:2] in SHOPS)
    ]


def make_trade_index(
    data: Path, encoder: Encoder, out: Path, tell: Callable[[str], object]
) -> TradeIndex:
    """Makes the trade index of an encoder from the files in `data` and the lexicon; writes it."""
    kinds = [
        [*read_filed_phrases(data), *_of_lexicon(LexiconKind.MAKES, LexiconKind.MEANS)],
        _of_lexicon(LexiconKind.COULD),
        _of_lexicon(LexiconKind.TAKES),
    ]
    phrases = [phrase for of_kind in kinds for phrase in of_kind]
    texts = sorted({phrase.text for phrase in phrases}, key=len)
    rows: dict[str, Embeddings] = {}
    for first in range(0, len(texts), BATCH):
        batch = texts[first : first + BATCH]
        rows.update(zip(batch, encoder.encode(batch, TextKind.QUERY), strict=True))
        tell(f"{first + len(batch)} of {len(texts)} phrases embedded")
    trade_texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    factory = FACTORY if len(phrases) >= FEW else FACTORY_OF_FEW
    index = TradeIndex.of(
        [phrase.text if phrase.worded else "" for phrase in phrases],
        np.stack([rows[phrase.text] for phrase in phrases]),
        [phrase.codes for phrase in phrases],
        encoder.encode(trade_texts, TextKind.DOCUMENT),
        factory,
        [*accumulate(map(len, kinds))],
    )
    files = (*PHRASE_FILES, NACE_NOTES_FILE)
    card = {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "phrases": len(phrases),
        "factory": factory,
        "lexicon": lexicon_digest(),
        "data": {name: _digest(data / name) for name in files},
    }
    index.write(out, card)
    return index


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
