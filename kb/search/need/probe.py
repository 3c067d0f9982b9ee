"""The probe: how likely a text is a need, whatever the base.

A logistic regression over the embedding of the need and the words of the text, fitted once for
each encoder (`kb.search.need.training_texts`).
"""

import contextlib
import hashlib
import json
import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.search.need.training_texts import TrainingText, training_texts
from kb.search.query import bare_need
from kb.text.folding import fold
from kb.whole_file import replacing

logger = logging.getLogger(__name__)
_TOKEN = re.compile(r"[^\W_]+|\?")
_PENALTY, _WORD_SCALE, _LEAST_TEXTS = 0.05, 10.0, 3
"""The penalty of squared slopes, the weight of a word beside the embedding, and the least count of
training texts with a known word: measured on texts that the probe had not seen."""

LEAST_ODDS = -1.5  # the log odds below which a query is hardly a need


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
