"""The words of a need: the same for the same need, and never an address or a number."""

from hypothesis import given
from hypothesis import strategies as st

from kb.registers.demand import need_words

WORDS = st.sampled_from(
    "gel flacon caoutchouc bottes machine presse pour des une le toile carton".split()
)
EMAILS = st.from_regex(
    r"[a-z]{1,12}([._+-][a-z0-9]{1,8})?@[a-z]{2,12}\.(fr|com|eu)", fullmatch=True
)
PHONES = st.builds(
    lambda prefix, pairs, between: prefix + between + between.join(pairs),
    st.sampled_from(["01", "06", "+33 6", "0033 1", "(0)5"]),
    st.lists(st.from_regex(r"[0-9]{2}", fullmatch=True), min_size=4, max_size=4),
    st.sampled_from([" ", ".", "-", "", "/", "\u202f", " - "]),
)
NUMBERS = st.from_regex(r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}( ?[0-9]{5})?", fullmatch=True)


@given(st.lists(WORDS, max_size=4), EMAILS | PHONES | NUMBERS, st.lists(WORDS, max_size=4))
def test_no_address_and_no_number_is_ever_a_need(
    before: list[str], personal: str, after: list[str]
) -> None:
    assert need_words(" ".join([*before, personal, *after])) is None


def test_other_texts_are_not_counted() -> None:
    for text in (
        "Je cherche « Maison Dupont »",
        "www.exemple.fr",
        "12 rue des Lilas 16000",
        "une première ligne\nune seconde",
        "mot " * 40,
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize",
        " ",
    ):
        assert need_words(text) is None


def test_order_accents_plurals_and_what_frames_a_need_do_not_matter() -> None:
    keys = {
        found.key
        for text in (
            "bottes en caoutchouc",
            "Caoutchouc, pour une botte",
            "qui fabrique des bottes de caoutchouc ?",
            "BOTTES CAOUTCHOUC",
        )
        if (found := need_words(text))
    }
    assert len(keys) == 1
    assert need_words("bottes en cuir") != need_words("bottes en caoutchouc")


def test_words_are_shown_as_they_were_typed_without_function_words() -> None:
    found = need_words("Désamianter une Toiture de 200 m2")
    assert found
    assert found.shown == "désamianter toiture 200 m2"
