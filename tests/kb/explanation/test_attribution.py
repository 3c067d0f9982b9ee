"""What each word has in how close two texts are."""

import numpy as np
import pytest

from kb.encoder.encoder import Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.explanation.explanation import CloseWord, WordShares, attribute, closest_words
from kb.settings import Settings
from tests.encoders import WordCountEncoder

QUERY = "Qui pourrait coudre des gants de cuir ?"
PASSAGE = (
    "Un atelier de ganterie coud des gants de cuir fins, et même l’hiver d'aujourd'hui : "
    "il les double de soie. 😀 Dix-huit coupeurs y travaillent la peau d'agneau."
)


def of_words(shares: WordShares, text: str) -> dict[str, float]:
    return {text[word.start : word.end]: word.share for word in shares.words}


def test_shares_are_the_products_of_the_tokens() -> None:
    words = WordEmbeddings(
        np.array([[3, 0], [0, 4], [1, 1], [2, 2]], np.float32), ((0, 0), (0, 3), (3, 5), (5, 6))
    )
    shares = attribute(words, "cuirs.", np.array([1.0, 2.0]))
    # Their sum is (6, 7), whose length is √85; of the model's own token and the stop is the rest.
    assert of_words(shares, "cuirs.") == pytest.approx({"cuirs": (8 + 3) / 85**0.5})
    assert shares.rest == pytest.approx((3 + 6) / 85**0.5)
    assert shares.total == pytest.approx(20 / 85**0.5)


def test_shares_add_up_to_the_cosine(word_counts: WordCountEncoder) -> None:
    assert_they_add_up(word_counts, 1e-6)


def assert_they_add_up(encoder: Encoder, tolerance: float) -> None:
    (query,) = encoder.encode([QUERY], TextKind.QUERY)
    (passage,) = encoder.encode([PASSAGE], TextKind.DOCUMENT)
    cosine = float(query @ passage)
    of_query = encoder.encode_words(QUERY, TextKind.QUERY)
    of_passage = encoder.encode_words(PASSAGE, TextKind.DOCUMENT)
    assert of_query is not None
    assert of_passage is not None
    for shares in (
        attribute(of_query, QUERY, passage),
        attribute(of_query, QUERY, passage, asks=True),
        attribute(of_passage, PASSAGE, query),
    ):
        assert shares.total == pytest.approx(cosine, abs=tolerance)
    words = of_words(attribute(of_query, QUERY, passage), QUERY)
    assert list(words) == ["pourrait", "coudre", "gants", "cuir"]
    asked = of_words(attribute(of_query, QUERY, passage, asks=True), QUERY)
    assert list(asked) == ["coudre", "gants", "cuir"]
    of_frame = of_words(attribute(of_query, "Qui pourrait ?", passage, asks=True), "Qui pourrait ?")
    assert list(of_frame) == ["pourrait"]


@pytest.mark.slow
def test_shares_of_the_real_encoder_add_up_to_the_cosine(real_encoder: Encoder) -> None:
    assert_they_add_up(real_encoder, 1e-3)
    assert_they_add_up(load_encoder(Settings.from_environment(engine="torch")), 1e-5)


def test_words_that_are_the_same_are_close(word_counts: WordCountEncoder) -> None:
    query, passage = "fabriquer des gants", "Il coud des gants ; les gants sont chauds."
    ours = word_counts.encode_words(passage, TextKind.DOCUMENT)
    theirs = word_counts.encode_words(query, TextKind.QUERY)
    found = closest_words(ours, passage, theirs, query)
    at = [(8 + 4, 17), (24, 29)]
    assert [(one.start, one.end) for one in found] == at
    assert {query[one.other_start : one.other_end] for one in found} == {"gants"}
    assert all(0.7 < one.closeness <= 1 for one in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "passage", "word", "meant"),
    [
        ("flacons en verre", "La verrerie produit des bouteilles.", "verrerie", "verre"),
        ("flacons en verre", "La verrerie produit des bouteilles.", "bouteilles", "flacons"),
        ("leather gloves", "Un atelier coud des gants.", "gants", "gloves"),
    ],
)
def test_words_that_mean_alike_are_close(
    real_encoder: Encoder, query: str, passage: str, word: str, meant: str
) -> None:
    ours = real_encoder.encode_words(passage, TextKind.DOCUMENT)
    theirs = real_encoder.encode_words(query, TextKind.QUERY)
    assert ours is not None
    assert theirs is not None

    def pair(close: CloseWord) -> tuple[str, str]:
        return passage[close.start : close.end], query[close.other_start : close.other_end]

    assert (word, meant) in map(pair, closest_words(ours, passage, theirs, query))
