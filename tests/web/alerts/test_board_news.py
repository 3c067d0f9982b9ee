"""The board in feeds and mails: what is open and public, and answers since they can be read."""

from dataclasses import replace
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.alerts.subscriptions import NewsTopic, TopicKind
from kb.registers.board.notice import AnswerKind, AnswerState, Closing, Notice, NoticeContent
from tests.web.signed_in import SITE, client_of
from web.alerts.news import news_of
from web.http.i18n import Language

NEED = NoticeContent(
    Flow.SEEKS, "Des flacons de verre", text="Cinq cents, de 100 ml.", place="Cognac",
    department="16", themes=("Emballage",),
)  # fmt: skip
OFFER = NoticeContent(Flow.OFFERS, "Drêches de brasserie", department="17")


def posted(base: KnowledgeBase, content: NoticeContent) -> Notice:
    notice = base.notices.add(content)
    return base.notices.publish(notice.id, by="Max", revision=notice.revision)


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    return client_of(base)


def read(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    return feed


def titles(client: TestClient, path: str) -> list[str]:
    return [entry.title for entry in read(client, path).entries]


def test_the_feed_of_the_board_has_the_open_notices_that_everybody_may_read(
    base: KnowledgeBase, client: TestClient
) -> None:
    need, offer = posted(base, NEED), posted(base, OFFER)
    with base._stores.lend() as store, store.writing():
        store.execute("update notices set published_at = '2020-01-01' where id = ?", [offer.id])
    base.notices.add(replace(NEED, title="Pas encore lu"))
    posted(base, replace(NEED, title="Trop tard", until="2020-01-01"))
    feed = "/fr/flux/besoins-et-offres.atom"
    assert titles(client, feed) == [NEED.title, OFFER.title]
    assert titles(client, f"{feed}?flow=seeks") == [NEED.title]
    assert titles(client, f"{feed}?department=17") == [OFFER.title]
    assert titles(client, f"{feed}?theme=Emballage") == [NEED.title]
    (entry,) = read(client, f"{feed}?flow=seeks").entries
    assert entry.summary == "Cognac · Charente (16). Besoin – Cinq cents, de 100 ml."
    assert entry.link == f"{SITE}/fr/besoins-et-offres/{need.id}"
    tag = client.get(feed).headers["ETag"]
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 304
    base.notices.close(need.id, Closing.NOT_MET, by="Max", revision=need.revision)
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 200
    assert titles(client, feed) == [OFFER.title]


def test_an_answer_is_news_when_everybody_may_read_it(
    base: KnowledgeBase, client: TestClient
) -> None:
    notice = posted(base, NEED)
    topic = NewsTopic(TopicKind.NOTICE, NEED.title, notice_id=notice.id)
    feed = f"/en/feeds/answers.atom?notice={notice.id}"
    waiting = base.answers.add(notice.id, AnswerKind.CAN, text="Nous.", organisation="Verrerie")
    base.answers.add(notice.id, AnswerKind.KNOWS, text="Secret", private=True, by="Léa")
    assert titles(client, feed) == []
    with base._stores.lend() as store, store.writing():
        store.execute("update notice_answers set \"at\" = '2020-01-01' where id = ?", [waiting.id])
    base.answers.set_state(waiting.id, AnswerState.PUBLISHED)
    (item,) = news_of(base, topic, Language.EN, since="2020-01-02")
    assert (item.title, item.line) == ("Verrerie", "Nous.")
    (entry,) = read(client, feed).entries
    assert entry.summary == "We could do it – Nous."
    base.answers.set_state(waiting.id, AnswerState.REFUSED)
    base.answers.set_state(waiting.id, AnswerState.PUBLISHED)
    assert news_of(base, topic, Language.EN) == [item]
    base.notices.close(notice.id, Closing.NOT_MET, by="Max", revision=notice.revision)
    assert [one.kind for one in news_of(base, topic, Language.EN)] == ["answer", "notice"]


def test_a_notice_that_nobody_may_read_has_no_feed_and_no_alert(
    base: KnowledgeBase, client: TestClient
) -> None:
    waiting = base.notices.add(NEED)
    for id_ in (waiting.id, "none"):
        assert client.get(f"/fr/flux/reponses.atom?notice={id_}").status_code == 404
        assert client.get(f"/fr/alertes?notice={id_}").status_code == 404
        gone = NewsTopic(TopicKind.NOTICE, "", notice_id=id_)
        assert news_of(base, gone, Language.FR) == []
