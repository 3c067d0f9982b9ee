"""What counts as a change, and how much is shown around it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from web.editorial.history import (
    CONTEXT_CHARS,
    FieldDifference,
    PieceKind,
    TextPiece,
    compared,
    differences,
)

SAME, REMOVED, ADDED, GAP = PieceKind.SAME, PieceKind.REMOVED, PieceKind.ADDED, PieceKind.GAP
CASE = Case(id="gel", title="Du gel", text="Un deux trois.", themes=("Santé",))


def pieces(before: str, after: str) -> list[tuple[PieceKind, str]]:
    return [(one.change, one.text) for one in compared(before, after)]


def test_words_that_changed_stand_between_those_that_stayed() -> None:
    assert pieces("Avel fabrique du cirage.", "Avel fabrique du gel.") == [
        (SAME, "Avel fabrique du "),
        (REMOVED, "cirage"),
        (ADDED, "gel"),
        (SAME, "."),
    ]


def test_neighbours_that_changed_are_one_change() -> None:
    assert pieces("un grand flacon", "un petit tube") == [
        (SAME, "un "),
        (REMOVED, "grand flacon"),
        (ADDED, "petit tube"),
    ]


def test_a_line_that_was_added_is_one_change() -> None:
    assert pieces("a\nc\n", "a\nb\nc\n") == [(SAME, "a\n"), (ADDED, "b\n"), (SAME, "c\n")]


@given(st.text(alphabet="ab \n.é", max_size=60), st.text(alphabet="ab \n.é", max_size=60))
def test_both_texts_can_be_told_from_the_pieces(before: str, after: str) -> None:
    found = compared(before, after)
    assert "".join(one.text for one in found if one.change is not ADDED) == before
    assert "".join(one.text for one in found if one.change is not REMOVED) == after
    assert all(one.text for one in found)


def test_only_the_fields_that_differ_are_told() -> None:
    assert differences(CASE, CASE) == []
    changed = replace(CASE, need="Du gel", themes=("Santé", "Chimie"))
    assert differences(CASE, changed) == [
        FieldDifference("themes", (TextPiece(SAME, "Santé"), TextPiece(ADDED, "\nChimie"))),
        FieldDifference("need", (TextPiece(ADDED, "Du gel"),)),
    ]


def test_participations_are_told_a_line_each_with_the_role_in_words() -> None:
    part = Participation("Avel", Role.PRODUCER, "avel", "fabrique")
    (told,) = differences(CASE, replace(CASE, participants=(part,)), lambda role: f"le {role}")
    assert told == FieldDifference(
        "participants", (TextPiece(ADDED, "Avel (avel) · le producer · fabrique"),)
    )


def test_facts_are_told_a_line_each() -> None:
    actor = Actor(id="a", name="A", facts={"Effectif": "35"})
    (told,) = differences(actor, replace(actor, facts={"Effectif": "36", "Né": "1900"}))
    assert "".join(one.text for one in told.pieces if one.change is not REMOVED) == (
        "Effectif: 36\nNé: 1900"
    )


def test_of_a_long_unchanged_stretch_only_what_touches_a_change_is_shown() -> None:
    stretch = "mot " * 400
    (told,) = differences(CASE, replace(CASE, text=f"{CASE.text} {stretch}fin", title=CASE.title))
    assert told.pieces == (TextPiece(SAME, CASE.text), TextPiece(ADDED, f" {stretch}fin"))
    before = replace(CASE, text=f"début {stretch}fin")
    (told,) = differences(before, replace(CASE, text=f"debut {stretch}fin."))
    assert [one.change for one in told.pieces] == [REMOVED, ADDED, SAME, GAP, SAME, ADDED]
    before_gap, after_gap = told.pieces[2].text, told.pieces[4].text
    assert CONTEXT_CHARS - 4 < len(before_gap) <= CONTEXT_CHARS
    assert before_gap.endswith("mot ")
    assert CONTEXT_CHARS - 4 < len(after_gap) <= CONTEXT_CHARS
    assert after_gap.startswith(" mot ")


def test_texts_too_long_to_compare_word_by_word_are_replaced_whole() -> None:
    before, after = ("a " * 5000).strip(), ("b " * 5000).strip()
    assert pieces(before, after) == [(REMOVED, before), (ADDED, after)]
