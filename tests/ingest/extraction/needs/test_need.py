"""The need in the words of the text and of the title: a matter, and often its use."""

import pytest

from ingest.extraction.needs.need import NeedJudge, need_of
from ingest.extraction.tokens import sentences
from kb.regression import Regression


@pytest.mark.parametrize(
    ("title", "text", "lang", "named"),
    [
        ("Le pain d'hier finit dans la bière",
         "La boulangerie garde son pain. La brasserie en fait une bière, avec le malt.",
         "fr", ["pain d'hier", "bière"]),
        ("Des champignons dans le marc de café",
         "Le marc de café sert de lit à des champignons. Le marc vient des bureaux.",
         "fr", ["champignons dans le marc de café"]),
        ("Rends-moi ma bouteille ! La consigne revient",
         "La bouteille est lavée. La consigne a repris : chaque bouteille sert dix fois.",
         "fr", ["bouteille", "consigne"]),
        ("UN MASQUE EN TISSU POUR CHAQUE HABITANT",
         "La commune a reçu des masques. Le masque en tissu se lave.", "fr", ["masque en tissu"]),
        ("Que faire du petit-lait des fermes ?",
         "Le petit-lait allait aux champs. Un camion collecte le petit-lait.", "fr",
         ["petit-lait"]),
        ("Charente : le cirage mène à tout",
         "Les hôpitaux manquaient de gel hydroalcoolique. Le fabricant de cirage s'y est mis.",
         "fr", ["gel hydroalcoolique"]),
        ("Old wheel rims wanted - they become stoves for Ukraine",
         "Rims rust behind the shed. The rims are welded, and the stoves warm a room.", "en",
         ["rims", "stoves"]),
    ],
)  # fmt: skip
def test_a_need_has_its_matter_and_its_use(
    title: str, text: str, lang: str, named: list[str]
) -> None:
    found = need_of(sentences(title, text), lang)
    assert found is not None
    assert [each for each in named if each not in found.phrase] == []
    assert 0 < found.confidence < 1


def test_two_stretches_are_joined_that_name_different_things() -> None:
    read = sentences("", "On broie du liège. Le sol est refait. Il faut des dalles.")
    weights = {"object of transform": 0.0, "plural": 0.0, "name": 0.0}
    even = NeedJudge(Regression(0.0, weights), Regression(0.0, {}))
    found = need_of(read, "fr", even)
    assert found is not None
    first, second = found.phrase.split(" : ")
    assert not {first} & {second}
    assert len(set(found.stems)) == len(found.stems)
