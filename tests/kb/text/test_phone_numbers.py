from hypothesis import example, given
from hypothesis import strategies as st

from kb.text.phone_numbers import dialling_region, numbers_in, shown_number

NUMBER, OTHER = "+33536490010", "+33639980011"


def test_a_number_is_read_as_people_write_it() -> None:
    cases: list[str] = [
        "05 36 49 00 10", "05.36.49.00.10", "05-36-49-00-10", "05/36/49/00/10", "0536490010",
        "536490010", "33536490010", "+33 (0)5 36 49 00 10", "(+33) 5 36 49 00 10", "0033536490010",
        "tel:+33536490010", "TÉL. : 05 36 49 00 10", "05 36 49 00 10,", "05\u00a036\u00a049 00 10",
        "05 36 49 00 10 (9h-12h)", "05 36 49 00 10 (2 lignes)", "0536490010 du lundi au vendredi",
        "Tél 05 36 49 00 10 Fax 05 36 49 00 11", "05 36 49 00 10 / 05 36 49 00 10",
        "05 36 49 00 11 (fax) | 05 36 49 00 10", "+33\u200b536490010",
    ]  # fmt: skip
    for written in cases:
        assert numbers_in(written, "FR") == ((NUMBER,), ())


def test_several_numbers_in_a_cell_are_all_read() -> None:
    cases: list[str] = [
        "05 36 49 00 10 / 06 39 98 00 11", "0536490010/0639980011", "0536490010 - 0639980011",
        "05-36-49-00-10 - 06-39-98-00-11", "05 36 49 00 10 ou 06 39 98 00 11",
        "Bureau : 05.36.49.00.10, port. 06.39.98.00.11", "05 36 49 00 10\n06 39 98 00 11",
        "05 36 49 00 10 | 06 39 98 00 11",
    ]  # fmt: skip
    for written in cases:
        assert numbers_in(written, "FR") == ((NUMBER, OTHER), ())


def test_what_cannot_be_dialled_is_refused_as_it_is_written() -> None:
    for written in ["05 36 49 00", "0000000000", "05 36 49 00 1O", "voir le site", "2021"]:
        assert numbers_in(written, "FR") == ((), (written,))


def test_a_good_number_is_kept_beside_a_bad_one() -> None:
    assert numbers_in("05 36 49 00 / 05 36 49 00 10", "FR") == ((NUMBER,), ("05 36 49 00",))


def test_an_extension_is_kept() -> None:
    for word in ["poste 12", "(poste 12)", "ext. 12", "Durchwahl 12", "toestel 12"]:
        (number,) = numbers_in(f"05 36 49 00 10 {word}", "FR").kept
        assert number == "+33536490010;ext=12"
        assert numbers_in(number, "FR").kept == (number,)


def test_a_number_is_of_the_country_of_the_actor() -> None:
    assert numbers_in("(0)30 901820", "DE").kept == numbers_in("+49 30 901820", "FR").kept
    assert numbers_in("3949", "FR").kept == ("3949",)
    assert numbers_in("0262 20 00 00", dialling_region("FR", "974")).kept == ("+262262200000",)


def test_a_number_is_shown_as_it_is_dialled() -> None:
    assert shown_number(NUMBER, "FR") == "05 36 49 00 10"
    assert shown_number(NUMBER, "BE") == "+33 5 36 49 00 10"
    assert shown_number("3949", "FR") == "3949"
    assert shown_number(f"{NUMBER};ext=12", "FR") == "05 36 49 00 10 poste 12"


@given(
    text=st.text(st.sampled_from("0123456789 ./-+()|;,\nabcdefTelFax€"), max_size=60),
    region=st.sampled_from(["FR", "BE", "DE", "CH", "RE", "US"]),
)
@example(text="5;ext=1", region="FR")
@example(text="+" * 3000, region="FR")
def test_what_is_kept_and_what_is_shown_is_read_again_as_the_same(text: str, region: str) -> None:
    for number in numbers_in(text, region).kept:
        assert numbers_in(number, region) == ((number,), ())
        assert numbers_in(shown_number(number, region), region).kept == (number,)


def test_a_long_cell_is_read_in_little_time() -> None:
    for piece in "1", "(", " ", "fax ", "1/", "+33 ", "a1 ", "05 36 49 00 10 ":
        numbers_in(piece * (20_000 // len(piece)), "FR")
