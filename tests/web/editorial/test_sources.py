"""The page of sources that are read again, as a moderator sees and uses it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from ingest.worker import run_next
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.accounts import AccountRole
from kb.registers.records.rereading import Interval
from tests.ingest.local_site import Site, page, serving
from tests.web.page_reader import Page
from tests.web.signed_in import SETTINGS, account_client, send

HEADER = "Réf;Nom;Activité;Tél.\n"
AVEL = "1;Avel;Fabrique des cirages;0536490010\n"
MERLET = "2;Merlet;Distille des eaux-de-vie;\n"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with serving({"/cci.csv": page(HEADER + AVEL + MERLET, "text/csv")}) as served:
        monkeypatch.setenv("QUISAIT_FETCH_LOCAL", served.origin)
        yield served


@pytest.fixture
def moderator(base: KnowledgeBase, site: Site) -> TestClient:
    settings = SETTINGS.model_copy(update={"fetch_local": site.origin})
    return account_client(base, AccountRole.MODERATOR, name="léa", settings=settings)


def add(client: TestClient, location: str, **fields: str) -> object:
    sent = {"do": "add", "location": location, "every": "week", **fields}
    return send(client, "/en/sources", sent)


def read_now(base: KnowledgeBase, moderator: TestClient) -> str:
    """Has the source cci read, and returns the page of its job."""
    answer = send(moderator, "/en/sources", {"do": "run", "source": "cci"})
    assert answer.status_code == 303
    assert run_next(base)
    return str(moderator.get(answer.headers["Location"]).text)


def test_a_source_is_added_with_who_sees_its_contacts(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    answer = add(moderator, site.url("/cci.csv"), organisations="none", persons="none")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    (location,) = base.source_locations.list()
    assert (location.name, location.every, location.added_by) == ("cci", Interval.WEEK, "léa")
    read_now(base, moderator)
    assert base.actor("1").phone == ()


def test_a_known_source_that_is_registered_keeps_who_sees_its_contacts(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    before = ContactChoice(Visibility.MEMBERS, Visibility.MEMBERS)
    base.choose_contacts("cci", before)
    as_shown = {"name": " cci ", "organisations": "public", "persons": "none"}
    answer = add(moderator, site.url("/cci.csv"), **as_shown)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert base.contact_choices.of("cci") == before
    assert base.source_locations.list() == []
    read = Page(answer.text)  # type: ignore[attr-defined]
    assert "the source 'cci' is known" in read.one("p", id="f-location-error").text
    chosen = {
        name: next(
            option.attributes["value"]
            for option in read.inside(read.one("select", id=f"f-{name}-0"), "option")
            if "selected" in option.attributes
        )
        for name in ("organisations", "persons")
    }
    again = add(moderator, site.url("/cci.csv"), name="cci", **chosen)
    assert again.status_code == 303  # type: ignore[attr-defined]
    assert base.contact_choices.of("cci") == before


def test_the_job_says_what_is_new_changed_and_gone(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    add(moderator, site.url("/cci.csv"))
    first = Page(read_now(base, moderator))
    assert first.inside(first.one("section", aria_labelledby="new"), "a")[0].text == "Avel"
    changed = "1;Avel;Fabrique des colles;0536490099\n"
    site.answers["/cci.csv"] = page(HEADER + changed, "text/csv")
    second = Page(read_now(base, moderator))
    told = second.one("section", aria_labelledby="changed")
    assert "Fabrique des cirages" in second.inside(told, "del")[0].text
    assert "Fabrique des colles" in second.inside(told, "ins")[0].text
    assert "contacts are not repeated" in told.text
    assert "36 49" not in told.text
    assert "Merlet" in second.one("section", aria_labelledby="gone").text
    assert "Nothing has changed there" in read_now(base, moderator)


def test_what_is_gone_is_listed_until_it_is_withdrawn(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    add(moderator, site.url("/cci.csv"))
    read_now(base, moderator)
    site.answers["/cci.csv"] = page(HEADER + AVEL, "text/csv")
    read_now(base, moderator)
    listed = Page(moderator.get("/en/sources").text)
    ways = [link.attributes["href"] for link in listed.all("a") if "Merlet" in link.text]
    assert ways == ["/en/actors/2", "/en/history/actors/2"]
    assert "1 record that its source no longer lists" in moderator.get("/en/moderation").text
    base.withdraw(Kind.ACTOR, "2", by="léa")
    assert "Merlet" not in moderator.get("/en/sources").text
    assert "no longer lists" not in moderator.get("/en/moderation").text


def test_a_source_that_fails_three_times_is_said_to_who_can_do_something(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    administrator = account_client(base, AccountRole.ADMINISTRATOR, name="luc")
    site.answers["/cci.csv"] = page("no", status=500)
    add(moderator, site.url("/cci.csv"))
    pages = [(moderator, "/en/moderation"), (moderator, "/en/sources")]
    pages.append((administrator, "/en/accounts"))
    for _reading in range(3):
        assert not any("times in a row: cci" in who.get(path).text for who, path in pages)
        read_now(base, moderator)
    assert all("times in a row: cci" in who.get(path).text for who, path in pages)
    assert "erreur 500" in moderator.get("/fr/sources").text


def test_a_source_is_removed_and_its_actors_stay(
    base: KnowledgeBase, site: Site, moderator: TestClient
) -> None:
    add(moderator, site.url("/cci.csv"))
    read_now(base, moderator)
    removed = send(moderator, "/en/sources", {"do": "remove", "source": "cci"})
    assert removed.status_code == 303
    assert base.source_locations.list() == []
    assert base.ids(Kind.ACTOR) == {"1", "2"}
    for do in ("remove", "run", ""):
        assert send(moderator, "/en/sources", {"do": do, "source": "x"}).status_code == 404
