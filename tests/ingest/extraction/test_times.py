"""The time of the facts is proposed where the text gives it, and not that of other things."""

import pytest

from ingest.extraction.times import SURE_ENOUGH, time_of_facts
from ingest.extraction.tokens import sentences


@pytest.mark.parametrize(
    ("text", "edtf"),
    [
        ("Depuis juin 2019, cinq usines mettent leur polystyrène en commun.", "2019-06/.."),
        ("| Matière | drêche |\n| Démarrage | décembre 2017 |", "2017-12/.."),
        ("Début : mars 2018\n\nUn camion passe chaque semaine.", "2018-03/.."),
        ("Le projet remonte à 2017. Il a pris de l'ampleur.", "2017/.."),
        ("De mars à mai 2019, 820 tonnes sont passées entre ses mains.", "2019-03/2019-05"),
        ("Since the spring of 2018 the bakery has sent its bread to the brewery.", "2018-21/.."),
        ("In April 2018, shirts of the new stuff went on sale.", "2018-04"),
        ("En 2014, tout manquait. Depuis 2016, un broyeur tourne.", "2016/.."),
    ],
)
def test_a_time_is_read_where_the_sentence_speaks_for_it(text: str, edtf: str) -> None:
    found = time_of_facts(sentences("Un titre de 1999", text), "2019-11-07")
    assert found is not None
    assert found.edtf == edtf
    assert found.sentence.text in " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "La société a été fondée en 2015 par deux ingénieurs.",
        "L'association, créée en mars 2016, compte vingt membres.",
        "La loi de 2015 impose de trier ces déchets.",
        "Objectif pour 2018 : six écoles au moins.",
        "Depuis 2024, on en rêve.",
        "De nouveaux adhérents viendront en juin 2020.",
        "Un tour de main entretenu depuis 1951 à Vitré.",
        "Luxembourg, le 25 juillet 2019.",
        "Le 14 mars 2019 à 17:40, Romain Castellini a écrit :",
        "Part des achats locaux : 18 % en 2017, 27 % à présent.",
        "Elle moud le grain, et en 2017 elle a changé de meule.",
        "La boulangerie garde son pain.",
    ],
)
def test_the_time_of_something_else_is_not_proposed(text: str) -> None:
    assert time_of_facts(sentences("Un titre", text), "2019-11-07") is None


@pytest.mark.parametrize(
    ("text", "edtf"),
    [
        ("En mars 2026, on a trié. En juin 2026, les bacs étaient posés.", "2026-03/2026-06"),
        ("En mars 2026 l'ESAT a trié. Les bacs ont été posés en juin 2026.", "2026-03/2026-06"),
        ("In March 2026 they sorted it. It has been sold since June 2026.", "2026-03/.."),
        ("Au printemps 2025, on manquait de blouses. Le vent tourne.", "2025-21"),
        ("En mars 2026, on a trié. Tout a servi.", "2026-03"),
    ],
)
def test_the_months_of_a_story_are_its_time(text: str, edtf: str) -> None:
    found = time_of_facts(sentences("Un titre", text))
    assert found is not None
    assert (found.edtf, found.confidence) == (edtf, SURE_ENOUGH)


@pytest.mark.parametrize(
    "text",
    [
        "On a trié en mars 2026, puis tout a servi.",
        "On a trié en mars 2021, puis tout a servi. On a recommencé en juin 2026, sans eau.",
        "En 2014, tout manquait.",
    ],
)
def test_a_month_within_a_sentence_or_far_from_others_is_not_sure(text: str) -> None:
    found = time_of_facts(sentences("Un titre", text))
    assert found is not None
    assert found.confidence < SURE_ENOUGH
