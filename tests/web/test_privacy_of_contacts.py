"""Who sees the contacts of a source: every route, asked by strangers and by members."""

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from ingest.export import export
from ingest.pipeline import ingest
from ingest.worker import run_next
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.accounts import AccountRole
from tests.web.signed_in import account_client, client_of, send
from web.app import ROUTED

HEADER = "Nom;Activité;Commune;Code postal;Adresse;Contact;Fonction;Tél.;Portable;E-mail;E-mail 2"
ROW = (
    "Avel;Fabrique des cirages et des crèmes.;Magnac;16320;12 rue des Cordonniers;Jeanne Martin;"
    "directrice;05 36 49 77 10;06 39 98 00 11;contact@avel.example;j.martin@avel.example"
)
ORGANISATION = ("36 49 77 10", "36497710", "contact@avel", "Cordonniers")
PERSON = ("Jeanne", "39 98 00 11", "63998001", "j.martin@", "directrice")
PUBLIC, MEMBERS, NONE = Visibility


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "cci.csv"
    path.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    return path


def taken_in(
    base: KnowledgeBase, path: Path, organisations: Visibility, persons: Visibility
) -> None:
    report = ingest(base, [path], seen_by={"organisations": organisations, "persons": persons})
    assert (report.failures, report.added + report.unchanged + report.changed) == ([], 1)


def answers(client: TestClient) -> dict[str, str]:
    """The texts that every route answers about the actor, by its path."""
    found = {}
    for module in ROUTED:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            if "GET" not in (route.methods or ()):
                continue
            path = re.sub(r"\{[^}]*\}", "avel-magnac", route.path)
            for asked in ("", "&format=json", "&format=csv", "&item=particulars"):
                query = f"q=cirages&id=avel-magnac&actor=avel-magnac{asked}"
                found[f"{path}?{query}"] = client.get(f"{path}?{query}").text
    assert any("cirages et des cr" in text for text in found.values())
    return found


def leaks(client: TestClient, traces: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (path, trace) for path, text in answers(client).items() for trace in traces if trace in text
    ]


@pytest.mark.parametrize(
    ("organisations", "persons", "to_strangers", "to_members"),
    [
        pytest.param(
            *(PUBLIC, PUBLIC, (*ORGANISATION, *PERSON), (*ORGANISATION, *PERSON)),
            marks=pytest.mark.thorough,
        ),
        (PUBLIC, MEMBERS, ORGANISATION, (*ORGANISATION, *PERSON)),
        pytest.param(*(PUBLIC, NONE, ORGANISATION, ORGANISATION), marks=pytest.mark.thorough),
        (MEMBERS, MEMBERS, (), (*ORGANISATION, *PERSON)),
        pytest.param(*(NONE, PUBLIC, PERSON, PERSON), marks=pytest.mark.thorough),
        pytest.param(*(NONE, NONE, (), ()), marks=pytest.mark.thorough),
    ],
)
def test_each_sees_what_the_source_lets_them(
    base: KnowledgeBase,
    directory: Path,
    organisations: Visibility,
    persons: Visibility,
    to_strangers: tuple[str, ...],
    to_members: tuple[str, ...],
) -> None:
    taken_in(base, directory, organisations, persons)
    every = {*ORGANISATION, *PERSON}
    for client, seen in (
        (client_of(base), to_strangers), (account_client(base), to_members)
    ):  # fmt: skip
        page = client.get("/fr/acteurs/avel-magnac").text
        call = client.get("/fr/dossier?need=cirages&id=avel-magnac").text
        for trace in every:
            assert (trace in page) == (trace in seen), trace
            assert (trace in call) == (trace in seen), trace
        assert leaks(client, tuple(every - set(seen))) == []


def test_what_nobody_sees_is_not_stored(
    base: KnowledgeBase, directory: Path, tmp_path: Path
) -> None:
    taken_in(base, directory, NONE, NONE)
    base.close()
    content = b"".join(path.read_bytes() for path in base.folder.glob("kb.sqlite*"))
    assert b"cirages" in content
    for trace in ("+33536497710", "Jeanne", "avel.example", "Cordonniers", "+33639980011"):
        assert trace.encode() not in content


def test_a_choice_holds_at_once_and_what_is_forgotten_is_in_no_version(
    base: KnowledgeBase, directory: Path
) -> None:
    taken_in(base, directory, PUBLIC, PUBLIC)
    stranger, moderator = client_of(base), account_client(base, AccountRole.MODERATOR)
    every = (*ORGANISATION, *PERSON)
    assert "36 49 77 10" in stranger.get("/fr/acteurs/avel-magnac").text
    before = stranger.get("/api/actors/avel-magnac").headers["ETag"]

    chosen = {"source": "cci", "organisations": "members", "persons": "members"}
    answer = send(moderator, "/fr/sources", chosen)
    assert answer.status_code == 303
    assert leaks(stranger, every) == []
    assert run_next(base)
    assert "Qui voit les coordonnées – cci" in moderator.get(answer.headers["Location"]).text
    assert base.contact_choices.of("cci") == ContactChoice(MEMBERS, MEMBERS)
    assert leaks(stranger, every) == []
    assert stranger.get("/api/actors/avel-magnac").headers["ETag"] != before
    assert "36 49 77 10" in moderator.get("/fr/acteurs/avel-magnac").text

    send(moderator, "/fr/sources", {**chosen, "organisations": "none", "persons": "none"})
    assert run_next(base)
    assert leaks(moderator, every) == []
    assert base.actor("avel-magnac").phone == ()
    assert [
        claim.field for claim in base.claims.of("avel-magnac") if "avel.ex" in claim.value
    ] == []
    for version in base.history(Kind.ACTOR, "avel-magnac"):
        assert not any(trace in repr(version) for trace in (*every, "+33536497710"))

    files = b"".join(path.read_bytes() for path in base.folder.glob("kb.sqlite*"))
    assert not any(trace.encode() in files for trace in ("+33536497710", "Jeanne", "contact@av"))

    # Another ingest brings back what may be kept.
    taken_in(base, directory, PUBLIC, NONE)
    assert "36 49 77 10" in stranger.get("/fr/acteurs/avel-magnac").text
    assert leaks(moderator, PERSON) == []


def test_exports_and_reports_have_what_is_public(
    base: KnowledgeBase, directory: Path, tmp_path: Path
) -> None:
    taken_in(base, directory, MEMBERS, MEMBERS)
    export(base, tmp_path / "public")
    export(base, tmp_path / "members", for_members=True)
    public = (tmp_path / "public" / "actors.csv").read_text(encoding="utf-8")
    members = (tmp_path / "members" / "actors.csv").read_text(encoding="utf-8")
    for trace in ("36 49 77 10", "contact@avel", "Cordonniers", "Jeanne Martin"):
        assert trace not in public
        assert trace in members


def test_of_two_sources_the_public_one_shows_what_both_say(
    base: KnowledgeBase, directory: Path, tmp_path: Path
) -> None:
    taken_in(base, directory, MEMBERS, NONE)
    other = tmp_path / "ville.csv"
    other.write_text(
        "id;Nom;Commune;Tél.\navel-magnac;Avel;Magnac;05 36 49 77 10\n", encoding="utf-8"
    )
    before = base.actor("avel-magnac")
    ingest(base, [other], seen_by={"organisations": PUBLIC})
    assert base.actor("avel-magnac") == before
    text = client_of(base).get("/fr/acteurs/avel-magnac").text
    assert "05 36 49 77 10" in text
    assert "contact@avel" not in text
    other.write_text("id;Nom;Commune\navel-magnac;Avel;Magnac\n", encoding="utf-8")
    ingest(base, [other])
    assert "05 36 49 77 10" not in client_of(base).get("/fr/acteurs/avel-magnac").text


def test_a_moderators_correction_publishes_nothing_of_a_source(
    base: KnowledgeBase, directory: Path
) -> None:
    taken_in(base, directory, MEMBERS, NONE)
    moderator = account_client(base, AccountRole.MODERATOR)
    path = "/fr/modifier/acteurs/avel-magnac"
    shown = f"{path}?item=particulars"
    form = {"item": "particulars", "version": "1", "name": "Avel", "phone": "0536497710\n3949"}
    form |= {"contact": "Luc Vue, gérant", "place": "Magnac", "country": "FR", "department": "16"}
    assert send(moderator, path, form, shown_at=shown).status_code == 303
    assert base.actor("avel-magnac").phone == ("+33536497710", "3949")
    stranger = client_of(base).get("/fr/acteurs/avel-magnac").text
    assert "3949" in stranger
    assert "36 49 77 10" not in stranger
    assert "Luc Vue" not in stranger
    assert "Luc Vue" in moderator.get("/fr/acteurs/avel-magnac").text


def test_persons_and_parts_of_contacts_are_found_by_no_search(
    base: KnowledgeBase, directory: Path
) -> None:
    taken_in(base, directory, PUBLIC, PUBLIC)
    for query in ("contact", "Cordonniers", "Jeanne Martin", "j.martin"):
        for hit in base.search(query).hits:
            assert all(not evidence.marks for evidence in hit.evidence), query
            assert hit.parts.lexical == 0
            assert hit.parts.name == 0


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_version_that_is_restored_publishes_nothing_that_a_source_gave_to_members(
    base: KnowledgeBase, directory: Path, withdrawn: bool
) -> None:
    taken_in(base, directory, MEMBERS, NONE)
    if withdrawn:
        base.withdraw(Kind.ACTOR, "avel-magnac", by="léa")
    row = ROW.replace("05 36 49 77 10", "").replace("cirages et", "cirages fins et")
    directory.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    ingest(base, [directory])
    base.restore(Kind.ACTOR, "avel-magnac", 1, by="léa")
    assert base.actor("avel-magnac").phone == ("+33536497710",)
    assert leaks(client_of(base), ORGANISATION) == []
    assert "36 49 77 10" in account_client(base).get("/fr/acteurs/avel-magnac").text
