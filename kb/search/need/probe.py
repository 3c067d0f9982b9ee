"""The probe: how likely a text is a need, whatever the base.

It is a logistic regression over the embedding of the text's need and the words of the whole text,
fitted once for each encoder to texts of both kinds (`kb.search.need.training_texts`). Words say
what the embedding of a short text blurs: "history of soap" asks for no soap.
"""

import contextlib
import hashlib
import json
import logging
import math
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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

LEAST_ODDS = -1.5
"""The log odds below which a query is hardly a need."""

_MOST_STEPS, _ENOUGH = 60, 1e-5
_FITTED_KEPT = 4


class NeedProbe:
    """A fitted probe.

    Attributes:
        slopes: `(dimension,)` of an embedding.
        intercept: log odds of a text without any known word, at an embedding of zeros.
        terms: the log odds that each term of a text adds (`terms_of`).
    """

    def __init__(
        self, slopes: NDArray[np.float64], intercept: float, terms: dict[str, float]
    ) -> None:
        self.slopes = slopes
        self.intercept = intercept
        self.terms = terms

    @classmethod
    def of(cls, encoder: Encoder, cache: Path | None = None) -> "NeedProbe":
        """The probe of an encoder; kept in the folder `cache`, for the next time."""
        texts = training_texts()
        told = [encoder.fingerprint, str(encoder.dimension), *map(repr, texts)]
        digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        with _fitting:
            probe = _fitted.get(digest)
            path = cache / "probes" / f"{digest}.json" if cache else None
            if probe is None and path:
                with contextlib.suppress(OSError, ValueError, KeyError):
                    probe = cls._read(path)
            if probe is None:
                logger.info("Learning from %d texts what a need is (once)", len(texts))
                needs = [bare_need(text.text) for text in texts]
                probe = cls.fitted(texts, encoder.encode(needs, TextKind.QUERY))
                if path:
                    probe._keep(path)
            _fitted[digest] = probe
            while len(_fitted) > _FITTED_KEPT:
                _fitted.popitem(last=False)
            return probe

    @classmethod
    def fitted(cls, texts: Sequence[TrainingText], rows: Embeddings) -> "NeedProbe":
        """A probe fitted to texts and the `(n, dimension)` embeddings of their needs.

        Needs weigh as much as the others in all. Embeddings are scaled to a deviation of 1.
        """
        answers = np.array([text.is_need for text in texts], np.float64)
        sizes = np.array([text.weight for text in texts])
        sizes *= np.where(answers, 0.5 / (sizes @ answers), 0.5 / (sizes @ (1 - answers)))
        mean = sizes @ rows
        scale = max(float(np.sqrt((sizes @ np.square(rows - mean)).mean())), 1e-9)
        of_texts = [terms_of(text.text) for text in texts]
        counts = Counter(term for terms in of_texts for term in terms)
        known = {
            term: at
            for at, term in enumerate(
                sorted(term for term, count in counts.items() if count >= _LEAST_TEXTS)
            )
        }
        present = np.zeros((len(texts), len(known)), np.float32)
        for row, terms in zip(present, of_texts, strict=True):
            row[[known[term] for term in terms & known.keys()]] = _WORD_SCALE
        features = np.concatenate([(rows - mean) / scale, present], axis=1, dtype=np.float32)
        slopes, intercept = _logistic_regression(features, answers, sizes, _PENALTY)
        of_rows = slopes[: rows.shape[1]] / scale
        values = (_WORD_SCALE * slopes[rows.shape[1] :]).tolist()
        return cls(
            of_rows, intercept - float(of_rows @ mean), dict(zip(known, values, strict=True))
        )

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

    @classmethod
    def _read(cls, path: Path) -> "NeedProbe":
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(np.array(told["slopes"]), float(told["intercept"]), dict(told["terms"]))


_fitting = threading.Lock()
_fitted: OrderedDict[str, NeedProbe] = OrderedDict()


def terms_of(text: str) -> set[str]:
    """The folded words of a text, its pairs of words, and both at its beginning; and any `?`."""
    found = _TOKEN.findall(fold(text))
    pairs = [f"{first} {second}" for first, second in pairwise(found)]
    return {*found, *pairs, *(f"^{term}" for term in (*found[:1], *pairs[:1]))}


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(log_odds, 50.0), -50.0)))


def _logistic_regression(
    features: NDArray[np.float32],
    answers: NDArray[np.float64],
    sizes: NDArray[np.float64],
    penalty: float,
) -> tuple[NDArray[np.float64], float]:
    """The slopes and the intercept that make weighted answers likeliest.

    The loss is the weighted mean of -ln P plus half of `penalty` times the squared slopes; it is
    minimised by Newton's method, each step by conjugate gradients.
    """
    slopes, intercept = np.zeros(features.shape[1]), 0.0

    def gradient_of(errors: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(errors.astype(np.float32) @ features, np.float64)

    for _ in range(_MOST_STEPS):
        odds = np.clip(features @ slopes.astype(np.float32) + intercept, -30, 30)
        likely = 1 / (1 + np.exp(-odds.astype(np.float64)))
        errors = sizes * (likely - answers)
        gradient = np.append(gradient_of(errors) + penalty * slopes, errors.sum())
        if np.abs(gradient).max() < _ENOUGH:
            break
        curvature = sizes * likely * (1 - likely)

        def curved(
            step: NDArray[np.float64], of: NDArray[np.float64] = curvature
        ) -> NDArray[np.float64]:
            moved = of * (features @ step[:-1].astype(np.float32) + step[-1])
            return np.append(gradient_of(moved) + penalty * step[:-1], moved.sum())

        step = _conjugate_gradients(curved, -gradient)
        slopes, intercept = slopes + step[:-1], intercept + float(step[-1])
    return slopes, intercept


def _conjugate_gradients(
    product: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    wanted: NDArray[np.float64],
    most_steps: int = 50,
) -> NDArray[np.float64]:
    """The vector whose `product` with a positive definite matrix is nearly the one `wanted`."""
    found = np.zeros_like(wanted)
    rest, towards = wanted.copy(), wanted.copy()
    size = float(rest @ rest)
    enough = 1e-4 * size
    for _ in range(most_steps):
        along = product(towards)
        length = size / max(float(towards @ along), 1e-30)
        found, rest = found + length * towards, rest - length * along
        former, size = size, float(rest @ rest)
        if size <= enough:
            break
        towards = rest + size / former * towards
    return found
