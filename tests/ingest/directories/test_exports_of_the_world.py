"""Exports as chambers, federations and maps make them, read from the file to the search."""

# ruff: noqa: E501
from pathlib import Path

from ingest.pipeline import ingest
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor

CHAMBER = """Annuaire des entreprises industrielles;;;;;;;;
Édition 2026;;;;;;;;
Raison sociale;N° SIRET;Activité;Description;Parc machines;CP;Ville;Téléphone;Dirigeant
MÉCANIQUE DE LA TOUVRE;;Usinage;"Fraisage 5 axes et tournage de pièces en titane.";Centres Hermle;16600;RUELLE SUR TOUVRE;05 45 00 00 00;M. Sel
CIRAGES DU MARAIS;;Entretien;"Fabrique des cirages et des crèmes pour le cuir.";Cuves chauffées;16021;ANGOULEME CEDEX;05 45 00 00 01;Mme Vue
"""
FEDERATION = """Firma;Straße;PLZ;Ort;Land;Branche;Leistungsspektrum;Ansprechpartner
Zahnradwerk Muster GmbH;Hauptstr. 5;68159;Mannheim;Deutschland;Antriebstechnik;Verzahnungsschleifen und Härten von Zahnrädern für Getriebe;Frau Muster
"""
DIRECTORY = """Razón social;Nombre comercial;Actividad;Productos;Municipio;Provincia;País;Página web
Talleres Prueba SL;Prueba;Mecanizado de piezas;Maquinaria auxiliar para pesqueros y calderería;Gijón;Asturias;España;prueba.example
"""


def ingested(base: KnowledgeBase, path: Path, content: str) -> dict[str, Actor]:
    path.write_text(content, encoding="utf-8")
    report = ingest(base, [path])
    assert report.failures == []
    assert all("tell of persons" in remark.reason for remark in report.remarks)
    return {actor.name: actor for actor in base.actors()}


def test_a_chambers_export(base: KnowledgeBase, tmp_path: Path) -> None:
    actors = ingested(base, tmp_path / "cci.csv", CHAMBER)
    mechanic, polish = actors["MÉCANIQUE DE LA TOUVRE"], actors["CIRAGES DU MARAIS"]
    assert mechanic.description == "Fraisage 5 axes et tournage de pièces en titane."
    assert (mechanic.department, polish.department) == ("16", "16")
    assert mechanic.facts["Activité"] == "Usinage"
    assert mechanic.facts["EPCI"] == polish.facts["EPCI"] == "CA du Grand Angoulême"
    for need in ("fraisage 5 axes", "usinage", "centres Hermle"):
        assert base.search(need).hits[0].actor == mechanic, need


def test_directories_of_other_countries(base: KnowledgeBase, tmp_path: Path) -> None:
    for name, content, firm, lang, country, need in (
        ("vdma.csv", FEDERATION, "Zahnradwerk Muster GmbH", "de", "DE", "Verzahnungsschleifen"),
        ("idepa.csv", DIRECTORY, "Talleres Prueba SL", "es", "ES", "calderería"),
    ):
        actor = ingested(base, tmp_path / name, content)[firm]
        assert (actor.lang, actor.country, actor.department) == (lang, country, "")
        assert base.search(need).hits[0].actor == actor
