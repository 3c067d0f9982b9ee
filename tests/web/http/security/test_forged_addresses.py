"""Addresses and headers that somebody else wrote lead nowhere, and put no word in our mouth."""

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.web.catalogue.test_pages import EVERY_PAGE
from tests.web.sample_base import AVEL, SampleBase
from tests.web.signed_in import (
    PASSWORD,
    SITE,
    account_client,
    another_browser,
    client_of,
    csrf_token,
)
from web.app import create_app
from web.http.i18n import Language
from web.http.urls import Page, address

pytestmark = pytest.mark.thorough

EVIL = "evil.example"

ELSEWHERE = [
    f"https://{EVIL}/",
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"\\/{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"\x00//{EVIL}",
    f" //{EVIL}",
    f"https:{EVIL}",
    f"/%09/{EVIL}",
    f"/%5c{EVIL}",
    f"/fr/\r\nLocation: https://{EVIL}/",
    f"javascript://{EVIL}/%0aalert(1)",
    f"data:text/html,{EVIL}",
    f"{SITE}@{EVIL}/",
    f"/.//{EVIL}",
    f"/fr/..//{EVIL}",
]
"""Where a link to sign in must lead nobody afterwards."""


def _leads_away(location: str) -> bool:
    """Whether a browser that reads this address leaves the site (URL Standard, 4.4)."""
    read = "".join(sign for sign in location.strip() if sign not in "\t\r\n").replace("\\", "/")
    return not read.startswith("/") or read.startswith("//")


def test_signing_in_leads_to_a_page_of_this_site(base: KnowledgeBase) -> None:
    base.accounts.add("Zoé", PASSWORD, AccountRole.CONTRIBUTOR)
    site = client_of(base)
    for target in ELSEWHERE:
        client = another_browser(site)
        assert client.get("/fr/connexion", params={"next": target}).status_code == 200
        sent = {"csrf": csrf_token(client, "/fr/connexion"), "name": "Zoé", "password": PASSWORD}
        answers = [client.post("/fr/connexion", data={**sent, "next": target})]
        # Who is signed in already is sent on at once.
        answers.append(client.get("/fr/connexion", params={"next": target}))
        for answer in answers:
            assert answer.status_code == 303
            assert not _leads_away(answer.headers["Location"]), target


def test_no_path_redirects_to_another_host(client: TestClient) -> None:
    for path in (f"//{EVIL}", f"/fr//{EVIL}", f"/%2f{EVIL}", f"/\\{EVIL}", "/fr"):
        location = client.get(f"https://quisait.example{path}").headers.get("Location", "/")
        assert not _leads_away(location)
        assert EVIL not in location


FORGED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Host": EVIL,
    "Forwarded": f"host={EVIL};proto=http",
    "X-Original-URL": f"https://{EVIL}/",
    "X-Rewrite-URL": "/fr/comptes",
    "X-HTTP-Method-Override": "POST",
}


def test_no_page_repeats_a_host_that_a_header_names(client: TestClient) -> None:
    """What a cache keeps of an answer is the same whatever such headers say."""
    for path in [*EVERY_PAGE, "/sitemap.xml", "/robots.txt", "/opensearch.xml"]:
        usual = client.get(path)
        forged = client.get(path, headers={**FORGED, "Host": EVIL})
        assert forged.status_code == usual.status_code, path
        assert EVIL not in forged.text, path
        assert EVIL not in str(forged.headers), path


def test_without_a_public_address_only_the_host_that_is_asked_is_named(
    knowledge_base: SampleBase,
) -> None:
    with TestClient(create_app(knowledge_base, Settings()), base_url="http://a.example") as client:
        for path in ("/fr/", "/sitemap.xml", "/fr/flux/cas.atom"):
            assert EVIL not in client.get(path, headers=FORGED).text


def test_no_name_of_a_file_adds_a_header(base: KnowledgeBase) -> None:
    """Whatever is asked, a download has one header of each kind and a plain name."""
    base.put([AVEL])
    client = account_client(base, AccountRole.ADMINISTRATOR)
    bad = 'x"\r\nSet-Cookie: a=b\r\n\r\n<script>'
    for path, query in (
        ("/fr/tableau-de-bord/chiffres.csv", {"table": bad}),
        ("/api/report", {"q": bad, "format": "csv"}),
        ("/api/report", {"q": "cirage", "format": bad}),
        ("/fr/recherche/compte-rendu", {"q": bad, "id": AVEL.id}),
        ("/fr/flux/recherche.atom", {"q": bad}),
    ):
        answer = client.get(path, params=query)
        assert answer.status_code < 500, path
        assert "Set-Cookie" not in answer.headers, path
        assert "<script>" not in answer.headers.get("Content-Disposition", ""), path
    token = csrf_token(client, "/fr/dossier")
    sent = {"csrf": token, "do": "csv", "id": AVEL.id, f"need {AVEL.id}": bad}
    answer = client.post("/fr/dossier/feuille", data=sent)
    assert answer.headers["Content-Disposition"].isprintable()
    assert "Set-Cookie" not in answer.headers


def test_no_id_of_a_record_adds_a_header_or_leads_away() -> None:
    for id_ in ("a\r\nSet-Cookie: b=c", "//evil.example", "\\evil", "a#b?c", "é/ü"):
        for page in Page:
            for language in Language:
                shown = address(page, id_, q=id_).path(language)
                assert shown.isprintable()
                assert shown.isascii()
                assert not _leads_away(shown)
