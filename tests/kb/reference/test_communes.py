import json
import lzma
import struct
from itertools import chain
from pathlib import Path

import pytest

from kb.reference.communes import (
    commune_of,
    communes_beginning,
    communes_named,
    communes_of,
    department_of_postal_code,
    epci_of_postal_code,
)
from kb.reference.departments import NAMES
from tests.tables.contours import contours
from tests.tables.make_communes import TABLE, places_of, write


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


def test_the_epci_is_that_of_all_communes_that_can_be_meant() -> None:
    assert epci_of_postal_code("16000") == "CA du Grand Angoulême"
    assert epci_of_postal_code("48250") == ""
    assert epci_of_postal_code("28100", "Alcobendas") == ""


def test_every_department_has_communes() -> None:
    lines = lzma.decompress(TABLE.read_bytes()).decode().splitlines()
    assert {line[:3] if line.startswith("97") else line[:2] for line in lines} >= set(NAMES)
    assert len(lines) > 35_000
    assert TABLE.stat().st_size < 1_000_000


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


def _polygon(*rings: list[tuple[float, float]]) -> bytes:
    packed = b"".join(
        struct.pack(f"<I{2 * len(ring)}d", len(ring), *chain.from_iterable(ring)) for ring in rings
    )
    return struct.pack("<BII", 1, 3, len(rings)) + packed


def test_the_place_of_a_commune_is_its_town_hall_or_its_middle(tmp_path: Path) -> None:
    square = [(1.0, 45.0), (3.0, 45.0), (3.0, 47.0), (1.0, 47.0), (1.0, 45.0)]
    shape = struct.pack("<BII", 1, 6, 1) + _polygon(square)
    hall, elsewhere = (struct.pack("<BI2d", 1, 1, x, 45.5) for x in (1.5, 9.0))
    rows = [
        ("01001", "COM", shape.hex(), hall.hex(), "776"),
        ("01002", "COM", shape.hex(), elsewhere.hex(), "1"),
        ("01003", "COM", "\\N", hall.hex(), "\\N"),
        ("01004", "COM", "\\N", "\\N", "5"),
        ("01005", "COMD", shape.hex(), hall.hex(), "5"),
        ("97701", "COM", shape.hex(), hall.hex(), "5"),
    ]
    header = "code,type,geometry,mairie_localisation,population_municipale"
    lines = "\n".join([header, *(",".join(row) for row in rows)])
    (tmp_path / "communes.csv.lzma").write_bytes(lzma.compress(lines.encode()))
    assert places_of(contours(tmp_path / "communes.csv.lzma")) == {
        "01001": "45500 1500 10",
        "01002": "46000 2000 1",
        "01003": "45500 1500 0",
    }


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


def test_the_label_of_a_commune_names_it_alone() -> None:
    communes = {each for n in range(100) for each in communes_of(f"{n:02}100")}
    named = [each for each in communes if each.point]
    assert len(named) > 100
    assert [each for each in named if communes_named(each.label) != (each,)] == []


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
