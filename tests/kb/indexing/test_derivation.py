"""Which texts a record has, and when its activity code speaks for it."""

from dataclasses import replace
from typing import Any

import pytest

from kb.indexing.derivation import (
    ACTIVITY,
    BARE_CHARS,
    DESCRIPTION,
    FACTS,
    KNOW_HOW,
    NAME,
    NEED,
    PARTICIPANTS,
    TEXT,
    TITLE,
    derive,
)
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Record
from kb.reference.trades import trade_of
from tests.kb.records import POLISH, SANITISER

CODE = "20.42Z"


def texts(record: Record) -> dict[str, str]:
    return {document.part: document.text for document in derive(record).documents}


def actor(description: str, **fields: Any) -> Actor:
    return Actor(id="a", name="A", description=description, **fields)


def text_of_the_code(lang: str = "fr") -> str:
    trade = trade_of(CODE)
    assert trade
    return trade.en if lang == "en" else trade.fr


def test_the_parts_of_a_record() -> None:
    assert texts(POLISH) == {
        NAME: "Avel",
        DESCRIPTION: POLISH.description,
        FACTS: "effectif : 40",
    }
    assert texts(SANITISER).keys() == {TITLE, NEED, TEXT, PARTICIPANTS}
    assert texts(replace(SANITISER, need="", participants=())).keys() == {TITLE, TEXT}


def test_names_participants_and_facts_are_found_by_their_words_alone() -> None:
    for record in (POLISH, SANITISER):
        for document in derive(record).documents:
            embedded = {passage.text_hash for passage in document.passages} != {""}
            assert embedded == (document.part not in {NAME, FACTS, PARTICIPANTS})


def test_facts_that_say_know_how_are_read_with_their_headers_apart_from_the_others() -> None:
    facts = {
        "Parc machines": "Fraiseuse 5 axes",
        "Effectif": "40",
        "Certifications": "EN 9100",
        "Autre : Produits": "cirages",
    }
    derived = derive(actor("Usinage", facts=facts))
    assert {document.part: document.text for document in derived.documents} == {
        NAME: "A",
        DESCRIPTION: "Usinage",
        KNOW_HOW: "Parc machines : Fraiseuse 5 axes\n\nCertifications : EN 9100",
        FACTS: "Effectif : 40. Autre : Produits : cirages",
    }
    assert sorted(derived.encoder_texts.values()) == [
        "Certifications : EN 9100",
        "Parc machines : Fraiseuse 5 axes",
        "Usinage",
    ]


def test_an_activity_code_does_not_speak_for_actors_whose_facts_say_enough() -> None:
    enough = {"Machines": "x" * BARE_CHARS}
    assert ACTIVITY not in texts(actor("", activity_code=CODE, facts=enough))
    assert ACTIVITY in texts(actor("", activity_code=CODE, facts={"Note": "x" * BARE_CHARS}))


@pytest.mark.parametrize("description", ["", "Cosmétiques."])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_activity_code_describes_actors_with_little_text(description: str, lang: str) -> None:
    derived = derive(actor(description, activity_code=CODE, lang=lang))
    documents = {document.part: document for document in derived.documents}
    assert documents[ACTIVITY].text == text_of_the_code(lang)
    assert text_of_the_code(lang) in derived.encoder_texts.values()
    assert documents[ACTIVITY].passages[0].words


def test_who_has_a_code_only_is_found_by_what_it_means(base: KnowledgeBase) -> None:
    base.put([actor("", activity_code=CODE), Actor(id="b", name="B", description="Du bois.")])
    (first, *_) = base.search(text_of_the_code()).hits
    assert first.actor.id == "a"
    assert first.evidence[0].text == text_of_the_code()
    assert first.evidence[0].source == ""  # in our words, and in no source
