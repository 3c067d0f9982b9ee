"""The page of the sites that embed the search: who may what there, and how much each is used."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.sites import MAX_PER_DAY, Site, SiteCounts
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import account_client, send

ORIGIN = "https://www.reseau.example"
SAID = {
    "name": "Réseau de l’Angoumois",
    "origins": f"{ORIGIN}/\r\n\r\nhttp://localhost:3000",
    "department": "16",
    "theme": "Cuir et chaussure",
    "per_day": "500",
}


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL])
    return base


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    return account_client(base, AccountRole.ADMINISTRATOR)


@pytest.fixture
def site(base: KnowledgeBase) -> Site:
    return base.sites.add("Réseau", [ORIGIN], department="16", theme="Cuir et chaussure")


def ask(client: TestClient, do: str, path: str = "/en/sites", **fields: str) -> Any:
    return send(client, path, {"do": do, **fields})


def said_of(site: Site, **others: str) -> dict[str, str]:
    """What the form of a site sends if nothing else is typed."""
    return {
        "key": site.key,
        "name": site.name,
        "origins": "\r\n".join(site.origins),
        "department": site.department,
        "theme": site.theme,
        "per_day": str(site.per_day),
    } | others


def told(text: str) -> str:
    return " ".join(text.split())


def value_of(read: Page, id: str) -> str:
    """What a field of a form holds."""
    (field,) = [
        one for one in read.all("input") + read.all("textarea") if one.attributes.get("id") == id
    ]
    return field.attributes.get("value", field.text).strip()


def chosen(read: Page, id: str) -> str:
    select = read.one("select", id=id)
    options = [one for one in read.inside(select, "option") if "selected" in one.attributes]
    return options[0].attributes["value"] if options else ""


def test_a_site_is_added_with_its_addresses_and_filters(
    base: KnowledgeBase, client: TestClient
) -> None:
    assert "No site embeds the search yet." in client.get("/en/sites").text
    answer = ask(client, "add", **SAID)
    (one,) = base.sites.list()
    there = f"/en/sites?added={one.key}"
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{there}#{one.key}")
    assert (one.name, one.origins) == (SAID["name"], (ORIGIN, "http://localhost:3000"))
    assert (one.department, one.theme, one.per_day) == ("16", "Cuir et chaussure", 500)
    read = Page(client.get(there).text)
    assert read.text("p", role="status") == (
        f"{SAID['name']} is added. Give this public key to the person who manages the site: "
        f"{one.key}"
    )
    entry = read.one("li", id=one.key)
    assert [said.text for said in read.inside(entry, "p") if "role" in said.attributes]
    assert read.text("code", class_="key") == one.key
    assert [code.text for code in read.inside(read.one("dl", class_="said"), "code")] == [
        one.key, *one.origins
    ]  # fmt: skip
    assert "Charente (16) · Cuir et chaussure" in read.one("dl", class_="said").text


def test_the_use_of_a_site_is_told_in_words_and_numbers(
    base: KnowledgeBase, client: TestClient, site: Site
) -> None:
    today = datetime.now(UTC).date()
    for days, counts in (
        (0, SiteCounts(1234, 1, 0, 1)),
        (29, SiteCounts(9, 1099, 12, 44)),
        (30, SiteCounts(1, 1, 1, 1)),
    ):
        base.sites.count((today - timedelta(days=days)).isoformat(), {site.key: counts})
    read = Page(client.get("/en/sites").text)
    assert [one.text for one in read.inside(read.one("ul", class_="uses"), "li")] == [
        "1,100 searches", "12 without a fit", "45 results opened"
    ]  # fmt: skip
    assert "1,234 searches of 20,000, including while typing" in read.one("dl", class_="said").text
    read = Page(client.get("/fr/sites").text)
    assert [one.text for one in read.inside(read.one("ul", class_="uses"), "li")] == [
        "1\u202f100 recherches", "dont 12 sans réponse pertinente", "45 réponses ouvertes"
    ]  # fmt: skip
    assert "1\u202f234 recherches sur 20\u202f000, y compris pendant la frappe" in (
        read.one("dl", class_="said").text
    )


def test_a_site_is_changed_and_its_form_shows_what_it_is(
    base: KnowledgeBase, client: TestClient, site: Site
) -> None:
    read = Page(client.get("/en/sites").text)
    assert (value_of(read, "name-1"), value_of(read, "origins-1")) == ("Réseau", ORIGIN)
    assert (chosen(read, "department-1"), chosen(read, "theme-1")) == ("16", "Cuir et chaussure")
    assert value_of(read, "per-day-1") == "20000"
    answer = ask(
        client, "change", **said_of(site, name="Autre", department="", theme="", per_day="7")
    )
    assert answer.headers["Location"] == "/en/sites?done=changed"
    changed = base.sites.get(site.key)
    assert (changed.name, changed.department, changed.theme, changed.per_day) == (
        "Autre",
        "",
        "",
        7,
    )
    assert "none" in Page(client.get("/en/sites").text).one("dl", class_="said").text


def test_a_site_is_switched_off_and_on(base: KnowledgeBase, client: TestClient, site: Site) -> None:
    assert ask(client, "disable", key=site.key).headers["Location"] == "/en/sites?done=disabled"
    assert base.sites.get(site.key).disabled
    assert "switched off" in Page(client.get("/en/sites").text).text("p", class_="when")
    assert ask(client, "enable", key=site.key).headers["Location"] == "/en/sites?done=enabled"
    assert not base.sites.get(site.key).disabled
    assert "switched off" not in Page(client.get("/en/sites").text).text("p", class_="when")


def test_a_site_is_deleted_once_its_name_is_typed(
    base: KnowledgeBase, client: TestClient, site: Site
) -> None:
    for typed in ("", "réseau", "Autre"):
        answer = ask(client, "delete", key=site.key, confirmed=typed)
        assert answer.status_code == 400
        assert "This is not the right name." in Page(answer.text).text("p", role="alert")
        assert base.sites.list() == [site]
    answer = ask(client, "delete", key=site.key, confirmed=" Réseau ")
    assert answer.headers["Location"] == "/en/sites?done=deleted"
    assert base.sites.list() == []


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("name", " ", "The name of a site has 1 to 80 characters, all of them visible."),
        (
            "origins",
            f"{ORIGIN}/contact?x=1",
            f"'{ORIGIN}/contact?x=1' is the address of a page, not of a site: "
            f"write {ORIGIN} – without what follows.",
        ),
        ("department", "99", "'99' is not a department of France."),
        ("theme", "x" * 201, "A theme has 200 characters at most, all of them visible."),
        ("per_day", "many", f"A site may make 1 to {MAX_PER_DAY:,} searches a day."),
    ],
)
def test_a_refusal_is_told_at_its_field_and_keeps_what_was_typed(
    base: KnowledgeBase, client: TestClient, site: Site, field: str, typed: str, message: str
) -> None:
    others = {"name": "Autre", "origins": "https://b.example", "per_day": "7"}
    for do, suffix, sent in (
        ("add", "new", SAID | others | {field: typed}),
        ("change", "1", said_of(site, **others) | {field: typed}),
    ):
        answer = ask(client, do, **sent)
        assert answer.status_code == 400
        read = Page(answer.text)
        alert = read.one("p", role="alert")
        assert alert.text == message
        assert alert.attributes["id"] == f"{field.replace('_', '-')}-{suffix}-error"
        for kept, id in (("name", "name"), ("origins", "origins"), ("per_day", "per-day")):
            assert value_of(read, f"{id}-{suffix}") == told(sent[kept])
        wrong = [
            one
            for kind in ("input", "textarea", "select")
            for one in read.all(kind, aria_invalid="true")
        ]
        assert [one.attributes["name"] for one in wrong] == [field]
        assert alert.attributes["id"] in wrong[0].attributes["aria-describedby"].split()
        of_site = read.inside(read.one("main", id="content"), "details")[0]
        assert ("open" in of_site.attributes) == (do == "change")
    assert base.sites.list() == [site]
