"""How knowledge comes in through the pages: texts, files, links, directories."""

import io
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest import submission
from ingest.worker import run_next
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.reference.roles import Role
from kb.registers.drafts import DraftState
from kb.registers.jobs import JobState
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import account_client, client_of, csrf_token

TITLE = "Du cirage au gel hydroalcoolique"
BODY = (
    "En mars 2020, l'hôpital d'Angoulême manquait de gel hydroalcoolique.\n\n"
    "L'entreprise Avel, qui fabrique des cirages à Magnac-Lavalette, a fabriqué et conditionné "
    "le gel. La mairie d'Angoulême a coordonné l'opération.\n"
)
DIRECTORY = (
    "Raison sociale;Ville;Métier;Effectif\n"
    "Atelier Bois;Cognac;fabrique des palettes en bois;12\n"
    "Verrerie du Pont;Châteaubernard;souffle des flacons de verre;40\n"
    ";Angoulême;sans nom;3\n"
)


@pytest.fixture
def contributor(base: KnowledgeBase) -> TestClient:
    base.put([AVEL])
    return account_client(base)


def send(client: TestClient, do: str, files: Any = None, **fields: str) -> Any:
    data = {"csrf": csrf_token(client, "/en/contribute"), "do": do, **fields}
    return client.post("/en/contribute", data=data, files=files)


def upload(name: str, content: bytes, field: str = "files") -> Any:
    return (field, (name, io.BytesIO(content)))


def test_a_visitor_is_told_what_it_is_and_whom_to_ask(base: KnowledgeBase) -> None:
    response = client_of(base).get("/fr/contribuer")
    assert response.status_code == 200
    read = Page(response.text)
    assert read.text("h1") == "Contribuer"
    assert not read.all("form")
    links = [one.attributes["href"] for one in read.all("a")]
    assert "/fr/connexion?next=%2Ffr%2Fcontribuer" in links
    assert "mailto:reseau@quisait.example" in links


def test_a_pasted_article_becomes_a_draft_with_what_was_read_out_of_it(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    response = send(contributor, "text", title=TITLE, text=BODY)
    assert response.status_code == 303
    (draft,) = base.drafts.list()
    assert response.headers["Location"] == f"/en/drafts/{draft.id}?done=contributed"
    assert (draft.state, draft.origin, draft.created_by) == (
        DraftState.DRAFT,
        "pasted",
        "a contributor",
    )
    assert isinstance(draft.record, Case)
    assert draft.record.title == TITLE
    assert "manquait de gel" in draft.record.text
    roles = {part.actor_id: part.role for part in draft.record.participants if part.actor_id}
    assert roles == {"avel": Role.PRODUCER}
    assert base.search("gel hydroalcoolique").cases == ()


def test_nothing_pasted_is_said_beside_the_field_and_the_title_is_kept(
    contributor: TestClient,
) -> None:
    response = send(contributor, "text", title=TITLE, text="  ")
    assert response.status_code == 400
    read = Page(response.text)
    assert read.one("input", name="title").attributes["value"] == TITLE
    text = read.one("textarea", name="text")
    assert text.attributes["aria-invalid"] == "true"
    assert "f-text-error" in text.attributes["aria-describedby"].split()
    assert read.text("p", id="f-text-error") == "Paste the text of an article."


def test_the_same_text_leads_to_the_draft_that_it_is(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    send(contributor, "text", title=TITLE, text=BODY)
    (draft,) = base.drafts.list()
    again = send(contributor, "text", title=TITLE, text=BODY)
    assert again.headers["Location"] == f"/en/drafts/{draft.id}?done=known"
    assert base.drafts.list() == [draft]


def test_a_file_becomes_a_draft(base: KnowledgeBase, contributor: TestClient) -> None:
    content = f"{TITLE}\n\n{BODY}".encode()
    response = send(contributor, "files", files=[upload("../gel.txt", content)])
    assert response.status_code == 303
    (draft,) = base.drafts.list()
    assert draft.origin == "gel.txt"
    assert isinstance(draft.record, Case)
    assert draft.record.title == TITLE


def test_several_files_are_read_by_a_job_that_tells_of_each(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    files = [
        upload("gel.txt", f"{TITLE}\n\n{BODY}".encode()),
        upload("vide.txt", b""),
        upload("photo.bmp", b"\x89PNG"),
    ]
    sent = send(contributor, "files", files)
    assert sent.status_code == 303
    assert run_next(base)
    (draft,) = base.drafts.list()
    assert draft.origin == "gel.txt"
    read = Page(contributor.get(sent.headers["Location"]).text)
    assert TITLE in read.one("section", aria_labelledby="drafts").text
    told = [row.text.split()[0] for body in read.all("tbody") for row in read.inside(body, "tr")]
    assert {"photo.bmp", "vide.txt"} <= set(told)


LONG = f"{BODY}\n{'La mairie a relu chaque facture avant de la payer. ' * 500}"


def proposed_in_a_job_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_asked: object) -> None:
        raise AssertionError("searched for proposals while somebody waits")

    monkeypatch.setattr(submission, "propose", fail)


@pytest.mark.parametrize("way", ["text", "files"])
def test_a_long_article_is_read_by_a_job_that_leads_to_its_draft(
    base: KnowledgeBase, contributor: TestClient, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with monkeypatch.context() as meanwhile:
        proposed_in_a_job_only(meanwhile)
        if way == "text":
            response = send(contributor, "text", title=TITLE, text=LONG)
        else:
            response = send(contributor, "files", [upload("a.md", f"# {TITLE}\n\n{LONG}".encode())])
    assert response.status_code == 303
    (job,) = base.jobs.list()
    assert response.headers["Location"] == f"/en/jobs/{job.id}?done=long"
    assert "is long and is being read" in contributor.get(response.headers["Location"]).text
    assert run_next(base)
    (draft,) = base.drafts.list()
    assert (draft.state, draft.created_by) == (DraftState.DRAFT, "a contributor")
    assert isinstance(draft.record, Case)
    assert (draft.record.title, draft.record.text) == (TITLE, LONG.strip())
    page = contributor.get(response.headers["Location"]).text
    assert f"/en/drafts/{draft.id}" in page
    assert "is long and is being read" not in page
    assert not list((base.folder / "uploads").iterdir())


def test_a_link_that_is_not_fetched_is_refused_in_one_line(contributor: TestClient) -> None:
    for link in ("", "javascript:alert(1)", "http://127.0.0.1/", "ftp://example.org/x"):
        response = send(contributor, "link", link=link)
        assert response.status_code == 400
        read = Page(response.text)
        assert read.one("input", name="link").attributes["value"] == link
        assert read.text("p", id="f-link-error")


def test_a_directory_takes_a_moderator(base: KnowledgeBase, contributor: TestClient) -> None:
    refused = send(
        contributor,
        "directory",
        files=[upload("a.csv", DIRECTORY.encode(), "directory")],
        source="CCI",
    )
    assert refused.status_code == 403
    assert 'name="directory"' not in contributor.get("/en/contribute").text


def test_a_directorys_columns_are_shown_before_it_is_read(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    sent = send(
        moderator,
        "directory",
        files=[upload("membres.csv", DIRECTORY.encode(), "directory")],
        source=" CCI  Charente ",
    )
    assert sent.status_code == 303
    path = sent.headers["Location"]
    assert path.endswith("?source=CCI+Charente")
    read = Page(moderator.get(path).text)
    chosen = {}
    for option in read.all("option"):
        if "selected" in option.attributes:
            (select,) = (one for one in option.ancestors if one.tag == "select")
            chosen[select.attributes["name"]] = option.attributes["value"]
    assert chosen == {
        "organisations": "public",
        "persons": "none",
        "target-0": "name",
        "target-1": "place",
        "target-2": "description",
        "target-3": "fact",
    }
    samples = [one.text.split("\n") for one in read.all("ul", class_="samples")]
    assert [part.strip() for part in samples[1] if part.strip()] == [
        "Cognac",
        "Châteaubernard",
        "Angoulême",
    ]
    outcome = read.one("section", class_="remarks").text
    assert "2 rows would be added" in outcome
    assert "1 row would fail" in outcome
    assert base.actors() == []


def test_a_directory_is_read_as_the_moderator_said_and_that_is_remembered(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    sent = send(
        moderator,
        "directory",
        files=[upload("membres.csv", DIRECTORY.encode(), "directory")],
        source="CCI",
    )
    path = sent.headers["Location"]
    fields = {
        "csrf": csrf_token(moderator, path),
        "source": "CCI",
        "columns": "4",
        "do": "apply",
    }
    for number, (header, guess) in enumerate(
        [("Raison sociale", "name"), ("Ville", "place"), ("Métier", "description")]
    ):
        fields |= {
            f"header-{number}": header,
            f"guess-{number}": guess,
            f"target-{number}": guess,
        }
    fields |= {"header-3": "Effectif", "guess-3": "fact", "target-3": "ignored"}
    applied = moderator.post(path, data=fields)
    assert applied.status_code == 303
    (job,) = base.jobs.list()
    assert json.loads(job.parameters["mapping"]) == {"Effectif": "ignored"}
    assert base.column_choices.mapping("CCI") == {"Effectif": "ignored"}

    waiting = moderator.get(applied.headers["Location"])
    assert waiting.headers["Refresh"] == "3"
    once = next(one for one in Page(waiting.text).all("a") if "look=once" in str(one.attributes))
    assert "Refresh" not in moderator.get(once.attributes["href"]).headers
    assert run_next(base)
    assert base.jobs.get(job.id).state is JobState.DONE
    assert {actor.name: dict(actor.facts) for actor in base.actors()} == {
        "Atelier Bois": {},
        "Verrerie du Pont": {},
    }
    report = Page(moderator.get(applied.headers["Location"]).text)
    assert [one.text for one in report.inside(report.one("tbody"), "td")][:2] == [
        "membres.csv",
        "4",
    ]
    lines = moderator.get(f"/en/jobs/{job.id}?form=csv")
    assert lines.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert lines.text.startswith("\ufefffile,row,kind,reason\r\nmembres.csv,4,failures,")


def test_a_job_is_cancelled(base: KnowledgeBase, moderator: TestClient) -> None:
    job = base.jobs.add("directory", {"path": "/nowhere.csv"}, by="somebody")
    path = f"/en/jobs/{job.id}"
    data = {"csrf": csrf_token(moderator, path), "do": "cancel"}
    assert moderator.post(path, data=data).status_code == 303
    assert base.jobs.get(job.id).state is JobState.CANCELLED
