"""The page of a list: a stranger's in the address, an account's in the base."""

import re

import pytest
from fastapi.testclient import TestClient

from kb.registers.accounts import AccountRole
from kb.registers.contact_lists import CallStatus
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, DISTILLERY, SampleBase
from tests.web.signed_in import account_client, client_of, csrf_token, send

LEA, BOB = "Léa", "Bob"
ANSWER = "/en/list?id=avel&id=distillerie-merlet"


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
        for name in ("id", "mark", "csrf", "list", "need")
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


def test_results_can_be_ticked_and_lead_to_a_list_without_scripts(stranger: TestClient) -> None:
    page = Page(stranger.get("/fr/recherche?q=cirages").text)
    form = page.one("form", id="picks")
    assert (form.attributes["action"], form.attributes.get("method", "get")) == ("/fr/liste", "get")
    assert [each.attributes["value"] for each in page.inside(form, "input")] == ["cirages"]
    ticks = page.all("input", type="checkbox", form="picks")
    assert AVEL.id in [tick.attributes["value"] for tick in ticks]
    labels = [each.text.split() for each in page.all("label", class_="pick")]
    assert ["Garder", "dans", "ma", "liste", "–", *AVEL.name.split()] in labels


def test_a_list_in_an_address_shows_its_organisations_in_order(stranger: TestClient) -> None:
    html = stranger.get(f"{ANSWER}&need=hand+gel&id=avel").text
    assert names(html) == [AVEL.name, DISTILLERY.name]
    page = Page(html)
    links = [each.text for each in page.all("a") if "data-search" in each.attributes]
    assert links == ["hand gel", "hand gel"]
    # The other language, and the link to share, name the same, and not the need.
    path = "?id=avel&id=distillerie-merlet"
    assert f"/fr/liste{path}" in [each.attributes["href"] for each in page.all("a", lang="fr")]
    shared = page.one("input", id="share-url").attributes["value"]
    assert shared == f"https://quisait.example/en/list{path}"
    assert page.one("meta", name="robots").attributes["content"] == "noindex"
    assert "Set-Cookie" not in stranger.get(ANSWER).headers


def test_who_is_gone_is_said_to_be_and_who_was_merged_is_followed(base: SampleBase) -> None:
    with base._stores.lend() as store, store.writing():
        store.execute("insert into merged_actors (id, actor_id) values ('avel-2', ?)", [AVEL.id])
    html = client_of(base).get("/en/list?id=avel-2&id=nobody").text
    assert names(html) == [AVEL.name, "nobody"]
    assert "are one now" in html
    assert "no longer in the catalogue" in html


def test_a_stranger_orders_a_list_without_scripts(stranger: TestClient) -> None:
    sent = row_fields(stranger.get(ANSWER).text)
    sent["note"] = ["mine <b>", "à rappeler"]
    sent["status"] = ["no", "called"]
    for do, order in {
        "up distillerie-merlet": [DISTILLERY.name, AVEL.name],
        "down avel": [DISTILLERY.name, AVEL.name],
        "up avel": [AVEL.name, DISTILLERY.name],
        "remove avel": [DISTILLERY.name],
        "remove nobody": [AVEL.name, DISTILLERY.name],
    }.items():
        answer = stranger.post("/en/list/sheet", data={**sent, "do": do})
        assert answer.status_code == 200
        assert names(answer.text) == order
        kept = row_fields(answer.text)
        told = dict(zip(kept["id"], zip(kept["note"], kept["status"], strict=True), strict=True))
        assert told["distillerie-merlet"] == ("à rappeler", "called")
        assert "mine <b>" not in answer.text
        assert "Set-Cookie" not in answer.headers


def test_a_sheet_is_refused_where_it_is_not_of_a_page_of_ours(stranger: TestClient) -> None:
    sent = {"id": ["avel"], "do": "vcf"}
    crossed = stranger.post("/en/list/sheet", data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    odd = stranger.post("/en/list/sheet", data={**sent, "note": ["a", "b"]})
    assert odd.status_code == 400
    assert stranger.post("/en/list/sheet", data={"id": "avel", "do": "eat"}).status_code == 400
    long = stranger.post("/en/list/sheet", data={**sent, "note": ["x" * 2001]})
    assert long.status_code == 422
    # What a stranger sends is of no account: there is no list to change.
    assert stranger.post("/en/list", data={"do": "pick", "id": "avel"}).status_code == 403


def test_an_account_keeps_its_list(base: SampleBase, lea: TestClient) -> None:
    page = Page(lea.get(f"{ANSWER}&need=gel").text)
    assert "not in your account yet" in page.one("main").text
    fields = row_fields(lea.get(f"{ANSWER}&need=gel").text)
    answer = lea.post("/en/list", data={**fields, "do": "pick"})
    assert answer.status_code == 303
    html = lea.get(answer.headers["Location"]).text
    assert "are in your list" in html
    assert names(html) == [AVEL.name, DISTILLERY.name]
    assert Page(html).text("span", class_="picked-count") == "2"
    assert [each.need for each in base.lists.of(LEA)[0].entries] == ["gel", "gel"]
    fields = row_fields(html)
    fields["note"][0], fields["status"][0] = "rappeler\r\nlundi", "interested"
    answer = lea.post("/en/list", data={**fields, "do": "down avel"})
    assert answer.headers["Location"].endswith("#entry-avel")
    kept = base.lists.of(LEA)[0].entries
    assert [each.actor_id for each in kept] == ["distillerie-merlet", "avel"]
    assert (kept[1].note, kept[1].status) == ("rappeler\nlundi", CallStatus.INTERESTED)
    fields = row_fields(lea.get("/en/list").text)
    lea.post("/en/list", data={**fields, "do": "remove avel"})
    assert [each.actor_id for each in base.lists.of(LEA)[0].entries] == ["distillerie-merlet"]


def test_a_list_of_an_account_is_nobody_elses(base: SampleBase, lea: TestClient) -> None:
    kept = base.lists.pick([], by=LEA)
    bob = account_client(base, AccountRole.ADMINISTRATOR, BOB)
    assert bob.get(f"/en/list?list={kept.id}").status_code == 404
    for do in ("save", "rename", "delete", "choose", "share", "up avel", "unshare Bob", "pick"):
        sent = {"list": kept.id, "do": do, "name": "x", "colleague": BOB, "id": "avel"}
        answer = send(bob, "/en/list", sent, shown_at="/en/account")
        assert answer.status_code == 404, do
    assert base.lists.get(kept.id, by=LEA) == kept
    sent = {"csrf": csrf_token(bob, "/en/account"), "do": "delete", "list": kept.id}
    assert lea.post("/en/list", data=sent).status_code == 403


def test_two_colleagues_lose_nothing(base: SampleBase, lea: TestClient) -> None:
    kept = base.lists.pick([], by=LEA)
    lea.post("/en/list", data={"csrf": csrf_token(lea, "/en/account"), "do": "pick",
                               "id": ["avel", "distillerie-merlet"]})  # fmt: skip
    bob = account_client(base, name=BOB)
    shared = send(lea, "/en/list", {"list": kept.id, "do": "share", "colleague": "bob"})
    assert shared.status_code == 303
    assert "Léa shares this list with you" in bob.get(f"/en/list?list={kept.id}").text
    leas, bobs = (row_fields(each.get(f"/en/list?list={kept.id}").text) for each in (lea, bob))
    bobs["note"][0] = "de Bob"
    assert bob.post("/en/list", data={**bobs, "do": "save"}).status_code == 303
    leas["note"] = ["de Léa", "autre"]
    refused = lea.post("/en/list", data={**leas, "do": "save"})
    assert refused.status_code == 409
    assert "Bob wrote meanwhile: “To call”, “de Bob”" in refused.text
    again = row_fields(refused.text)
    assert again["note"] == ["de Léa", "autre"]
    assert base.lists.get(kept.id, by=LEA).entries[1].note == ""
    assert lea.post("/en/list", data={**again, "do": "save"}).status_code == 303
    assert [each.note for each in base.lists.get(kept.id, by=BOB).entries] == ["de Léa", "autre"]
    # One takes out what the other writes on.
    leas = row_fields(lea.get("/en/list").text)
    bob.post("/en/list", data={**row_fields(bob.get(f"/en/list?list={kept.id}").text),
                               "do": "remove avel"})  # fmt: skip
    leas["note"][0] = "encore"
    refused = lea.post("/en/list", data={**leas, "do": "save"})
    assert refused.status_code == 409
    assert "took this organisation out" in refused.text
    lea.post("/en/list", data={**row_fields(refused.text), "do": "save"})
    assert base.lists.get(kept.id, by=LEA).entries[-1].note == "encore"


def test_what_is_refused_comes_back_filled_in(base: SampleBase, lea: TestClient) -> None:
    kept = base.lists.pick([], by=LEA)
    for do, name, said in (
        ("add", "name", "1 to 80 characters"),
        ("rename", "name", "1 to 80 characters"),
        ("share", "colleague", "Nobody with the name"),
    ):
        sent = {"list": kept.id if do != "add" else "", "do": do, name: "x" * 81}
        answer = send(lea, "/en/list", sent)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="' + "x" * 81 in answer.text
    token = csrf_token(lea, "/en/list")
    pick = {"csrf": token, "do": "pick", "id": "avel", "note": "x" * 2001, "status": "no"}
    answer = lea.post("/en/list", data=pick)
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    lea.post("/en/list", data={"csrf": token, "do": "pick", "id": "avel"})
    fields = row_fields(lea.get("/en/list").text)
    fields["note"] = ["y" * 2001]
    answer = lea.post("/en/list", data={**fields, "do": "save"})
    assert answer.status_code == 422
    assert row_fields(answer.text)["note"] == ["y" * 2001]
    fields["note"] = ["z"]
    assert lea.post("/en/list", data={**fields, "do": "save"}).status_code == 303


def test_lists_are_made_chosen_shared_and_deleted(base: SampleBase, lea: TestClient) -> None:
    first = base.lists.pick([], by=LEA)
    made = send(lea, "/en/list", {"do": "add", "name": "Gel"})
    second = re.search(r"list=(\w+)", made.headers["Location"])
    assert second
    send(lea, "/en/list", {"do": "choose", "list": first.id})
    send(lea, "/en/list", {"do": "rename", "list": first.id, "name": "Alcool"})
    taking = base.lists.for_picks(LEA)
    assert taking
    assert (taking.id, taking.name) == (first.id, "Alcool")
    base.accounts.add(BOB, "du cirage au gel", AccountRole.CONTRIBUTOR)
    send(lea, "/en/list", {"do": "share", "list": first.id, "colleague": BOB})
    assert "You share this list with Bob" in lea.get(f"/en/list?list={first.id}").text
    send(lea, "/en/list", {"do": "unshare Bob", "list": first.id})
    assert base.lists.of(BOB) == []
    send(lea, "/en/list", {"do": "delete", "list": first.id})
    assert [one.id for one in base.lists.of(LEA)] == [second[1]]
    assert lea.get(f"/en/list?list={first.id}").status_code == 404
    assert send(lea, "/en/list", {"do": "eat", "list": second[1]}).status_code == 400
