"""Private details of persons are found, and what organisations print about themselves is not."""

import time
from dataclasses import replace

import pytest

from ingest.private_details.details import (
    DetailKind,
    details_in,
    details_of,
    without_detail,
)
from kb.models import Participation
from kb.reference.roles import Role
from tests.kb.records import POLISH, SANITISER

MOST_S = 5.0
IBAN = "FR76 3000 6000 0112 3456 7890 189"
NIR = "2 55 08 14 168 025 38"


@pytest.mark.parametrize(
    ("text", "kind", "found", "person"),
    [
        ("Appelez Jeanne Martin au 06 12 34 56 78.", "phone", "06 12 34 56 78", "Jeanne Martin"),
        ("Portable : +33 6 12 34 56 78", "phone", "+33 6 12 34 56 78", ""),
        (
            "Contact : Mme Jeanne Martin, 05 45 38 00 00.",
            "phone",
            "05 45 38 00 00",
            "Mme Jeanne Martin",
        ),
        ("Écrire à jeanne.martin@avel.fr.", "email", "jeanne.martin@avel.fr", ""),
        ("Écrire à zouzou16@gmail.com", "email", "zouzou16@gmail.com", ""),
        (
            "Jeanne Martin habite 12 bis, rue des Lilas 16000 Angoulême.",
            "address",
            "12 bis, rue des Lilas 16000 Angoulême",
            "Jeanne Martin",
        ),
        (
            "Jeanne Martin, 3 chemin du Moulin, a cousu les masques.",
            "address",
            "3 chemin du Moulin",
            "Jeanne Martin",
        ),
        (
            "Jeanne Martin, née le 12 mars 1961, dirige l'atelier.",
            "birth",
            "née le 12 mars 1961",
            "Jeanne Martin",
        ),
        ("Adrien Roy (12 ans) a aidé sa mère.", "age", "12 ans", "Adrien Roy"),
        ("Son fils Adrien Roy, âgé de 9 ans, regarde.", "age", "âgé de 9 ans", "Adrien Roy"),
        ("Alan Smith, the 11-year-old inventor", "age", "11-year-old", "Alan Smith"),
        (
            "Jeanne Martin est en arrêt maladie depuis mai.",
            "health",
            "en arrêt maladie",
            "Jeanne Martin",
        ),
        ("Jeanne Martin souffre d'un diabète.", "health", "souffre d'un diabète", "Jeanne Martin"),
        ("Jeanne Martin souffre de migraines.", "health", "souffre de migraines", "Jeanne Martin"),
        (f"Virement à {IBAN}, merci.", "bank", IBAN, ""),
        (f"Numéro de sécurité sociale {NIR}", "social_security", NIR, ""),
        ("La camionnette AB-123-CD est partie.", "plate", "AB-123-CD", ""),
        ("Véhicule immatriculé 1234 AB 16.", "plate", "1234 AB 16", ""),
    ],
)
def test_details_of_persons_are_found(text: str, kind: str, found: str, person: str) -> None:
    (detail,) = details_in(text)
    assert (detail.kind, detail.text, detail.person) == (kind, found, person)
    assert detail.text in detail.sentence


@pytest.mark.parametrize(
    "text",
    [
        "Avel, 12 rue des Lilas, 16000 Angoulême, 05 45 38 00 00, contact@avel.fr.",
        "La mairie, rue Jean Jaurès, répond au 05 45 38 00 00.",
        "mairie.nontron@orange.fr",
        "Jeanne Martin dirige l'atelier depuis 12 ans.",
        "L'entreprise, née le 12 mars 1961, emploie 40 personnes.",
        "Un gel contre le cancer, des lits pour les hôpitaux.",
        "Des masques pour les enfants âgés de 6 à 12 ans.",
        "SIRET 552 081 317 66522, TVA FR40303265045, ISBN 978-2-07-036822-8.",
        "Réf. AB 123 CD, lot 2020-07-01, 1 234 567 litres.",
        "Jeanne Martin, directrice d'Avel, fabrique du gel.",
        "FR76 3000 6000 0112 3456 7890 188",
    ],
)
def test_what_is_no_persons_is_not_found(text: str) -> None:
    assert not details_in(text)


def test_each_field_is_read_and_a_detail_goes_from_its_own() -> None:
    told = replace(
        SANITISER,
        title="Jeanne Martin, 06 12 34 56 78",
        text="Elle : jeanne.martin@avel.fr\n\nOui, jeanne.martin@avel.fr.",
        participants=(Participation("Avel", Role.PRODUCER, "avel", "au 06 12 34 56 78"),),
    )
    details = details_of(told)
    assert [(detail.kind, detail.field) for detail in details] == [
        (DetailKind.PHONE, "title"),
        (DetailKind.EMAIL, "text"),
        (DetailKind.PHONE, "participants.0"),
    ]
    for detail in details:
        told = without_detail(told, detail)
    assert told.title == "Jeanne Martin, […]"
    assert told.text == "Elle : […]\n\nOui, […]."
    assert told.participants[0].contribution == "au […]"
    assert not details_of(told)


def test_organisations_are_read_too_and_their_contacts_are_not() -> None:
    actor = replace(
        POLISH,
        description="Gérant : 06 12 34 56 78",
        facts={"Gérant": "jeanne.martin@avel.fr"},
        phone=("+33612345678",),
    )
    details = details_of(actor)
    assert [detail.field for detail in details] == ["description", "facts.Gérant"]
    for detail in details:
        actor = without_detail(actor, detail)
    assert actor == replace(
        POLISH, description="Gérant : […]", facts={"Gérant": "[…]"}, phone=("+33612345678",)
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "1",
        "06 12 34 56 78 ",
        "05 45 38 00 00 ",
        "1 rue ",
        "né le 1 ",
        ", 1 ans",
        "FR76 ",
        "Jeanne Martin ",
    ],
)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    details_in(text)
    assert time.process_time() - begun < MOST_S
