"""The form for one organisation: new entries, corrections, entries of participants."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Participation
from kb.reference.fields import ACTOR_FIELDS
from kb.reference.roles import Role
from kb.registers.drafts import Draft, DraftState
from tests.web.editorial.test_draft import CASE, PROPOSALS, SOURCE
from tests.web.editorial.test_draft import fields_of as draft_fields
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, DISTILLERY
from tests.web.signed_in import account_client

FORM = "/en/contribute/organisation"
COOPER = {
    "name": "Tonnellerie du Pont",
    "description": "Fabrique des fûts de chêne.",
    "place": "Jarnac",
    "department": "16",
}


@pytest.fixture
def contributor(base: KnowledgeBase) -> TestClient:
    base.put([AVEL, DISTILLERY])
    return account_client(base)


def send(client: TestClient, what: str, path: str = FORM, **changes: str) -> Any:
    """Fills in the form at an address as a browser would, and presses a button of it."""
    fields = fields_of(Page(client.get(path).text))
    return client.post(path, data=fields | changes | {"do": what})


def again(client: TestClient, shown: Any, what: str, path: str = FORM, **changes: str) -> Any:
    """Presses a button of the form that an answer shows."""
    return client.post(path, data=fields_of(Page(shown.text)) | changes | {"do": what})


def fields_of(read: Page) -> dict[str, str]:
    (form,) = read.all("form", class_="sheet form one")
    fields = {}
    for element in (one for one in read.elements if form in one.ancestors):
        name = element.attributes.get("name", "")
        if element.tag == "textarea":
            fields[name] = element.text.removeprefix("\n")
        elif element.tag == "input" and element.attributes["type"] != "checkbox":
            fields[name] = element.attributes.get("value", "")
        elif element.tag == "option" and "selected" in element.attributes:
            fields[element.ancestors[-1].attributes["name"]] = element.attributes["value"]
    return fields


def only_draft(base: KnowledgeBase) -> Draft:
    (draft,) = base.drafts.list(list(DraftState))
    return draft


def test_a_new_entry_waits_for_a_moderator(base: KnowledgeBase, contributor: TestClient) -> None:
    response = send(contributor, "submit", **COOPER)
    draft = only_draft(base)
    assert response.headers["Location"] == f"/en/drafts/{draft.id}?done=submitted"
    assert (draft.state, draft.created_by, draft.based_on) == (
        DraftState.SUBMITTED,
        "a contributor",
        0,
    )
    assert draft.record == replace(
        Actor("tonnellerie-du-pont-jarnac", COOPER["name"], lang="en"),
        description=COOPER["description"],
        place="Jarnac",
        department="16",
    )
    shown = Page(contributor.get(response.headers["Location"]).text)
    assert "Fabrique des fûts de chêne." in shown.one("div", class_="specimen").text
    assert "Typed in a form" in shown.one("ul", class_="byline").text


def test_a_moderator_publishes_at_once(base: KnowledgeBase, moderator: TestClient) -> None:
    response = send(moderator, "publish", **COOPER)
    assert response.headers["Location"] == "/en/actors/tonnellerie-du-pont-jarnac?done=published"
    assert base.actor("tonnellerie-du-pont-jarnac").description == COOPER["description"]
    assert base.search("fabrique des fûts de chêne").hits[0].actor.name == COOPER["name"]


def test_a_contributor_does_not(base: KnowledgeBase, contributor: TestClient) -> None:
    assert "Publish" not in contributor.get(FORM).text
    assert send(contributor, "publish", **COOPER).status_code == 403
    assert base.drafts.list() == []


def test_everything_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    typed = {
        "name": " ",
        "department": "99",
        "country": "Atlantis",
        "siret": "123",
        "website": "javascript:alert(1)",
        "closed_on": "hier",
        "description": "Fait <b>tout</b>.",
    }
    response = send(contributor, "submit", **typed)
    assert response.status_code == 400
    read = Page(response.text)
    for name in set(typed) - {"description"}:
        field = read.one("input", name=name)
        assert field.attributes["value"] == typed[name]
        assert field.attributes["aria-invalid"] == "true"
        assert read.one("p", id=f"f-{name}-error").text
    assert fields_of(read)["description"] == typed["description"]
    links = read.inside(read.one("div", role="alert"), "a")
    assert {a.attributes["href"] for a in links} == {
        f"#f-{name}" for name in typed if name != "description"
    }
    assert read.one("p", id="f-name-error").text.strip() == "This is required."
    assert base.drafts.list() == []


def test_who_is_likely_the_same_is_shown_before_anything_is_sent(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    twin = {"name": "AVEL SAPHIR", "place": "Magnac-Lavalette", "department": "16"}
    asked = send(contributor, "submit", **twin)
    assert asked.status_code == 409
    assert base.drafts.list() == []
    read = Page(asked.text)
    question = read.one("section", aria_labelledby="likely")
    links = [a.attributes["href"] for a in read.inside(question, "a")]
    assert links == ["/en/actors/avel", f"{FORM}?corrects=avel"]
    assert again(contributor, asked, "submit").status_code == 409
    assert again(contributor, asked, "submit", another="1").status_code == 303
    assert only_draft(base).record.id != AVEL.id
    shown = Page(contributor.get(f"/en/drafts/{only_draft(base).id}").text)
    assert "/en/actors/avel" in str([a.attributes["href"] for a in shown.all("a")])


def test_a_correction_starts_from_the_published_entry(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient
) -> None:
    page = Page(contributor.get("/en/actors/avel").text)
    path = f"{FORM}?corrects=avel"
    assert path in [a.attributes["href"] for a in page.all("a")]
    assert fields_of(Page(contributor.get(path).text))["description"] == AVEL.description
    response = send(contributor, "submit", path, description="Avel fait du cirage.")
    draft = only_draft(base)
    assert draft.record == replace(AVEL, description="Avel fait du cirage.")
    assert (draft.based_on, draft.state) == (1, DraftState.SUBMITTED)
    assert base.actor("avel") == AVEL
    # Whoever has begun a correction goes on with it.
    mine = contributor.get(path)
    assert mine.headers["Location"] == f"/en/drafts/{draft.id}?done=own"
    assert "begun to correct" in contributor.get(mine.headers["Location"]).text
    assert moderator.get(path).status_code == 200
    assert response.status_code == 303


def test_a_correction_of_what_others_changed_meanwhile_shows_both(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient
) -> None:
    path = f"{FORM}?corrects=avel"
    shown = moderator.get(path)
    base.put([replace(AVEL, description="Avel fait des brosses.")], by="somebody")
    response = again(moderator, shown, "publish", path, place="Angoulême")
    (draft,) = base.drafts.list()
    assert response.headers["Location"] == f"/en/drafts/{draft.id}?done=saved"
    assert base.actor("avel").place == AVEL.place


# The entry of a participant

HOSPITAL = replace(
    CASE,
    text="Le Centre hospitalier (Angoulême) achète le gel.\n\nAvel le fabrique.",
    source_url="https://journal.example/gel",
    participants=(
        *CASE.participants,
        Participation("Centre hospitalier", Role.BUYER, "", "achète le gel"),
    ),
)


@pytest.fixture
def draft(base: KnowledgeBase, contributor: TestClient) -> Draft:
    return base.drafts.add(
        HOSPITAL, by="a contributor", origin="gel.pdf", source_text=SOURCE, proposals=PROPOSALS
    )


def entry_path(draft: Draft) -> str:
    return f"{FORM}?draft={draft.id}&participant=Centre+hospitalier"


def test_the_entry_of_a_participant_begins_with_what_the_article_says(
    contributor: TestClient, draft: Draft
) -> None:
    fields = fields_of(Page(contributor.get(entry_path(draft)).text))
    filled = {name: value for name, value in fields.items() if value and name in ACTOR_FIELDS}
    assert filled == {
        "name": "Centre hospitalier",
        "place": "Angoulême",
        "lang": "fr",
        "source_url": "https://journal.example/gel",
    }


def test_coming_back_the_participant_is_linked(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    response = send(contributor, "submit", entry_path(draft))
    assert response.headers["Location"] == f"/en/drafts/{draft.id}?done=linked"
    entry = next(one for one in base.drafts.list() if one.kind is Kind.ACTOR)
    linked = base.drafts.get(draft.id).record
    assert isinstance(linked, Case)
    assert [part.actor_id for part in linked.participants] == ["avel", entry.record.id]
    back = Page(contributor.get(response.headers["Location"]).text)
    assert back.text("p", class_="done") == "The participant is linked to its entry."


def test_a_participant_can_be_one_that_is_known(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    base.put([Actor("ch", "Centre hospitalier", place="Angoulême", department="16")])
    shown = Page(contributor.get(entry_path(draft)).text)
    question = shown.one("section", aria_labelledby="likely")
    (button,) = shown.inside(question, "button")
    assert send(contributor, button.attributes["value"], entry_path(draft)).status_code == 303
    linked = base.drafts.get(draft.id).record
    assert isinstance(linked, Case)
    assert [part.actor_id for part in linked.participants] == ["avel", "ch"]
    assert [one.kind for one in base.drafts.list()] == [Kind.CASE]


def test_each_missing_entry_is_created_on_its_own(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    parts = (*HOSPITAL.participants, Participation("Verrerie du Bois", Role.SUPPLIER))
    case = replace(HOSPITAL, participants=parts)
    draft = base.drafts.add(case, by="a contributor", origin="", submitted=False)
    path = f"/en/drafts/{draft.id}"
    shown = Page(contributor.get(path).text)
    offered = [button.attributes.get("value", "") for button in shown.all("button")]
    assert [one for one in offered if one.startswith("entr")] == ["entry:1", "entry:2"]
    fields = draft_fields(shown) | {"do": "entries"}
    assert contributor.post(path, data=fields).status_code == 400
    assert [one.kind for one in base.drafts.list()] == [Kind.CASE]


def test_a_participant_of_a_published_case_gets_its_entry_from_a_moderator(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient
) -> None:
    base.put([replace(HOSPITAL, source_url="")])
    path = f"{FORM}?case={HOSPITAL.id}&participant=Centre+hospitalier"
    links = [
        a.attributes["href"] for a in Page(moderator.get(f"/en/cases/{HOSPITAL.id}").text).all("a")
    ]
    assert path in links
    assert contributor.get(path).status_code == 403
    shown = fields_of(Page(moderator.get(path).text))
    assert shown["source_url"] == f"https://quisait.example/en/cases/{HOSPITAL.id}"
    response = send(moderator, "publish", path)
    assert response.headers["Location"] == f"/en/cases/{HOSPITAL.id}?done=linked"
    linked = base.case(HOSPITAL.id).participants[-1].actor_id
    assert base.actor(linked).place == "Angoulême"
