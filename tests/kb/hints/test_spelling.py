from functools import cache

import pytest

from kb.hints import spelling
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


def test_who_needs_the_dictionaries_while_they_are_read_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others_wait: list[bool] = []

    @cache
    def read() -> spelling.Vocabulary:
        others_wait.append(spelling._reading.locked())
        return spelling.Vocabulary({})

    monkeypatch.setattr(spelling, "_read_ordinary", read)
    for _ in range(2):
        spelling.read_dictionaries()
    assert others_wait == [True]
    assert not spelling._reading.locked()
