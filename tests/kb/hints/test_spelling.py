import pytest

from tests.web.sample_base import SampleBase


@pytest.fixture(scope="module")
def base() -> SampleBase:
    return SampleBase()


@pytest.mark.parametrize(
    ("need", "meant"),
    [
        ("cirrages pour chaussures", "cirages pour chaussures"),
        ("un fabricant de sanitizzer", "un fabricant de sanitiser"),
        ("fabricant de chausures", "fabricant de chaussures"),
        ("distilerie", "distillerie"),
    ],
)
def test_an_unknown_word_becomes_a_near_word(base: SampleBase, need: str, meant: str) -> None:
    assert base.spelling.meant(need) == meant


@pytest.mark.parametrize(
    "need",
    [
        "du cirage",
        "hydroalcoolique",
        "un menuisier à Cognac",
        "Cirrages",
        "CIRRAGE",
        "cirrage2",
        "magnac-lavalete",
        "angouleme",
        "qsdfghjklm",
        "",
        "du cirrage " * 30,
    ],
)
def test_names_numbers_known_words_and_letters_are_left_alone(base: SampleBase, need: str) -> None:
    assert base.spelling.meant(need) == ""
