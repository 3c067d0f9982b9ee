"""Phrases of an index, said as people say them and drawn so that rivals come together."""

import random
from collections import Counter

import pytest

from kb.adaptation.phrases import Phrase, PhraseBook, listed_things, said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Satchels (manufacture)", "Satchels"),
        ("Egg trays manufacturing", "Egg trays"),
        ("Boots, waterproof, manufacturing", "waterproof boots"),
        ("Boots, waterproof, lined, manufacturing", "Boots, waterproof, lined"),
        ("Fishing rods (retail)", "Fishing rods, retail"),
        ("Leather (wholesale)", "Leather, wholesale"),
        ("Valves (i.e., of pumps) manufacturing", "Valves"),
        (
            "Confection de sandales : nu-pieds, espadrilles, etc.",
            "Confection de sandales : nu-pieds, espadrilles",
        ),
        ("Pose d'enduits (sauf sols)", "Pose d'enduits"),
        ("FAB. DE CAISSES", ""),
        ("Fabrication d'art. de voyage", ""),
    ],
)
def test_a_phrase_is_said_as_a_person_says_it(text: str, expected: str) -> None:
    assert said(text) == expected


def test_what_a_phrase_lists_stands_after_its_colon() -> None:
    assert listed_things("Sandales : nu-pieds, espadrilles, etc.") == ("nu-pieds", "espadrilles")
    assert listed_things("Sandales et nu-pieds") == ()


def book() -> PhraseBook:
    rows = [
        ("10.71", "en", "Bread"),
        ("47.24", "en", "Bread, retail"),
        ("28.93", "en", "Bread slicing machines"),
        ("10.71", "en", "Biscuits"),
        ("10.72", "en", "Rusks"),
        ("28.92", "en", "Quarry trucks"),
    ]
    return PhraseBook.of(Phrase(lang, code, text) for code, lang, text in rows)


def test_makers_sellers_and_users_of_a_thing_come_together() -> None:
    """Only words that several classes share bring them together, a phrase of each."""
    assert book().by_word.keys() == {"bread"}
    rng = random.Random(0)
    together = 0
    for _ in range(200):
        drawn = book().draw(12, 8, rng)
        assert len(drawn) == 12
        (quarter,) = [drawn[6:9]]
        together += {phrase.code for phrase in quarter} == {"10.71", "47.24", "28.93"}
    assert together == 200


def test_half_of_what_is_drawn_comes_by_divisions_one_phrase_of_a_class() -> None:
    rng = random.Random(0)
    for _ in range(50):
        first, second = book().draw(4, 2, rng)[:2]
        assert first.code != second.code or first.code == "47.24"
    divisions = Counter(book().draw(4, 2, rng)[0].code[:2] for _ in range(500))
    assert divisions["47"] < divisions["10"]


def test_each_language_of_a_class_is_drawn_as_often() -> None:
    of_both = PhraseBook.of(
        [Phrase("fr", "10.71", "pain"), *(Phrase("en", "10.71", f"bread {n}") for n in range(50))]
    )
    rng = random.Random(0)
    french = sum(of_both.one_of("10.71", rng).lang == "fr" for _ in range(400))
    assert 150 < french < 250


def test_who_makes_is_told_from_who_repairs_or_sells() -> None:
    making = {
        code
        for code in ("01.11", "10.71", "32.99", "33.11", "47.24")
        if Phrase("en", code, "x").is_of_making
    }
    assert making == {"10.71", "32.99"}
