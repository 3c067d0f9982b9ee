import pytest

from ingest.directories.columns_of import Column, actor_columns, target_of
from ingest.directories.header_words import field_named
from ingest.records.fields import folded


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("id", "id"),
        ("Identifiant", "id"),
        ("RAISON SOCIALE", "name"),
        ("Dénomination", "name"),
        ("denomination", "name"),
        ("Nom de l’entreprise", "name"),
        ("Activité", "description"),
        ("savoir-faire", "description"),
        ("Savoir faire", "description"),
        ("Métier", "description"),
        ("Compétences", "description"),
        ("Commune", "place"),
        ("Ville", "place"),
        ("Dept", "department"),
        ("dép.", "department"),
        ("DÉPARTEMENT", "department"),
        ("Pays", "country"),
        ("Code NAF", "activity_code"),
        ("code APE", "activity_code"),
        ("NACE", "activity_code"),
        ("activity_code", "activity_code"),
        ("N° SIRET", "siret"),
        ("n°_siret", "siret"),
        ("Site web", "website"),
        ("site internet", "website"),
        ("URL", "website"),
        ("Langue", "lang"),
        ("Mots-clés", "themes"),
        ("mots clés", "themes"),
        ("Thématiques", "themes"),
        ("Lien source", "source_url"),
        ("source_url", "source_url"),
        ("Effectif", ""),
        ("", ""),
    ],
)
def test_a_header_is_understood_in_french_and_english(header: str, field: str) -> None:
    assert field_named(header) == field


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


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Nom de l'entreprise", "name"),
        ("Company Name", "name"),
        ("adresse.codePostal", "postal_code"),
        ("addr:city", "place"),
        ("Bedrijfsnaam", "name"),
        ("Ort", "place"),
        ("Municipio", "place"),
        ("contact.nom", "person"),
        ("dirigeant.nom", "person"),
        ("Entreprise", "name"),
    ],
)
def test_a_header_says_the_same_in_an_object_and_with_its_owner(header: str, field: str) -> None:
    assert actor_columns([header])[0].field == field


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Prénom", "ignored"),
        ("Civilité", "ignored"),
        ("Dirigeant", "ignored"),
        ("Nom du gérant", "ignored"),
        ("infos.gerant", "ignored"),
        ("Contact", "ignored"),
        ("Contact name", "ignored"),
        ("Interlocuteur commercial", "ignored"),
        ("Responsable production", "ignored"),
        ("Ansprechpartner", "ignored"),
        ("contact.email", "email"),
        ("Email de contact", "email"),
        ("Téléphone du gérant", "ignored"),
        ("Portable du dirigeant", "ignored"),
        ("Fonction", "fact"),
        ("Personnel", "fact"),
        ("Personalisation", "fact"),
        ("achats_responsables", "fact"),
        ("Services associés", "services"),
        ("Staff", "fact"),
        ("Directory", "fact"),
    ],
)
def test_columns_of_persons_are_ignored(header: str, target: str) -> None:
    headers = ["Société", "Description", header]
    assert target_of(actor_columns(headers)[2]) == target
    assert target_of(actor_columns(headers, {folded(header): "fact"})[2]) == "fact"


def test_several_columns_of_a_contact_are_all_read_and_those_of_a_fax_none() -> None:
    headers = ["Société", "Tél.", "Portable", "Fax", "E-mail", "E-mail 2", "N°", "Rue", "Adresse 2"]
    assert [target_of(column) for column in actor_columns(headers)] == [
        "name", "phone", "phone", "ignored", "email", "email", "fact", "address", "address",
    ]  # fmt: skip
