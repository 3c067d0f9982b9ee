"""The tour of the moderation page: shown until it is put away, to each account for itself."""

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.page_reader import Page
from tests.web.signed_in import account_client, send


def test_the_tour_is_shown_until_it_is_put_away(base: KnowledgeBase) -> None:
    lea = account_client(base, AccountRole.MODERATOR, "Léa")
    marc = account_client(base, AccountRole.MODERATOR, "Marc")
    read = Page(lea.get("/en/moderation").text)
    tour = read.one("section", class_="word tour")
    assert len(read.inside(tour, "li")) == 3
    answer = send(lea, "/en/moderation", {"do": "end_tour"})
    assert answer.headers["Location"] == "/en/moderation"
    assert not Page(lea.get("/en/moderation").text).all("section", class_="word tour")
    assert Page(marc.get("/en/moderation").text).all("section", class_="word tour")
    assert base.accounts.get("Léa").toured
