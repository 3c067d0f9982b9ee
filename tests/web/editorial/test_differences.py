"""What counts as a change, and how much is shown around it."""

from dataclasses import replace

from kb.models import Case
from web.editorial.history import (
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


def test_only_the_fields_that_differ_are_told() -> None:
    assert differences(CASE, CASE) == []
    changed = replace(CASE, need="Du gel", themes=("Santé", "Chimie"))
    assert differences(CASE, changed) == [
        FieldDifference("themes", (TextPiece(SAME, "Santé"), TextPiece(ADDED, "\nChimie"))),
        FieldDifference("need", (TextPiece(ADDED, "Du gel"),)),
    ]
