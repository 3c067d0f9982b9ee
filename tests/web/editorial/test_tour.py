"""The tour of the moderation page: shown until it is put away, to each account for itself."""

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.page_reader import Page
from tests.web.signed_in import account_client, client_of, send


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


def test_signing_in_from_a_page_leads_back_to_it(base: KnowledgeBase) -> None:
    visitor = client_of(base)
    base.accounts.add("Léa", "du cirage au gel", AccountRole.CONTRIBUTOR)
    (link,) = (
        one
        for one in Page(visitor.get("/en/themes").text).all("a", rel="nofollow")
        if one.text == "Sign in"
    )
    path = link.attributes["href"]
    assert path == "/en/sign-in?next=%2Fen%2Fthemes"
    hidden = Page(visitor.get(path).text).one("input", name="next").attributes["value"]
    fields = {"name": "Léa", "password": "du cirage au gel", "next": hidden}
    assert send(visitor, "/en/sign-in", fields, shown_at=path).headers["Location"] == "/en/themes"
