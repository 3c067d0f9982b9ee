from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.text.markdown import markdown_parser, plain_text


def test_plain_text_keeps_the_words() -> None:
    cases: list[tuple[str, str]] = [
        ("**Gras**, *italique* et `code`.", "Gras, italique et code."),
        ("Voir [la *page*](https://exemple.fr/a_b).", "Voir la page."),
        ("une ligne\nl'autre", "une ligne l'autre"), ("# Titre\n\n- un\n- deux", "Titre un deux"),
        ("4\xa0905 litres : « oui »", "4\xa0905 litres : « oui »"),
        ("![un atelier](a.png)", "un atelier"), ("<b>x</b> & 2 * 3 * 4", "<b>x</b> & 2 * 3 * 4"),
        ("", ""),
    ]  # fmt: skip
    for markdown, words in cases:
        assert plain_text(markdown) == words


@given(st.text(max_size=100))
def test_any_text_is_one_line(text: str) -> None:
    assert "\n" not in plain_text(text)


@given(
    st.lists(
        st.sampled_from(["> ", ">", "a", "\n", "\n\n", "- ", "# ", "```", "    "]), max_size=40
    )
)
def test_quotes_are_those_of_commonmark(pieces: list[str]) -> None:
    markdown = "".join(pieces)
    commonmark = MarkdownIt("commonmark", {"html": False})
    assert markdown_parser().render(markdown) == commonmark.render(markdown)
