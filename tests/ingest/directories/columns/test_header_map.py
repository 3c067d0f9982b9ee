import pytest

from ingest.directories.columns_of import Column, HeaderMap
from kb.errors import InputError


def test_what_a_person_said_wins_over_what_a_header_is_called() -> None:
    header_map = HeaderMap({"Intitulé": "name", "NOM": "fact", "Tél": "ignored"})
    assert header_map.columns(["nom", "Intitule", "tel", "Ville"]) == (
        Column("", "nom"),
        Column("name", ""),
        Column("", ""),
        Column("place", ""),
    )


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        HeaderMap({"Tél": "fax"})
    assert str(refusal.value) == (
        "column 'Tél' cannot be read as 'fax': write id, name, description, place, department, "
        "country, activity_code, siret, website, phone, email, address, contact, lang, themes, "
        "source_url, closed_on, "
        "sector, activity, products, services, machines, certificates, brands, materials, "
        "postal_code, region, epci, latitude, longitude, coordinates, fact or ignored"
    )
