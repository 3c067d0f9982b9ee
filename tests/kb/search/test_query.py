import pytest

from kb.errors import QueryError
from kb.search.query import parse


def test_words_without_signs_are_the_need() -> None:
    asked = parse("  du gel\thydroalcoolique ")
    assert asked.typed == asked.text == "du gel hydroalcoolique"
    assert not asked.required + asked.wanted + asked.unwanted


def test_signs_are_taken_out_of_the_need_and_what_is_unwanted_with_them() -> None:
    asked = parse('gel +flacon -parfum "sans alcool"')
    assert asked.text == "gel flacon sans alcool"
    assert (asked.required, asked.wanted, asked.unwanted) == (
        ("sans alcool",),
        ("flacon",),
        ("parfum",),
    )
    assert "parfum" not in asked.stems


def test_a_sign_goes_before_words_in_quotation_marks_too() -> None:
    assert parse('gel -"eau de vie"').unwanted == ("eau de vie",)


@pytest.mark.parametrize("quoted", ['"sans alcool"', "« sans alcool »", "“sans alcool”"])
def test_quotation_marks_of_each_kind_require(quoted: str) -> None:
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


def test_a_query_of_unwanted_words_alone_asks_nothing() -> None:
    with pytest.raises(QueryError, match="no word"):
        parse("-parfum")


def test_repeated_words_count_once() -> None:
    assert parse("gel +Été +ete").wanted == ("ete",)


@pytest.mark.parametrize(
    ("typed", "need"),
    [
        ("qui fait du pain ?", "du pain"),
        ("qui pourrait fabriquer de la peinture ?", "de la peinture"),
        ("Un fabricant de l'étoffe", "de l'étoffe"),
        ("who could make the boxes?", "the boxes"),
        ("who could make sanitiser?", "sanitiser"),
        ("le fabricant, qui fait des gants", "des gants"),
        ("du pain", "du pain"),
    ],
)
def test_a_need_keeps_the_article_that_shows_its_language(typed: str, need: str) -> None:
    assert parse(typed).need == need


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("des blouses pour les infirmières", "des blouses"),
        ("bottles for an apple juice maker", "bottles"),
        ("une machine pour coudre du cuir", ""),
        ("a machine to sew leather", ""),
        ("a press for bending steel", ""),
        ("un atelier de couture", ""),
    ],
)
def test_a_thing_is_for_somebody_but_a_deed_is_the_need_itself(text: str, thing: str) -> None:
    assert parse(text).thing_for_somebody == thing
