"""The probe: how likely a text is a need, by a logistic regression over its embedding and words."""

import contextlib
import hashlib
import json
import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.trades import trades
from kb.search.query import bare_need
from kb.text.folding import fold
from kb.text.lexicon import Lexicons
from kb.whole_file import replacing

logger = logging.getLogger(__name__)
_TOKEN = re.compile(r"[^\W_]+|\?")
_PENALTY, _WORD_SCALE, _LEAST_TEXTS = 0.05, 10.0, 3
"""The penalty of squared slopes, the weight of a word beside the embedding, and the least count of
training texts with a known word: measured on texts that the probe had not seen."""

LEAST_ODDS = -1.5  # the log odds below which a query is hardly a need

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
    return [TrainingText(text, kind, is_need) for kind, _, text in _LEXICONS.rows(lexicon, 3)]


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


class NeedProbe:
    """A fitted probe: slopes of an embedding, `(dimension,)`, and the log odds of `terms_of`."""

    def __init__(
        self, slopes: NDArray[np.float64], intercept: float, terms: dict[str, float]
    ) -> None:
        self.slopes, self.intercept, self.terms = slopes, intercept, terms

    @classmethod
    def of(cls, encoder: Encoder, cache: Path | None = None) -> "NeedProbe":
        """The probe of an encoder; kept in the folder `cache`, for the next time."""
        texts = training_texts()
        told = [encoder.fingerprint, str(encoder.dimension), *map(repr, texts)]
        digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        path = cache / "probes" / f"{digest}.json" if cache else None
        if digest not in _fitted and path:
            with contextlib.suppress(OSError, ValueError, KeyError):
                told = json.loads(path.read_text(encoding="utf-8"))
                slopes, intercept = np.array(told["slopes"]), float(told["intercept"])
                _fitted[digest] = cls(slopes, intercept, dict(told["terms"]))
        if digest not in _fitted:
            logger.info("Learning from %d texts what a need is (once)", len(texts))
            needs = [bare_need(text.text) for text in texts]
            _fitted[digest] = cls.fitted(texts, encoder.encode(needs, TextKind.QUERY))
            if path:
                _fitted[digest]._keep(path)
        return _fitted[digest]

    @classmethod
    def fitted(cls, texts: Sequence[TrainingText], rows: Embeddings) -> "NeedProbe":
        """A probe fitted to texts and `(n, dimension)` embeddings, both kinds of equal weight."""
        answers = np.array([text.is_need for text in texts], np.float64)
        sizes = np.array([text.weight for text in texts])
        sizes *= np.where(answers, 0.5 / (sizes @ answers), 0.5 / (sizes @ (1 - answers)))
        mean = sizes @ rows
        scale = max(float(np.sqrt((sizes @ np.square(rows - mean)).mean())), 1e-9)
        of_texts = [terms_of(text.text) for text in texts]
        counts = Counter(term for terms in of_texts for term in terms)
        often = sorted(term for term, count in counts.items() if count >= _LEAST_TEXTS)
        known = {term: at for at, term in enumerate(often)}
        present = sparse.lil_array((len(texts), len(known)))
        for row, terms in enumerate(of_texts):
            present[row, [known[term] for term in sorted(terms & known.keys())]] = _WORD_SCALE
        words, own, size = present.tocsr(), (rows - mean) / scale, rows.shape[1]

        def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            """The weighted mean of -ln P plus half of the penalty of slopes; and its gradient."""
            slopes = values[:-1]
            odds = own @ slopes[:size] + words @ slopes[size:] + values[-1]
            errors = sizes * (1 / (1 + np.exp(-odds)) - answers)
            total = sizes @ (np.logaddexp(0, odds) - answers * odds)
            gradient = np.concatenate([errors @ own, errors @ words, [errors.sum()]])
            gradient[:-1] += _PENALTY * slopes
            return float(total + _PENALTY / 2 * (slopes @ slopes)), gradient

        from scipy.optimize import minimize  # slow to import, and seldom needed

        fitted = minimize(loss, np.zeros(size + len(known) + 1), jac=True, method="L-BFGS-B").x
        of_rows = fitted[:size] / scale
        values = (_WORD_SCALE * fitted[size:-1]).tolist()
        intercept = float(fitted[-1] - of_rows @ mean)
        return cls(of_rows, intercept, dict(zip(known, values, strict=True)))

    def log_odds(self, text: str, embedding: Embeddings) -> float:
        """The log odds that a text is a need, given the `(dimension,)` embedding of its need."""
        words = sum(self.terms.get(term, 0.0) for term in terms_of(text))
        return self.intercept + float(self.slopes @ embedding) + words

    def _keep(self, path: Path) -> None:
        told = {"slopes": self.slopes.tolist(), "intercept": self.intercept, "terms": self.terms}
        try:
            with replacing(path) as pending:
                pending.write_text(json.dumps(told), encoding="utf-8")
        except OSError as error:
            logger.info("The probe was not kept: %s", error)


_fitted: dict[str, NeedProbe] = {}


def terms_of(text: str) -> set[str]:
    """The folded words of a text, its pairs of words, and both at its beginning; and any `?`."""
    found = _TOKEN.findall(fold(text))
    pairs = [f"{first} {second}" for first, second in pairwise(found)]
    return {*found, *pairs, *(f"^{term}" for term in (*found[:1], *pairs[:1]))}


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(log_odds, 50.0), -50.0)))
