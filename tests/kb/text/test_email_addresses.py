from hypothesis import given
from hypothesis import strategies as st

from kb.text.email_addresses import addresses_in, is_of_a_person


def test_an_address_is_read_as_people_write_it() -> None:
    cases: list[str] = [
        "contact@avel.example", "CONTACT@AVEL.EXAMPLE", "mailto:contact@avel.example?subject=x",
        "contact [at] avel.example", "contact(arobase)avel[dot]example", "contact at avel.example",
        "contact@avel.example,", "Avel <contact@avel.example>", "E-mail : contact@avel.example.",
        "contact @ avel.example", "contact@avel.example contact@avel.example",
    ]  # fmt: skip
    for written in cases:
        assert addresses_in(written) == (("contact@avel.example",), ())


def test_several_addresses_in_a_cell_are_all_read() -> None:
    for between in [" ; ", " / ", "/", ", ", " ou ", "\n", " | "]:
        found = addresses_in(f"contact@avel.example{between}ventes@avel.example")
        assert found == (("contact@avel.example", "ventes@avel.example"), ())


def test_what_is_no_address_is_refused() -> None:
    for written in ["voir le site", "contact@avel", "a@@avel.example"]:
        assert addresses_in(written) == ((), (written,))


@given(st.text(st.sampled_from("ab@.é,;/ []()<>_-+'\"\n"), max_size=40))
def test_what_is_kept_is_read_again_as_the_same(text: str) -> None:
    for address in addresses_in(text).kept:
        assert addresses_in(address) == ((address,), ())


def test_an_address_with_a_persons_name_is_a_persons() -> None:
    cases: list[tuple[str, bool]] = [
        ("jeanne.martin@avel.example", True), ("jeanne@avel.example", True),
        ("j.dupuis@avel.example", True), ("dupuis.j@avel.example", True),
        ("jean-luc_dupuis@orange.example", True), ("contact@avel.example", False),
        ("info@avel.example", False), ("mairie@jarnac.example", False),
        ("mairie.saint.martin@orange.example", False), ("avel16@orange.example", False),
        ("martin@martin-freres.example", False), ("service.clients@avel.example", False),
        ("s.a.v@avel.example", False), ("dupuis@avel.example", False),
    ]  # fmt: skip
    for address, is_one in cases:
        assert is_of_a_person(address, "Avel") is is_one


def test_an_address_with_the_name_in_its_row_is_that_persons_and_not_the_firms() -> None:
    assert is_of_a_person("dupuis@orange.example", "Avel", ["Luc Dupuis"])
    assert is_of_a_person("ldupuis@avel.example", "Avel", ["M. Dupuis"])
    assert not is_of_a_person("dupuis@orange.example", "Menuiserie Dupuis", ["Luc Dupuis"])
    assert not is_of_a_person("contact@avel.example", "Avel", ["Jeanne Contact"])
