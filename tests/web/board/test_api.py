"""The board for programs: what everybody may read, and posting with a token."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import AnswerKind, Closing, NoticeContent, NoticeState
from tests.web.signed_in import PASSWORD, SITE, client_of
from web.board.pages import described
from web.http.i18n import Language
from web.http.urls import absolute_urls

NEED = NoticeContent(
    Flow.SEEKS,
    "Des flacons",
    text="Cent.",
    department="16",
    asker="Avel",
    contact="avel@avel.example",
    contact_seen_by=Visibility.MEMBERS,
    themes=("Emballage",),
)


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    return client_of(base)


def published(base: KnowledgeBase, content: NoticeContent = NEED) -> str:
    notice = base.notices.add(content, told_at="secret@avel.example")
    return base.notices.publish(notice.id, by="Max", revision=1).id


def test_a_notice_is_read_with_its_public_answers(base: KnowledgeBase, client: TestClient) -> None:
    id_ = published(base)
    base.answers.add(id_, AnswerKind.CAN, text="Nous en avons.", actor_id="avel", by="Léa")
    base.answers.add(id_, AnswerKind.CAN, text="En secret", private=True, by="Léa")
    base.answers.add(id_, AnswerKind.CAN, text="Pas encore lu", contact="x@y.example")
    answer = client.get(f"/api/notices/{id_}?lang=en")
    assert answer.status_code == 200
    read = answer.json()
    assert read["url"] == f"{SITE}/en/needs-and-offers/{id_}"
    assert (read["title"], read["is_open"], read["contact"]) == ("Des flacons", True, "")
    assert [(one["text"], one["actor"]) for one in read["answers"]] == [("Nous en avons.", "avel")]
    for hidden in ("secret@avel.example", "avel@avel.example", "x@y.example", "Léa", "Max"):
        assert hidden not in answer.text
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"/api/notices/{id_}?lang=en", headers=tag).status_code == 304


def test_a_contact_for_everybody_is_given(base: KnowledgeBase, client: TestClient) -> None:
    id_ = published(base, replace(NEED, contact_seen_by=Visibility.PUBLIC))
    assert client.get(f"/api/notices/{id_}").json()["contact"] == NEED.contact


def test_what_is_not_published_is_not_there(base: KnowledgeBase, client: TestClient) -> None:
    waiting = base.notices.add(NEED)
    assert client.get(f"/api/notices/{waiting.id}").status_code == 404
    assert client.get("/api/notices?past=true").json()["total"] == 0
    assert waiting.id not in client.get("/sitemap-1.xml").text


def test_the_list_is_filtered_and_read_page_by_page(
    base: KnowledgeBase, client: TestClient
) -> None:
    ids = [published(base, replace(NEED, title=str(number))) for number in range(3)]
    published(base, replace(NEED, flow=Flow.OFFERS, department="17", themes=()))
    closed = published(base)
    base.notices.close(closed, Closing.NOT_MET, by="Max", revision=2)
    first = client.get("/api/notices?flow=seeks&limit=2")
    assert first.json()["total"] == 3
    link = first.headers["Link"].partition(">")[0][1:].removeprefix(SITE)
    last = client.get(link)
    assert "Link" not in last.headers
    read = [one["id"] for answer in (first, last) for one in answer.json()["notices"]]
    assert sorted(read) == sorted(ids)
    assert client.get("/api/notices?department=Charente-Maritime").json()["total"] == 1
    assert client.get("/api/notices?theme=Emballage").json()["total"] == 3
    assert client.get("/api/notices?past=true").json()["total"] == 5
    assert client.get("/api/notices?flow=wants").status_code == 422


def test_a_token_posts_a_notice_that_waits(base: KnowledgeBase, client: TestClient) -> None:
    assert client.post("/api/notices", json={"title": "Des flacons"}).status_code == 401
    base.accounts.add("Léa", PASSWORD, AccountRole.CONTRIBUTOR)
    token = base.accounts.issue_token("Léa", "essai")
    bearer = {"Authorization": f"Bearer {token}"}
    sent = {"title": "Des flacons", "department": "charente", "themes": ["Emballage"]}
    answer = client.post("/api/notices", json=sent, headers=bearer)
    assert answer.status_code == 201
    (notice,) = base.notices.list([NoticeState.WAITING], owner="Léa")
    assert answer.json()["state"] == "waiting"
    assert answer.headers["Location"] == f"/api/notices/{notice.id}"
    assert (notice.content.department, notice.content.themes) == ("16", ("Emballage",))
    for wrong in ({"title": ""}, {"title": "x", "until": "demain"}, {"title": "x", "nothing": 1}):
        refused = client.post("/api/notices", json=wrong, headers=bearer)
        assert refused.status_code == 422
        assert "\n" not in refused.json()["detail"]


def test_linked_data_tells_a_demand_from_an_offer(base: KnowledgeBase) -> None:
    urls = absolute_urls(SITE, Language.FR)
    demand = described(base.notices.get(published(base)), urls)
    assert (demand["@type"], demand["areaServed"]) == ("Demand", "Charente")
    assert demand["buyer"] == {"@type": "Organization", "name": "Avel"}
    public = replace(NEED, flow=Flow.OFFERS, contact_seen_by=Visibility.PUBLIC)
    offer = described(base.notices.get(published(base, public)), urls)
    assert offer["@type"] == "Offer"
    assert offer["seller"]["email"] == NEED.contact
