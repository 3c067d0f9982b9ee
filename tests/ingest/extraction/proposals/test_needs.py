"""The need in the words of the text and of the title: a matter, and often its use."""

import pytest

from ingest.extraction.proposals.needs import need_of
from ingest.extraction.tokens import sentences


@pytest.mark.parametrize(
    ("title", "text", "lang", "need"),
    [
        ("Le pain d'hier finit dans la bière",
         "La boulangerie garde son pain. La brasserie en fait une bière, avec le malt.",
         "fr", "pain d'hier finit dans la bière"),
        ("Des champignons dans le marc de café",
         "Le marc de café sert de lit à des champignons. Le marc vient des bureaux.",
         "fr", "champignons dans le marc de café"),
        ("Rends-moi ma bouteille ! La consigne revient",
         "La bouteille est lavée. La consigne a repris : chaque bouteille sert dix fois.",
         "fr", "bouteille : consigne"),
        ("UN MASQUE EN TISSU POUR CHAQUE HABITANT",
         "La commune a reçu des masques. Le masque en tissu se lave.", "fr", "masque en tissu"),
        ("Que faire du petit-lait des fermes ?",
         "Le petit-lait allait aux champs. Un camion collecte le petit-lait.", "fr", "petit-lait"),
        ("Charente : le cirage mène à tout",
         "Les hôpitaux manquaient de gel hydroalcoolique. Le fabricant de cirage s'y est mis.",
         "fr", "gel hydroalcoolique"),
        ("Old wheel rims wanted - they become stoves for Ukraine",
         "Rims rust behind the shed. The rims are welded, and the stoves warm a room.", "en",
         "rims wanted : stoves"),
    ],
)  # fmt: skip
def test_a_need_has_its_matter_and_its_use(title: str, text: str, lang: str, need: str) -> None:
    found = need_of(sentences(title, text), lang)
    assert found is not None
    assert found.phrase == need


@pytest.mark.parametrize("title", ["Meralliance et ses voisins", "Deux ateliers béarnais"])
def test_names_and_parties_of_a_title_are_no_need(title: str) -> None:
    assert need_of(sentences(title, "On en reparlera demain."), "fr") is None
