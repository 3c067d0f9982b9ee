"""A trade index is made: the phrases of activity indexes are embedded, with the trades of each."""

import hashlib
from collections.abc import Callable, Iterator
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
from kb.reference.trades import trade_of, trades
from kb.trade_index.trade_index import TradeIndex

FACTORY = "IVF128,SQ4"
"""How FAISS keeps the phrases: in 128 lists, of which a search reads a few; four bits a number."""

FEW, FACTORY_OF_FEW = 5_000, "Flat"
"""Below this count of phrases, they are kept as they are: lists need more to be drawn up."""

BATCH = 512

Filed = tuple[str, tuple[str, ...]]
"""A phrase, and the codes of the trades that it is filed in."""


def read_filed_phrases(folder: Path) -> list[Filed]:
    """The phrases of a trade index, from the nomenclatures in a folder; each text once.

    Left out are the phrases that sets for evaluation ask: those whose text is not *train*, and the
    items of explanatory notes whose class is not.

    Raises:
        FileError: a file is missing or a row of it cannot be read; names file and row.
    """
    found: dict[str, dict[str, None]] = {}
    for text, codes in _phrases(folder):
        known = [code for code in codes if trade_of(code)]
        if known and split_of_phrase(text) == "train":
            found.setdefault(text, {}).update(dict.fromkeys(known))
    return [(text, tuple(codes)) for text, codes in found.items()]


def _phrases(folder: Path) -> Iterator[Filed]:
    for phrase in read_index_phrases(folder):
        yield phrase.text, phrase.codes
    for item in read_nace_items(folder):
        if item.split == "train":
            yield item.text, (item.code,)


def make_trade_index(
    data: Path, encoder: Encoder, out: Path, tell: Callable[[str], object]
) -> TradeIndex:
    """Makes the trade index of an encoder from the nomenclatures in `data`, and writes it to `out`.

    `tell` is called with a line as the work goes on.

    Raises:
        FileError: a file is missing or a row of it cannot be read; names file and row.
    """
    phrases = read_filed_phrases(data)
    texts = sorted((text for text, _ in phrases), key=len)
    rows: dict[str, Embeddings] = {}
    for first in range(0, len(texts), BATCH):
        batch = texts[first : first + BATCH]
        rows.update(zip(batch, encoder.encode(batch, TextKind.QUERY), strict=True))
        tell(f"{first + len(batch)} of {len(texts)} phrases embedded")
    trade_texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    factory = FACTORY if len(phrases) >= FEW else FACTORY_OF_FEW
    index = TradeIndex.of(
        [text for text, _ in phrases],
        np.stack([rows[text] for text, _ in phrases]),
        [codes for _, codes in phrases],
        encoder.encode(trade_texts, TextKind.DOCUMENT),
        factory,
    )
    files = (*PHRASE_FILES, NACE_NOTES_FILE)
    card = {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "phrases": len(phrases),
        "factory": factory,
        "data": {name: _digest(data / name) for name in files},
    }
    index.write(out, card)
    return index


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
