"""Kinds of organisations, by their names."""

import pytest

from ingest.extraction.names import OrganisationKind, kind_of


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
