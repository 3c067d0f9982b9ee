"""Known actors by name: as people really write them."""

import pytest

from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.tokens import sentences
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind

ACTORS = [
    Actor(id="avel", name="Avel (marque Saphir)", place="Magnac-Lavalette"),
    Actor(id="laposte", name="La Poste"),
    Actor(id="merlet", name="Merlet"),
    Actor(id="weston", name="J.M. Weston"),
    Actor(id="polymer", name="PolymerExpert"),
    Actor(id="savonnerie", name="Savonnerie Nature et Limousin"),
    Actor(id="cttc", name="CTTC – Centre de transfert de technologies céramiques"),
    Actor(id="taransaud", name="Tonnellerie Taransaud", place="Merpins"),
    Actor(id="mairie", name="Mairie d'Angoulême", place="Angoulême"),
    Actor(id="hopital", name="Centre Hospitalier d'Angoulême", place="Angoulême"),
    Actor(id="ciron", name="Ciron SA", facts={"Sigle": "CIR"}),
    Actor(id="remy", name="Rémy Martin"),
]
KNOWN = KnownActors(ACTORS)


def found(text: str) -> list[tuple[str, str]]:
    """Returns the known names of a sentence: their words, and the actors they mean."""
    (sentence,) = sentences("", text)
    return [
        (
            text[
                sentence.tokens[known_name.first].start : sentence.tokens[known_name.last - 1].end
            ],
            *known_name.actor_ids,
        )  # type: ignore[misc]
        for known_name in KNOWN.find(sentence.tokens)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chez Avel on mélange", [("Avel", "avel")]),
        ("la marque Saphir", [("Saphir", "avel")]),
        ("JM Weston coud", [("JM Weston", "weston")]),
        ("J. M. Weston coud", [("J. M. Weston", "weston")]),
        ("Polymer Expert épaissit", [("Polymer Expert", "polymer")]),
        ("la Savonerie Nature & Limousin", [("Savonerie Nature & Limousin", "savonnerie")]),
        ("SAVONNERIE NATURE ET LIMOUSIN", [("SAVONNERIE NATURE ET LIMOUSIN", "savonnerie")]),
        ("le C.T.T.C. imprime", [("C.T.T.C.", "cttc")]),
        ("selon Taransaud", [("Taransaud", "taransaud")]),
        ("Ets Ciron et Remy-Martin", [("Ciron", "ciron"), ("Remy-Martin", "remy")]),
        ("le CIR dénature", [("CIR", "ciron")]),
        ("personne ici", []),
        ("", []),
    ],
)
def test_names_are_found_as_people_write_them(text: str, expected: list[tuple[str, str]]) -> None:
    if text:
        assert found(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ville d'Angoulême", "mairie"),
        ("Angoulême town hall", "mairie"),
        ("hôpital d'Angoulême", "hopital"),
        ("CH Angoulême", "hopital"),
        ("Ciron", "ciron"),
        ("CIRON S.A.", "ciron"),
    ],
)
def test_a_name_is_known_in_other_words(name: str, expected: str) -> None:
    assert KNOWN.named(name) == (expected,)


@pytest.mark.parametrize("name", ["Mairie de Cognac", "Centre", "", "Limousin"])
def test_what_is_not_a_name_is_nobody(name: str) -> None:
    assert KNOWN.named(name) == ()


def test_they_are_listed_again_when_an_actor_changed_and_only_then(base: KnowledgeBase) -> None:
    base.put([Actor(id="a", name="Machin")])
    known = KnownActors.of(base)
    base.put([Case(id="a", title="Un récit", text="Voici Machin.")])
    assert KnownActors.of(base) is known
    base.put([Actor(id="a", name="Truc")])
    assert KnownActors.of(base).named("truc") == ("a",)
    base.remove(Kind.ACTOR, ["a"])
    assert KnownActors.of(base).actors == {}
