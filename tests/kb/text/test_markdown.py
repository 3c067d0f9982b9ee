import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.markdown import plain_text


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**Gras**, *italique* et `code`.", "Gras, italique et code."),
        ("Voir [la *page*](https://exemple.fr/a_b).", "Voir la page."),
        ("une ligne\nl'autre", "une ligne l'autre"),
        ("# Titre\n\n- un\n- deux", "Titre un deux"),
        ("4\xa0905 litres : « oui »", "4\xa0905 litres : « oui »"),
        ("![un atelier](a.png)", "un atelier"),
        ("<b>x</b> & 2 * 3 * 4", "<b>x</b> & 2 * 3 * 4"),
        ("", ""),
    ],
)
def test_plain_text_keeps_the_words(markdown: str, words: str) -> None:
    assert plain_text(markdown) == words


@given(st.text(max_size=100))
def test_any_text_is_one_line(text: str) -> None:
    assert "\n" not in plain_text(text)
