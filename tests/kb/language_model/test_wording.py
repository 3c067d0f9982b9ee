"""Wordings: short phrases alone are read of an answer; a budget, a memory, pauses."""

import logging

import pytest

import kb.language_model as module
from kb.language_model import (
    MAX_ASKED_AT_ONCE,
    MAX_NEED_CHARS,
    MAX_PHRASES_OF_A_KIND,
    PAUSE_S,
    ChatService,
    NeedPhrase,
    NeedWorder,
    PhraseKind,
    Wording,
    WordingState,
    worded,
)
from kb.settings import Settings
from tests.chat_server import ChatServer

SOAP = NeedPhrase(PhraseKind.TRADE, "fabrication de savons")
ALCOHOL = NeedPhrase(PhraseKind.MATERIAL, "alcool (éthanol)")
MIX = NeedPhrase(PhraseKind.GESTURE, "mélange & mise en flacons")


def texts(server: ChatServer, trades: object) -> list[str]:
    server.says({"trades": trades, "materials": [], "gestures": []})
    return [phrase.text for phrase in worded(server.service, "gel")]


def test_what_is_no_phrase_is_dropped(chat_server: ChatServer) -> None:
    poor = "Bonjour ! Voici les métiers.|<b>savons</b>|sa\u200bvons|savons\u202e|savons\x00"
    poor += "|https://evil.example/savons|evil.example|a@b.example|{{ savons }}|`savons`|+savons"
    poor += '|savons; drop table actors|-savons|"savons"|12345678900012|-||one 2 3 4 5 six 7 8 nine'
    of_other_kinds: list[object] = ["x" * 61, 7, None, ["savons"], {"text": "savons"}]
    assert texts(chat_server, [*poor.split("|"), *of_other_kinds, SOAP.text]) == [SOAP.text]


def test_phrases_of_both_languages_are_kept(chat_server: ChatServer) -> None:
    phrases = "travail à façon|mise en œuvre d'acier inox (304L)|l’embouteillage|3D printing"
    for phrase in f"{phrases}|cut-and-sew work|savons, détergents".split("|"):
        assert texts(chat_server, [phrase]) == [phrase]


def test_a_few_phrases_of_a_kind_are_kept(chat_server: ChatServer) -> None:
    given = [f"trade number {letter}" for letter in "abcdefghij"]
    assert texts(chat_server, given) == given[:MAX_PHRASES_OF_A_KIND]


def test_the_same_phrase_is_kept_once_and_the_need_itself_not_at_all(
    chat_server: ChatServer,
) -> None:
    assert texts(chat_server, ["Savons", "savons", "GEL"]) == ["Savons"]
    chat_server.says({"trades": ["savons"], "materials": ["Savons", "alcool"]})
    found = worded(chat_server.service, "gel")
    assert [(phrase.kind, phrase.text) for phrase in found] == [
        ("trade", "savons"),
        ("material", "alcool"),
    ]


def test_phrases_are_taken_back_however_they_are_written() -> None:
    whole = Wording("m", WordingState.GIVEN, (SOAP, ALCOHOL, MIX))
    left = whole.without(["FABRICATION DE SAVONS", "unknown"])
    assert left.phrases == (ALCOHOL, MIX)
    assert left.taken_back == (SOAP,)


PATIENT_S = 60.0
"""More than any answer takes: only an event ends the wait."""

AT_ONCE_S = 0.01


def words_of(wording: Wording) -> list[str]:
    return [phrase.text for phrase in wording.phrases]


@pytest.fixture
def worder(chat_server: ChatServer) -> NeedWorder:
    chat_server.says({"trades": ["savons"]})
    return NeedWorder(chat_server.service, PATIENT_S)


def impatient(worder: NeedWorder) -> NeedWorder:
    worder._wait_s = AT_ONCE_S
    return worder


def patient(worder: NeedWorder) -> NeedWorder:
    worder._wait_s = PATIENT_S
    return worder


def test_what_is_known_is_not_asked_again(worder: NeedWorder, chat_server: ChatServer) -> None:
    first = worder.wording("gel")
    chat_server.says({"trades": ["another"]})
    assert [worder.wording(same) for same in ("gel", "GEL", "Gél")] == [first] * 3
    assert len(chat_server.asked) == 1


def test_an_answer_that_comes_too_late_serves_the_next_search(
    worder: NeedWorder, chat_server: ChatServer
) -> None:
    chat_server.released.clear()
    late = impatient(worder).wording("gel")
    assert (late.state, late.phrases) == (WordingState.MISSING, ())
    chat_server.released.set()
    # Waits for the answer to the first question: there is no second.
    assert words_of(patient(worder).wording("gel")) == ["savons"]
    assert words_of(impatient(worder).wording("gel")) == ["savons"]
    assert len(chat_server.asked) == 1


def test_beyond_a_few_needs_at_once_a_search_does_without_and_does_not_wait(
    worder: NeedWorder, chat_server: ChatServer
) -> None:
    chat_server.released.clear()
    for number in range(MAX_ASKED_AT_ONCE):
        impatient(worder).wording(f"need {number}")
    # It would wait for a minute, and the server is held: to come back at all is not to wait.
    assert patient(worder).wording("one more").state is WordingState.MISSING
    chat_server.released.set()
    for number in range(MAX_ASKED_AT_ONCE):
        assert words_of(worder.wording(f"need {number}")) == ["savons"]
    assert words_of(worder.wording("one more")) == ["savons"]


@pytest.mark.parametrize("content", ["I am sorry", {"trades": 3}, "[" * 100_000])
def test_an_unusable_answer_is_no_wording_and_not_asked_again(
    worder: NeedWorder, chat_server: ChatServer, content: object
) -> None:
    chat_server.says(content)
    for _ in range(2):
        wording = worder.wording("gel")
        assert (wording.state, wording.phrases) == (WordingState.GIVEN, ())
    assert len(chat_server.asked) == 1
    # It is of this need: other needs are asked.
    chat_server.says({"trades": ["cuir"]})
    assert words_of(worder.wording("gants")) == ["cuir"]


@pytest.mark.parametrize("status", [404, 500, 307])
def test_a_service_that_fails_is_left_alone_for_a_while(
    chat_server: ChatServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    worder = NeedWorder(chat_server.service, PATIENT_S, lambda: now[0])
    chat_server.says({"trades": ["savons"]})
    chat_server.status = status
    with caplog.at_level(logging.WARNING):
        assert worder.wording("gel moussant").state is WordingState.MISSING
    assert f"it answered with status {status}." in caplog.text
    assert "gel" not in caplog.text
    assert "sesame" not in caplog.text
    chat_server.status = 200
    now[0] += PAUSE_S - 1
    assert worder.wording("gants").state is WordingState.MISSING
    assert len(chat_server.asked) == 1
    now[0] += 1
    assert words_of(worder.wording("gel moussant")) == ["savons"]


def test_nobody_there_is_no_wording() -> None:
    worder = NeedWorder(ChatService("http://127.0.0.1:9/v1", "m"), PATIENT_S)
    assert worder.wording("gel").state is WordingState.MISSING


def test_a_failure_that_nobody_thought_of_ends_the_wait(
    worder: NeedWorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "worded", lambda *_: 1 / 0)
    assert worder.wording("gel").state is WordingState.MISSING
    assert worder._answers == {}


def test_a_long_text_is_not_sent(worder: NeedWorder, chat_server: ChatServer) -> None:
    assert worder.wording("g" * (MAX_NEED_CHARS + 1)).phrases == ()
    assert chat_server.asked == []
    assert words_of(worder.wording("g" * MAX_NEED_CHARS)) == ["savons"]


URL = "https://llm.example.org/v1"


def test_without_an_address_or_a_budget_searches_ask_nobody() -> None:
    assert NeedWorder.from_settings(Settings()) is None
    assert NeedWorder.from_settings(Settings(assistant_url=URL, assistant_search_wait_s=0)) is None
