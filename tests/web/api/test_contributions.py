"""The writing half of the JSON API: who may do what, and what comes of it."""

import io
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.worker import run_next
from kb.errors import WithdrawnRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Role
from kb.registers.accounts import AccountRole
from kb.registers.drafts import Draft, DraftState, Proposals, ProposedField, ProposedParticipation
from kb.registers.jobs import JobState
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, SETTINGS, SITE, client_of

PART = Participation("Avel", Role.PRODUCER, "avel", "fabrique le gel", "https://a.example/")
GEL = Case(
    id="gel",
    title="Du gel à Angoulême",
    text="Avel **fabrique** du gel hydroalcoolique.",
    date="2020-07-01",
    author="Alexandre",
    author_job="Coordinateur",
    themes=("Santé", "Chimie"),
    need="Du gel pour l’hôpital",
    source_url="https://reseau.example/gel",
    participants=(PART,),
)
PROPOSALS = Proposals(
    (ProposedField("need", "du gel", "Il fallait du gel.", 0.75, "rules"),),
    (ProposedParticipation(PART, "Avel fabrique du gel.", 0.5, "a model"),),
)


def program(base: KnowledgeBase, role: AccountRole, name: str = "") -> TestClient:
    """A program with the token of an account of this role, made if there is none."""
    name = name or f"a {role}"
    if name not in {account.name for account in base.accounts.list()}:
        base.accounts.add(name, PASSWORD, role)
    client = client_of(base)
    client.headers["Authorization"] = f"Bearer {base.accounts.issue_token(name, 'tests')}"
    return client


@pytest.fixture
def contributor(base: KnowledgeBase) -> TestClient:
    return program(base, AccountRole.CONTRIBUTOR)


@pytest.fixture
def moderator(base: KnowledgeBase) -> TestClient:
    return program(base, AccountRole.MODERATOR)


@pytest.fixture
def draft(base: KnowledgeBase) -> Draft:
    return base.drafts.add(
        GEL,
        by="a contributor",
        origin="gel.pdf",
        source_text="Il fallait du gel. Avel fabrique du gel.",
        proposals=PROPOSALS,
        remarks=["The date was guessed."],
    )


def path(draft: Draft, verb: str = "") -> str:
    return f"/api/contributions/{draft.id}" + (f"/{verb}" if verb else "")


def seen(revision: int) -> dict[str, str]:
    return {"If-Match": f'"{revision}"'}


def case_of(answer: Any) -> dict[str, Any]:
    case: dict[str, Any] = answer.json()["case"]
    return case


# Contributions


def test_a_contribution_is_told_with_its_proposals(contributor: TestClient, draft: Draft) -> None:
    answer = contributor.get(path(draft))
    assert answer.headers["ETag"] == '"1"'
    told = answer.json()
    assert (told["state"], told["revision"], told["kind"]) == ("submitted", 1, "case")
    assert told["actor"] is None
    assert told["case"]["participants"] == [
        {
            "name": "Avel",
            "role": "producer",
            "actor": "avel",
            "contribution": "fabrique le gel",
            "source_url": "https://a.example/",
        }
    ]
    assert told["fields"][0] == {
        "field": "need",
        "value": "du gel",
        "sentence": "Il fallait du gel.",
        "confidence": 0.75,
        "origin": "rules",
    }
    assert told["participations"][0]["confidence"] == 0.5
    assert told["remarks"] == ["The date was guessed."]
    assert told["url"] == f"{SITE}/fr/brouillons/{draft.id}"


def test_contributors_see_their_own_and_moderators_all(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient, draft: Draft
) -> None:
    others = base.drafts.add(replace(GEL, id="other", title="Autre"), by="Zoé", origin="pasted")
    assert [one["id"] for one in contributor.get("/api/contributions").json()["contributions"]] == [
        draft.id
    ]
    every = moderator.get("/api/contributions").json()
    assert [one["id"] for one in every["contributions"]] == [others.id, draft.id]
    assert every["total"] == 2
    for method, verb, body in (
        ("GET", "", None),
        ("PUT", "", {"case": {"title": "x", "text": "y"}}),
        ("POST", "submit", None),
    ):
        answer = contributor.request(method, path(others, verb), json=body, headers=seen(1))
        assert answer.status_code == 404, verb
    assert base.drafts.get(others.id).revision == 1


def test_contributions_are_listed_by_state_and_in_parts(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    ids = [
        base.drafts.add(replace(GEL, id=f"gel-{n}"), by="x", origin="pasted").id for n in range(5)
    ][::-1]
    base.drafts.set_state(ids[0], DraftState.REJECTED, by="x", revision=1)

    def listed(query: str) -> tuple[int, list[str]]:
        told = moderator.get(f"/api/contributions?{query}").json()
        return told["total"], [one["id"] for one in told["contributions"]]

    assert listed("") == (4, ids[1:])
    assert listed("state=rejected") == (1, ids[:1])
    assert listed("state=rejected&state=submitted") == (5, ids)
    assert listed("limit=2&offset=1") == (4, ids[2:4])
    assert moderator.get("/api/contributions?state=lost").status_code == 422
    assert moderator.get("/api/contributions?limit=1000").status_code == 422


def test_what_was_read_is_what_is_written_back(contributor: TestClient, draft: Draft) -> None:
    told = contributor.get(path(draft))
    answer = contributor.put(path(draft), json={"case": case_of(told)}, headers=seen(1))
    assert answer.status_code == 200
    assert case_of(answer) == case_of(told)
    assert answer.headers["ETag"] == '"1"'  # it says the same: nothing was changed


def test_a_correction_is_held_to_the_rules_of_files(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    told = case_of(contributor.get(path(draft)))
    good = told | {"title": "  Du gel,   à Cognac ", "themes": ["Santé", "santé", "Bois"]}
    answer = contributor.put(path(draft), json={"case": good, "note": "titre"}, headers=seen(1))
    assert answer.status_code == 200
    assert case_of(answer)["title"] == "Du gel, à Cognac"
    assert case_of(answer)["themes"] == ["Santé", "Bois"]
    saved = base.drafts.get(draft.id)
    assert (saved.updated_by, saved.record.id) == ("a contributor", "gel")
    assert base.drafts.versions(draft.id)[-1].note == "titre"


# Revisions


@pytest.mark.parametrize("verb", ["", "submit", "publish", "return", "reject"])
def test_of_two_people_at_one_text_none_writes_over_the_other(
    base: KnowledgeBase, moderator: TestClient, draft: Draft, verb: str
) -> None:
    base.drafts.save(draft.id, replace(GEL, title="By Zoé"), by="Zoé", revision=1)
    body = {"message": "x"} if verb in {"return", "reject"} else {}
    if not verb:
        body = {"case": {"title": "Mine", "text": "x"}}  # type: ignore[dict-item]
    method = "POST" if verb else "PUT"
    missing = moderator.request(method, path(draft, verb), json=body)
    assert missing.status_code == 428
    stale = moderator.request(method, path(draft, verb), json=body, headers=seen(1))
    assert stale.status_code == 412
    assert "revision 2 since Zoé changed it" in stale.json()["detail"]
    assert base.drafts.get(draft.id).revision == 2
    assert moderator.request(method, path(draft, verb), json=body, headers=seen(2)).is_success


# Moderating


def test_a_contribution_is_found_once_it_is_published(
    base: KnowledgeBase, moderator: TestClient, draft: Draft
) -> None:
    base.put([AVEL])

    def found() -> list[str]:
        answer = moderator.get("/api/search?q=gel+hydroalcoolique")
        return [hit["id"] for hit in answer.json()["cases"]]

    assert found() == []
    answer = moderator.post(path(draft, "publish"), headers=seen(1))
    assert answer.status_code == 200
    assert answer.json()["state"] == "published"
    assert found() == ["gel"]
    # A case that does not say when it was moderated was so on the day of its publication.
    assert moderator.get("/api/cases/gel").json()["moderated"]
    again = moderator.post(path(draft, "publish"), headers={"If-Match": answer.headers["ETag"]})
    assert again.status_code == 409
    late = moderator.put(
        path(draft),
        json={"case": {"title": "x", "text": "y"}},
        headers={"If-Match": answer.headers["ETag"]},
    )
    assert late.status_code == 409


def test_a_contribution_goes_back_and_comes_again(
    contributor: TestClient, moderator: TestClient, draft: Draft
) -> None:
    returned = moderator.post(
        path(draft, "return"), json={"message": "Qui a fourni l’alcool ?"}, headers=seen(1)
    )
    assert returned.json()["state"] == "returned"
    assert contributor.get(path(draft)).json()["message"] == "Qui a fourni l’alcool ?"
    again = contributor.post(path(draft, "submit"), headers=seen(2))
    assert (again.status_code, again.json()["state"]) == (200, "submitted")
    rejected = moderator.post(path(draft, "reject"), json={"message": "Non."}, headers=seen(3))
    assert rejected.json()["state"] == "rejected"


# Records


def test_a_record_has_a_history_with_who_and_when(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    base.put([ANGOULEME], by="Léa")
    base.put([replace(ANGOULEME, title="Autrement")], by="Zoé", note="titre")
    told = moderator.get("/api/cases/angouleme/history").json()
    assert [(one["number"], one["by"], one["note"]) for one in told["versions"]] == [
        (1, "Léa", ""),
        (2, "Zoé", "titre"),
    ]
    assert told["versions"][0]["case"]["title"] == ANGOULEME.title
    assert told["versions"][1]["case"]["title"] == "Autrement"
    assert told["withdrawal"] is None


def test_a_record_is_withdrawn_and_restored(base: KnowledgeBase, moderator: TestClient) -> None:
    base.put([AVEL])
    answer = moderator.post("/api/actors/avel/withdraw", json={"reason": "à sa demande"})
    assert answer.status_code == 200
    assert answer.json()["withdrawal"]["reason"] == "à sa demande"
    assert answer.json()["withdrawal"]["by"] == "a moderator"
    assert moderator.get("/api/actors/avel").status_code == 410
    in_french = moderator.get("/api/actors/avel?lang=fr").json()["detail"]
    assert in_french == "L’organisation «\u00a0avel\u00a0» a été retirée."
    assert moderator.post("/api/actors/avel/withdraw").status_code == 410
    restored = moderator.post("/api/actors/avel/restore", json={"version": 1})
    assert restored.json()["withdrawal"] is None
    assert restored.json()["versions"][-1]["actor"]["facts"] == {"Effectif": "35"}
    assert moderator.get("/api/actors/avel").status_code == 200
    for version, status in ((9, 404), (0, 422)):
        answer = moderator.post("/api/actors/avel/restore", json={"version": version})
        assert answer.status_code == status


def test_a_record_is_erased_for_good(base: KnowledgeBase, moderator: TestClient) -> None:
    base.put([ANGOULEME, AVEL])
    answer = moderator.post("/api/cases/angouleme/erase")
    assert answer.status_code == 200
    assert answer.json()["versions"] == []
    assert answer.json()["withdrawal"]["erased"]
    with pytest.raises(WithdrawnRecord):
        base.case("angouleme")


def test_an_unknown_record_is_told(moderator: TestClient) -> None:
    for kind in Kind:
        for verb in ("history", "edit", "withdraw", "restore", "erase"):
            method = "GET" if verb == "history" else "POST"
            body = {"version": 1} if verb == "restore" else None
            answer = moderator.request(method, f"/api/{kind}s/nothing/{verb}", json=body)
            assert answer.status_code == 404
            assert "'nothing'" in answer.json()["detail"]


def test_a_published_record_is_changed_by_a_draft(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    base.put([AVEL])
    opened = moderator.post("/api/actors/avel/edit")
    assert opened.status_code == 201
    where = opened.headers["Location"]
    told = moderator.get(where).json()
    assert (told["state"], told["based_on"]) == ("draft", 1)
    actor = told["actor"] | {"description": "Avel fabrique aussi du gel.", "siret": ""}
    saved = moderator.put(where, json={"actor": actor}, headers=seen(1))
    assert saved.status_code == 200, saved.text
    assert base.actor("avel").description == AVEL.description
    published = moderator.post(f"{where}/publish", headers={"If-Match": saved.headers["ETag"]})
    assert published.status_code == 200
    assert base.actor("avel").description == "Avel fabrique aussi du gel."
    assert base.actor("avel").facts == AVEL.facts


# Directories and jobs


def send_directory(client: TestClient, content: bytes, **fields: str) -> Any:
    files = {"file": ("../../Annuaire été.csv", io.BytesIO(content), "text/csv")}
    return client.post("/api/directories", data={"source": "CCI", **fields}, files=files)


def test_a_directory_becomes_a_job(base: KnowledgeBase, moderator: TestClient) -> None:
    answer = send_directory(moderator, b"name,description\nAvel,cirages\n")
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert answer.headers["Location"] == f"/api/jobs/{told['id']}"
    assert (told["kind"], told["state"], told["created_by"]) == (
        "directory",
        "queued",
        "a moderator",
    )
    assert "path" not in json.dumps(told)
    job = base.jobs.get(told["id"])
    (kept,) = (base.folder / "uploads").glob("*/*")
    assert job.parameters["path"] == str(kept)
    assert job.parameters["source"] == "CCI"
    assert kept.read_bytes() == b"name,description\nAvel,cirages\n"
    assert kept.name == "Annuaire été.csv"


def test_a_job_is_told_as_far_as_it_is_and_cancelled(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    job = base.jobs.add("directory", {"path": "/secret/uploads/1/a.csv"}, by="a moderator")
    assert base.jobs.claim() is not None
    base.jobs.beat(job.id, 3, 10)
    told = moderator.get(f"/api/jobs/{job.id}").json()
    assert (told["state"], told["done"], told["total"]) == ("running", 3, 10)
    cancelled = moderator.post(f"/api/jobs/{job.id}/cancel").json()
    assert cancelled["cancel_asked"]
    failures = [{"file": "a.csv", "row": 2, "reason": "has no name"}]
    base.jobs.finish(job.id, JobState.CANCELLED, {"added": 3, "failures": failures})
    told = moderator.get(f"/api/jobs/{job.id}").json()
    assert told["report"] == {"added": 3, "failures": failures}
    assert "secret" not in json.dumps(told)


def test_a_feed_becomes_a_job(base: KnowledgeBase, contributor: TestClient) -> None:
    answer = contributor.post("/api/feeds", json={"url": "https://reseau.example/rss"})
    assert answer.status_code == 202
    job = base.jobs.get(answer.json()["id"])
    assert (job.kind, job.parameters) == ("feed", {"url": "https://reseau.example/rss"})


# Duplicates


def test_two_actors_are_made_one_or_kept_apart(base: KnowledgeBase, moderator: TestClient) -> None:
    twins = [
        Actor(id=f"{name}-{n}", name=name, place="Cognac", department="16", activity_code="20.41Z")
        for name in ("Avel", "Merlet")
        for n in (1, 2)
    ]
    base.put(twins)
    listed = moderator.get("/api/duplicates").json()
    pairs = {(one["left"], one["right"]) for one in listed["duplicates"]}
    assert pairs == {("Avel-1", "Avel-2"), ("Merlet-1", "Merlet-2")}
    assert listed["total"] == 2
    nowhere = moderator.get("/api/duplicates?source=nowhere").json()
    assert nowhere == {"total": 0, "duplicates": []}
    same = {"left": "Avel-1", "right": "Avel-2", "same": True, "keep": "Avel-2"}
    apart = {"left": "Merlet-1", "right": "Merlet-2", "same": False}
    for decision in (same, apart):
        assert moderator.post("/api/duplicates", json=decision).status_code == 204
    assert base.ids(Kind.ACTOR) == {"Avel-2", "Merlet-1", "Merlet-2"}
    assert moderator.get("/api/duplicates").json() == {"total": 0, "duplicates": []}
    decided = moderator.get("/api/duplicates?state=different").json()["duplicates"]
    assert [(one["left"], one["decided_by"]) for one in decided] == [("Merlet-1", "a moderator")]
    unknown = moderator.post("/api/duplicates", json={"left": "x", "right": "y", "same": False})
    assert unknown.status_code == 404


# Contributing

ARTICLE = """# Du gel à Angoulême

En mars 2020, l’hôpital manquait de gel hydroalcoolique. Avel a fabriqué le gel et l’a
conditionné en flacons. La distillerie Merlet a fourni l’alcool.
"""


def test_a_text_becomes_a_contribution_that_no_search_sees(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    base.put([AVEL])
    answer = contributor.post("/api/contributions", json={"text": ARTICLE})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["Location"] == f"/api/contributions/{told['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (told["state"], told["origin"]) == ("submitted", "pasted")
    assert told["created_by"] == "a contributor"
    assert told["case"]["title"] == "Du gel à Angoulême"
    assert "avel" in {one["participation"]["actor"] for one in told["participations"]}
    assert all(one["sentence"] for one in told["participations"])
    assert contributor.get("/api/search?q=gel").json()["cases"] == []


def test_a_file_becomes_a_contribution(contributor: TestClient) -> None:
    files = {"file": ("../Du gel.md", ARTICLE.encode(), "text/markdown")}
    answer = contributor.post("/api/contributions", files=files, data={"submit": "false"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["origin"], answer.json()["state"]) == ("Du gel.md", "draft")


def test_the_same_again_is_the_same_contribution(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient
) -> None:
    first = contributor.post("/api/contributions", json={"text": ARTICLE})
    again = contributor.post("/api/contributions", json={"text": ARTICLE})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    retyped = ARTICLE.replace("’", "'").replace("\n", " \n")
    files = {"file": ("gel.txt", retyped.encode(), "text/plain")}
    as_file = moderator.post("/api/contributions", files=files)
    assert (as_file.status_code, as_file.json()["id"]) == (200, first.json()["id"])
    other = program(base, AccountRole.CONTRIBUTOR, "Zoé")
    refused = other.post("/api/contributions", json={"text": ARTICLE})
    assert refused.status_code == 409
    assert "Du gel" not in refused.text


def test_an_article_is_fetched_from_its_address(base: KnowledgeBase) -> None:
    page = (
        "<html lang=fr><head><title>Du gel à Angoulême</title></head><body><article>"
        "<h1>Du gel à Angoulême</h1>"
        "<p>En mars 2020, l’hôpital manquait de gel hydroalcoolique.</p>"
        "<p>Avel a fabriqué le gel et l’a conditionné en flacons, en trois semaines.</p>"
        "</article></body></html>"
    )

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/gel"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if found:
                self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"127.0.0.1:{server.server_port}"
        base.accounts.add("Léa", PASSWORD, AccountRole.CONTRIBUTOR)
        client = client_of(base, SETTINGS.model_copy(update={"fetch_local": origin}))
        client.headers["Authorization"] = f"Bearer {base.accounts.issue_token('Léa', 'x')}"
        answer = client.post("/api/contributions", json={"url": f"http://{origin}/gel"})
        again = client.post("/api/contributions", json={"url": f"http://{origin}/gel"})
        missing = client.post("/api/contributions", json={"url": f"http://{origin}/rien"})
        server.shutdown()
    assert answer.status_code == 201, answer.text
    assert answer.json()["case"]["source_url"] == f"http://{origin}/gel"
    assert "fabriqué le gel" in answer.json()["case"]["text"]
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
    assert missing.status_code == 422
    assert "error 404" in missing.json()["detail"]


def test_who_sees_contacts_is_chosen_with_a_directory_and_afterwards(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    files = {"file": ("membres.csv", b"Nom;Tel\nAvel;05 36 49 00 10\n")}
    wrong = moderator.post("/api/directories", data={"source": "CCI", "persons": "x"}, files=files)
    assert wrong.status_code == 422
    sent = {"source": "CCI", "contacts": "members"}
    assert moderator.post("/api/directories", data=sent, files=files).status_code == 202
    assert run_next(base)
    source = {"name": "CCI", "actors": 1, "contacts": "members", "persons": "none", "job": ""}
    assert moderator.get("/api/sources").json() == {"sources": [source]}
    assert client_of(base).get("/api/actors/avel").json()["phone"] == []
    chosen = {"contacts": "public", "persons": "members"}
    answer = moderator.put("/api/sources/CCI/contacts", json=chosen).json()
    assert answer == source | chosen | {"job": answer["job"]}
    assert moderator.get(f"/api/jobs/{answer['job']}").json()["kind"] == "contacts"
    assert run_next(base)
    assert client_of(base).get("/api/actors/avel").json()["phone"] == ["+33536490010"]
    assert moderator.put("/api/sources/x/contacts", json=chosen).status_code == 404


def test_a_long_article_is_answered_with_its_job(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    text = "La mairie a relu chaque facture avant de la payer. " * 500
    response = contributor.post("/api/contributions", json={"title": "Du gel", "text": text})
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/jobs/{response.json()['id']}"
    assert run_next(base)
    (draft,) = base.drafts.list()
    assert draft.state is DraftState.SUBMITTED
    assert contributor.get(response.headers["Location"]).json()["state"] == "done"
