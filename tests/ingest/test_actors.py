import pytest

from ingest.actors import actor_from
from kb.errors import InputError
from kb.models import Actor


def test_a_name_is_enough() -> None:
    assert actor_from({"name": "Avel"}) == Actor(id="avel", name="Avel", country="FR", lang="fr")


def test_every_field_is_cleaned() -> None:
    actor = actor_from(
        {
            "id": " P001 ",
            "name": "Avel\n(Saphir)",
            "description": " Fabrique des cirages.\r\n\r\nConditionne en boîtes. ",
            "place": "Magnac-Lavalette ",
            "department": "Charente (16)",
            "country": "France",
            "activity_code": "2041z",
            "siret": "732 829 320 00074",
            "website": "www.avel.example",
            "lang": "français",
            "themes": "Chimie; Cuir",
            "source_url": "http://annuaire.example/avel",
        },
        {"Effectif": " 60 ", "Note": " "},
    )
    assert actor == Actor(
        id="P001",
        name="Avel (Saphir)",
        description="Fabrique des cirages.\n\nConditionne en boîtes.",
        place="Magnac-Lavalette",
        department="16",
        country="FR",
        activity_code="20.41Z",
        siret="73282932000074",
        website="https://www.avel.example",
        lang="fr",
        themes=("Chimie", "Cuir"),
        source_url="http://annuaire.example/avel",
        facts={"Effectif": "60"},
    )


def test_without_an_id_the_name_and_the_place_make_one() -> None:
    actor = actor_from({"name": "Dupont & Fils", "place": "Jarnac"})
    assert actor.id == "dupont-fils-jarnac"


def test_the_language_is_that_of_the_description() -> None:
    text = "We weave fabric from hemp and linen for the furniture trade."
    assert actor_from({"name": "Tissages", "description": text}).lang == "en"


def test_an_overseas_department_may_come_with_its_own_country_code() -> None:
    actor = actor_from({"name": "Brasserie", "department": "Réunion", "country": "RE"})
    assert (actor.department, actor.country) == ("974", "RE")


@pytest.mark.parametrize("siret", ["73282932000074", "35600000000048", "35600000049837"])
def test_a_siret_may_be_that_of_la_poste(siret: str) -> None:
    assert actor_from({"name": "x", "siret": siret}).siret == siret


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({}, "has no name"),
        ({"name": " \x00 "}, "has no name"),
        (
            {"name": "x", "description": "y" * 50_000},
            "description has 50,000 characters; at most 20,000 fit",
        ),
        ({"name": "y" * 501}, "name has 501 characters; at most 500 fit"),
        (
            {"name": "x", "department": "Poitou"},
            "department 'Poitou' is not a department of France",
        ),
        (
            {"name": "x", "department": "20"},
            "department '20' is not a department of France: write 2A or 2B for Corsica",
        ),
        (
            {"name": "x", "department": "17 - Charente"},
            "department '17 - Charente' gives two departments: 17 is Charente-Maritime",
        ),
        ({"name": "x", "department": "16, 17"}, "department '16, 17' holds more than one number"),
        (
            {"name": "x", "department": "16", "country": "BE"},
            "department '16' is given, but the country is BE",
        ),
        (
            {"name": "x", "siret": "732829320"},
            "siret '732829320' is not valid: a SIRET has 14 digits",
        ),
        (
            {"name": "x", "siret": "73282932000075"},
            "siret '73282932000075' is not valid: its check digit is wrong",
        ),
        (
            {"name": "x", "siret": "7,32829E+13"},
            "siret '7,32829E+13' lost digits in a spreadsheet: make its column text",
        ),
        (
            {"name": "x", "source_url": "javascript:alert(1)"},
            "source_url 'javascript:alert(1)' begins with javascript: only http and https are "
            "accepted",
        ),
    ],
)
def test_a_row_that_cannot_be_kept_says_why(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        actor_from(cells)
    assert str(refusal.value) == reason


def test_a_fact_can_be_too_long_as_well() -> None:
    with pytest.raises(InputError, match=r"^Note has 20,001 characters; at most 20,000 fit$"):
        actor_from({"name": "x"}, {"Note": "y" * 20_001})
