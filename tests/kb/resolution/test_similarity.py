import pytest

from kb.models import Actor
from kb.resolution.similarity import LIKELY, actor_similarity, blocks, name_similarity


def actor(
    name: str,
    place: str = "",
    *,
    department: str = "",
    activity_code: str = "",
    siret: str = "",
    website: str = "",
) -> Actor:
    return Actor(
        id="x",
        name=name,
        place=place,
        department=department,
        activity_code=activity_code,
        siret=siret,
        website=website,
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (actor("SARL Merlet & Fils", "Saint-Sauvant"), actor("Ets MERLET", "ST SAUVANT")),
        (actor("Merlet", "Cognac"), actor("Distillerie Merlet", "Cognac")),
        (actor("Distillerie Merlet", "Cognac"), actor("Distilerie Merlet", "Cognac")),
        (actor("Avel", department="16"), actor("AVEL SAS", "Angoulême", department="16")),
        (
            actor("Avel", "Angoulême", siret="55208131766522"),
            actor("Saphir", "Paris", siret="55208131766522"),
        ),
        (
            actor("Avel", "Angoulême", website="https://www.avel.fr/fr"),
            actor("Avel Saphir", "Angoulême", website="http://avel.fr"),
        ),
    ],
)
def test_what_may_be_one_firm_is_likely(left: Actor, right: Actor) -> None:
    found = actor_similarity(left, right)
    assert found.score >= LIKELY
    assert actor_similarity(right, left) == found
    assert blocks(left) & blocks(right), "they are compared"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (actor("Garage Dupont", "Cognac"), actor("Garage Durand", "Cognac")),
        (actor("Transports Martin", "Cognac"), actor("Boulangerie Martin", "Cognac")),
        (
            actor("Garage Dupont", "Cognac", department="16"),
            actor("Garage Dupont", "Ruffec", department="16"),
        ),
        (actor("Merlet", department="16"), actor("Merlet", department="17")),
        (actor("Atelier 1", "Cognac"), actor("Atelier 2", "Cognac")),
        (
            actor("Avel", "Cognac", siret="55208131766522"),
            actor("Avel", "Cognac", siret="73282932000074"),
        ),
    ],
)
def test_what_is_two_firms_is_not_likely(left: Actor, right: Actor) -> None:
    assert actor_similarity(left, right).score < LIKELY


def test_reasons_say_what_speaks_for_it() -> None:
    left = actor("Avel", "Angoulême", activity_code="20.41Z", website="https://avel.fr")
    right = actor("AVEL SAS", "ANGOULEME CEDEX 9", activity_code="20.42Z")
    assert actor_similarity(left, right).reasons == ("same_name", "same_place", "similar_activity")


def test_names_of_no_telling_word_are_compared_all_the_same() -> None:
    assert name_similarity("Le Groupe", "La Société") < 0.8
    assert name_similarity("&", "&") == 1.0
    assert name_similarity("&", "!") < 0.8
