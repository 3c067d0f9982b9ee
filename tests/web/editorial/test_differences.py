"""What counts as a change, and how much is shown around it."""

from dataclasses import replace

from kb.models import Case
from web.editorial.choices import compared, differences

CASE = Case(id="gel", title="Du gel", text="Un deux trois.", themes=("Santé",))


def test_words_that_changed_stand_between_those_that_stayed() -> None:
    assert compared("Avel fabrique du cirage.", "Avel fabrique du gel.") == [
        ("same", "Avel fabrique du"),
        ("removed", " cirage"),
        ("added", " gel"),
        ("same", "."),
    ]


def test_only_the_fields_that_differ_are_told_with_little_around_a_change() -> None:
    assert differences(CASE, CASE) == {}
    changed = replace(CASE, need="Du gel", themes=("Santé", "Chimie"))
    assert differences(CASE, changed) == {
        "themes": [("same", "Santé"), ("added", "\nChimie")],
        "need": [("added", "Du gel")],
    }
    long = replace(CASE, text=f"{'avant ' * 99}un mot {'après ' * 99}")
    told = differences(long, replace(long, text=long.text.replace("un mot", "deux mots")))["text"]
    assert [change for change, _ in told] == ["gap", "same", "removed", "added", "same", "gap"]
    assert sum(len(text) for _, text in told) < 350
