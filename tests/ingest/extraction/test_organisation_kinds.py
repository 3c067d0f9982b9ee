"""Kinds of organisations, by their names."""

import pytest

from ingest.extraction.names import OrganisationKind, is_proper, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Mairie d'Angoulême", OrganisationKind.TOWN),
        ("Leeds City Council", OrganisationKind.TOWN),
        ("CHU de Limoges", OrganisationKind.CARE),
        ("Agence régionale de santé", OrganisationKind.STATE),
        ("Chambre de commerce et d'industrie", OrganisationKind.CHAMBER),
        ("Réseau 3AR", OrganisationKind.NETWORK),
        ("Laboratoire Art&Cos", OrganisationKind.LABORATORY),
        ("Transports Vigier", OrganisationKind.HAULIER),
        ("lycée de la communauté de communes", OrganisationKind.SCHOOL),
        ("Brasserie Dalons", OrganisationKind.FIRM),
        ("Avel", OrganisationKind.UNKNOWN),
        ("", OrganisationKind.UNKNOWN),
    ],
)
def test_names_say_what_kind_of_organisation_it_is(name: str, kind: OrganisationKind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("name", "opens"),
    [
        ("Palpro", True),
        ("ESAT L'Arche", False),
        ("mairie de Jarnac", False),
        ("L'Établissement français du sang", True),
        ("petite entreprise Furet", False),
        ("Leeds City Council", True),
    ],
)
def test_a_name_has_a_capital_of_its_own_or_a_town(name: str, opens: bool) -> None:
    assert is_proper(name, opens=opens)


@pytest.mark.parametrize(
    ("name", "opens"),
    [
        ("Les", True),
        ("imprimeur", False),
        ("services techniques", False),
        ("Trois couturières bénévoles", True),
        ("Petite entreprise de Jarnac", True),
        ("association de Chabanais", False),
        ("Une jeune société de Cognac", True),
        ("small company", True),
    ],
)
def test_words_that_describe_an_organisation_are_no_name(name: str, opens: bool) -> None:
    assert not is_proper(name, opens=opens)
