"""Nothing that anyone writes anywhere becomes part of a page: accounts, drafts, the board, lists…

Every text of every register is an attack, in HTML and as a template; every page is looked at by
a stranger, a contributor and an administrator.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind, Participation
from kb.reference.roles import Flow, Role
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.registers.board.notice import AnswerKind, NoticeContent, NoticeState
from kb.registers.dossiers import DossierEntry
from kb.registers.drafts import DraftState, Proposals, ProposedField, ProposedParticipation
from kb.registers.holders import FlaggedKind, FlagReason
from kb.registers.identity import Identity
from kb.settings import Settings
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL, HOSTILE, SampleBase
from tests.web.signed_in import account_client, another_browser, client_of
from web.app import ROUTED, create_app

pytestmark = pytest.mark.thorough

ATTACK = "\"'></textarea></title><script>alert(1)</script><img src=x onerror=alert(2)>{{ 9**10 }}"
"""Closes attributes and elements, runs a script, and is a sum where it is read as a template."""

SHORT = "<script>{{9**10}}"
"""The same where few characters are taken."""

NAME = "<i onclick=x>{{9**10}}"
ADMINISTRATOR, CONTRIBUTOR = f"{NAME}a", f"{NAME}b"


def attacked(base: KnowledgeBase) -> dict[str, list[str]]:
    """Writes the attack into every register; returns the ids of what pages show, by their kind."""
    part = Participation(ATTACK, Role.PRODUCER, "", ATTACK, "javascript:alert(1)")
    case = replace(ANGOULEME, id="attacked", title=ATTACK, need=ATTACK, author=ATTACK,
                   author_job=ATTACK, moderator=ATTACK, themes=(ATTACK,),
                   participants=(part,), source_url="javascript:alert(1)")  # fmt: skip
    actor = replace(HOSTILE, id="attacker", name=ATTACK, description=ATTACK, place=ATTACK)
    base.put([AVEL, HOSTILE, case, actor], by=ADMINISTRATOR)
    base.put([replace(case, text=f"{ATTACK}\n\n[x](javascript:alert(1))")], by=CONTRIBUTOR)
    proposals = Proposals(
        (ProposedField("need", ATTACK, ATTACK, 0.5, ATTACK),),
        (ProposedParticipation(part, ATTACK, 0.5, ATTACK),),
    )
    drafts = [
        base.drafts.add(
            replace(record, id=f"draft-{record.id}"), by=CONTRIBUTOR, origin=ATTACK,
            source_text=ATTACK * 3, proposals=proposals, remarks=[ATTACK],
        )
        for record in (case, actor)
    ]  # fmt: skip
    returned = base.drafts.add(case, by=CONTRIBUTOR, origin=ATTACK)
    base.drafts.set_state(
        returned.id, DraftState.RETURNED, by=ADMINISTRATOR, revision=1, message=ATTACK
    )
    content = NoticeContent(
        Flow.SEEKS, ATTACK, text=ATTACK, place=ATTACK, asker=ATTACK, themes=(ATTACK,)
    )
    waiting = base.notices.add(content, owner=CONTRIBUTOR)
    notice = base.notices.add(content, owner=CONTRIBUTOR)
    base.notices.publish(notice.id, by=ADMINISTRATOR, revision=1)
    base.answers.add(
        notice.id, AnswerKind.KNOWS, text=ATTACK, organisation=ATTACK, contact=ATTACK,
        by=CONTRIBUTOR,
    )  # fmt: skip
    base.answers.add(notice.id, AnswerKind.CAN, text=ATTACK, organisation=ATTACK, waits=True)
    base.flags.add(FlaggedKind.ACTOR, AVEL.id, FlagReason.OTHER, text=ATTACK, lang="fr")
    base.holds.ask(AVEL.id, "lea@avel.example", message=ATTACK, lang="fr")
    base.dossiers.pick([DossierEntry(AVEL.id, need=ATTACK, note=ATTACK)], by=CONTRIBUTOR)
    job = base.jobs.add("feed", {"url": f"https://a.example/{ATTACK}"}, by=CONTRIBUTOR)
    base.sites.add(NAME, ["https://a.example"])
    base.outbox.queue(NewMail("lea@a.example", ATTACK, ATTACK, ATTACK, "fr", "digest"))
    texts = {"legal.fr": f"{ATTACK}\n\n[x](javascript:alert(1))", "privacy.fr": ATTACK}
    base.identity.save(
        Identity(name=NAME, taglines={"fr": ATTACK}, texts=texts), by=ADMINISTRATOR, revision=0
    )
    base.accounts.issue_token(CONTRIBUTOR, SHORT)
    base.withdraw(Kind.ACTOR, HOSTILE.id, by=ADMINISTRATOR, reason=ATTACK)
    return {
        "brouillons": [draft.id for draft in (*drafts, returned)],
        "besoins": [notice.id, waiting.id],
        "annonces": [notice.id, waiting.id],
        "taches": [job.id],
        "cas": ["attacked"],
        "acteurs": ["attacker", AVEL.id, HOSTILE.id],
    }


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[TestClient]]:
    folder = tmp_path_factory.mktemp("attacked")
    Store.open(folder / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(folder, WordCountEncoder)) as base:
        administrator = account_client(base, AccountRole.ADMINISTRATOR, ADMINISTRATOR)
        contributor = account_client(base, AccountRole.CONTRIBUTOR, CONTRIBUTOR)
        SHOWN.update(attacked(base))
        assert base.notices.list(list(NoticeState))
        yield [administrator, contributor, another_browser(client_of(base))]


SHOWN: dict[str, list[str]] = {}


def addresses(pattern: str) -> list[str]:
    """The addresses of a route at which the attack may be shown."""
    parts = [part for part in re.split(r"[/{-]", pattern) if part in SHOWN]
    ids = SHOWN[parts[-1]] if "{" in pattern and parts else ["attacked"]
    query = "?q=gel&id=avel&kind=actor&corrects=avel&item=0&case=attacked&participant=0"
    return [re.sub(r"\{[^}]*\}", id_, pattern) + query for id_ in ids]


FRENCH = sorted(
    {
        route.path
        for room in ROUTED
        for route in room.router.routes
        if isinstance(route, APIRoute)
        and route.path.startswith("/fr")
        and "GET" in (route.methods or ())
    }
)


@pytest.mark.parametrize("pattern", FRENCH)
def test_no_page_shows_an_attack_as_anything_but_text(
    clients: list[TestClient], pattern: str
) -> None:
    for client in clients:
        for path in addresses(pattern):
            answer = client.get(path)
            assert answer.status_code < 500, path
            assert "3486784401" not in answer.text, path
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                assert "<script>alert" not in answer.text, path
                continue
            assert_harmless(Page(answer.text), path)


def assert_harmless(read: Page, told: str) -> None:
    for element in read.elements:
        assert not [name for name in element.attributes if name.startswith("on")], told
        assert "style" not in element.attributes, told
        assert element.attributes.get("src", "/").startswith("/"), told
        for name in ("href", "action", "formaction", "src"):
            value = element.attributes.get(name, "").strip().lower()
            assert not value.startswith(("javascript:", "data:", "vbscript:")), told
        if element.tag == "script" and "src" not in element.attributes:
            assert element.attributes == {"type": "application/ld+json"}, told


def test_the_attack_is_shown_where_it_was_written(clients: list[TestClient]) -> None:
    """What is looked for above is there: as text, on the pages that show it."""
    for pattern in (
        "/fr/brouillons/{record_id:path}",
        "/fr/besoins-et-offres/{record_id:path}",
        "/fr/cas/{record_id:path}",
        "/fr/historique/cas/{record_id:path}",
        "/fr/moderation",
        "/fr/signalements",
        "/fr/comptes",
        "/fr/courriels",
        "/fr/sites",
        "/fr/mentions-legales",
        "/fr/donnees-personnelles",
    ):
        answers = [clients[0].get(path) for path in addresses(pattern)]
        assert [one for one in answers if "9**10" in Page(one.text).elements[0].text], pattern
    assert "9**10" in clients[1].get("/fr/dossier").text


@pytest.fixture(scope="module")
def catalogue() -> Iterator[TestClient]:
    with TestClient(create_app(SampleBase(), Settings())) as client:
        yield client


def test_hostile_records_stay_text(catalogue: TestClient) -> None:
    attack = '"><script>alert("query")</script><img src=x onerror=alert(1)>'
    for path in (
        "/fr/acteurs/hostile",
        "/fr/cas/angouleme",
        "/fr/cas/kalundborg",
        "/fr/recherche?q=cirages+gras",
        f"/fr/themes?theme={HOSTILE.themes[0]}",
        f"/fr/recherche?q=cirages&theme={quote(attack)}",
        f"/fr/recherche?q={quote(attack)}",
    ):
        response = catalogue.get(path)
        assert response.status_code == 200
        read = Page(response.text)
        assert_harmless(read, path)
        assert not [one for one in read.elements if one.tag in {"img", "iframe", "b", "i"}], path
    assert attack in [one.attributes.get("value") for one in read.elements]


@hypothesis_settings(max_examples=60)
@given(query=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_query_is_answered_or_refused_and_kept(catalogue: TestClient, query: str) -> None:
    response = catalogue.get("/en/search", params={"q": query})
    assert response.status_code in {200, 400}
    assert_harmless(Page(response.text), query)
