"""Making a trade index: phrases of activity indexes and of the lexicon, embedded, with trades."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Literal

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.errors import FileError
from kb.reference.trades import LexiconKind, lexicon, lexicon_digest, trade_of, trades
from kb.trade_index.trade_index import TradeIndex

Split = Literal["train", "tune", "test"]
NACE_NOTES_FILE = "nace_note_items.tsv"
VECTORS_ONLY = ("nacebel2008_fr.tsv", "nacebel2003_fr.tsv")
"""The files whose terms are not stated: an index has the embeddings of their phrases, no word."""

PHRASE_FILES = ("uksic2007_index_en.tsv", "naics2022_index_en.tsv", *VECTORS_ONLY)
NACE_CODE = re.compile(r"\d\d\.\d\d"), "a NACE class such as 20.42"
_NACE_CODES = re.compile(r"\d\d\.\d\d(\|\d\d\.\d\d)*"), NACE_CODE[1]
INDEX_COLUMNS = ("code", "lang", "text", "source")


def split_of(code: str) -> Split:
    """The split of a NACE class or CN heading, by SHA-256 modulo 10: 0, 1 *test*, 2 *tune*."""
    remainder = _remainder(code)
    return "test" if remainder in {0, 1} else "tune" if remainder == 2 else "train"


def split_of_phrase(text: str) -> Split:
    """The split of a phrase by its own words, whatever its class: 0 is *test*, 1 is *tune*."""
    remainder = _remainder(text.strip().lower())
    return "test" if remainder == 0 else "tune" if remainder == 1 else "train"


def _remainder(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10


@dataclass(frozen=True, slots=True)
class NaceItem:
    lang: str
    code: str
    kind: str
    text: str

    @property
    def split(self) -> Split:
        return split_of(self.code)


@dataclass(frozen=True, slots=True)
class IndexPhrase:
    """A phrase of an index of activities, in `fr` or `en`, and the NACE classes it may mean."""

    lang: str
    codes: tuple[str, ...]
    text: str


def read_nace_items(folder: Path) -> list[NaceItem]:
    """The items of `nace_note_items.tsv`, in the order of the file; errors as `rows_of`."""
    rows = rows_of(folder / NACE_NOTES_FILE, ("lang", "code", "kind", "text"), NACE_CODE)
    return [NaceItem(*row) for _, row in rows]


def read_index_phrases(folder: Path, names: Sequence[str] = PHRASE_FILES) -> list[IndexPhrase]:
    """The phrases of indexes of activities, file by file, in order; errors as `rows_of`."""
    return [
        IndexPhrase(lang, tuple(code.split("|")), text)
        for name in names
        for _, (code, lang, text, _) in rows_of(folder / name, INDEX_COLUMNS, _NACE_CODES)
    ]


def rows_of(
    path: Path, columns: tuple[str, ...], code_form: tuple[re.Pattern[str], str] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header, without white space around their cells, with their numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read as UTF-8: {error}.") from None
    if tuple(lines[0].rstrip("\r").split("\t")) != columns:
        raise FileError(
            f"{path}:1: the columns should be {', '.join(columns)}, with tabs between them."
        )
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        row = [cell.strip() for cell in line.split("\t")]
        if len(row) != len(columns):
            raise FileError(f"{path}:{number}: {len(row)} columns, {len(columns)} expected.")
        code = row[columns.index("code")] if code_form else ""
        if code_form and not code_form[0].fullmatch(code):
            raise FileError(f"{path}:{number}: {code!r} is not {code_form[1]}.")
        yield number, row


FACTORY = "IVF128,SQ4"  # how FAISS keeps phrases: 128 lists, of which a search reads a few
BATCH = 512
SHOPS = ("45", "46", "47")  # divisions of trade: what they sell is asked of makers, too


@dataclass(frozen=True, slots=True)
class FiledPhrase:
    """A phrase, the codes of the trades that it is filed in, and whether its words may be kept."""

    text: str
    codes: tuple[str, ...]
    worded: bool = True


def read_filed_phrases(folder: Path) -> list[FiledPhrase]:
    """The phrases of a trade index, from the nomenclatures in a folder; each text once."""
    phrases = [
        (phrase.text, phrase.codes, name not in VECTORS_ONLY)
        for name in PHRASE_FILES
        for phrase in read_index_phrases(folder, [name])
    ] + [
        (item.text, (item.code,), True)
        for item in read_nace_items(folder)
        if split_of(item.code) == "train"
    ]
    found: dict[str, dict[str, None]] = {}
    worded: set[str] = set()
    for text, codes_, is_worded in phrases:
        known = [code for code in codes_ if trade_of(code)]
        if known and split_of_phrase(text) == "train":
            found.setdefault(text, {}).update(dict.fromkeys(known))
            worded |= {text} if is_worded else set()
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
    index = TradeIndex.of(
        [phrase.text if phrase.worded else "" for phrase in phrases],
        np.stack([rows[phrase.text] for phrase in phrases]),
        [phrase.codes for phrase in phrases],
        encoder.encode(trade_texts, TextKind.DOCUMENT),
        FACTORY,
        [*accumulate(map(len, kinds))],
    )
    files = (*PHRASE_FILES, NACE_NOTES_FILE)
    card = {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "phrases": len(phrases),
        "factory": FACTORY,
        "lexicon": lexicon_digest(),
        "data": {
            name: hashlib.sha256((data / name).read_bytes()).hexdigest()[:16] for name in files
        },
    }
    index.write(out, card)
    return index
