from kb.hints.completions import Completion, CompletionKind, CompletionTable

ACTOR, NEED, THEME, PLACE = CompletionKind
AVEL = Completion(ACTOR, "Avel (Saphir)", id="avel", place="Magnac-Lavalette")
MERLET = Completion(ACTOR, "Distillerie Merlet", id="merlet")
GEL = Completion(NEED, "Fournir du gel hydroalcoolique à l'hôpital", "fr")
GLOVES = Completion(NEED, "Gloves, gel and gowns", "en")
CLOTH = Completion(THEME, "Généalogie du gel")
PLACED = Completion(PLACE, "Magnac-Lavalette")
TABLE = CompletionTable.of([PLACED, CLOTH, GLOVES, GEL, MERLET, AVEL])


def texts(typed: str, most: int = 8, lang: str = "fr") -> list[str]:
    return [found.text for found in TABLE.beginning(typed, most, lang)]


def test_any_word_that_carries_meaning_begins_a_completion() -> None:
    assert texts("merl") == [MERLET.text]
    assert texts("hydroalcoolique à l'h") == [GEL.text]
    assert texts("hopital") == [GEL.text]
    assert texts("erlet") == []


def test_accents_capitals_and_hyphens_do_not_matter() -> None:
    assert texts("MAGNAC LAV") == [PLACED.text]
    assert texts("genea") == [CLOTH.text]


def test_kinds_come_in_their_order_and_needs_in_the_language_of_the_page() -> None:
    assert texts("gel") == [GEL.text, CLOTH.text]
    assert texts("gel", lang="en") == [GLOVES.text, CLOTH.text]
    assert texts("hopital", lang="en") == [GEL.text]
    assert texts("gel", most=1) == [GEL.text]


def test_one_kind_does_not_drown_the_others() -> None:
    names = [Completion(ACTOR, f"Atelier {number:02}", id=str(number)) for number in range(20)]
    table = CompletionTable.of([*names, Completion(THEME, "Ateliers"), Completion(PLACE, "Atel")])
    found = table.beginning("atel", 8)
    assert [one.kind for one in found] == [ACTOR] * 6 + [THEME, PLACE]
    assert [one.text for one in found[:2]] == ["Atelier 00", "Atelier 01"]


def test_function_words_before_what_is_meant_are_left_out() -> None:
    assert texts("un gel") == texts("gel")
    assert texts("l'avel") == [AVEL.text]


def test_too_little_or_nothing_searchable_is_not_completed() -> None:
    assert texts("g") == texts("") == texts("!!") == texts("%") == []
