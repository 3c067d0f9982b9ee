"""Looking after what is published: the queue, histories, two clicks, doubles, withdrawals."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind, Participation
from kb.reference.roles import Role
from kb.registers import clock
from kb.registers.drafts import DraftState
from kb.remarks import Remark
from tests.web.editorial.test_draft import fields_of
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY
from tests.web.signed_in import client_of, csrf_token

TWIN = Actor(
    id="avel-sas",
    name="Avel SAS",
    description="Cirages et crèmes pour le cuir.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    activity_code="20.41Z",
)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, DISTILLERY, ANGOULEME])
    return base


def send(client: TestClient, path: str, do: str, **fields: str) -> Any:
    return client.post(path, data={"csrf": csrf_token(client, path), "do": do, **fields})


def links(client: TestClient, path: str) -> list[str]:
    return [one.attributes.get("href", "") for one in Page(client.get(path).text).all("a")]


# The queue


def test_the_queue_shows_who_waits_longest_first(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    for name in ("first", "second"):
        base.drafts.add(
            replace(ANGOULEME, id=name, title=f"The {name}"),
            by=f"who sent the {name}",
            origin=f"https://{name}.example/page",
            remarks=[Remark("no_certain_date", "date"), "has no certain author"],
        )
    base.drafts.add(replace(ANGOULEME, id="x", title="Unsent"), by="x", origin="", submitted=False)
    read = Page(moderator.get("/fr/moderation").text)
    assert read.text("h2", id="waiting") == "2 contributions en attente"
    waiting = read.one("section", aria_labelledby="waiting")
    assert [one.text for one in read.inside(waiting, "h3")] == ["The first", "The second"]
    assert "who sent the first" in waiting.text
    assert "first.example" in waiting.text
    assert "Aucune date n’est certaine dans le texte." in waiting.text
    # A remark that was kept as text alone is shown as it is, and said to be English.
    english = [span.text for span in read.inside(waiting, "span") if "lang" in span.attributes]
    assert english == ["has no certain author"] * 2
    assert "Unsent" in read.one("section", aria_labelledby="unsent").text


# Two clicks


def test_visitors_and_contributors_see_no_tools(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    for client in (client_of(base), contributor):
        for path in ("/fr/cas/angouleme", "/fr/acteurs/avel"):
            assert not [one for one in links(client, path) if "/modifier/" in one]


def test_a_participation_is_changed_in_two_clicks(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    first_click = "/en/edit/cases/angouleme?item=0"
    assert first_click in links(moderator, "/en/cases/angouleme")
    form = fields_of(Page(moderator.get(first_click).text))
    saved = moderator.post(
        first_click, data=form | {"contribution-0": "met le gel en flacons", "do": "save"}
    )
    assert saved.status_code == 303
    assert saved.headers["Location"] == "/en/cases/angouleme?done=published"
    parts = base.case("angouleme").participants
    assert parts[0] == replace(ANGOULEME.participants[0], contribution="met le gel en flacons")
    assert parts[1:] == ANGOULEME.participants[1:]
    last = base.history(Kind.CASE, "angouleme")[-1]
    assert (last.number, last.by) == (2, "a moderator")
    assert base.search("met le gel en flacons").hits[0].actor.id == "avel"


def test_when_a_case_happened_is_read_and_typed_in_words(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    address = "/en/edit/cases/angouleme?item=need"
    form = fields_of(Page(moderator.get(address).text))
    assert form["period"] == "spring 2020"
    refused = moderator.post(address, data=form | {"period": "a while ago", "do": "save"})
    assert refused.status_code == 400
    assert "This time is not understood." in refused.text
    assert fields_of(Page(refused.text))["period"] == "a while ago"
    moderator.post(address, data=form | {"period": "mars à mai 2020", "do": "save"})
    assert base.case("angouleme") == replace(ANGOULEME, period="2020-03/2020-05")


def test_a_participation_is_added_and_removed(base: KnowledgeBase, moderator: TestClient) -> None:
    path = "/en/edit/cases/angouleme?item=3"
    assert path in links(moderator, "/en/cases/angouleme")
    form = fields_of(Page(moderator.get(path).text))
    new = {"name-3": "Transports Martin", "role-3": "carrier", "actor_id-3": "", "do": "save"}
    assert moderator.post(path, data=form | new).status_code == 303
    added = Participation("Transports Martin", Role.CARRIER)
    assert base.case("angouleme").participants == (*ANGOULEME.participants, added)
    form = fields_of(Page(moderator.get(path).text))
    assert moderator.post(path, data=form | {"do": "remove"}).status_code == 303
    assert base.case("angouleme").participants == ANGOULEME.participants


def test_somebody_was_faster(base: KnowledgeBase, moderator: TestClient) -> None:
    path = "/en/edit/cases/angouleme?item=need"
    form = fields_of(Page(moderator.get(path).text))
    base.put([replace(ANGOULEME, need="Du gel, vite")], by="somebody")
    conflict = moderator.post(path, data=form | {"need": "Du gel, demain", "do": "save"})
    assert conflict.status_code == 409
    read = Page(conflict.text)
    assert "somebody published a change on" in read.one("section", role="alert").text
    assert read.one("textarea", name="need").text.strip() == "Du gel, demain"
    assert base.case("angouleme").need == "Du gel, vite"
    again = moderator.post(path, data=fields_of(read) | {"do": "save"})
    assert again.status_code == 303
    assert base.case("angouleme").need == "Du gel, demain"


def test_a_published_case_is_reworked_as_a_draft(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    path = "/en/edit/cases/angouleme"
    token = csrf_token(moderator, "/en/cases/angouleme")
    answer = moderator.post(path, data={"csrf": token, "do": "draft"})
    (draft,) = base.drafts.list()
    assert answer.headers["Location"] == f"/en/drafts/{draft.id}"
    assert (draft.based_on, draft.state) == (1, DraftState.DRAFT)
    assert draft.record == ANGOULEME


# Histories


def test_a_history_says_who_changed_which_words(base: KnowledgeBase, moderator: TestClient) -> None:
    base.put(
        [replace(ANGOULEME, need="Fournir du gel à la ville")], by="a moderator", note="précisé"
    )
    read = Page(moderator.get("/fr/historique/cas/angouleme").text)
    assert read.text("h2", id="changes") == "De la version 1 à la version 2"
    assert [one.text for one in read.all("del")] == [
        "retiré\u00a0:  hydroalcoolique (sanitiser)",
        "retiré\u00a0:  l'hôpital",
    ]
    assert [one.text for one in read.all("ins")] == ["ajouté\u00a0:  la ville"]
    log = read.one("ol", class_="log").text
    assert "Version 2" in log
    assert "a moderator" in log
    assert "précisé" in log
    assert "un import" in log


def test_withdrawing_takes_a_reason_and_leaves_a_sentence(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    path = "/fr/historique/cas/angouleme"
    assert send(moderator, path, "withdraw").status_code == 400
    assert base.case("angouleme") == ANGOULEME
    answer = send(moderator, path, "withdraw", reason="À la demande de la ville")
    assert answer.status_code == 303
    for shown, sentence in [
        ("/fr/cas/angouleme", "a été retirée du catalogue le"),
        ("/en/cases/angouleme", "withdrawn from the catalogue on"),
    ]:
        gone = client_of(base).get(shown)
        assert gone.status_code == 410
        assert sentence in gone.text
        assert "demande de la ville" not in gone.text
        assert "historique" not in gone.text
    assert "/fr/historique/cas/angouleme" in links(moderator, "/fr/cas/angouleme")
    kept = moderator.get(path)
    assert "À la demande de la ville" in kept.text
    send(moderator, path, "restore", number="1")
    assert client_of(base).get("/fr/cas/angouleme").status_code == 200


def test_erasing_takes_the_name(base: KnowledgeBase, moderator: TestClient) -> None:
    path = "/en/history/cases/angouleme"
    refused = send(moderator, path, "erase", name="angouleme")
    assert refused.status_code == 400
    assert Page(refused.text).text("p", id="f-name-error").startswith("This is not the right name.")
    answer = send(moderator, path, "erase", name=f" {ANGOULEME.title} ")
    assert answer.headers["Location"] == "/en/moderation?done=erased"
    assert base.history(Kind.CASE, "angouleme") == []
    with pytest.raises(UnknownRecord):
        base.case("angouleme")
    assert client_of(base).get("/en/cases/angouleme").status_code == 410
    assert moderator.get(path).status_code == 404


# Doubles


def test_two_actors_are_shown_side_by_side(base: KnowledgeBase, moderator: TestClient) -> None:
    base.put([TWIN])
    read = Page(moderator.get("/fr/doublons").text)
    assert "1 doublon possible" in read.text("h1")
    rows = {}
    for row in read.all("tr"):
        heads = [one.text for one in read.inside(row, "th")]
        if len(heads) == 1:
            name, _, sign = heads[0].partition(" ≠")
            rows[name] = (sign.strip(), [one.text for one in read.inside(row, "td")])
    assert rows["Commune"] == ("", ["Magnac-Lavalette", "Magnac-Lavalette"])
    assert rows["Nom"] == ("différents", ["Avel (Saphir)", "Avel SAS"])


def test_two_that_are_one_become_one_and_the_old_address_leads_on(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    base.put([TWIN])
    answer = send(moderator, "/en/duplicates", "keep_left", left="avel", right="avel-sas")
    assert answer.headers["Location"] == "/en/duplicates?done=merged"
    moved = client_of(base).get("/en/actors/avel-sas")
    assert moved.status_code == 301
    assert moved.headers["Location"] == "/en/actors/avel"
    assert base.duplicates.count() == 0


def test_two_that_are_two_stay_two(base: KnowledgeBase, moderator: TestClient) -> None:
    base.put([TWIN])
    send(moderator, "/en/duplicates", "different", left="avel", right="avel-sas")
    assert base.duplicates.count() == 0
    assert base.actor("avel-sas") == TWIN
    assert "No possible duplicates." in moderator.get("/en/duplicates").text


# What public pages say


def test_a_closed_firm_is_marked(base: KnowledgeBase) -> None:
    base.put([replace(AVEL, closed_on="2021-03-31")])
    read = Page(client_of(base).get("/fr/acteurs/avel").text)
    assert read.text("p", class_="closed") == "Fermée depuis le 31 mars 2021"
    hits = Page(client_of(base).get("/en/search?q=Avel+(Saphir)").text)
    assert hits.text("p", class_="closed") == "Closed since 31 March 2021"


def test_a_case_says_what_its_people_do_and_when_it_was_moderated(base: KnowledgeBase) -> None:
    base.put(
        [
            replace(
                ANGOULEME,
                author="Alexandre Dain",
                author_job="Coordinateur technique",
                moderator="Vincent Jay",
                moderator_job="Chef de projets",
                moderated="2020-07-02T11:51:00",
            )
        ]
    )
    byline = Page(client_of(base).get("/fr/cas/angouleme").text).one("ul", class_="byline")
    text = " ".join(byline.text.split())
    assert "Par Alexandre Dain, Coordinateur technique" in text
    assert "Modéré par Vincent Jay, Chef de projets, le 2 juillet 2020" in text


def test_an_actor_says_which_source_said_what_and_when(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "moment", lambda: datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
    base.put([replace(AVEL, place="Magnac")], by="a moderator")
    read = Page(client_of(base).get("/fr/acteurs/avel").text)
    told = read.one("details", class_="provenance")
    (heading,) = read.inside(told, "h3")
    assert heading.text == "Une correction de la modération 9 mars 2026"
    assert "Commune" in told.text
    assert "Magnac" in told.text
