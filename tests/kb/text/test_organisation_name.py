from kb.text.organisation_name import name_key


def test_spellings_of_one_name_share_a_key() -> None:
    cases: list[tuple[str, str]] = [
        ("Société L'Harmonie SARL", "harmonie"), ("ste Dupont", "Dupont & Cie"),
        ("Cafés Merling", "CAFES MERLING"), ("Papeterie de La Couronne", "papeterie couronne"),
        ("J.M. Weston", "j m weston"), ("Leroy-Somer", "Leroy Somer"),
        ("Rémy Martin", "remy-martin"),
        ("Ganterie-Maroquinerie de Saint-Junien", "ganterie maroquinerie saint junien"),
    ]  # fmt: skip
    for left, right in cases:
        assert name_key(left) == name_key(right)


def test_a_name_of_nothing_but_legal_forms_keeps_them() -> None:
    assert name_key("La Compagnie") == "lacompagnie"
    assert name_key("!!!") == ""
