"""The contexts of candidates: what a language model makes of the words that name them.

The bundled encoder reads each sentence. Half-way up its layers the vector of a word tells whether
it names someone who acts; the vectors of its last layer tell what the sentence is about.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.extraction.coreference.participant import Participant
from ingest.extraction.proposals.reading_encoder import LOWER_LAYERS, reading_encoder
from ingest.extraction.proposals.story import Story
from ingest.extraction.tokens import Sentence, TextPart
from kb.encoder.encoder import TextKind, WordEmbeddings
from kb.errors import EncoderError

Vector = NDArray[np.float32]

DIMENSION = 384
"""Of the vectors of the bundled model."""

MOST_MENTIONS = 8
"""The most mentions of a candidate that are read."""


@dataclass(frozen=True, slots=True)
class CandidateContext:
    """Means over the mentions of a candidate; all zero where its sentences are too long.

    Attributes:
        name: `(384,)`, of the words that name it, from the lower layers.
        role: `(768,)`, of these words and then of the whole sentence, from all layers.
    """

    name: Vector
    role: Vector


def contexts_of(story: Story) -> Mapping[Participant, CandidateContext]:
    """The context of each candidate that the story names.

    Raises:
        EncoderError: the bundled model cannot be prepared.
    """
    places: dict[Participant, list[_Place]] = defaultdict(list)
    for passage in sorted(story.read, key=lambda passage: passage.sentence.number):
        tokens = passage.sentence.tokens
        for mention in passage.mentions:
            if not mention.is_pronoun:
                start, end = tokens[mention.first].start, tokens[mention.last - 1].end
                places[mention.participant].append(_Place(passage.sentence, start, end))
    lower, upper = _SentenceReader(LOWER_LAYERS), _SentenceReader(0)
    found = {}
    for participant, everywhere in places.items():
        in_body = [each for each in everywhere if each.sentence.part is TextPart.BODY]
        read = (in_body or everywhere)[:MOST_MENTIONS]
        found[participant] = CandidateContext(
            _mean([vector for place in read for vector in lower.name(place)], DIMENSION),
            _mean([vector for place in read for vector in upper.role(place)], 2 * DIMENSION),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention at `sentence.text[start:end]`."""

    sentence: Sentence
    start: int
    end: int


class _SentenceReader:
    """The vectors of the words of sentences, each read once, by a number of layers."""

    def __init__(self, layers: int) -> None:
        self._layers = layers
        self._read: dict[int, WordEmbeddings] = {}

    def name(self, place: _Place) -> list[Vector]:
        """The vector of the words of a mention; none if they are beyond what the model reads."""
        words = self._words(place.sentence)
        rows = [
            row
            for row, (start, end) in enumerate(words.spans)
            if start < end and start < place.end and end > place.start
        ]
        return [words.tokens[rows].mean(axis=0)] if rows else []

    def role(self, place: _Place) -> list[Vector]:
        """The vectors of a mention and its sentence, one after the other."""
        whole = self._words(place.sentence).embedding
        return [np.concatenate([name, whole]) for name in self.name(place)]

    def _words(self, sentence: Sentence) -> WordEmbeddings:
        if sentence.number not in self._read:
            words = reading_encoder(self._layers).encode_words(sentence.text, TextKind.DOCUMENT)
            if words is None:
                raise EncoderError("The bundled model does not give the vectors of its words.")
            self._read[sentence.number] = words
        return self._read[sentence.number]


def _mean(vectors: Sequence[Vector], dimension: int) -> Vector:
    if not vectors:
        return np.zeros(dimension, np.float32)
    return np.asarray(np.mean(vectors, axis=0), np.float32)
