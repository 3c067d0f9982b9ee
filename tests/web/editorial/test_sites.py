"""The page of the sites that embed the search: who may what there, and how much each is used."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.sites import MAX_PER_DAY, Site, SiteCounts
from tests.encoders import WordCountEncoder
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


@pytest.mark.parametrize("role", [AccountRole.CONTRIBUTOR, AccountRole.MODERATOR])
def test_only_an_administrator_sees_and_changes_sites(
    base: KnowledgeBase, site: Site, role: AccountRole
) -> None:
    client = account_client(base, role)
    assert client.get("/en/sites").status_code == 403
    assert "/en/sites" not in client.get("/en/account").text
    answer = send(client, "/en/sites", {"do": "disable", "key": site.key}, shown_at="/en/account")
    assert answer.status_code == 403
    assert base.sites.list() == [site]


def test_an_administrator_is_led_there_from_their_account(client: TestClient) -> None:
    read = Page(client.get("/fr/compte").text)
    assert read.one("a", href="/fr/sites").text == "Sites qui intègrent la recherche"
    robots = Page(client.get("/fr/sites").text).one("meta", name="robots")
    assert robots.attributes["content"] == "noindex"


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


@pytest.mark.parametrize("added", ["", "qss_nobody", "%(name)s"])
def test_only_a_site_that_is_there_is_said_to_be_added(
    client: TestClient, site: Site, added: str
) -> None:
    response = client.get("/en/sites", params={"added": added, "done": "added"})
    assert response.status_code == 200
    assert not Page(response.text).all("p", role="status")


def test_who_has_the_same_name_is_told(base: KnowledgeBase, client: TestClient, site: Site) -> None:
    warning = "Another site has the same name"
    other = base.sites.add("Autre", ["https://b.example"])
    assert warning not in client.get("/en/sites").text
    answer = ask(client, "add", **SAID | {"name": site.name.upper()})
    assert answer.status_code == 303
    read = Page(client.get("/en/sites").text)
    warned = [one.attributes["id"] for one in read.all("li", class_="site") if warning in one.text]
    keys = {one.key for one in base.sites.list()}
    assert set(warned) == keys - {other.key}


def test_where_no_frame_can_be_shown_is_told(base: KnowledgeBase, client: TestClient) -> None:
    named = base.sites.add("Nom", [ORIGIN])
    site = base.sites.add("Autre", [ORIGIN, "http://[::1]:8080", "https://mon_site.example"])
    read = Page(client.get("/en/sites").text)
    assert "The frame does not work" not in read.one("li", id=named.key).text
    assert (
        "The frame does not work at http://[::1]:8080, https://mon_site.example; "
        "use the widget there."
    ) in read.one("li", id=site.key).text


@pytest.mark.parametrize("between", ["\n", ", ", " ", ";", "\t\r\n"])
def test_addresses_are_told_apart_however_they_are_separated(
    base: KnowledgeBase, client: TestClient, between: str
) -> None:
    ask(
        client, "add", **SAID | {"origins": f"https://a.example{between}https://b.example{between}"}
    )
    assert base.sites.list()[0].origins == ("https://a.example", "https://b.example")


def test_a_site_leads_to_the_page_that_sets_up_its_search(client: TestClient, site: Site) -> None:
    for path, embed in (("/fr/sites", "/fr/integrer"), ("/en/sites", "/en/embed")):
        assert f'href="{embed}?site={site.key}"' in client.get(path).text


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


def test_what_was_counted_a_moment_ago_is_shown(client: TestClient, site: Site) -> None:
    usage = cast("FastAPI", client.app).state.site_usage
    usage.add(site.key, SiteCounts(3, 2, 1, 0))
    read = Page(client.get("/en/sites").text)
    assert "3 searches of 20,000" in read.one("dl", class_="said").text
    assert "2 searches" in read.one("ul", class_="uses").text


def test_a_quota_that_is_used_up_is_told(
    base: KnowledgeBase, client: TestClient, site: Site
) -> None:
    today = datetime.now(UTC).date().isoformat()
    base.sites.count(today, {site.key: SiteCounts(site.per_day - 1)})
    assert "used up" not in client.get("/en/sites").text
    base.sites.count(today, {site.key: SiteCounts(1)})
    assert "quota used up until tomorrow" in client.get("/en/sites").text


def test_the_page_says_what_is_counted_and_what_is_not(client: TestClient) -> None:
    assert "no search text, no address, no cookie" in client.get("/en/sites").text
    assert "ni texte de recherche, ni adresse, ni cookie" in client.get("/fr/sites").text


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


def test_a_theme_that_the_base_has_not_is_kept_by_the_form(
    base: KnowledgeBase, client: TestClient
) -> None:
    site = base.sites.add("Réseau", [ORIGIN], theme="Verre")
    assert chosen(Page(client.get("/en/sites").text), "theme-1") == "Verre"
    ask(client, "change", **said_of(site, name="Autre"))
    assert base.sites.get(site.key).theme == "Verre"


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
        ("name", "x" * 81, "The name of a site has 1 to 80 characters, all of them visible."),
        (
            "origins",
            "",
            "A site needs its address, such as https://www.reseau.example: only there may it show "
            "the search.",
        ),
        (
            "origins",
            "null",
            "'null' is what browsers send for pages of no site, such as files: any site could pass "
            "for it.",
        ),
        (
            "origins",
            "https://*.reseau.example",
            "'https://*.reseau.example' holds a *: name each site that is meant.",
        ),
        (
            "origins",
            f"{ORIGIN}/contact?x=1",
            f"'{ORIGIN}/contact?x=1' is the address of a page, not of a site: "
            f"write {ORIGIN} – without what follows.",
        ),
        (
            "origins",
            "www.reseau.example",
            f"'www.reseau.example' should begin with https:// (or with http://): write {ORIGIN}.",
        ),
        (
            "origins",
            "localhost:3000",
            "'localhost:3000' should begin with https:// (or with http://): "
            "write http://localhost:3000.",
        ),
        (
            "origins",
            "https://lea:secret@www.reseau.example",
            f"'https://lea:secret@www.reseau.example' holds a name or a password: write {ORIGIN}.",
        ),
        (
            "origins",
            "ftp://reseau.example",
            "'ftp://reseau.example' should begin with https:// (or with http://).",
        ),
        (
            "origins",
            "https://a..example",
            "'https://a..example' does not name a site that browsers can find.",
        ),
        (
            "origins",
            "https://a.example:x",
            "'https://a.example:x' has a port that is not a number up to 65535.",
        ),
        (
            "origins",
            "https://x@a..b",
            "'https://x@a..b' holds a name or a password.",
        ),
        (
            "origins",
            " ".join(f"https://{number}.example" for number in "abcdefghijklmnopqrstu"),
            "A site has 20 addresses at most: add another site for the others.",
        ),
        (
            "department",
            "99",
            "'99' is not a department of France.",
        ),
        ("theme", "x" * 201, "A theme has 200 characters at most, all of them visible."),
        (
            "per_day",
            "0",
            f"A site may make 1 to {MAX_PER_DAY:,} searches a day.",
        ),
        (
            "per_day",
            "many",
            f"A site may make 1 to {MAX_PER_DAY:,} searches a day.",
        ),
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


def test_a_refusal_is_told_in_french(client: TestClient) -> None:
    answer = ask(client, "add", "/fr/sites", **SAID | {"origins": f"{ORIGIN}/contact"})
    assert Page(answer.text).one("p", role="alert").text == (
        f"«\u00a0{ORIGIN}/contact\u00a0» est l’adresse d’une page\u00a0: "
        f"écrivez {ORIGIN}, sans ce qui suit."
    )


def test_what_is_typed_is_text_and_not_markup(base: KnowledgeBase, client: TestClient) -> None:
    hostile = '"><script>alert(1)</script>%(given)s'
    answer = ask(client, "add", **SAID | {"origins": hostile, "name": hostile})
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    base.sites.add(hostile, [ORIGIN], theme=hostile)
    page = client.get("/en/sites").text
    assert "<script>" not in page
    assert hostile in Page(page).text("main", id="content")


@pytest.mark.parametrize("do", ["change", "disable", "enable", "delete"])
def test_a_site_that_is_not_there_any_more_is_told(
    base: KnowledgeBase, client: TestClient, site: Site, do: str
) -> None:
    sent = said_of(site, confirmed=site.name)
    base.sites.delete(site.key)
    answer = ask(client, do, **sent)
    assert answer.status_code == 400
    assert "This site no longer exists." in Page(answer.text).text("p", role="alert")
    with pytest.raises(UnknownRecord):
        base.sites.get(site.key)


def test_an_action_that_the_page_does_not_know_is_refused(client: TestClient, site: Site) -> None:
    assert ask(client, "publish", key=site.key).status_code == 400


@pytest.fixture
def of_read_only_base(
    base: KnowledgeBase, client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    base.close()
    monkeypatch.setattr("os.access", lambda *_: False)
    with closing(KnowledgeBase(base.folder, WordCountEncoder)) as read_only:
        yield account_client(read_only, AccountRole.ADMINISTRATOR)


def test_a_base_that_cannot_be_written_is_told_and_nothing_typed_is_lost(
    of_read_only_base: TestClient, site: Site
) -> None:
    assert not os.access(".", os.W_OK)
    client = of_read_only_base
    for do, suffix, sent in (
        ("add", "new", SAID),
        ("change", "1", said_of(site, name="Autre")),
        ("disable", "", {"key": site.key}),
        ("delete", "", {"key": site.key, "confirmed": site.name}),
    ):
        answer = ask(client, do, **sent)
        assert answer.status_code == 400
        read = Page(answer.text)
        assert read.text("p", role="alert") == (
            "The catalogue cannot be changed now. Nothing was changed."
        )
        if suffix:
            assert value_of(read, f"name-{suffix}") == sent["name"]
    assert client.get("/en/sites").status_code == 200


def test_every_form_of_the_page_carries_its_token(client: TestClient, site: Site) -> None:
    page = Page(client.get("/en/sites").text)
    forms = page.all("form", method="post")
    assert len(page.inside(page.one("main", id="content"), "form")) == len(forms) == 5
    tokens = page.all("input", name="csrf")
    assert [one.ancestors[-1] for one in tokens] == forms
    assert all(one.attributes["value"] for one in tokens)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_is_whole_and_in_its_language(
    base: KnowledgeBase, client: TestClient, site: Site, language: str
) -> None:
    base.sites.disable(base.sites.add("Autre", [ORIGIN, "https://b.example"]).key)
    response = client.get(f"/{language}/sites")
    read = Page(response.text)
    assert read.one("html").attributes["lang"] == language
    assert read.text("title").endswith("Qui sait faire ?")
    assert len(read.all("h1")) == 1
    ids = [one.attributes["id"] for one in read.elements if "id" in one.attributes]
    assert sorted(ids) == sorted(set(ids))
    labelled = {one.attributes["for"] for one in read.all("label")}
    fields = [one for kind in ("input", "textarea", "select") for one in read.all(kind)]
    assert {one.attributes["id"] for one in fields if one.attributes.get("type") != "hidden"} == (
        labelled
    )
    described = [
        one.attributes["aria-describedby"] for one in fields if "aria-describedby" in one.attributes
    ]
    assert set(described) <= set(ids)
