from kb.text.written_words import accented, is_of_language


def test_accents_left_out_are_put_back() -> None:
    for typed, meant in (
        ("velos", "vélos"), ("Velos", "Vélos"), ("dechets metalliques", "déchets métalliques"),
        ("beton pour l'electronique", "béton pour l'électronique"), ("pieces", "pièces"),
    ):  # fmt: skip
        assert accented(typed) == meant


def test_other_words_stay_as_they_are_typed() -> None:
    for typed in (
        "vélos", "impression 3D", "metal sheets", "marche", "bois de la Creuse", "merlet", "", "?",
    ):  # fmt: skip
        assert accented(typed) == typed


def test_a_word_of_the_language_is_known_in_the_plural() -> None:
    assert all(map(is_of_language, ("luthier", "luthiers", "velos", "baker", "bakers")))
    assert not any(map(is_of_language, ("lisi", "placo", "merlet", "")))
