import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.email_addresses import addresses_in


@pytest.mark.parametrize(
    "written",
    [
        "contact@avel.example", "CONTACT@AVEL.EXAMPLE", "mailto:contact@avel.example?subject=x",
        "contact [at] avel.example", "contact(arobase)avel[dot]example", "contact at avel.example",
        "contact@avel.example,", "Avel <contact@avel.example>", "E-mail : contact@avel.example.",
        "contact @ avel.example", "contact@avel.example contact@avel.example",
    ],
)  # fmt: skip
def test_an_address_is_read_as_people_write_it(written: str) -> None:
    assert addresses_in(written) == (("contact@avel.example",), ())


@pytest.mark.parametrize("between", [" ; ", " / ", "/", ", ", " ou ", "\n", " | "])
def test_several_addresses_in_a_cell_are_all_read(between: str) -> None:
    found = addresses_in(f"contact@avel.example{between}ventes@avel.example")
    assert found == (("contact@avel.example", "ventes@avel.example"), ())


@pytest.mark.parametrize("written", ["", "-", "NC", "sur demande"])
def test_a_cell_may_say_that_there_is_none(written: str) -> None:
    assert addresses_in(written) == ((), ())


@pytest.mark.parametrize("written", ["voir le site", "contact@avel", "a@@avel.example"])
def test_what_is_no_address_is_refused(written: str) -> None:
    assert addresses_in(written) == ((), (written,))


@given(st.text(st.sampled_from("ab@.é,;/ []()<>_-+'\"\n"), max_size=40))
def test_what_is_kept_is_read_again_as_the_same(text: str) -> None:
    for address in addresses_in(text).kept:
        assert addresses_in(address) == ((address,), ())
