"""Searches whose need is worded by a language model, on a real server of this machine."""

import pytest

from kb.explanation.report import SearchReport
from kb.knowledge_base import KnowledgeBase
from kb.language_model import NeedWorder, WordingState
from kb.search.results import SearchResult, Steering
from tests.chat_server import ChatServer
from tests.kb.records import GLOVER, POLISH, RECORDS

PATIENT_S = 60.0
NEED = "protections pour les doigts"
SEWING = "ganterie de cuir"


@pytest.fixture
def base(base: KnowledgeBase, chat_server: ChatServer) -> KnowledgeBase:
    base.put(RECORDS)
    chat_server.says({"trades": [SEWING], "materials": ["coton"], "gestures": []})
    base.worder = NeedWorder(chat_server.service, PATIENT_S)
    return base


def dense(result: SearchResult) -> dict[str, float]:
    return {hit.actor.id: hit.parts.dense for hit in result.hits}


def phrases(result: SearchResult | SearchReport) -> list[str]:
    return [phrase.text for phrase in result.wording.phrases]


PLAIN = Steering(worded=False)


def test_the_query_is_moved_towards_the_phrases(base: KnowledgeBase) -> None:
    plain, worded = base.search(NEED, steering=PLAIN), base.search(NEED)
    assert phrases(worded) == [SEWING, "coton"]
    assert dense(worded)[GLOVER.id] > dense(plain)[GLOVER.id] + 1
    assert worded.hits[0].actor.id == GLOVER.id


def test_only_the_words_of_the_need_are_sent(base: KnowledgeBase, chat_server: ChatServer) -> None:
    base.search(
        'qui pourrait fabriquer des gants "fins" -porcelaine', steering=Steering(like=(POLISH.id,))
    )
    assert chat_server.data() == {"need": "des gants fins"}
    assert len(chat_server.asked[0]["messages"]) == 2
    assert POLISH.name not in str(chat_server.asked)


def test_a_search_without_the_model_asks_nobody(
    base: KnowledgeBase, chat_server: ChatServer
) -> None:
    result = base.search(NEED, steering=PLAIN)
    assert result.wording.state is WordingState.OFF
    assert chat_server.asked == []


def test_a_search_that_gets_no_answer_is_as_without_the_model(
    base: KnowledgeBase, chat_server: ChatServer
) -> None:
    chat_server.status = 500
    result = base.search(NEED)
    assert result.wording.state is WordingState.MISSING
    assert result.hits == base.search(NEED, steering=PLAIN).hits


LETTER = """Bonjour Madame Durand,

Je suis Paul Lefèvre, de la clinique des Tilleuls, à Saint-Junien.
Nous cherchons un atelier qui pourrait coudre des gants de cuir fins.

Cordialement,
Paul Lefèvre, 06 12 34 56 78
"""


@pytest.mark.parametrize(
    "letter",
    [
        LETTER,
        # As a field of one line pastes it.
        " ".join(LETTER.split()),
        "Bonjour,\nje cherche des gants fins.\nPaul Lefèvre",
        "Je cherche des gants fins, Paul Lefèvre, 06 12 34 56 78",
        "Je cherche des gants fins, paul.lefevre@exemple.fr",
    ],
)
def test_an_email_is_not_sent(base: KnowledgeBase, chat_server: ChatServer, letter: str) -> None:
    result = base.search(letter)
    assert (result.wording.state, result.wording.phrases) == (WordingState.WITHHELD, ())
    assert result.hits[0].actor.id == GLOVER.id
    base.explain(letter, GLOVER.id)
    base.report(letter)
    assert chat_server.asked == []


@pytest.mark.parametrize(
    "name",
    [
        "Avel",
        "avel",
        "Distilleries de Mata",  # a slip of the pen
        POLISH.siret,
        f"SIRET {POLISH.siret}",
        "SIREN 732 829 320",
        # Nobody here, but written like names.
        "Saint-Gobain",
        "Zorblax SARL",
        '"Saint-Gobain"',
        "+Saint-Gobain",
    ],
)
def test_a_name_or_a_number_is_not_sent(
    base: KnowledgeBase, chat_server: ChatServer, name: str
) -> None:
    assert base.search(name).wording.state is WordingState.WITHHELD
    assert chat_server.asked == []


@pytest.mark.parametrize(
    "need",
    [
        NEED,
        "Gants de cuir",
        "500 gants de cuir pour le 12 mai",
        # As long as a need may be in one sentence, and still none that is reduced.
        "nous cherchons quelqu'un qui pourrait coudre des gants de cuir fins pour un musée",
        '"gants" +cuir',
    ],
)
def test_a_need_is_sent(base: KnowledgeBase, chat_server: ChatServer, need: str) -> None:
    assert base.search(need).wording.state is WordingState.GIVEN
    assert len(chat_server.asked) == 1


def test_a_report_says_which_phrases_were_used(base: KnowledgeBase) -> None:
    made = base.report(NEED, steering=Steering(taken_back=("coton",)))
    assert phrases(made) == [SEWING]
    content = made.content()
    assert content["wording"] == {
        "model": "little-model",
        "phrases": [SEWING],
        "taken_back": ["coton"],
    }
    assert content["constants"]["wording"]["share"] > 0
