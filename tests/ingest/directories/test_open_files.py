"""The open files that the page “Your territory” names are read without a choice of columns."""

from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from kb.models import Actor

WHERE = "4 rue du Port;16100;COGNAC"
FILES = {
    "a chamber’s members": (
        "Raison sociale;SIRET;Code NAF;Adresse;CP;Commune;Dirigeant;Activité",
        f"Ateliers des Rives;41000001200014;1623Z;{WHERE};Jeanne Martin;Blanchisserie",
    ),
    "adapted enterprises": (
        "SIRET;Raison sociale;Enseigne;Adresse;Code postal;Ville;Téléphone;Mél;Activités",
        f"41000001200014;Ateliers des Rives;;{WHERE};0536490011;a@b.example;Blanchisserie",
    ),
    "sheltered workshops": (
        "Raison Sociale;SIRET;Adresse;Code Postal;Ville;Activités professionnelles",
        f"Ateliers des Rives;41000001200014;{WHERE};Blanchisserie",
    ),
    "social enterprises": (
        "Département;Dénomination sociale;SIRET;Adresse;Code postal;Ville;Activité;Date d'agrément",
        f"16;Ateliers des Rives;41000001200014;{WHERE};Blanchisserie;2023-05-02",
    ),
    "ADEME": (
        "Identifiant;Nom;Nom commercial;SIRET;Adresse;Code postal;Ville;latitude;Description",
        f"a1;Ateliers des Rives;;41000001200014;{WHERE};45.69;Blanchisserie",
    ),
    "SIRENE": (
        "siret;denominationUniteLegale;etatAdministratifEtablissement;libelleVoieEtablissement;"
        "codePostalEtablissement;libelleCommuneEtablissement;activitePrincipaleEtablissement",
        f"41000001200014;Ateliers des Rives;A;{WHERE};96.01A",
    ),
}


@pytest.mark.parametrize("file", FILES)
def test_who_where_and_what_come_out_of_an_open_file(tmp_path: Path, file: str) -> None:
    path = tmp_path / "open.csv"
    path.write_text("\n".join(FILES[file]) + "\n", encoding="utf-8")
    (entry,) = read_directory(path)
    actor = entry.record
    assert isinstance(actor, Actor), entry.reason
    found = (actor.name, actor.place, actor.department, actor.siret)
    assert found == ("Ateliers des Rives", "Cognac", "16", "41000001200014")
    assert (actor.description or actor.activity_code) in {"Blanchisserie", "96.01A"}
    assert "Jeanne" not in repr(actor)
