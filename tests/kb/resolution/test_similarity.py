import pytest

from kb.models import Actor
from kb.resolution.contacts import commonness_of
from kb.resolution.similarity import LIKELY, actor_similarity, blocks

PHONE = "+33536490010"


def actor(name: str, place: str = "", *, phone: str = "", email: str = "", **more: str) -> Actor:
    phones, emails = (phone,) if phone else (), (email,) if email else ()
    return Actor(id="x", name=name, place=place, phone=phones, email=emails, **more)  # type: ignore[arg-type]


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
        (
            actor("SDEM", "Verdun", department="55"),
            actor("Société d'Électricité de la Meuse", "VERDUN", department="55"),
        ),
        (
            actor("La Grolle", "Chambéry", department="73", email="biere@lagrolle.example"),
            actor("Brasseurs Savoyards", "Chambéry", department="73", email="a@lagrolle.example"),
        ),
        (
            actor("Décolletage Bouvard", "Cran-Gevrier", department="74"),
            actor("DECOLLETAGE BOUVARD SAS", "Annecy", department="74"),
        ),
        (
            actor("Usimétal", "Cholet", department="49", website="https://usimetal.example"),
            actor("USIMETAL", "La Séguinière", department="49", email="a@usimetal.example"),
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


def test_a_contact_of_many_firms_says_nothing() -> None:
    here = [
        actor(name, "Orléans", department="45", phone=PHONE, website="https://park.example")
        for name in ("Biolaq", "Ortho3D", "Atelier Zéphyr", "Vignal Conseil", "Numéria")
    ]
    alone = actor_similarity(here[0], here[1])
    shared = actor_similarity(here[0], here[1], commonness_of(here))
    assert shared.score < 0.2 < alone.score


def test_names_of_one_firm_do_not_make_its_contact_common() -> None:
    same = [
        actor(name, "Luçon", website="https://glaces.example", phone=PHONE)
        for name in (
            "Boisseau", "SARL Boisseau", "Boisseau (Glaces du Marais)", "Les Glaces du Marais",
        )
    ]  # fmt: skip
    assert commonness_of(same)["w glaces.example"] == 1


def test_two_establishments_are_one_actor_in_one_town_alone() -> None:
    there = {"siret": "66204340500239"}
    one = actor("Arquus", "Guyancourt", department="78", siret="66204340500213")
    same = actor_similarity(one, actor("ARQUUS", "GUYANCOURT", department="78", **there))
    assert same.score >= LIKELY
    assert not same.is_certain
    assert same.reasons[0] == "two_establishments"
    other = actor_similarity(one, actor("Arquus", "Lisses", department="91", **there))
    assert other.are_establishments
    assert other.score < LIKELY


def test_only_a_name_a_town_and_a_contact_of_their_own_are_certain() -> None:
    left = actor("Avel", "Cognac", department="16", phone=PHONE)
    assert actor_similarity(
        left, actor("AVEL SAS", "COGNAC", department="16", phone=PHONE)
    ).is_certain
    for other in (
        actor("AVEL SAS", "COGNAC", department="16"),
        actor("AVEL SAS", "Ruffec", department="16", phone=PHONE),
        actor("Saphir", "Cognac", department="16", phone=PHONE),
    ):
        assert not actor_similarity(left, other).is_certain
    common = {f"t {PHONE}": 4}
    assert not actor_similarity(left, actor("Avel", "Cognac", phone=PHONE), common).is_certain


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (actor("SDEM"), actor("Société d'Électricité de la Meuse"), "acronym"),
        (actor("Avel (marque Saphir)"), actor("Saphir"), "brand"),
        (actor("Avel", phone=PHONE), actor("Saphir", phone=PHONE), "same_phone"),
        (actor("Avel", email="a@avel.fr"), actor("Saphir", email="b@avel.fr"), "same_email_domain"),
        (actor("Avel", email="a@avel.fr"), actor("Saphir", email="a@avel.fr"), "same_email"),
        (actor("Saphir", website="https://avel.fr"), actor("Avel"), "name_is_domain"),
        (
            actor("Avel", website="https://facebook.com/avel"),
            actor("Saphir", website="https://www.facebook.com/Avel/"),
            "same_page",
        ),
    ],
)
def test_each_reason_is_given(left: Actor, right: Actor, reason: str) -> None:
    assert reason in actor_similarity(left, right).reasons
