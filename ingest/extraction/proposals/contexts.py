"""The contexts of candidates: the bundled encoder's vectors of the words that name them."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingest.extraction.candidates.participants import Participant, Story
from ingest.extraction.tokens import Sentence, TextPart
from kb.encoder.encoder import Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder, prepare
from kb.errors import EncoderError
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings

_log = logging.getLogger(__name__)
LOWER_LAYERS = 7  # the layers of the bundled model, of twelve, whose vectors tell who acts
READING_LAYERS = (LOWER_LAYERS, 0)  # the layers that are read for names and for roles; 0 for all


@cache
def reading_encoder(layers: int) -> Encoder:
    """The bundled model, whichever model searches, on a single thread; 0 for all its layers."""
    return load_encoder(_settings(), layers=layers)


def prepare_reading() -> None:
    """Prepares the models that read articles, once; logs a failure, told to who needs them."""
    try:
        for layers in READING_LAYERS:
            prepare(_settings(), layers=layers)
    except EncoderError as error:
        _log.warning("The models that read articles are not prepared: %s", error)


def _settings() -> Settings:
    return Settings.from_environment(model=BUNDLED_MODEL, adaptation=NO_ADAPTATION, threads=1)


Vector = NDArray[np.float32]
DIMENSION = 384  # of the vectors of the bundled model
MOST_MENTIONS = 8  # the most mentions of a candidate that are read


@dataclass(frozen=True, slots=True)
class CandidateContext:
    """Means over the mentions of a candidate, zero where its sentences are too long.

    `name` (384) is of the words that name it, from the lower layers; `role` (768) of these
    words and then of the whole sentence, from all layers.
    """

    name: Vector
    role: Vector


def contexts_of(story: Story) -> Mapping[Participant, CandidateContext]:
    """The context of each candidate, or raises EncoderError if the model cannot be prepared."""
    places: dict[Participant, list[_Place]] = defaultdict(list)
    for passage in sorted(story.passages, key=lambda passage: passage.sentence.number):
        tokens = passage.sentence.tokens
        for mention in passage.mentions:
            start = tokens[mention.reference.first].start
            end = tokens[mention.reference.last - 1].end
            places[mention.participant].append((passage.sentence, start, end))
    words = cache(_words)
    found = {}
    for participant, everywhere in places.items():
        in_body = [place for place in everywhere if place[0].part is TextPart.BODY]
        names, roles = [], []
        for sentence, start, end in (in_body or everywhere)[:MOST_MENTIONS]:
            lower, upper = words(sentence.text, LOWER_LAYERS), words(sentence.text, 0)
            names += _name(lower, start, end)
            roles += [np.concatenate([name, upper.embedding]) for name in _name(upper, start, end)]
        found[participant] = CandidateContext(_mean(names, DIMENSION), _mean(roles, 2 * DIMENSION))
    return found


_Place = tuple[Sentence, int, int]  # a mention at `sentence.text[start:end]`


def _words(text: str, layers: int) -> WordEmbeddings:
    if (words := reading_encoder(layers).encode_words(text, TextKind.DOCUMENT)) is None:
        raise EncoderError("The bundled model does not give the vectors of its words.")
    return words


def _name(words: WordEmbeddings, start: int, end: int) -> list[Vector]:
    """The vector of the words of a mention; none if they are beyond what the model reads."""
    spans = enumerate(words.spans)
    rows = [row for row, (first, last) in spans if first < last and first < end and last > start]
    return [words.tokens[rows].mean(axis=0)] if rows else []


def _mean(vectors: Sequence[Vector], dimension: int) -> Vector:
    if not vectors:
        return np.zeros(dimension, np.float32)
    return np.asarray(np.mean(vectors, axis=0), np.float32)
