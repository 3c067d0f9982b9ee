"""A moderator decides on each private detail of a draft, and none keeps it from being published."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeContent
from kb.registers.drafts import Draft
from tests.web.editorial.test_draft import CASE, send
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import client_of

TOLD = replace(CASE, text="Jeanne Martin : 06 12 34 56 78, jeanne.martin@avel.fr.")


@pytest.fixture
def draft(base: KnowledgeBase) -> Draft:
    base.put([AVEL])
    return base.drafts.add(TOLD, by="a contributor", origin="gel.pdf")


def buttons(client: TestClient, draft: Draft, what: str) -> list[str]:
    read = Page(client.get(f"/en/drafts/{draft.id}").text)
    values = [one.attributes.get("value", "") for one in read.all("button")]
    return [value for value in values if value.startswith(f"{what}_detail:")]


def text_of(base: KnowledgeBase, draft: Draft) -> str:
    record = base.drafts.get(draft.id).record
    assert isinstance(record, Case)
    return record.text


def test_each_detail_is_kept_or_removed(
    base: KnowledgeBase, moderator: TestClient, draft: Draft
) -> None:
    page = Page(moderator.get(f"/en/drafts/{draft.id}").text)
    assert page.one("h2", id="details").text == "2 private details, perhaps"
    marked = [one.text for one in page.all("mark")]
    assert marked == ["06 12 34 56 78", "jeanne.martin@avel.fr"]
    assert {one.attributes.get("lang") for one in page.all("blockquote")} >= {"fr"}
    phone, _ = buttons(moderator, draft, "remove")
    assert send(moderator, draft, phone).status_code == 303
    assert text_of(base, draft) == "Jeanne Martin : […], jeanne.martin@avel.fr."
    (email,) = buttons(moderator, draft, "keep")
    assert send(moderator, draft, email).status_code == 303
    assert text_of(base, draft) == "Jeanne Martin : […], jeanne.martin@avel.fr."
    assert not buttons(moderator, draft, "keep")
    # What is not there is not decided on.
    assert send(moderator, draft, phone).status_code == 400


def test_a_decision_keeps_what_was_typed(
    base: KnowledgeBase, moderator: TestClient, draft: Draft
) -> None:
    phone, _ = buttons(moderator, draft, "remove")
    typed = {"title": "Un autre titre", "text": "Au 06 12 34 56 78."}
    assert send(moderator, draft, phone, **typed).status_code == 303
    assert text_of(base, draft) == "Au […]."
    record = base.drafts.get(draft.id).record
    assert isinstance(record, Case)
    assert record.title == "Un autre titre"


def test_programs_are_told_of_them(base: KnowledgeBase, draft: Draft) -> None:
    base.accounts.add("a contributor", "du cirage au gel", AccountRole.CONTRIBUTOR)
    token = base.accounts.issue_token("a contributor", "test")
    client = client_of(base)
    client.headers["Authorization"] = f"Bearer {token}"

    def personal() -> list[dict[str, object]]:
        found: list[dict[str, object]] = client.get(f"/api/contributions/{draft.id}").json()[
            "personal"
        ]
        return found

    phone, email = personal()
    assert phone == {
        "kind": "phone",
        "field": "text",
        "text": "06 12 34 56 78",
        "sentence": TOLD.text,
        "person": "Jeanne Martin",
        "kept": False,
    }
    assert email["kind"] == "email"


def test_moderators_see_those_of_a_notice_and_nobody_else(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    notice = base.notices.add(
        NoticeContent(Flow.SEEKS, "Des cuves", text="Appelez Jeanne Martin au 06 12 34 56 78.")
    )
    base.notices.publish(notice.id, by="Max", revision=1)
    path = f"/en/needs-and-offers/{notice.id}"
    assert "Telephone of a person" in moderator.get(path).text
    assert "Telephone of a person" not in client_of(base).get(path).text
