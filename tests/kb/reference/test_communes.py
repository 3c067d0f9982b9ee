import json
import lzma
from pathlib import Path

import pytest

from kb.reference.communes import (
    commune_of,
    communes_beginning,
    communes_named,
    communes_of,
    department_of_postal_code,
)
from tests.tables.make_communes import write


@pytest.mark.parametrize(
    ("postal_code", "town", "name", "department"),
    [
        ("16000", "", "Angoulême", "16"),
        ("16300", "", None, "16"),
        ("16300", "BARBEZIEUX ST HILAIRE", "Barbezieux-Saint-Hilaire", "16"),
        ("16021", "Angoulême Cedex", "Angoulême", "16"),
        ("16320", "Magnac-Lavalette", None, ""),
        ("28100", "Alcobendas", None, ""),
        ("28100", "東京", None, ""),
        ("75012", "Paris 12e", "Paris", "75"),
        ("69003", "LYON 3EME ARRONDISSEMENT", "Lyon", "69"),
        ("20000", "", "Ajaccio", "2A"),
        ("20200", "Bastia", "Bastia", "2B"),
        ("20406", "Bastia cedex", None, ""),
        ("97410", "", "Saint-Pierre", "974"),
        ("98713", "Papeete", "Papeete", ""),
        ("48250", "", None, ""),
        ("99999", "", None, ""),
        ("", "Angoulême", None, ""),
    ],
)
def test_a_postal_code_and_a_town_mean_a_commune(
    postal_code: str, town: str, name: str | None, department: str
) -> None:
    commune = commune_of(postal_code, town)
    assert (commune.name if commune else None) == name
    assert department_of_postal_code(postal_code, town) == department


def test_of_a_postal_code_of_two_departments_the_town_decides() -> None:
    departments = {commune.department for commune in communes_of("48250")}
    assert departments == {"07", "48"}
    for commune in communes_of("48250"):
        assert department_of_postal_code("48250", commune.name) == commune.department


def test_a_former_commune_is_a_part_of_one_of_today() -> None:
    commune = commune_of("01300", "Arbignieu")
    assert commune is not None
    assert commune.name == "Arboys en Bugey"


def test_the_table_is_made_of_communes_with_postal_codes(tmp_path: Path) -> None:
    today, part = "commune-actuelle", "commune-deleguee"
    communes = [
        {"code": "01015", "nom": "Arboys", "type": today, "codesPostaux": ["01300", "01510"]},
        {"code": "01015", "nom": "Arbignieu", "type": part, "chefLieu": "01015"},
        {"code": "13201", "nom": "Marseille 1er", "type": "arrondissement-municipal"},
        {"code": "98901", "nom": "Clipperton", "type": today},
    ]
    groups = [{"nom": "CC Bugey Sud", "membres": [{"code": "01015"}]}]
    (tmp_path / "communes.json").write_text(json.dumps(communes), encoding="utf-8")
    (tmp_path / "epci.json").write_text(json.dumps(groups), encoding="utf-8")
    write(tmp_path, {"01015": "45733 5663 11"}, tmp_path / "table.xz")
    assert lzma.decompress((tmp_path / "table.xz").read_bytes()).decode().splitlines() == [
        "01015\tArbignieu\t01300 01510\tCC Bugey Sud\tpart\t",
        "01015\tArboys\t01300 01510\tCC Bugey Sud\t\t45733 5663 11",
    ]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Angoulême", ["Angoulême (16)"]),
        ("  angouleme ", ["Angoulême (16)"]),
        ("16000", ["Angoulême (16)"]),
        ("16000 Angoulême", ["Angoulême (16)"]),
        ("Angoulême, Charente", ["Angoulême (16)"]),
        ("Angoulême (17)", []),
        ("Saint-Denis", ["(93)", "(974)", "(11)", "(30)"]),
        ("St Denis (93)", ["Saint-Denis (93)"]),
        ("Château-Chinon (Ville)", ["Château-Chinon (Ville) (58)"]),
        ("Paris 12e", ["Paris (75)"]),
        ("Pierrefitte-sur-Seine", ["Saint-Denis (93)"]),  # a part of it since 2025
        ("Kalundborg", []),
        ("東京", []),
        ("93", []),
        ("", []),
    ],
)
def test_a_place_is_named_by_name_or_postal_code(text: str, labels: list[str]) -> None:
    found = [commune.label for commune in communes_named(text)]
    assert [label[-len(end) :] for label, end in zip(found, labels, strict=True)] == labels


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("ang", "Angers (49)"),
        ("lim", "Limoges (87)"),
        ("saint-d", "Saint-Denis (93)"),
        ("1600", "Angoulême (16)"),
        ("Eu", "Eu (76)"),
        ("a", None),
        ("xyz", None),
    ],
)
def test_suggested_are_the_largest_that_begin_so(text: str, first: str | None) -> None:
    found = [commune.label for commune in communes_beginning(text, 5)]
    assert len(found) <= 5
    assert found[:1] == ([first] if first else [])
