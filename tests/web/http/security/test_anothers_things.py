"""What is somebody's is out of reach of others of the same rights, whoever knows what it is called.

`test_doors` asks every page; here are things that a form or a parameter names.
"""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeContent
from kb.registers.dossiers import DossierEntry
from tests.web.sample_base import AVEL, DISTILLERY
from tests.web.signed_in import account_client, client_of, csrf_token

pytestmark = pytest.mark.thorough


@pytest.fixture
def lea(base: KnowledgeBase) -> TestClient:
    base.put([AVEL, DISTILLERY])
    return account_client(base, name="Léa")


@pytest.fixture
def zoe(base: KnowledgeBase, lea: TestClient) -> TestClient:
    """Another contributor, who knows the names of all that is Léa's."""
    return account_client(base, name="Zoé")


def sent(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data={"csrf": csrf_token(client, "/fr/compte"), **fields})


def test_a_dossier_is_read_and_changed_by_whose_it_is(base: KnowledgeBase, zoe: TestClient) -> None:
    mine = base.dossiers.pick([DossierEntry(AVEL.id, need="gel", note="Rappeler")], by="Léa")
    before = base.dossiers.of("Léa")
    fields = {"dossier": mine.id, "into": mine.id, "id": DISTILLERY.id, "title": "À moi"}
    for do in (
        "keep", "save", f"remove {AVEL.id}", "tell", "merge", "delete", "share writer",
        "withdraw writer", "case",
    ):  # fmt: skip
        assert sent(zoe, "/fr/dossier", do=do, **fields).status_code in {303, 404}, do
        assert base.dossiers.of("Léa") == before
        assert not [one for one in base.dossiers.of("Zoé") if one.id == mine.id]
    read = zoe.get("/fr/dossier", params={"dossier": mine.id})
    assert read.status_code == 404
    assert "Rappeler" not in read.text
    for asked in ("csv", "xlsx", "vcf"):
        answer = zoe.post(
            "/fr/dossier/feuille", data={"do": asked, "dossier": mine.id, "id": AVEL.id}
        )
        assert b"gel" not in answer.content


def test_a_session_and_a_token_are_ended_by_whose_they_are(
    base: KnowledgeBase, lea: TestClient, zoe: TestClient
) -> None:
    token = base.accounts.issue_token("Léa", "tests")
    (handle,) = [one.handle for one in base.accounts.tokens("Léa")]
    (session,) = base.sessions.of_account(base.accounts.get("Léa"))
    sent(zoe, "/fr/compte", do="revoke_token", token=handle)
    sent(zoe, "/fr/compte", do="end_session", session=session.handle)
    sent(zoe, "/fr/compte", do="end_sessions", name="Léa")
    sent(zoe, "/fr/compte", do="end_everywhere", name="Léa")
    assert base.accounts.account_of_token(token)
    assert lea.get("/fr/compte").status_code == 200


def test_no_page_tells_of_a_notice_that_waits(base: KnowledgeBase, zoe: TestClient) -> None:
    waiting = base.notices.add(NoticeContent(Flow.SEEKS, "Un secret de Léa"), owner="Léa")
    for path in (
        f"/fr/alertes?notice={waiting.id}",
        f"/fr/flux/reponses.atom?notice={waiting.id}",
        f"/fr/besoins-et-offres/{waiting.id}",
        f"/fr/modifier/annonces/{waiting.id}",
        f"/api/notices/{waiting.id}",
    ):
        for client in (zoe, client_of(base)):
            answer = client.get(path)
            assert answer.status_code in {303, 403, 404}, path
            assert "Un secret de Léa" not in answer.text


def test_asking_for_a_page_tells_nothing_of_addresses_and_accounts(base: KnowledgeBase) -> None:
    """Whoever asks is answered alike, whether or not an account, or a request, has the address."""
    base.put([AVEL, DISTILLERY])
    base.accounts.add("lea@a.example", "du cirage au gel", AccountRole.CONTRIBUTOR)
    base.holds.ask(AVEL.id, "lea@a.example", message="", lang="fr")
    told = []
    for email in ("lea@a.example", "personne@a.example"):
        client = client_of(base)
        path = f"/fr/titulaire/{AVEL.id}"
        fields = {"csrf": csrf_token(client, path), "do": "ask", "email": email}
        answer = client.post(path, data=fields)
        told.append((answer.status_code, answer.headers["Location"]))
    assert told[0] == told[1]
