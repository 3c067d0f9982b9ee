import threading
from functools import cache

import pytest

from kb.hints import spelling
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.store.store import Store
from tests.web.sample_base import SampleBase


@pytest.fixture(scope="module")
def sample() -> SampleBase:
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
def test_an_unknown_word_becomes_a_near_word(sample: SampleBase, need: str, meant: str) -> None:
    assert sample.spelling.meant(need) == meant


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
def test_names_numbers_known_words_and_letters_are_left_alone(
    sample: SampleBase, need: str
) -> None:
    assert sample.spelling.meant(need) == ""


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


@pytest.mark.parametrize(("slip", "meant"), SLIPS.items())
def test_a_slip_is_told_by_the_former_words_of_a_large_base_too(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, slip: str, meant: str
) -> None:
    base.put([Actor("a", "Avel", description=WRITTEN)])
    base.spelling.meant(slip)
    monkeypatch.setattr(spelling, "READ_AT_ONCE", 0)
    monkeypatch.setattr(spelling.Spelling, "_read_beside", lambda _: None)
    base.put([Actor("b", "Brennus", description="Fabrication de brugondines.")])
    assert base.spelling.meant(slip) == meant
    base.put([Actor("c", "Caradec", description=f"Fabrication de {slip}.")])
    assert base.spelling.meant(slip) == ""


def test_a_former_word_of_a_large_base_is_offered_only_if_a_record_has_it(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.put([Actor("a", "Avel", description="Fabrication de brugondines.")])
    base.put([Actor("b", "Brennus", description="Fabrication de brugondinas, brugondinas.")])
    assert base.spelling.meant("des brugondinis") == "des brugondinas"
    monkeypatch.setattr(spelling, "READ_AT_ONCE", 0)
    monkeypatch.setattr(spelling.Spelling, "_read_beside", lambda _: None)
    base.remove(Kind.ACTOR, "b")
    assert base.spelling.meant("des brugondinis") == "des brugondines"
    # Another form of the word is there, not the word.
    base.put([Actor("a", "Avel", description="Fabrication de brugondine.")])
    assert base.spelling.meant("des brugondinis") == ""


def test_the_words_of_a_large_base_are_read_beside(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spelling, "READ_AT_ONCE", 0)
    monkeypatch.setattr(spelling, "REST", 0)
    may_read = threading.Event()
    read_words = spelling.Spelling._read_words

    def late(self: spelling.Spelling, store: Store) -> None:
        assert may_read.wait(60)
        read_words(self, store)

    def is_read() -> None:
        reader = base.spelling._reader
        assert reader is not None
        reader.join()

    monkeypatch.setattr(spelling.Spelling, "_read_words", late)
    base.put([Actor("a", "Avel", description="Fabrication de brugondines.")])
    # What nobody has read yet corrects nothing, and is corrected by nothing.
    assert base.spelling.meant("des brugodines") == ""
    assert base.spelling.meant("des brugondines") == ""
    may_read.set()
    is_read()
    assert base.spelling.meant("des brugodines") == "des brugondines"
    may_read.clear()
    base.put([Actor("b", "Brennus", description="Fabrication de brugodines de mer.")])
    assert base.spelling.meant("des brugodines") == ""  # it is said by now
    assert base.spelling.meant("des brugondnes") == "des brugondines"
    assert base.spelling.meant("des brugondnes") == "des brugondines"
    may_read.set()
    is_read()


def test_the_words_of_a_large_base_are_not_read_again_and_again(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spelling, "READ_AT_ONCE", 0)
    monkeypatch.setattr(spelling, "REST", float("inf"))
    readers = set()
    for n in range(3):
        base.put([Actor("a", "Avel", description=f"Fabrication de brugondines, {n} sortes.")])
        base.spelling.meant("des brugodines")
        assert base.spelling._reader is not None
        base.spelling._reader.join()
        readers.add(base.spelling._reader)
    assert len(readers) == 1
