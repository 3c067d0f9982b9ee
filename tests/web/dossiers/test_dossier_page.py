"""The page of a dossier: a stranger's in the address, an account's in the base, and by a link."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.models import Case
from kb.registers.accounts import AccountRole
from kb.registers.dossiers import CallStatus, DossierEntry
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, DISTILLERY, SampleBase
from tests.web.signed_in import account_client, client_of, csrf_token, send

LEA, BOB = "Léa", "Bob"
NEED = "500 litres de gel hydroalcoolique avant fin mars"
ANSWER = "/en/dossier?id=avel&id=distillerie-merlet"


@pytest.fixture
def base() -> SampleBase:
    return SampleBase()


@pytest.fixture
def lea(base: SampleBase) -> TestClient:
    return account_client(base, name=LEA)


@pytest.fixture
def stranger(base: SampleBase) -> TestClient:
    return client_of(base)


def names(html: str) -> list[str]:
    page = Page(html)
    return [
        element.text.strip()
        for item in page.all("li", class_="call")
        for element in page.inside(item, "h2")
    ]


def row_fields(html: str) -> dict[str, list[str]]:
    """The fields of the rows of a page, as a browser would send them."""
    page = Page(html)
    form = page.one("form", class_="call-sheet")
    fields = {
        name: [
            each.attributes["value"]
            for each in page.inside(form, "input")
            if each.attributes.get("name") == name
        ]
        for name in ("id", "mark", "csrf", "dossier", "key", "need")
    }
    fields["note"] = [each.text.strip("\n") for each in page.inside(form, "textarea")]
    fields["status"] = [
        next(
            option.attributes["value"]
            for option in page.inside(select, "option")
            if "selected" in option.attributes
        )
        for select in page.inside(form, "select")
    ]
    return {name: values for name, values in fields.items() if values}


def picked(base: SampleBase, client: TestClient, need: str = NEED) -> str:
    """Picks two organisations as a browser does; returns the id of the dossier."""
    fields = {"do": "pick", "id": ["avel", "distillerie-merlet"], "need": [need] * 2}
    token = csrf_token(client, "/en/account")
    answer = client.post("/en/dossier", data={**fields, "csrf": token})
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["Location"]).query)["dossier"][0]


def link(client: TestClient, dossier: str, right: str) -> str:
    """Makes a link; returns its address without the host."""
    made = send(client, "/en/dossier", {"dossier": dossier, "do": f"share {right}"})
    field = Page(client.get(made.headers["Location"]).text).one("input", id=f"link-{right}")
    return field.attributes["value"].removeprefix("https://quisait.example")


def test_results_can_be_ticked_and_lead_to_a_dossier_without_scripts(stranger: TestClient) -> None:
    page = Page(stranger.get("/fr/recherche?q=cirages").text)
    form = page.one("form", id="picks")
    assert form.attributes["action"] == "/fr/dossier"
    assert [each.attributes["value"] for each in page.inside(form, "input")] == ["cirages"]
    ticks = page.all("input", type="checkbox", form="picks")
    assert AVEL.id in [tick.attributes["value"] for tick in ticks]
    labels = [each.text.split() for each in page.all("label", class_="pick")]
    assert ["Garder", "dans", "le", "dossier", "–", *AVEL.name.split()] in labels


def test_a_dossier_in_an_address_shows_need_and_reasons(stranger: TestClient) -> None:
    html = stranger.get(f"{ANSWER}&need=cirages&id=avel").text
    assert names(html) == [AVEL.name, DISTILLERY.name]
    page = Page(html)
    assert page.text("h1") == "cirages"
    reasons = page.all("ul", class_="reasons")
    assert "cirages" in reasons[0].text
    # The other language, and the link to share, name the same.
    path = "?need=cirages&id=avel&id=distillerie-merlet"
    assert f"/fr/dossier{path}" in [each.attributes["href"] for each in page.all("a", lang="fr")]
    shared = page.one("input", id="share-url").attributes["value"]
    assert shared == f"https://quisait.example/en/dossier{path}"
    assert page.one("meta", name="robots").attributes["content"] == "noindex"
    assert "Set-Cookie" not in stranger.get(ANSWER).headers


def test_who_is_gone_is_said_to_be_and_who_was_merged_is_followed(base: SampleBase) -> None:
    with base._stores.lend() as store, store.writing():
        store.execute("insert into merged_actors (id, actor_id) values ('avel-2', ?)", [AVEL.id])
    html = client_of(base).get("/en/dossier?id=avel-2&id=nobody&need=cirages").text
    assert names(html) == [AVEL.name, "nobody"]
    assert "are one now" in html
    assert "no longer in the catalogue" in html


def test_a_stranger_takes_one_out_without_scripts(stranger: TestClient) -> None:
    sent = row_fields(stranger.get(f"{ANSWER}&need=gel").text)
    sent["note"] = ["mine <b>", "à rappeler"]
    sent["status"] = ["no", "called"]
    answer = stranger.post("/en/dossier/sheet", data={**sent, "do": "remove avel"})
    assert names(answer.text) == [DISTILLERY.name]
    kept = row_fields(answer.text)
    assert (kept["note"], kept["status"], kept["need"]) == (["à rappeler"], ["called"], ["gel"])
    assert "Set-Cookie" not in answer.headers


def test_a_sheet_is_refused_where_it_is_not_of_a_page_of_ours(stranger: TestClient) -> None:
    sent = {"id": ["avel"], "do": "vcf"}
    crossed = stranger.post(
        "/en/dossier/sheet", data=sent, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert crossed.status_code == 403
    odd = stranger.post("/en/dossier/sheet", data={**sent, "note": ["a", "b"]})
    assert odd.status_code == 400
    assert stranger.post("/en/dossier/sheet", data={"id": "avel", "do": "eat"}).status_code == 400
    long = stranger.post("/en/dossier/sheet", data={**sent, "note": ["x" * 2001]})
    assert long.status_code == 422
    # What a stranger sends is of no account: there is no dossier to change.
    assert stranger.post("/en/dossier", data={"do": "pick", "id": "avel"}).status_code == 403


def test_an_account_keeps_the_need_and_why_as_they_were_then(
    base: SampleBase, lea: TestClient
) -> None:
    html = lea.get(f"{ANSWER}&need=cirages+à+Cognac").text
    assert "not in your account yet" in Page(html).one("main").text
    answer = lea.post("/en/dossier", data={**row_fields(html), "do": "pick"})
    assert answer.status_code == 303
    (kept,) = base.dossiers.of(LEA)
    assert (kept.told.title, kept.told.place) == ("cirages", "à Cognac")
    before = kept.entries[0].why
    assert before.reasons[0].text
    base.put([replace(AVEL, description="Autre chose.")])
    html = lea.get(answer.headers["Location"]).text
    assert "are in your dossier" in html
    assert names(html) == [AVEL.name, DISTILLERY.name]
    assert before.reasons[0].text in Page(html).one("main").text
    # On the results of this need, what is in its dossier is ticked; of another, nothing is.
    for q, count in (("cirages+à+Cognac", "2"), ("flacons", "0")):
        results = Page(lea.get(f"/en/search?q={q}").text)
        assert results.text("span", class_="picked-count") == count
    fields = row_fields(html)
    fields["note"][0], fields["status"][0] = "rappeler\r\nlundi", "interested"
    lea.post("/en/dossier", data={**fields, "do": "save"})
    entry = base.dossiers.of(LEA)[0].entries[0]
    assert (entry.note, entry.status, entry.why) == (
        "rappeler\nlundi", CallStatus.INTERESTED, before,
    )  # fmt: skip
    fields = row_fields(lea.get("/en/dossier").text)
    lea.post("/en/dossier", data={**fields, "do": "remove avel"})
    assert [each.actor_id for each in base.dossiers.of(LEA)[0].entries] == ["distillerie-merlet"]
    drop = {"do": "drop", "id": "distillerie-merlet", "need": "cirages à Cognac"}
    lea.post("/en/dossier", data={"csrf": fields["csrf"], **drop})
    assert base.dossiers.of(LEA)[0].entries == ()


def test_a_dossier_of_an_account_is_nobody_elses(base: SampleBase, lea: TestClient) -> None:
    kept = base.dossiers.get(picked(base, lea), by=LEA)
    bob = account_client(base, AccountRole.ADMINISTRATOR, BOB)
    assert bob.get(f"/en/dossier?dossier={kept.id}").status_code == 404
    assert bob.get(f"/en/dossier/enquiry?dossier={kept.id}").status_code == 404
    for do in ("save", "tell", "delete", "share reader", "merge", "case"):
        sent = {"dossier": kept.id, "do": do, "into": kept.id, "title": "x"}
        answer = send(bob, "/en/dossier", sent, shown_at="/en/account")
        assert answer.status_code == 404, do
    assert base.dossiers.get(kept.id, by=LEA) == kept
    sent = {"csrf": csrf_token(bob, "/en/account"), "do": "delete", "dossier": kept.id}
    assert lea.post("/en/dossier", data=sent).status_code == 403
    assert send(lea, "/en/dossier", {"do": "eat", "dossier": kept.id}).status_code == 400


def test_whoever_has_the_link_sees_what_the_sender_sees_until_it_is_withdrawn(
    base: SampleBase, lea: TestClient, stranger: TestClient
) -> None:
    dossier = picked(base, lea)
    entry = base.dossiers.get(dossier, by=LEA).entries[0]
    base.dossiers.save(dossier, [(replace(entry, note="rappeler lundi"), entry.mark)], by=LEA)
    reading = link(lea, dossier, "reader")
    shown = stranger.get(reading)
    for said in (NEED, "500 litres", "avant fin mars", "rappeler lundi", entry.why.reasons[0].text):
        assert said in Page(shown.text).one("main").text, said
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert Page(shown.text).one("meta", name="robots").attributes["content"] == "noindex"
    # It changes nothing, and another key opens nothing.
    key = parse_qs(urlsplit(reading).query)["key"][0]
    sent = {"dossier": dossier, "key": key, "do": "save", "signed": "Zoé"}
    assert send(stranger, "/en/dossier/link", sent, shown_at="/en/sign-in").status_code == 403
    assert stranger.get(reading.replace(key, key[::-1])).status_code == 410
    asked = {"do": "csv", "key": key, "dossier": dossier, "id": AVEL.id}
    file = stranger.post("/en/dossier/sheet", data=asked)
    assert "500 litres" in file.text
    ended = {"dossier": dossier, "do": "withdraw reader"}
    assert send(lea, "/en/dossier", ended).status_code == 303
    assert stranger.get(reading).status_code == 410
    assert link(lea, dossier, "reader") != reading


def test_whoever_has_the_link_to_write_signs_with_a_name(
    base: SampleBase, lea: TestClient, stranger: TestClient
) -> None:
    dossier = picked(base, lea)
    writing = link(lea, dossier, "writer")
    fields = row_fields(stranger.get(writing).text)
    fields["note"][0], fields["status"][0] = "Je connais la directrice.", "called"
    sent = {**fields, "do": "save", "signed": "Zoé <b>"}
    assert stranger.post("/en/dossier/link", data={**sent, "csrf": "x"}).status_code == 403
    answer = stranger.post("/en/dossier/link", data=sent)
    assert answer.status_code == 303
    assert "are saved" in stranger.get(answer.headers["Location"]).text
    kept = Page(lea.get("/en/dossier").text).one("main").text
    assert "Je connais la directrice." in kept
    assert "Zoé <b>, by the link" in kept
    long = stranger.post("/en/dossier/link", data={**sent, "note": ["x" * 2001, ""]})
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    assert stranger.post("/en/dossier/link", data={**sent, "do": "delete"}).status_code == 400
    # Two hundred organisations with notes are more than others may send.
    many = base.dossiers.pick([DossierEntry(f"a{n}") for n in range(198)], by=LEA, id=dossier)
    ids, notes = [each.actor_id for each in many.entries], ["Répond après la réunion. " * 20] * 200
    assert (
        stranger.post(
            "/en/dossier/link",
            data={**sent, "id": ids, "mark": [""] * 200, "status": ["called"] * 200, "note": notes},
        ).status_code
        == 303
    )
    # An account needs to type no name, and is the one that is erased with it.
    bob = account_client(base, name=BOB)
    fields = row_fields(bob.get(writing).text)
    fields["status"][1] = "no"
    assert bob.post("/en/dossier/link", data={**fields, "do": "save"}).status_code == 303
    entry = base.dossiers.get(dossier, by=LEA).entries[1]
    assert (entry.changed_by, entry.signed) == (BOB, "")
    # With an account, one keeps it among one's own, and both are told who else there is.
    joined = bob.post("/en/dossier/link", data={**row_fields(bob.get(writing).text), "do": "join"})
    assert "Léa shares this dossier with you" in bob.get(joined.headers["Location"]).text
    assert bob.get(writing).status_code == 303
    assert "You share this dossier with Bob" in lea.get("/en/dossier").text


def test_needs_are_told_put_together_and_deleted(base: SampleBase, lea: TestClient) -> None:
    first = picked(base, lea)
    second = picked(base, lea, "cirages")
    told = {"dossier": first, "do": "tell", "title": "Gel", "need": NEED, "until": "31 mars"}
    assert send(lea, "/en/dossier", told).status_code == 303
    assert base.dossiers.get(first, by=LEA).told.until == "31 mars"
    send(lea, "/en/dossier", {"dossier": second, "do": "merge", "into": first})
    (left,) = base.dossiers.of(LEA)
    assert left.id == first
    send(lea, "/en/dossier", {"dossier": first, "do": "delete"})
    assert base.dossiers.of(LEA) == []


def test_what_is_refused_comes_back_filled_in(base: SampleBase, lea: TestClient) -> None:
    token = csrf_token(lea, "/en/account")
    pick = {"csrf": token, "do": "pick", "id": "avel", "note": "x" * 2001, "status": "no"}
    answer = lea.post("/en/dossier", data=pick)
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    picked(base, lea)
    fields = row_fields(lea.get("/en/dossier").text)
    fields["note"][0] = "y" * 2001
    answer = lea.post("/en/dossier", data={**fields, "do": "save"})
    assert answer.status_code == 422
    assert row_fields(answer.text)["note"][0] == "y" * 2001
    fields["note"][0] = "z"
    assert lea.post("/en/dossier", data={**fields, "do": "save"}).status_code == 303


def test_a_dossier_that_ended_well_becomes_the_draft_of_a_case(
    base: SampleBase, lea: TestClient
) -> None:
    dossier = picked(base, lea)
    entry = base.dossiers.get(dossier, by=LEA).entries[0]
    met = replace(entry, status=CallStatus.INTERESTED, note="A livré *tout*.")
    base.dossiers.save(dossier, [(met, entry.mark)], by=LEA)
    shown = lea.get(f"/fr/dossier?dossier={dossier}").text
    assert "en faire un cas" in shown
    assert "annonce a abouti" not in shown
    answer = send(lea, "/en/dossier", {"dossier": dossier, "do": "case"})
    page = lea.get(answer.headers["Location"])
    assert page.status_code == 200
    (draft,) = base.drafts.list(by=LEA)
    assert isinstance(draft.record, Case)
    assert draft.record.need == NEED
    assert "500 litres" in draft.record.text
    assert "A livré \\*tout\\*." in draft.record.text
    assert [one.actor_id for one in draft.record.participants] == [AVEL.id]
    # Who only holds the page of an organisation contributes no articles.
    holder = account_client(base, AccountRole.HOLDER, BOB)
    own = base.dossiers.pick([DossierEntry("avel")], by=BOB).id
    assert send(holder, "/en/dossier", {"dossier": own, "do": "case"}).status_code == 403
