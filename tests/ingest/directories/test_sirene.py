import csv
import io
from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from ingest.records.entries import Entry
from kb.models import Actor

SIRENE = {
    "siren": "732829320",
    "nic": "00074",
    "siret": "73282932000074",
    "statutDiffusionEtablissement": "O",
    "dateCreationEtablissement": "1998-03-01",
    "trancheEffectifsEtablissement": "12",
    "anneeEffectifsEtablissement": "2023",
    "etablissementSiege": "true",
    "numeroVoieEtablissement": "4",
    "codePostalEtablissement": "16000",
    "libelleCommuneEtablissement": "ANGOULEME",
    "codeCommuneEtablissement": "16015",
    "dateDebut": "2008-01-01",
    "etatAdministratifEtablissement": "A",
    "enseigne1Etablissement": "",
    "denominationUsuelleEtablissement": "SAPHIR",
    "activitePrincipaleEtablissement": "20.41Z",
    "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
}
AVEL = Actor(
    id="73282932000074",
    name="SAPHIR",
    place="Angoulême",
    department="16",
    country="FR",
    activity_code="20.41Z",
    siret="73282932000074",
    facts={
        "date de création": "1998-03-01",
        "tranche d'effectifs": "12",
        "code postal": "16000",
        "EPCI": "CA du Grand Angoulême",
    },
)


def read(tmp_path: Path, **changed: str) -> Entry:
    cells = SIRENE | changed
    text = io.StringIO()
    writer = csv.DictWriter(text, cells)
    writer.writeheader()
    writer.writerow(cells)
    path = tmp_path / "StockEtablissement.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    (entry,) = read_directory(path)
    return entry


def actor(tmp_path: Path, **changed: str) -> Actor:
    record = read(tmp_path, **changed).record
    assert isinstance(record, Actor)
    return record


def test_an_establishment_of_sirene_is_an_actor_that_is_equated_open(tmp_path: Path) -> None:
    assert read(tmp_path) == Entry(2, AVEL, is_open=True)


def test_the_legal_unit_names_its_establishment(tmp_path: Path) -> None:
    found = actor(tmp_path, denominationUniteLegale="AVEL", enseigne1Etablissement="LE CIREUR")
    assert found.name == "AVEL"
    assert found.facts["enseigne"] == "LE CIREUR"
    assert found.facts["dénomination usuelle"] == "SAPHIR"


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({"enseigne1Etablissement": "LE CIREUR"}, "LE CIREUR"),
        ({"nomUniteLegale": "DURAND", "prenom1UniteLegale": "LEA"}, "LEA DURAND"),
        (
            {"denominationUsuelleEtablissement": "[ND]", "nomUniteLegale": "DURAND"},
            "DURAND",
        ),
    ],
)
def test_what_has_no_denomination_is_named_by_its_sign_or_its_owner(
    tmp_path: Path, cells: dict[str, str], name: str
) -> None:
    assert actor(tmp_path, **{"denominationUsuelleEtablissement": "", **cells}).name == name


def test_who_is_not_to_be_made_public_is_not_named(tmp_path: Path) -> None:
    cells = {"statutDiffusionEtablissement": "P", "denominationUsuelleEtablissement": ""}
    entry = read(tmp_path, **cells, nomUniteLegale="DURAND", prenom1UniteLegale="LEA")
    assert entry == Entry(2, reason="has no name that may be made public", left_out=True)
    shop = read(tmp_path, **cells, nomUniteLegale="DURAND", enseigne1Etablissement="LE CIREUR")
    assert isinstance(shop.record, Actor)
    assert (shop.record.name, shop.record.facts) == ("LE CIREUR", {})


def test_a_directory_in_the_manner_of_data_gouv_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        """[{
            "siren": "732829320", "nom_complet": "AVEL (SAPHIR)", "nom_raison_sociale": "AVEL",
            "nature_juridique": "5710", "activite_principale": "20.41Z",
            "etat_administratif": "C", "date_fermeture": "2024-06-30",
            "siege": {"siret": "73282932000074", "libelle_commune": "ANGOULEME",
                      "commune": "16015", "departement": "16", "liste_enseignes": ["LE CIREUR"]}
        }]""",
        encoding="utf-8",
    )
    (entry,) = read_directory(path)
    record = entry.record
    assert isinstance(record, Actor)
    assert record.name == "AVEL (SAPHIR)"
    assert (record.siret, record.place, record.department) == ("73282932000074", "Angoulême", "16")
    assert (record.activity_code, record.closed_on) == ("20.41Z", "2024-06-30")
    assert record.facts["siege.liste_enseignes"] == "LE CIREUR"


def test_a_persons_firm_that_is_not_to_be_made_public_keeps_no_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "nom_complet,siren,nature_juridique,statut_diffusion,etat_administratif,dirigeants\n"
        "LEA DURAND,732829320,1000,P,A,LEA DURAND\n",
        encoding="utf-8",
    )
    assert list(read_directory(path)) == [
        Entry(2, reason="has no name that may be made public", left_out=True)
    ]
