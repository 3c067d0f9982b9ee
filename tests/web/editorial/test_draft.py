"""The page of a draft: correcting, conflicts, publishing, returning."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind, Participation
from kb.reference.roles import Role
from kb.registers.drafts import Draft, DraftState, Proposals, ProposedField, ProposedParticipation
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import account_client, csrf_token

AVEL_PART = Participation("Avel", Role.PRODUCER, "avel", "fabrique et conditionne le gel")
HOSPITAL_PART = Participation("Centre hospitalier", Role.BUYER, "", "achète le gel")
SOURCE = (
    "Du cirage au gel\n\nEn mars 2020, Avel fabrique et conditionne le gel.\n"
    "Le centre hospitalier l'achète.\n"
)
CASE = Case(
    id="du-cirage-au-gel",
    title="Du cirage au gel",
    text="En mars 2020, **Avel** fabrique le gel.",
    date="2020-07-02",
    author="Alexandre",
    themes=("Santé", "Cuir, chaussure"),
    need="Du gel hydroalcoolique pour l'hôpital",
    participants=(AVEL_PART,),
)
PROPOSALS = Proposals(
    fields=(
        ProposedField("need", CASE.need, "En mars 2020, Avel fabrique", 0.7, "rules"),
        ProposedField("author", "Alexandre", "", 0.9, "rules"),
    ),
    participations=(
        ProposedParticipation(
            AVEL_PART, "En mars 2020, Avel fabrique et conditionne le gel.", 0.9, "rules"
        ),
        ProposedParticipation(
            HOSPITAL_PART, "Le centre hospitalier l'achète.", 0.5, "a small model"
        ),
    ),
)


@pytest.fixture
def draft(base: KnowledgeBase) -> Draft:
    base.put([AVEL])
    return base.drafts.add(
        CASE,
        by="a contributor",
        origin="gel.pdf",
        source_text=SOURCE,
        proposals=PROPOSALS,
        remarks=["The date is a guess."],
    )


def filled_in(client: TestClient, path: str) -> dict[str, str]:
    """What a browser would send of the page's first form that edits."""
    return fields_of(Page(client.get(path).text))


def fields_of(read: Page) -> dict[str, str]:
    form = read.all("form", class_="sheet form")[0]
    fields = {}
    for element in (one for one in read.elements if form in one.ancestors):
        name = element.attributes.get("name", "")
        if element.tag == "textarea":
            fields[name] = element.text.removeprefix("\n")
        elif element.tag == "input" and (
            element.attributes["type"] != "checkbox" or "checked" in element.attributes
        ):
            fields[name] = element.attributes.get("value", "")
        elif element.tag == "option" and "selected" in element.attributes:
            fields[element.ancestors[-1].attributes["name"]] = element.attributes["value"]
    return fields


def send(client: TestClient, draft: Draft, what: str, **changes: str) -> Any:
    path = f"/en/drafts/{draft.id}"
    fields = filled_in(client, path) | {
        name.replace("__", "-"): value for name, value in changes.items()
    }
    return client.post(path, data=fields | {"do": what})


def test_the_text_is_shown_with_the_sentences_numbered_and_the_participants_marked(
    contributor: TestClient, draft: Draft
) -> None:
    read = Page(send(contributor, draft, "keep:1").text)
    passages = read.all("span", class_="passage")
    assert [(one.attributes["id"], one.text) for one in passages] == [
        ("s-1", "1En mars 2020, Avel fabrique et conditionne le gel."),
        ("s-2", "2Le centre hospitalier l'achète."),
    ]
    text = read.one("div", class_="source-text")
    assert [one.text for one in read.inside(text, "mark")] == ["Avel", "centre hospitalier"]
    rows = read.all("fieldset", class_="row")
    links = [[a.attributes["href"] for a in read.inside(row, "a")] for row in rows]
    assert links == [["#s-1", "/en/actors/avel"], ["#s-2"]]


def badges(read: Page) -> list[str]:
    return [one.text for one in read.all("span", class_="confidence")]


def test_how_sure_the_reader_was_goes_when_a_person_edits_what_it_read(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    assert badges(Page(contributor.get(f"/en/drafts/{draft.id}").text)) == [
        "likely",
        "very likely",
        "very likely",
    ]
    changed = {"need": "Du gel", "contribution__0": "fabrique tout", "author": ""}
    for what in ("preview", "save"):
        shown = send(contributor, draft, what, **changed)
        shown = shown if what == "preview" else contributor.get(f"/en/drafts/{draft.id}")
        assert badges(Page(shown.text)) == []
    typed = send(contributor, draft, "preview", need=CASE.need)
    assert badges(Page(typed.text)) == ["likely"]


def test_the_need_is_searched_in_one_click_and_asked_for_where_none_was_found(
    contributor: TestClient, draft: Draft
) -> None:
    read = Page(contributor.get(f"/en/drafts/{draft.id}").text)
    link = read.one("a", id="search-need")
    assert link.attributes["href"] == "/en/search?q=Du+gel+hydroalcoolique+pour+l%27h%C3%B4pital"
    without = Page(send(contributor, draft, "preview", need="", keep__0="", name__0="").text)
    assert "hidden" in without.one("a", id="search-need").attributes
    assert without.one("p", id="f-need-hint").text == "No need was found: what was looked for?"
    assert "Nobody was found: who did it?" not in contributor.get(f"/en/drafts/{draft.id}").text


def test_where_nobody_was_found_a_row_waits_for_a_name(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    nobody, proposed = replace(CASE, participants=()), replace(PROPOSALS.participations[1])
    draft = base.drafts.add(
        nobody,
        by="a contributor",
        origin="",
        source_text=SOURCE,
        proposals=Proposals((), (proposed,)),
    )
    shown = contributor.get(f"/en/drafts/{draft.id}")
    assert "Nobody was found: who did it?" not in shown.text  # somebody is suggested
    alone = base.drafts.add(nobody, by="a contributor", origin="", source_text=SOURCE)
    asked = contributor.get(f"/en/drafts/{alone.id}")
    assert "Nobody was found: who did it?" in asked.text
    assert Page(shown.text).one("input", name="name-0").attributes["value"] == ""
    # The blank row is not saved, and moves no other.
    assert send(contributor, draft, "keep:1").status_code == 200
    assert send(contributor, draft, "save").status_code == 303
    assert base.drafts.get(draft.id).record == nobody


def test_what_is_of_moderators_is_not_shown_to_contributors(
    contributor: TestClient, moderator: TestClient, draft: Draft
) -> None:
    send(contributor, draft, "save", title="Du gel", text="Jeanne Martin : 06 12 34 56 78.")
    seen = [Page(client.get(f"/en/drafts/{draft.id}").text) for client in (contributor, moderator)]
    for of_moderators in (
        {"tag": "input", "name": "moderator"},
        {"tag": "input", "name": "moderated"},
        {"tag": "button", "value": "publish"},
        {"tag": "button", "value": "return"},
        {"tag": "button", "value": "reject"},
        {"tag": "details", "class_": "versions"},
    ):
        assert [len(read.all(**of_moderators)) for read in seen] == [0, 1], of_moderators
    details = [
        [one.attributes["value"].partition(":")[0] for one in read.all("button")
         if "_detail:" in one.attributes.get("value", "")]
        for read in seen
    ]  # fmt: skip
    assert details == [["remove_detail"], ["keep_detail", "remove_detail"]]
    assert "Nothing here stops you" not in contributor.get(f"/en/drafts/{draft.id}").text
    assert send(contributor, draft, "keep_detail:x").status_code == 403


def test_two_names_of_an_organisation_are_joined_in_one_click(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    long, short = "Chambre de commerce", "CCI"
    parts = (
        Participation(short, Role.FACILITATOR, "", "cherche"),
        AVEL_PART,
        Participation(long, Role.FACILITATOR, "", "cherche des flacons"),
        Participation(short, Role.BUYER, "", "paie"),
    )
    proposals = Proposals((), tuple(ProposedParticipation(part, "", 0.5) for part in parts))
    base.put([AVEL])
    draft = base.drafts.add(
        replace(CASE, participants=parts), by="a contributor", origin="", proposals=proposals
    )
    asked = send(contributor, draft, "join:0")
    assert asked.status_code == 400
    assert Page(asked.text).one("p", id="f-same_as-0-error").text == "Choose one of the list."
    read = Page(contributor.get(f"/en/drafts/{draft.id}").text)
    (choice,) = (
        one for one in read.inside(read.one("select", name="same_as-0"), "option")
        if one.text == long
    )  # fmt: skip
    joined = send(contributor, draft, "join:0", same_as__0=choice.attributes["value"])
    fields = fields_of(Page(joined.text)) | {"do": "save"}
    assert contributor.post(f"/en/drafts/{draft.id}", data=fields).status_code == 303
    saved = base.drafts.get(draft.id).record
    assert isinstance(saved, Case)
    assert saved.participants == (
        replace(parts[2], name=long),
        replace(parts[3], name=long),
        AVEL_PART,
    )
    # The other name is not suggested again.
    assert short not in contributor.get(f"/en/drafts/{draft.id}").text


def test_what_is_typed_is_saved(base: KnowledgeBase, contributor: TestClient, draft: Draft) -> None:
    response = send(
        contributor,
        draft,
        "save",
        title="  Du cirage   au gel hydroalcoolique ",
        date="02/07/2020",
        themes="Santé\n\nChimie\n",
        name__0="Avel SAS",
        actor_id__0="Avel (Saphir)",
        keep__1="1",
    )
    assert response.status_code == 303
    assert base.drafts.get(draft.id).record == replace(
        CASE,
        title="Du cirage au gel hydroalcoolique",
        themes=("Santé", "Chimie"),
        participants=(replace(AVEL_PART, name="Avel SAS"), HOSPITAL_PART),
    )


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    response = send(
        contributor,
        draft,
        "save",
        title=" ",
        date="l'été dernier",
        source_url="javascript:alert(1)",
        role__0="",
        actor_id__0="nobody",
    )
    assert response.status_code == 400
    read = Page(response.text)
    for name, typed in [("title", " "), ("date", "l'été dernier"), ("actor_id-0", "nobody")]:
        field = read.one("input", name=name)
        assert field.attributes["value"] == typed
        assert field.attributes["aria-invalid"] == "true"
        described_by = field.attributes["aria-describedby"].split()[0]
        assert described_by == f"f-{name}-error"
        assert read.one("p", id=described_by).text
    alert = read.one("div", role="alert")
    assert [a.attributes["href"] for a in read.inside(alert, "a")] == [
        "#f-title",
        "#f-date",
        "#f-source_url",
        "#f-actor_id-0",
        "#f-role-0",
    ]
    assert base.drafts.get(draft.id) == draft


def test_a_suggestion_is_accepted_in_one_click(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    read = Page(contributor.get(f"/en/drafts/{draft.id}").text)
    (button,) = read.inside(read.one("section", class_="suggestions"), "button")
    assert button.text.strip() == "Add as: Buyer – Centre hospitalier"
    response = send(contributor, draft, button.attributes["value"], title="Typed")
    read = Page(response.text)
    assert not read.all("section", class_="suggestions")
    assert "checked" in read.one("input", name="keep-1").attributes
    assert "autofocus" in read.one("input", name="name-1").attributes
    assert base.drafts.get(draft.id) == draft
    saved = contributor.post(f"/en/drafts/{draft.id}", data=fields_of(read) | {"do": "save"})
    assert saved.status_code == 303
    participants = (AVEL_PART, HOSPITAL_PART)
    assert base.drafts.get(draft.id).record == replace(
        CASE, title="Typed", participants=participants
    )


def test_a_participant_is_linked_to_an_actor_of_its_name_in_one_click(
    base: KnowledgeBase, contributor: TestClient
) -> None:
    base.put([AVEL])
    unlinked = replace(CASE, participants=(replace(AVEL_PART, actor_id=""),))
    draft = base.drafts.add(unlinked, by="a contributor", origin="")
    read = Page(contributor.get(f"/en/drafts/{draft.id}").text)
    (button,) = read.inside(read.one("p", class_="known candidate"), "button")
    linked = Page(send(contributor, draft, button.attributes["value"]).text)
    assert linked.one("input", name="actor_id-0").attributes["value"] == "avel"
    assert "Magnac-Lavalette" in linked.one("p", class_="known").text


def test_creating_an_entry_saves_the_draft_and_opens_its_form(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    kept = send(contributor, draft, "keep:1")
    (button,) = [
        one for one in Page(kept.text).all("button") if one.text.startswith("Create the entry")
    ]
    path = f"/en/drafts/{draft.id}"
    fields = fields_of(Page(kept.text)) | {"title": "Typed", "do": button.attributes["value"]}
    response = contributor.post(path, data=fields)
    form = f"/en/contribute/organisation?draft={draft.id}&participant=Centre+hospitalier"
    assert response.headers["Location"] == form
    assert base.drafts.get(draft.id).record == replace(
        CASE, title="Typed", participants=(AVEL_PART, HOSPITAL_PART)
    )
    assert contributor.get(form).status_code == 200
    wrong = contributor.post(path, data=fields | {"title": "", "revision": "2"})
    assert wrong.status_code == 400


def test_a_preview_shows_what_was_typed(contributor: TestClient, draft: Draft) -> None:
    text = "Gras **ici**.\n\n<script>alert(1)</script>\n\n[lien](javascript:alert(2))"
    read = Page(send(contributor, draft, "preview", text=text).text)
    preview = read.one("details", id="preview")
    assert "open" in preview.attributes
    assert "autofocus" in read.inside(preview, "summary")[0].attributes
    assert "ici" in [one.text for one in read.inside(preview, "strong")]
    assert [one.attributes["src"].partition("?")[0] for one in read.all("script")] == [
        "/static/dossiers/dossiers.js",
        "/static/leaving.js",
        "/static/draft.js",
    ]
    assert "javascript:" not in str([a.attributes.get("href") for a in read.all("a")])


def test_two_people_at_one_draft(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient, draft: Draft
) -> None:
    path = f"/en/drafts/{draft.id}"
    mine = filled_in(contributor, path)
    assert send(moderator, draft, "save", need="Du gel pour tous").status_code == 303

    response = contributor.post(path, data=mine | {"title": "Mon titre", "do": "save"})
    assert response.status_code == 409
    read = Page(response.text)
    assert "a moderator saved it on" in read.one("section", aria_labelledby="conflict").text
    assert read.one("input", name="title").attributes["value"] == "Mon titre"
    # What this person did not touch is as the other left it.
    assert read.one("textarea", name="need").text.strip() == "Du gel pour tous"
    changed = read.all("dl", class_="differences")[0]
    assert [one.text for one in read.inside(changed, "dt")] == ["Title"]
    assert base.drafts.get(draft.id).record == replace(CASE, need="Du gel pour tous")

    again = fields_of(read) | {"do": "save"}
    assert contributor.post(path, data=again).status_code == 303
    both = replace(CASE, title="Mon titre", need="Du gel pour tous")
    assert base.drafts.get(draft.id).record == both
    assert [one.by for one in base.drafts.versions(draft.id)] == [
        "a contributor",
        "a moderator",
        "a contributor",
    ]


def test_a_moderator_publishes_and_the_next_search_finds_it(
    base: KnowledgeBase, moderator: TestClient, draft: Draft
) -> None:
    response = send(moderator, draft, "publish", need="Remplir des flacons de gel")
    assert response.status_code == 303
    published = base.case(CASE.id)
    assert published.need == "Remplir des flacons de gel"
    assert published.moderated
    assert base.search("remplir des flacons").cases[0].case.id == CASE.id
    assert [one.by for one in base.history(draft.kind, CASE.id)] == ["a moderator"]
    shown = Page(moderator.get(response.headers["Location"]).text)
    assert shown.one("p", class_="done").text == "Published: searches now find it."
    assert not shown.all("button", value="save")


def test_returning_takes_a_word(base: KnowledgeBase, moderator: TestClient, draft: Draft) -> None:
    refused = send(moderator, draft, "return")
    assert refused.status_code == 400
    assert Page(refused.text).one("textarea", name="message").attributes["aria-invalid"] == "true"
    assert send(moderator, draft, "return", message="Quelle est la source ?").status_code == 303
    returned = base.drafts.get(draft.id)
    assert (returned.state, returned.message) == (DraftState.RETURNED, "Quelle est la source ?")
    own = Page(account_client(base).get("/fr/contributions").text)
    assert own.text("p", class_="word") == "Quelle est la source ?"


def test_what_was_returned_is_submitted_again(
    base: KnowledgeBase, contributor: TestClient, moderator: TestClient, draft: Draft
) -> None:
    send(moderator, draft, "return", message="Quelle source ?")
    assert send(contributor, draft, "submit", source_url="avel.example").status_code == 303
    submitted = base.drafts.get(draft.id)
    assert submitted.state is DraftState.SUBMITTED
    assert submitted.record == replace(CASE, source_url="https://avel.example")


def test_a_draft_of_a_published_case_is_not_published_over_what_others_did(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    base.put([AVEL, CASE])
    rework = base.edit(Kind.CASE, CASE.id, by="a moderator")
    base.put([replace(CASE, need="Du gel, tout de suite")], by="somebody")
    conflict = send(moderator, rework, "publish", title="Titre")
    assert conflict.status_code == 409
    read = Page(conflict.text)
    assert "removed: , tout de suite" in [one.text for one in read.all("del")]
    assert read.one("input", name="over").attributes["value"] == "1"
    revision = read.one("input", name="revision").attributes["value"]
    assert send(moderator, rework, "publish", over="1", revision=revision).status_code == 303
    assert base.case(CASE.id).title == "Titre"


def test_a_draft_is_deleted_by_whom_it_belongs_to(
    base: KnowledgeBase, contributor: TestClient, draft: Draft
) -> None:
    path = f"/en/drafts/{draft.id}"
    token = csrf_token(contributor, path)
    response = contributor.post(path, data={"csrf": token, "do": "delete"})
    assert response.headers["Location"] == "/en/contributions?done=deleted"
    assert contributor.get(path).status_code == 404
    assert base.drafts.list() == []


def test_a_draft_of_an_actor_has_a_form_of_its_own(
    base: KnowledgeBase, moderator: TestClient
) -> None:
    actor = replace(AVEL, id="tonnellerie", name="Tonnellerie du Pont", siret="")
    draft = base.drafts.add(actor, by="a contributor", origin="")
    assert "Qui a fait quoi" not in moderator.get(f"/fr/brouillons/{draft.id}").text
    published = send(moderator, draft, "publish", description="Fabrique des fûts de chêne.")
    assert published.status_code == 303
    assert base.actor("tonnellerie") == replace(actor, description="Fabrique des fûts de chêne.")
    page = Page(moderator.get(published.headers["Location"]).text)
    assert "/en/actors/tonnellerie" in [one.attributes.get("href") for one in page.all("a")]
