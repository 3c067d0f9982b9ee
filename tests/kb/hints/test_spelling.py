import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from tests.web.sample_base import SampleBase


@pytest.fixture(scope="module")
def sample() -> SampleBase:
    return SampleBase()


def test_an_unknown_word_becomes_a_near_word(sample: SampleBase) -> None:
    cases: list[tuple[str, str]] = [
        ("cirrages pour chaussures", "cirages pour chaussures"),
        ("un fabricant de sanitizzer", "un fabricant de sanitiser"),
        ("fabricant de chausures", "fabricant de chaussures"), ("distilerie", "distillerie"),
    ]  # fmt: skip
    for need, meant in cases:
        assert sample.spelling.meant(need) == meant


def test_names_numbers_known_words_and_letters_are_left_alone(sample: SampleBase) -> None:
    cases: list[str] = [
        "du cirage", "hydroalcoolique", "un menuisier à Cognac", "Cirrages", "CIRRAGE", "cirrage2",
        "magnac-lavalete", "angouleme", "qsdfghjklm", "", "du cirrage " * 30,
    ]  # fmt: skip
    for need in cases:
        assert sample.spelling.meant(need) == ""


def test_the_words_of_a_changed_base_are_read_again(base: KnowledgeBase) -> None:
    base.put([Actor("a", "Avel", description="Fabrication de brugondines.")])
    assert base.spelling.meant("des brugodines") == "des brugondines"
    base.put([Actor("a", "Avel", description="Fabrication de zwourbilles.")])
    assert base.spelling.meant("des zwourbiles") == "des zwourbilles"


SLIPS = {"palete": "palette", "dechetts": "déchets", "menuiseri": "menuiserie"}
"""Each has the stem of what is meant."""

WRITTEN = "Menuiserie de palettes, palette par palette, contre les déchets."


@pytest.mark.parametrize(("slip", "meant"), SLIPS.items())
def test_a_slip_may_have_the_stem_of_what_is_meant(
    base: KnowledgeBase, slip: str, meant: str
) -> None:
    base.put([Actor("a", "Avel", description=WRITTEN)])
    assert base.spelling.meant(slip) == meant
