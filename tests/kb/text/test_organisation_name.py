import pytest

from kb.text.organisation_name import analyse_name, name_key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Société L'Harmonie SARL", "harmonie"),
        ("ste Dupont", "Dupont & Cie"),
        ("Cafés Merling", "CAFES MERLING"),
        ("Papeterie de La Couronne", "papeterie couronne"),
        ("J.M. Weston", "j m weston"),
        ("Leroy-Somer", "Leroy Somer"),
        ("Rémy Martin", "remy-martin"),
        ("Ganterie-Maroquinerie de Saint-Junien", "ganterie maroquinerie saint junien"),
    ],
)
def test_spellings_of_one_name_share_a_key(left: str, right: str) -> None:
    assert name_key(left) == name_key(right)


def test_a_name_of_nothing_but_legal_forms_keeps_them() -> None:
    assert name_key("La Compagnie") == "lacompagnie"
    assert name_key("!!!") == ""


def test_words_and_initials_of_a_name() -> None:
    assert analyse_name("S.A.R.L. L'Atelier Saint-Léon").spelled == ("atelier", "saint", "leon")
    assert analyse_name("J. M. Weston").spelled == ("jm", "weston")
    assert analyse_name("Ateliers du Bois Charentais").initials == ("abc", "adbc")
    assert analyse_name("Grey Goose").initials == ()


def test_the_words_of_a_name_are_analysed_once() -> None:
    name = analyse_name("L'Atelier J. M. Weston & Fils SARL, 2 sites")
    assert name.distinctive == tuple("atelier weston 2 sites".split())
    assert name.spelled == tuple("atelier jm weston 2 sites".split())
    assert name.numbers == {"2"}
    assert analyse_name("L'Atelier J. M. Weston & Fils SARL, 2 sites") is name
