"""The board as people use it: posting, moderating, answering, closing as a case."""

import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from ingest.examples import put_examples
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.reference.roles import Flow, Role
from kb.reference.visibility import Visibility
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import AnswerKind, Closing, Notice, NoticeContent, NoticeState
from kb.registers.clock import today
from kb.registers.drafts import DraftState
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY
from tests.web.signed_in import SETTINGS, account_client, another_browser, client_of, send

BOARD, POST = "/fr/besoins-et-offres", "/fr/besoins-et-offres/publier"
NEED = NoticeContent(
    Flow.SEEKS,
    "Cinq cents flacons de verre",
    text="Pour du cirage.\nAvant l'été.",
    place="Cognac",
    department="16",
    asker="Avel (Saphir)",
    contact="+33 5 45 00 00 00",
    contact_seen_by=Visibility.MEMBERS,
    themes=("Emballage",),
)
OFFER = NoticeContent(Flow.OFFERS, "Flacons de verre à donner", asker="Distillerie Merlet")
SENDING = SETTINGS.model_copy(
    update={"smtp_url": SecretStr("smtp://127.0.0.1:1"), "mail_from": "desk@kb.example"}
)
MAIL = {"told_at": "lea@cognac.example"}


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, DISTILLERY, ANGOULEME])
    return base


@pytest.fixture
def stranger(base: KnowledgeBase) -> TestClient:
    return client_of(base)


@pytest.fixture
def moderator(base: KnowledgeBase) -> TestClient:
    return account_client(base, AccountRole.MODERATOR, "Max")


@pytest.fixture
def member(base: KnowledgeBase) -> TestClient:
    return account_client(base, name="Léa")


def published(base: KnowledgeBase, content: NoticeContent = NEED, owner: str = "Léa") -> Notice:
    notice = base.notices.add(content, owner=owner)
    return base.notices.publish(notice.id, by="Max", revision=1)


def path_of(notice: Notice) -> str:
    return f"{BOARD}/{notice.id}"


def decide(client: TestClient, notice: Notice, do: str, **fields: str) -> int:
    sent = {"do": do, "revision": str(notice.revision), **fields}
    answer = send(client, path_of(notice), sent, shown_at="/fr/compte")
    return int(answer.status_code)


def answer_fields(**fields: str) -> dict[str, str]:
    return {"do": "answer", "kind": "can", "answer": "Nous en avons.", **fields}


# Posting


def test_a_stranger_posts_a_notice_that_waits_and_keeps_its_key(
    base: KnowledgeBase, stranger: TestClient, moderator: TestClient
) -> None:
    sent = {"flow": "seeks", "title": "Des flacons", "text": "Cent.", **MAIL}
    answer = send(stranger, POST, sent)
    assert answer.status_code == 303
    (notice,) = base.notices.list([NoticeState.WAITING])
    assert (notice.content.title, notice.told_at, notice.owner) == (
        "Des flacons",
        MAIL["told_at"],
        "",
    )
    key = parse_qs(urlsplit(answer.headers["Location"]).query)["key"][0]
    own = stranger.get(f"{path_of(notice)}?key={key}")
    assert own.status_code == 200
    assert own.headers["Cache-Control"] == "private, no-store"
    assert stranger.get(path_of(notice)).status_code == 404
    assert client_of(base).get(f"{path_of(notice)}?key={key[::-1]}").status_code == 404
    assert moderator.get(path_of(notice)).status_code == 200
    changed = {**sent, "title": "Des bocaux", "revision": "1", "key": key}
    edit = f"/fr/modifier/annonces/{notice.id}"
    assert send(stranger, edit, changed, shown_at=f"{edit}?key={key}").status_code == 303
    assert base.notices.get(notice.id).content.title == "Des bocaux"


def test_what_is_wrong_is_said_and_nothing_is_lost(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    sent = {
        "flow": "offers",
        "title": "",
        "text": "Du verre <b>",
        "until": "demain",
        "department": "16",
        "contact_seen_by": "public",
        "contact": "au bar",
        "told_at": "lea",
    }
    answer = send(stranger, POST, sent)
    assert answer.status_code == 400
    page = Page(answer.text)
    wrong = [one.attributes["href"] for one in page.inside(page.one("div", class_="errors"), "a")]
    assert wrong == ["#f-title", "#f-until", "#f-contact", "#f-told_at"]
    assert page.one("textarea", id="f-text").text.strip() == "Du verre <b>"
    assert page.one("input", id="f-until").attributes["value"] == "demain"
    assert base.notices.list(list(NoticeState)) == []


def test_who_names_a_town_of_another_department_is_asked_once(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    sent = {"flow": "seeks", "title": "Des flacons", "place": "Cognac", "department": "33", **MAIL}
    asked = send(stranger, POST, sent)
    assert asked.status_code == 400
    read = Page(asked.text)
    assert "Ce département n’a pas de commune de ce nom" in read.one("p", id="f-place-error").text
    again = {**sent, "asked": read.one("input", name="asked").attributes["value"] or ""}
    assert send(stranger, POST, {**again, "place": "Saintes"}).status_code == 400
    assert not base.notices.list(list(NoticeState))
    assert send(stranger, POST, again).status_code == 303
    (kept,) = base.notices.list(list(NoticeState))
    assert (kept.content.place, kept.content.department) == ("Cognac", "33")


@pytest.mark.parametrize(
    ("search", "place", "department"),
    [
        ("q=un+xylophone&near=Cognac+(16)", "Cognac", "16"),
        ("q=un+xylophone&near=17100&department=16", "Saintes", "17"),
        ("q=des+cirages&near=cognac&within=25", "Cognac", "16"),
        ("q=un+xylophone+près+de+Saintes", "Saintes", "17"),
        ("q=un+xylophone+en+Charente-Maritime", "", "17"),
        ("q=un+xylophone+en+Nouvelle-Aquitaine", "", ""),
        ("q=un+xylophone&department=16", "", "16"),
    ],
)
def test_a_notice_posted_from_a_search_has_its_town(
    stranger: TestClient, search: str, place: str, department: str
) -> None:
    page = Page(stranger.get(f"/fr/recherche?{search}").text)
    links = [one.attributes["href"] or "" for one in page.all("a")]
    form = Page(stranger.get(next(one for one in links if one.startswith(POST))).text)
    assert form.one("input", id="f-place").attributes["value"] == place
    menu = form.inside(form.one("select", name="department"), "option")
    (chosen,) = [one.attributes["value"] for one in menu if "selected" in one.attributes]
    assert chosen == department


def test_menus_list_the_departments_of_the_base(base: KnowledgeBase) -> None:
    client = account_client(base, name="Léa", settings=SENDING)

    def offered(path: str) -> list[str]:
        page = Page(client.get(path).text)
        menu = page.inside(page.one("select", name="department"), "option")
        return sorted(one.attributes["value"] or "" for one in menu)

    for path in (f"{BOARD}?", f"{POST}?", "/fr/alertes?kind=board&"):
        assert offered(path) == ["", "16", "17"]
        assert offered(f"{path}department=33") == ["", "16", "17", "33"]
    elsewhere = published(base, replace(NEED, place="Bordeaux", department="33"))
    assert "33" in offered(f"/fr/modifier/annonces/{elsewhere.id}")


def test_a_machine_that_fills_in_every_field_posts_nothing(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    sent = {"title": "Des montres", "website": "https://spam.example/", **MAIL}
    assert send(stranger, POST, sent).status_code == 303
    assert base.notices.list(list(NoticeState)) == []


def test_a_stranger_is_slowed_down_and_a_member_is_not(
    base: KnowledgeBase, stranger: TestClient, member: TestClient
) -> None:
    sent = {"title": "Des flacons", **MAIL}
    statuses = [send(stranger, POST, sent).status_code for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    assert [send(member, POST, sent).status_code for _ in range(6)] == [303] * 6
    assert len(base.notices.list([NoticeState.WAITING])) == 11


def test_who_posted_it_sees_why_it_was_refused_and_sends_it_again(
    base: KnowledgeBase, member: TestClient, moderator: TestClient
) -> None:
    send(member, POST, {"title": "Des flacons"})
    (notice,) = base.notices.list([NoticeState.WAITING], owner="Léa")
    waiting = Page(moderator.get("/fr/moderation").text)
    assert "Des flacons" in waiting.one("main").text
    assert decide(moderator, notice, "refuse") == 400
    assert decide(moderator, notice, "refuse", message="Quelle taille ?") == 303
    assert "Quelle taille ?" in member.get(path_of(notice)).text
    edit = f"/fr/modifier/annonces/{notice.id}"
    sent = {"title": "Des flacons de 100 ml", "revision": "2"}
    assert send(member, edit, sent).status_code == 303
    again = base.notices.get(notice.id)
    assert (again.state, again.content.title) == (NoticeState.WAITING, "Des flacons de 100 ml")
    assert send(member, edit, sent).status_code == 409
    assert decide(moderator, again, "publish") == 303
    assert base.notices.get(notice.id).state is NoticeState.PUBLISHED


# Reading


def test_the_page_of_a_notice_tells_what_is_public(
    base: KnowledgeBase, stranger: TestClient, member: TestClient
) -> None:
    notice = published(base)
    page = stranger.get(path_of(notice))
    assert page.status_code == 200
    text = Page(page.text).one("main").text
    assert "Cinq cents flacons de verre" in text
    assert "Charente (16)" in text
    assert NEED.contact not in page.text
    other = account_client(base, name="Zoé")
    assert NEED.contact in other.get(path_of(notice)).text
    assert stranger.get(path_of(notice)).headers.get("Set-Cookie") is None


def test_beside_a_notice_stand_organisations_cases_and_similar_notices(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    notice = published(base, replace(NEED, title="Des cirages et des crèmes", text=""))
    alike = published(base, replace(NEED, title="Des crèmes et des cirages", text=""), "Max")
    published(base, replace(OFFER, title="Des crèmes et des cirages"))
    page = Page(stranger.get(path_of(notice)).text)
    beside = page.one("aside")
    links = [one.attributes["href"] for one in page.inside(beside, "a")]
    assert f"/fr/acteurs/{AVEL.id}" in links
    assert [one for one in links if one.startswith(BOARD)] == [path_of(alike)]
    nothing = published(base, replace(NEED, title="Un xylophone"))
    assert "ne convient vraiment" in Page(stranger.get(path_of(nothing)).text).one("aside").text


@pytest.mark.parametrize(
    ("title", "text", "is_sought"),
    [
        ("Un xylophone", "Livré avec des cirages et des crèmes.", False),
        ("Des paniers en osier", "Pour offrir des cirages, des crèmes.", False),
        ("Des cirages et des crèmes", "Livrés dans un panier en osier.", True),
    ],
)
def test_the_thing_alone_is_sought_and_not_its_detail(
    base: KnowledgeBase, stranger: TestClient, title: str, text: str, is_sought: bool
) -> None:
    notice = published(base, replace(NEED, title=title, text=text, asker=""))
    beside = Page(stranger.get(path_of(notice)).text).one("aside")
    assert (AVEL.name in beside.text) is is_sought


def test_the_list_has_what_is_open_and_filters_it(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    published(base)
    published(base, OFFER)
    over = published(base, replace(NEED, title="C'était avant", until="2020-06-30"))
    base.notices.add(replace(NEED, title="En attente"))

    def titles(query: str = "") -> list[str]:
        page = Page(stranger.get(f"{BOARD}{query}").text)
        return sorted(one.text.strip() for one in page.all("h3"))

    assert titles() == ["Cinq cents flacons de verre", "Flacons de verre à donner"]
    assert titles("?flow=offers") == ["Flacons de verre à donner"]
    assert titles("?department=charente") == ["Cinq cents flacons de verre"]
    assert titles("?department=nowhere&flow=x") == titles()
    assert titles("?theme=Emballage") == ["Cinq cents flacons de verre"]
    assert over.content.title in titles("?past=yes")
    assert "La date limite" in stranger.get(path_of(over)).text
    nothing = Page(stranger.get(f"{BOARD}?flow=shares").text)
    assert nothing.text("h2") == "Annonces"
    assert [one for one in nothing.all("a", href=BOARD) if "toutes" in one.text]


# Answering


def test_answers_of_members_are_shown_and_linked_to_the_catalogue(
    base: KnowledgeBase, member: TestClient, stranger: TestClient
) -> None:
    notice = published(base, owner="Zoé")
    sent = answer_fields(organisation="distillerie merlet", kind="knows")
    assert send(member, path_of(notice), sent).status_code == 303
    page = Page(stranger.get(path_of(notice)).text)
    answers = page.one("ol", class_="board-answers")
    assert "Je connais quelqu’un" in answers.text
    assert [one.attributes["href"] for one in page.inside(answers, "a")] == [
        f"/fr/acteurs/{DISTILLERY.id}"
    ]


@pytest.mark.parametrize(
    ("name", "id_", "linked"),
    [
        (DISTILLERY.name, "merlet-bis", "merlet-bis"),
        (DISTILLERY.name, DISTILLERY.id, DISTILLERY.id),
        (DISTILLERY.name, "", ""),
        (AVEL.name, DISTILLERY.id, AVEL.id),
        ("avel (saphir)", "", AVEL.id),
        ("Menuiserie Martin", DISTILLERY.id, ""),
        ("Menuiserie Martin", "nobody", ""),
    ],
)
def test_the_organisation_chosen_is_linked_and_no_other_of_its_name(
    base: KnowledgeBase, member: TestClient, name: str, id_: str, linked: str
) -> None:
    base.put([replace(DISTILLERY, id="merlet-bis", place="Cognac")])
    notice = published(base, owner="Zoé")
    sent = answer_fields(organisation=name, organisation_id=id_)
    assert send(member, path_of(notice), sent).status_code == 303
    (answer,) = base.answers.of(notice.id)
    assert answer.actor_id == linked
    assert answer.organisation == (AVEL.name if linked == AVEL.id else name)


def test_who_answers_is_suggested_from_the_catalogue(
    base: KnowledgeBase, member: TestClient
) -> None:
    page = Page(member.get(path_of(published(base, owner="Zoé"))).text)
    asked = page.one("input", name="organisation").attributes["data-suggestions"]
    assert page.one("input", id="f-organisation_id").attributes["name"] == "organisation_id"
    found = member.get(f"{asked}&q=merl").json()["suggestions"]
    assert [(one["kind"], one["text"], one["id"]) for one in found] == [
        ("actor", DISTILLERY.name, DISTILLERY.id)
    ]
    # “cuir” begins a theme, and “magnac” a town: neither answers.
    for begun in ("cuir", "magnac"):
        assert member.get(f"{asked}&q={begun}").json()["suggestions"] == []


def test_an_offer_is_answered_by_who_takes_it(base: KnowledgeBase, member: TestClient) -> None:
    offer = published(base, OFFER, owner="Max")
    form = Page(member.get(path_of(offer)).text).one("form", id="answer").text
    assert "Nous sommes preneurs" in form
    assert "Nous pourrions le faire" not in form
    send(member, path_of(offer), answer_fields())
    answers = Page(member.get(path_of(offer)).text).one("ol", class_="board-answers").text
    assert "Nous sommes preneurs" in answers


def test_the_demonstration_says_so_and_its_examples_are_open_for_a_year(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    assert "Démonstration" not in stranger.get(BOARD).text
    put_examples(base)
    put_examples(base)
    examples = base.notices.public().notices
    assert len(examples) == 12
    assert {notice.content.title.startswith("Exemple : ") for notice in examples} == {True}
    in_a_year = (date.fromisoformat(today()) + timedelta(days=366)).isoformat()
    assert all(notice.is_open(in_a_year) for notice in examples)
    for page in (BOARD, "/fr/", path_of(examples[0])):
        assert (
            "Démonstration\N{NO-BREAK SPACE}:" in Page(stranger.get(page).text).one("footer").text
        )


def test_a_holder_of_a_page_is_no_member(base: KnowledgeBase, moderator: TestClient) -> None:
    holder = account_client(base, AccountRole.HOLDER, "Avel")
    notice = published(base)
    assert NEED.contact not in holder.get(path_of(notice)).text
    shown = holder.get(f"{path_of(notice)}?answer=yes").text
    assert "lit votre réponse avant de la publier" in shown
    sent = answer_fields(answer="Achetez nos montres")
    statuses = [send(holder, path_of(notice), sent).status_code for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    assert len(base.answers.waiting()) == 5
    assert "Achetez nos montres" not in client_of(base).get(path_of(notice)).text
    assert decide(moderator, notice, f"publish_answer:{base.answers.waiting()[0].id}") == 303
    assert "Achetez nos montres" in client_of(base).get(path_of(notice)).text


def test_a_private_answer_is_for_who_asks_and_for_moderators(
    base: KnowledgeBase, member: TestClient, moderator: TestClient, stranger: TestClient
) -> None:
    notice = published(base)
    other = account_client(base, name="Zoé")
    secret = answer_fields(answer="Un secret de fabrique", private="1", contact="z@b.example")
    assert send(other, path_of(notice), secret).status_code == 303
    third = account_client(base, name="Tim")
    for client, reads in (
        (member, True),
        (moderator, True),
        (other, True),
        (third, False),
        (stranger, False),
    ):
        assert ("Un secret de fabrique" in client.get(path_of(notice)).text) is reads
    assert "z@b.example" in member.get(path_of(notice)).text
    assert "z@b.example" not in other.get(path_of(notice)).text


def test_an_answer_of_a_stranger_is_moderated(
    base: KnowledgeBase, stranger: TestClient, moderator: TestClient
) -> None:
    notice = published(base)
    form = f"{path_of(notice)}?answer=yes"
    sent = answer_fields()
    assert send(stranger, path_of(notice), sent, shown_at=form).status_code == 400
    sent["contact"] = "moi@ici.example"
    assert send(stranger, path_of(notice), sent, shown_at=form).status_code == 303
    assert "Nous en avons." not in stranger.get(path_of(notice)).text
    (answer,) = base.answers.waiting()
    assert f"#answer-{answer.id}" in moderator.get("/fr/moderation").text
    assert decide(moderator, notice, f"publish_answer:{answer.id}") == 303
    shown = client_of(base).get(path_of(notice)).text
    assert "Nous en avons." in shown
    assert "moi@ici.example" not in shown
    assert decide(moderator, notice, f"refuse_answer:{answer.id}") == 303
    assert "Nous en avons." not in client_of(base).get(path_of(notice)).text


def test_a_closed_notice_takes_no_answer(base: KnowledgeBase, member: TestClient) -> None:
    notice = published(base, replace(NEED, until="2020-01-01"))
    sent = answer_fields()
    assert send(member, path_of(notice), sent, shown_at="/fr/compte").status_code == 409
    assert base.answers.of(notice.id) == []


# Closing


def test_closing_what_was_met_fills_in_a_case(base: KnowledgeBase, member: TestClient) -> None:
    notice = published(base)
    base.answers.add(
        notice.id,
        AnswerKind.CAN,
        text="* Nous en avons mille.",
        organisation=DISTILLERY.name,
        actor_id=DISTILLERY.id,
        by="Zoé",
    )
    base.answers.add(notice.id, AnswerKind.CAN, text="En secret", private=True, by="Zoé")
    base.answers.add(notice.id, AnswerKind.CAN, text="Trop cher.", organisation="Autre", by="Zoé")
    met = {"do": "close:met", "revision": "2"}
    asked = send(member, path_of(notice), met)
    assert asked.status_code == 400
    assert "Dites qui" in Page(asked.text).one("p", id="f-who-error").text
    assert (base.drafts.list(), base.notices.get(notice.id).closing) == ([], None)
    answer = send(member, path_of(notice), {**met, "did": DISTILLERY.name})
    assert answer.status_code == 303
    (draft,) = base.drafts.list(by="Léa")
    assert answer.headers["Location"] == f"/fr/brouillons/{draft.id}?done=from_board"
    case = draft.record
    assert isinstance(case, Case)
    assert (case.title, case.need, case.flow) == (NEED.title, NEED.title, "seeks")
    assert case.period == today()[:7]
    assert "Pour du cirage." in case.text
    assert r"\* Nous en avons mille." in case.text
    assert "En secret" not in case.text
    assert [(one.name, one.role, one.actor_id) for one in case.participants] == [
        (AVEL.name, Role.BUYER, AVEL.id),
        (DISTILLERY.name, Role.PRODUCER, DISTILLERY.id),
    ]
    closed = base.notices.get(notice.id)
    assert (closed.closing, closed.draft_id) == (Closing.MET, draft.id)
    assert "Lire comment" not in member.get(path_of(notice)).text
    path = f"/fr/brouillons/{draft.id}"
    assert send(member, path, {"do": "submit", "revision": "1"}).status_code == 303
    base.publish(draft.id, by="Max", revision=2)
    assert f"/fr/cas/{case.id}" in client_of(base).get(path_of(notice)).text


def test_a_stranger_closes_with_the_key_and_a_moderator_gets_the_case(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    location = send(stranger, POST, {"title": "Des flacons", **MAIL}).headers["Location"]
    key = parse_qs(urlsplit(location).query)["key"][0]
    (waiting,) = base.notices.list([NoticeState.WAITING])
    notice = base.notices.publish(waiting.id, by="Max", revision=1)
    path = f"{path_of(notice)}?key={key}"
    sent = {"do": "close:met", "revision": "2", "key": key, "who": "Merlet et fils"}
    assert send(stranger, path_of(notice), sent, shown_at=path).status_code == 303
    (draft,) = base.drafts.list([DraftState.SUBMITTED])
    assert base.notices.get(notice.id).draft_id == draft.id


def test_who_did_it_may_be_chosen_beside_the_answers(
    base: KnowledgeBase, member: TestClient
) -> None:
    namesake = replace(DISTILLERY, id="merlet-bis", place="Cognac")
    base.put([namesake])
    notice = published(base, replace(OFFER, asker=AVEL.name))
    chosen = {"who": DISTILLERY.name, "who_id": namesake.id, "did": "Personne"}
    assert "Qui l’a pris" in Page(member.get(path_of(notice)).text).one("fieldset").text
    send(member, path_of(notice), {"do": "close:met", "revision": "2", **chosen})
    (draft,) = base.drafts.list(by="Léa")
    assert isinstance(draft.record, Case)
    assert [(one.role, one.actor_id) for one in draft.record.participants] == [
        (Role.SUPPLIER, AVEL.id),
        (Role.BUYER, namesake.id),
    ]


def test_a_closing_is_taken_back_until_its_case_is_published(
    base: KnowledgeBase, member: TestClient, moderator: TestClient, stranger: TestClient
) -> None:
    notice = published(base)
    for ending in ("met", "not_met", "withdrawn"):
        before = base.notices.get(notice.id)
        assert decide(member, before, f"close:{ending}", who=DISTILLERY.name) == 303
        closed = base.notices.get(notice.id)
        assert "reopen" not in stranger.get(path_of(notice)).text
        assert decide(account_client(base, name="Zoé"), closed, "reopen") == 403
        assert decide(member, before, "reopen") == 409
        assert decide(member, closed, "reopen") == 303
        opened = base.notices.get(notice.id)
        assert (opened.closing, opened.draft_id) == (None, "")
        assert opened.is_open(today())
        assert base.drafts.list() == []
        assert decide(member, opened, "reopen") == 409
    # What a moderator closed, a moderator opens.
    assert decide(moderator, base.notices.get(notice.id), "close:withdrawn") == 303
    assert decide(member, base.notices.get(notice.id), "reopen") == 403
    assert decide(moderator, base.notices.get(notice.id), "reopen") == 303
    assert decide(member, base.notices.get(notice.id), "close:met", who=DISTILLERY.name) == 303
    (draft,) = base.drafts.list()
    submit = {"do": "submit", "revision": "1"}
    assert send(member, f"/fr/brouillons/{draft.id}", submit).status_code == 303
    base.publish(draft.id, by="Max", revision=2)
    assert 'value="reopen"' not in member.get(path_of(notice)).text
    assert decide(member, base.notices.get(notice.id), "reopen") == 409


def test_what_was_closed_while_it_waited_waits_again(
    base: KnowledgeBase, member: TestClient, stranger: TestClient
) -> None:
    waiting = base.notices.add(NEED, owner="Léa")
    assert decide(member, waiting, "close:withdrawn") == 303
    assert decide(member, base.notices.get(waiting.id), "reopen") == 303
    assert base.notices.get(waiting.id).state is NoticeState.WAITING
    assert stranger.get(path_of(waiting)).status_code == 404


# Offers that may answer needs


def test_an_offer_that_fits_a_need_is_proposed_and_told_to_both(
    base: KnowledgeBase, moderator: TestClient, stranger: TestClient
) -> None:
    need = base.notices.add(NEED, owner="Léa")
    assert decide(moderator, need, "publish") == 303
    own = base.notices.add(OFFER, owner="Léa")
    assert decide(moderator, own, "publish") == 303
    far = base.notices.add(replace(OFFER, title="Un atelier de couture"), owner="Zoé")
    assert decide(moderator, far, "publish") == 303
    offer = base.notices.add(OFFER, owner="Zoé")
    assert decide(moderator, offer, "publish") == 303
    (pair,) = base.notice_pairs.proposed()
    assert (pair.need_id, pair.offer_id) == (need.id, offer.id)
    page = Page(moderator.get("/fr/moderation").text)
    assert len(page.all("li", class_="pair-proposed")) == 1
    assert offer.content.title not in stranger.get(path_of(need)).text
    sent = {"do": "tell", "need": need.id, "offer": offer.id}
    assert send(moderator, BOARD, sent, shown_at="/fr/moderation").status_code == 303
    assert re.search(path_of(offer), stranger.get(path_of(need)).text)
    assert re.search(path_of(need), stranger.get(path_of(offer)).text)
    assert not Page(moderator.get("/fr/moderation").text).all("li", class_="pair-proposed")


# Mails


def test_who_left_an_address_is_told_with_a_link_that_opens_their_notice(
    base: KnowledgeBase,
) -> None:
    moderator = account_client(base, AccountRole.MODERATOR, "Max", SENDING)
    member = account_client(base, name="Léa", settings=SENDING)
    notice = base.notices.add(NEED, told_at="tim@cognac.example")
    assert decide(moderator, notice, "refuse", message="Quelle <taille> ?") == 303
    notice = base.notices.get(notice.id)
    assert decide(moderator, notice, "publish") == 303
    assert send(member, path_of(notice), answer_fields()).status_code == 303
    secret = answer_fields(answer="Chut", private="1")
    assert send(member, path_of(notice), secret).status_code == 303
    mails = []
    while (queued := base.outbox.take()) is not None:
        mails.append(queued.mail)
    assert [mail.recipient for mail in mails] == ["tim@cognac.example"] * 4
    assert [mail.subject for mail in mails] == [
        "Votre annonce n’est pas publiée.",
        "Votre annonce est publiée.",
        *["Quelqu’un a répondu à votre annonce."] * 2,
    ]
    assert "Quelle <taille> ?" in mails[0].text
    assert "Quelle &lt;taille&gt; ?" in mails[0].html
    assert "Chut" not in mails[3].text
    link = re.search(r"https://\S+\?key=\S+", mails[1].text)
    assert link
    opened = another_browser(client_of(base, SENDING)).get(link[0])
    assert "Chut" in opened.text
