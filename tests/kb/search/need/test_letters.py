"""Letters: what a long text asks for."""

from collections.abc import Sequence

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.search.need.letters import asking_sentences, is_letter, sentences_of
from kb.search.need.probe import NeedProbe
from kb.search.weights import LetterWeights

WEIGHTS = LetterWeights()

LETTER = """\
Bonjour Madame,

Je travaille pour la ville de Rivière. Nos écoles rouvrent en mai.
Nous cherchons 300 visières lavables avant le 10 mai.
Le budget est voté.

Merci d'avance pour votre aide,
Cordialement,
Jeanne Exemple
Tél. 05 00 00 00 00 – jeanne@exemple.org
> Le 3 avril, la mairie a demandé des tables
"""


def test_what_frames_a_letter_is_left_out() -> None:
    assert sentences_of(LETTER) == [
        "Je travaille pour la ville de Rivière.",
        "Nos écoles rouvrent en mai.",
        "Nous cherchons 300 visières lavables avant le 10 mai.",
        "Le budget est voté.",
    ]


def test_greetings_and_signs_go() -> None:
    cases: list[tuple[str, str]] = [
        ("Hello, we need two hundred wooden crates.", "we need two hundred wooden crates."),
        ("Bonjour, il nous faut un four à pain.", "il nous faut un four à pain."),
        ("- 40 bancs en pierre", "40 bancs en pierre"),
        ('We want "green" paint.', "We want green paint."),
    ]  # fmt: skip
    for line, kept in cases:
        assert sentences_of(line) == [kept]


def test_a_short_need_is_no_letter() -> None:
    cases: list[str] = [
        "gants", "qui pourrait fabriquer du gel ? Vite.",
        "un four à pain pour une école, livré en mai",
    ]  # fmt: skip
    for text in cases:
        assert not is_letter(text, WEIGHTS)


def test_a_long_text_is_a_letter() -> None:
    assert is_letter(LETTER, WEIGHTS)


def test_all_that_a_letter_asks_for_is_kept() -> None:
    asking = [
        "Nous cherchons 200 chaises pliantes.",
        "Il nous faut un barnum de 40 m².",
        "Nous avons besoin de trois fours à pizza.",
        "Pourriez-vous aussi nous fournir la vaisselle ?",
        "Nous recherchons un traiteur.",
    ]
    text = "Nous fêtons nos dix ans cette année. " + " ".join(asking) + " Le maire viendra samedi."

    def embed(needs: Sequence[str]) -> Embeddings:
        return np.zeros((len(needs), 2), np.float32)

    likely = NeedProbe(np.zeros(2), 1.0, {})
    assert list(asking_sentences(text, likely, embed, WEIGHTS)) == asking
    doubtful = NeedProbe(np.zeros(2), -1.0, {"^pourriez vous": -2.0, "^pourriez": 0.0})
    kept = asking_sentences(text, doubtful, embed, WEIGHTS)
    assert asking[3] not in kept
    assert "Le maire viendra samedi." not in kept
