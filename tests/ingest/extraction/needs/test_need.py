"""The need in the words of the text and of the title: a matter, and often its use."""

import pytest

from ingest.extraction.needs.judge import NeedJudge, doubts
from ingest.extraction.needs.need import need_of
from ingest.extraction.needs.stretches import stretches
from ingest.extraction.needs.words import need_words
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


def test_a_name_in_a_title_is_no_need() -> None:
    read = sentences("Meralliance et ses voisins", "On en reparlera demain.")
    assert need_of(read, "fr") is None


def test_a_stretch_has_what_its_thing_is_for_and_no_verb() -> None:
    read = sentences("", "L'atelier coud des masques en tissu pour les soignants vaccinés.")
    found = [each.text for each in stretches(read, {"masqu"}, "fr")]
    assert found[0] == "masques en tissu"
    assert "masques en tissu pour les soignants vaccinés" in found


def test_two_stretches_are_joined_that_name_different_things() -> None:
    read = sentences("", "On broie du liège. Le sol est refait. Il faut des dalles.")
    weights = {"object of transform": 0.0, "plural": 0.0, "name": 0.0}
    even = NeedJudge(Regression(0.0, weights), Regression(0.0, {}))
    found = need_of(read, "fr", even)
    assert found is not None
    first, second = found.phrase.split(" : ")
    assert not {first} & {second}
    assert len(set(found.stems)) == len(found.stems)


def test_words_of_one_stem_are_counted_together() -> None:
    read = sentences("Une palette", "Les palettes arrivent. Il manque des palettes.")
    word = need_words(read, "fr")["palet"]
    assert word.count == 3
    assert word.features["title"] == 1
    assert word.features["any cue"] == 1


def test_a_phrase_of_likelier_words_is_surer() -> None:
    sure, unsure = doubts([0.8, 0.1]), doubts([0.2])
    assert sure["likeliest"] > unsure["likeliest"]
    assert sure["second"] > unsure["second"]
