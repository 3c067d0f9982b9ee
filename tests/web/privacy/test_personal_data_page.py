"""An administrator finds a person on one page, and erases what they ask to erase."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from kb.address import ASIDE, UPLOADS
from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.holders import FlaggedKind, FlagReason
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import account_client, send

PATH = "/en/personal-data"
NAME = "Jeanne Zorglub"


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    base.put([replace(AVEL, contact=NAME)])
    base.flags.add(
        FlaggedKind.ACTOR, AVEL.id, FlagReason.RIGHTS, text=f"Je suis {NAME}.", lang="fr"
    )
    return account_client(base, AccountRole.ADMINISTRATOR)


def found(page: str) -> list[str]:
    return [one.text for one in Page(page).all("h3")]


def test_a_person_is_found_without_an_address_that_names_them(client: TestClient) -> None:
    answer = send(client, PATH, {"do": "find", "term": "zorglub jeanne"})
    assert answer.status_code == 200
    assert [line.split(" ·")[0] for line in found(answer.text)] == [
        "Organisation",
        "Reported problem",
    ]
    assert "Je suis Jeanne Zorglub." in answer.text
    assert Page(client.get(PATH).text).one("form", class_="sheet").attributes["method"] == "post"
    nobody = send(client, PATH, {"do": "find", "term": "Marie Curie"})
    assert Page(nobody.text).one("h2", id="found").text == "Nothing here names it"
    short = send(client, PATH, {"do": "find", "term": "a"})
    assert short.status_code == 400
    assert "3 to 200 characters" in short.text


def test_what_was_found_is_erased_once_it_is_confirmed(
    client: TestClient, base: KnowledgeBase
) -> None:
    (flag,) = base.flags.waiting()
    fields = {"do": "erase", "term": NAME, "kind": "flag", "id": flag.id}
    assert send(client, PATH, fields).status_code == 400
    assert base.flags.get(flag.id) == flag
    answer = send(client, PATH, fields | {"sure": "1"})
    assert "Erased, in the files too." in answer.text
    assert len(found(answer.text)) == 1
    with pytest.raises(UnknownRecord):
        base.flags.get(flag.id)
    assert send(client, PATH, fields | {"sure": "1"}).status_code == 404
    strange = {"do": "erase", "term": NAME, "kind": "planet", "id": "mars", "sure": "1"}
    assert send(client, PATH, strange).status_code == 400


def test_what_is_not_searched_is_named_whatever_is_found(
    client: TestClient, base: KnowledgeBase
) -> None:
    aside = base.folder / f"{ASIDE}2026-01-01T000000"
    aside.mkdir()
    upload = base.folder / UPLOADS / ("a" * 32) / "actors.csv"
    upload.parent.mkdir(parents=True)
    upload.touch()
    nobody = send(client, PATH, {"do": "find", "term": "Marie Curie"})
    assert [one.text for one in Page(nobody.text).all("li") if "(" in one.text] == [
        f"{aside} (what a restored backup replaced: have it deleted when nobody needs it)",
        f"{UPLOADS}/{'a' * 32}/actors.csv"
        " (a file that was sent: it goes when its job has ended, or after a day)",
    ]


def test_words_are_taken_out_of_every_text(client: TestClient, base: KnowledgeBase) -> None:
    answer = send(client, PATH, {"do": "take_out", "term": NAME, "sure": "1"})
    assert answer.status_code == 200
    assert found(answer.text) == []
    assert base.actor(AVEL.id).contact == ""


def test_an_account_is_erased_there_but_the_last_administrators(
    client: TestClient, base: KnowledgeBase
) -> None:
    fields = {"do": "erase", "term": "administrator", "kind": "account", "sure": "1"}
    refused = send(client, PATH, fields | {"id": "a administrator"})
    assert refused.status_code == 400
    base.accounts.add(NAME, "du cirage au gel", AccountRole.CONTRIBUTOR)
    assert send(client, PATH, fields | {"id": NAME}).status_code == 200
    assert [account.role for account in base.accounts.list()] == [AccountRole.ADMINISTRATOR]
