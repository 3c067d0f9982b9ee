import pytest

from kb.errors import QueryError
from kb.search.query import parse


def test_signs_are_taken_out_of_the_need_and_what_is_unwanted_with_them() -> None:
    asked = parse('gel +flacon -parfum "sans alcool"')
    assert asked.text == "gel flacon sans alcool"
    assert (asked.required, asked.wanted, asked.unwanted) == (
        ("sans alcool",),
        ("flacon",),
        ("parfum",),
    )
    assert "parfum" not in asked.stems


def test_quotation_marks_of_each_kind_require() -> None:
    for quoted in ['"sans alcool"', "« sans alcool »", "“sans alcool”"]:
        assert parse(f"gel {quoted}").required == ("sans alcool",)


@pytest.mark.parametrize(
    "text", ["porte-fût", "C++", "qui - fait - quoi", "froid -20 °C", 'une vis de 3"', "+ -"]
)
def test_what_is_no_sign_is_left_as_it_is(text: str) -> None:
    if text == "+ -":
        with pytest.raises(QueryError):
            parse(text)
        return
    asked = parse(text)
    assert asked.text == text
    assert not asked.required + asked.wanted + asked.unwanted


def test_a_need_keeps_the_article_that_shows_its_language() -> None:
    cases: list[tuple[str, str]] = [
        ("qui fait du pain ?", "du pain"),
        ("qui pourrait fabriquer de la peinture ?", "de la peinture"),
        ("Un fabricant de l'étoffe", "de l'étoffe"), ("who could make the boxes?", "the boxes"),
        ("who could make sanitiser?", "sanitiser"),
        ("le fabricant, qui fait des gants", "des gants"), ("du pain", "du pain"),
    ]  # fmt: skip
    for typed, need in cases:
        assert parse(typed).need == need
