from dataclasses import replace

from kb.hints.matching import MOST_RELATED
from tests.web.sample_base import ACTORS, ANGOULEME, ENGLISH_CASE, SampleBase

GEL = "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital"


def related(base: SampleBase, asked: str, lang: str = "fr") -> list[str]:
    return [need.text for need in base.related_needs.near(asked, lang)]


def test_a_need_near_to_what_is_asked_is_related() -> None:
    base = SampleBase()
    assert related(base, "sanitiser pour la ville") == [GEL]
    assert related(base, "un mécanicien de tracteurs") == []


def test_the_very_words_asked_are_not_proposed() -> None:
    assert related(SampleBase(), "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital ?") == []


def test_a_story_is_given_once_in_the_language_of_the_page() -> None:
    english = replace(
        ANGOULEME,
        id="angouleme-en",
        lang="en",
        translation_of="angouleme",
        need="Make sanitiser for the hospital",
    )
    base = SampleBase(ACTORS, (ANGOULEME, english, ENGLISH_CASE))
    assert related(base, "sanitiser") == [GEL]
    assert related(base, "sanitiser", "en") == ["Make sanitiser for the hospital"]


def test_few_are_given() -> None:
    cases = [
        replace(ANGOULEME, id=f"case-{number}", need=f"du sanitiser, lot {number}")
        for number in range(7)
    ]
    assert len(related(SampleBase(ACTORS, cases), "sanitiser en flacons")) == MOST_RELATED


def test_examples_are_of_cases_then_notices_then_actors_in_the_language_asked() -> None:
    base = SampleBase(ACTORS, (ANGOULEME, ENGLISH_CASE))
    french = [need.text for need in base.related_needs.examples("fr")]
    assert french[0] == GEL
    assert french.index(ACTORS[0].description) > 0
    english = base.related_needs.examples("en")
    assert (english[0].text, english[0].lang) == (ENGLISH_CASE.need, "en")
    # Without cases, what its actors say; nothing of what is asked.
    base = SampleBase(ACTORS[:1], ())
    base.search("une fusée")
    assert [need.text for need in base.related_needs.examples("en")] == [ACTORS[0].description]
