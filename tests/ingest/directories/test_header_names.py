"""Headers, those of real directories too, are understood, or kept for a person to say."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from ingest.directories.columns_of import FACT, Column, HeaderMap, actor_columns, target_of
from ingest.directories.header_words import field_named
from ingest.records.fields import folded
from kb.errors import InputError

HEADERS = {
    "id": "id, Identifiant",
    "name": "RAISON SOCIALE, Dénomination, denomination, Nom de l’entreprise",
    "description": "Activité, savoir-faire, Savoir faire, Métier, Compétences",
    "place": "Commune, Ville",
    "department": "Dept, dép., DÉPARTEMENT",
    "country": "Pays",
    "activity_code": "Code NAF, code APE, NACE, activity_code",
    "siret": "N° SIRET, n°_siret",
    "website": "Site web, site internet, URL",
    "lang": "Langue",
    "themes": "Mots-clés, mots clés, Thématiques",
    "source_url": "Lien source, source_url",
    "": "Effectif, ",
}


def test_a_header_is_understood_in_french_and_english() -> None:
    for field, headers in HEADERS.items():
        assert {field_named(header) for header in headers.split(", ")} == {field}


def test_of_two_headers_of_one_field_the_second_is_a_fact() -> None:
    assert actor_columns(["Nom", "Raison sociale", "name"]) == [
        Column("name", ""),
        Column("", "Raison sociale"),
        Column("", "name"),
    ]


def test_of_columns_of_know_how_the_richest_is_the_description_and_the_others_facts() -> None:
    assert actor_columns(["Nom", "Activité", "Description", "Secteur d'activité", "Effectif"]) == [
        Column("name", ""),
        Column("", "Activité"),
        Column("description", ""),
        Column("", "Secteur d'activité"),
        Column("", "Effectif"),
    ]
    assert actor_columns(["Nom", "Activité", "Parc machines"])[1:] == [
        Column("description", ""),
        Column("", "Parc machines"),
    ]
    assert actor_columns(["Nom", "Métier", "Ce qu'ils savent faire"])[1:] == [
        Column("", "Métier"),
        Column("description", ""),
    ]


IN_OBJECTS = {
    "name": "Nom de l'entreprise, Company Name, Bedrijfsnaam, Entreprise",
    "place": "addr:city, Ort, Municipio",
    "postal_code": "adresse.codePostal",
    "person": "contact.nom, dirigeant.nom",
}


def test_a_header_says_the_same_in_an_object_and_with_its_owner() -> None:
    for field, headers in IN_OBJECTS.items():
        assert {actor_columns([header])[0].field for header in headers.split(", ")} == {field}


OF_PERSONS = {
    "ignored": "Prénom, Civilité, Dirigeant, Nom du gérant, infos.gerant, Contact, Contact name, "
    "Interlocuteur commercial, Responsable production, Ansprechpartner, Téléphone du gérant, "
    "Portable du dirigeant",
    "email": "contact.email, Email de contact",
    "services": "Services associés",
    "fact": "Fonction, Personnel, Personalisation, achats_responsables, Staff, Directory",
}


def test_columns_of_persons_are_ignored() -> None:
    for target, listed in OF_PERSONS.items():
        for header in listed.split(", "):
            headers = ["Société", "Description", header]
            assert target_of(actor_columns(headers)[2]) == target
            assert target_of(actor_columns(headers, {folded(header): "fact"})[2]) == "fact"


def test_several_columns_of_a_contact_are_all_read_and_those_of_a_fax_none() -> None:
    headers = ["Société", "Tél.", "Portable", "Fax", "E-mail", "E-mail 2", "N°", "Rue", "Adresse 2"]
    assert [target_of(column) for column in actor_columns(headers)] == [
        "name", "phone", "phone", "ignored", "email", "email", "fact", "address", "address",
    ]  # fmt: skip


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


REAL_HEADERS = Path(__file__).parents[2] / "data" / "directories" / "headers.tsv"
NAMED_ALONE = {"activity": "description"}
"""What is the description where no other column says more."""


class Header(NamedTuple):
    half: str
    language: str
    source: str
    header: str
    meaning: str

    def target(self) -> str:
        beside = "nom" if self.meaning != "name" else "Effectif"
        return target_of(actor_columns([beside, self.header])[1])

    def verdict(self) -> str:
        target = self.target()
        if target in {self.meaning or FACT, NAMED_ALONE.get(self.meaning, "")}:
            return "right"
        return "asked" if target == FACT else "wrong"


LINES = REAL_HEADERS.read_text(encoding="utf-8").splitlines()
ROWS = [Header(*line.split("\t")) for line in LINES if not line.startswith("# ")]


def shares(half: str) -> Counter[str]:
    return Counter(row.verdict() for row in ROWS if row.half == half)


@pytest.mark.parametrize(("half", "least_right"), [("tune", 0.95), ("held", 0.9)])
def test_headers_are_read_right_or_asked_about(half: str, least_right: float) -> None:
    found = shares(half)
    total = sum(found.values())
    assert total >= 100
    assert found["right"] / total >= least_right
    assert found["wrong"] / total <= 0.05
    assert {row.language for row in ROWS if row.half == half} == {"fr", "en", "de", "nl", "es"}
