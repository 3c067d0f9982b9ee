import pytest

from kb.reference.communes import (
    commune_of,
    communes_beginning,
    communes_named,
    department_of_postal_code,
)


def test_a_postal_code_and_a_town_mean_a_commune() -> None:
    cases: list[tuple[str, str, str | None, str]] = [
        ("16000", "", "Angoulême", "16"), ("16300", "", None, "16"),
        ("16300", "BARBEZIEUX ST HILAIRE", "Barbezieux-Saint-Hilaire", "16"),
        ("16021", "Angoulême Cedex", "Angoulême", "16"), ("16320", "Magnac-Lavalette", None, ""),
        ("28100", "Alcobendas", None, ""), ("28100", "東京", None, ""),
        ("75012", "Paris 12e", "Paris", "75"), ("69003", "LYON 3EME ARRONDISSEMENT", "Lyon", "69"),
        ("20000", "", "Ajaccio", "2A"), ("20200", "Bastia", "Bastia", "2B"),
        ("20406", "Bastia cedex", None, ""), ("97410", "", "Saint-Pierre", "974"),
        ("98713", "Papeete", "Papeete", ""), ("48250", "", None, ""), ("99999", "", None, ""),
        ("", "Angoulême", None, ""),
    ]  # fmt: skip
    for postal_code, town, name, department in cases:
        commune = commune_of(postal_code, town)
        assert (commune.name if commune else None) == name
        assert department_of_postal_code(postal_code, town) == department


def test_a_former_commune_is_a_part_of_one_of_today() -> None:
    commune = commune_of("01300", "Arbignieu")
    assert commune is not None
    assert commune.name == "Arboys en Bugey"


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


def test_suggested_are_the_largest_that_begin_so() -> None:
    cases: list[tuple[str, str | None]] = [
        ("ang", "Angers (49)"), ("lim", "Limoges (87)"), ("saint-d", "Saint-Denis (93)"),
        ("1600", "Angoulême (16)"), ("Eu", "Eu (76)"), ("a", None), ("xyz", None),
    ]  # fmt: skip
    for text, first in cases:
        found = [commune.label for commune in communes_beginning(text, 5)]
        assert len(found) <= 5
        assert found[:1] == ([first] if first else [])
