"""Which evidence is shown first, where there is room for one piece."""

from kb.search.results import Evidence, EvidenceKind
from kb.text.beginnings import beginning
from web.search.evidence_text import in_order, strongest

INFERRED = Evidence(EvidenceKind.SIMILAR, "Elle lave du linge.")
SAID = Evidence(EvidenceKind.PASSAGE, "Blanchisserie de Loudun.", ((0, 13),))
SAID_OF_ELSE = Evidence(EvidenceKind.PASSAGE, "Fondée en 1935.")
SHOWN = Evidence(EvidenceKind.CASE, "a lavé des blouses")


def test_own_words_with_a_word_of_the_need_come_before_what_is_inferred() -> None:
    assert in_order([SAID_OF_ELSE, INFERRED, SAID, SHOWN]) == [SHOWN, SAID, INFERRED, SAID_OF_ELSE]
    assert strongest([INFERRED, SAID]) == SAID
    assert strongest([SAID_OF_ELSE, INFERRED]) == INFERRED
    assert strongest([]) is None


def test_the_words_of_a_code_come_after_own_words_and_before_what_is_inferred_without_any() -> None:
    by_code = Evidence(EvidenceKind.TRADE, "blanchisserie", ((0, 13),), code="96.01A")
    of_else = Evidence(EvidenceKind.TRADE, "teinturerie", code="96.01A")
    assert in_order([by_code, SAID_OF_ELSE, INFERRED]) == [INFERRED, SAID_OF_ELSE, by_code]
    assert in_order([INFERRED, by_code]) == [by_code, INFERRED]
    assert in_order([of_else, INFERRED]) == [INFERRED, of_else]


def test_a_beginning_ends_with_a_sentence_if_one_ends_near_else_at_a_word() -> None:
    text = "Plans disponibles ici. Pose un samedi, chez M. Dupont, ou à côté. Accès facile"
    assert beginning(text, 200) == text
    assert (
        beginning(text, 70) == "Plans disponibles ici. Pose un samedi, chez M. Dupont, ou à côté."
    )
    # Neither after an initial, nor where most would be lost.
    assert beginning(text, 54) == "Plans disponibles ici. Pose un samedi, chez M. Dupont…"
    assert beginning("Elle pose des rampes. 12 mètres de long", 23) == "Elle pose des rampes…"
