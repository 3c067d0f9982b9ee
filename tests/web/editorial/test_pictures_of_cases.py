"""A picture of a case: sent with its form, moderated with it, shown with it, and gone with it."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind
from kb.registers.accounts import AccountRole
from kb.registers.pictures import names_of, photograph
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import account_client, client_of, csrf_token

CASE = "/en/cases/angouleme"
EDIT = "/en/edit/cases/angouleme?item=picture"


def upload(colour: str = "teal", form: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.new("RGB", (1200, 800), colour).save(stream, form)
    return stream.getvalue()


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, ANGOULEME])
    return base


def edit(
    client: TestClient, base: KnowledgeBase, content: bytes | None = None, **fields: str
) -> Any:
    version = base.history(Kind.CASE, ANGOULEME.id)[-1].number
    sent = {"csrf": csrf_token(client, EDIT), "item": "picture", "version": str(version)}
    picture = {"picture": base.case(ANGOULEME.id).picture, "do": "save"}
    files = {"picture_file": ("photo.png", content, "image/png")} if content else None
    return client.post(EDIT, data={**sent, **picture, **fields}, files=files)


def with_picture(base: KnowledgeBase, colour: str = "teal") -> Case:
    name = base.pictures.add(photograph(upload(colour)), by="Léa")
    case = replace(base.case(ANGOULEME.id), picture=name, picture_alt="Un flacon")
    base.put([case])
    return case


def names(base: KnowledgeBase, case: Case) -> set[str]:
    return base.pictures.known(names_of(case.picture))


def test_a_picture_is_shown_in_the_width_that_is_needed(
    moderator: TestClient, base: KnowledgeBase
) -> None:
    answer = edit(moderator, base, upload(), picture_alt="A bottle", picture_credit="Town, CC BY")
    assert answer.headers["Location"] == f"{CASE}?done=published"
    visitor = client_of(base)
    read = Page(visitor.get(CASE).text)
    shown = read.one("img", alt="A bottle").attributes
    assert (shown["width"], shown["height"]) == ("1200", "800")
    assert [part.split()[1] for part in shown["srcset"].split(", ")] == ["480w", "960w", "1200w"]
    for part in shown["srcset"].split(", "):
        content = visitor.get(part.split()[0])
        assert content.headers["Content-Type"] == "image/webp"
        assert "immutable" in content.headers["Cache-Control"]
    assert read.one("figcaption").text == "Town, CC BY"
    assert [one.attributes["alt"] for one in Page(visitor.get("/fr/").text).all("img")] == [
        "A bottle"
    ]
    shared = read.one("meta", property="og:image").attributes["content"]
    assert visitor.get(shared).headers["Content-Type"] == "image/webp"


def test_without_words_for_who_does_not_see_it_a_picture_is_refused_and_not_lost(
    moderator: TestClient, base: KnowledgeBase
) -> None:
    answer = edit(moderator, base, upload(), picture_alt=" ")
    assert answer.status_code == 400
    read = Page(answer.text)
    assert read.one("input", id="f-picture_alt").attributes["aria-invalid"] == "true"
    kept = read.one("input", type="hidden", name="picture").attributes["value"]
    assert base.case(ANGOULEME.id).picture == ""
    edit(moderator, base, picture=kept, picture_alt="A bottle")
    assert base.case(ANGOULEME.id).picture == kept


def test_a_picture_can_be_removed_and_comes_back_with_its_version(
    moderator: TestClient, base: KnowledgeBase
) -> None:
    case = with_picture(base)
    edit(moderator, base, without_picture="1", picture_alt="Un flacon")
    assert base.case(ANGOULEME.id) == replace(case, picture="", picture_alt="")
    # The version before has it still.
    assert names(base, case) == set(names_of(case.picture))


def test_a_contributor_sends_a_picture_with_a_draft_and_it_is_published_with_it(
    moderator: TestClient, base: KnowledgeBase
) -> None:
    writer = account_client(base, AccountRole.CONTRIBUTOR, "Léa")
    case = replace(ANGOULEME, id="autre", title="Un autre cas")
    draft = base.drafts.add(case, by="Léa", origin="pasted", submitted=False)
    path = f"/en/drafts/{draft.id}"
    sent = {"csrf": csrf_token(writer, path), "do": "submit", "revision": "1"}
    answer = writer.post(
        path,
        data={**sent, "picture": "", "picture_alt": "Un flacon"},
        files={"picture_file": ("photo.jpg", upload(form="JPEG"), "image/jpeg")},
    )
    assert answer.status_code == 303
    drafted = base.drafts.get(draft.id)
    assert isinstance(drafted.record, Case)
    assert names(base, drafted.record) == set(names_of(drafted.record.picture))
    shown = Page(moderator.get(path).text)
    assert shown.all("img", alt="Un flacon")
    published = base.publish(draft.id, by="Marc", revision=drafted.revision)
    visitor = client_of(base)
    assert Page(visitor.get(f"/fr/cas/{published.record.id}").text).all("img", alt="Un flacon")


def test_an_erased_case_takes_its_pictures_along(base: KnowledgeBase) -> None:
    former, case = with_picture(base), with_picture(base, "red")
    base.erase(Kind.CASE, ANGOULEME.id, by="Léa")
    assert not names(base, former) | names(base, case)
