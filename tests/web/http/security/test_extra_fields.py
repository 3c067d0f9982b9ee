"""Fields that no page has and no document names change nothing, whoever sends them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.registers.drafts import DraftState
from tests.web.editorial.test_organisation import COOPER, FORM, fields_of
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL
from tests.web.signed_in import PASSWORD, account_client, client_of, csrf_token

pytestmark = pytest.mark.thorough

EXTRA = {
    "id": AVEL.id, "role": "administrator", "moderator": "1", "is_moderator": "true",
    "account": "an administrator", "by": "an administrator", "created_by": "an administrator",
    "owner": "an administrator", "state": "published", "published": "1", "revision": "99",
    "accepted_by": "an administrator", "proved": "1", "disabled": "0", "session_epoch": "0",
    "contact_visibility": "everyone", "__class__": "Account", "record_id": AVEL.id,
}  # fmt: skip


def test_who_holds_a_page_gets_the_rights_of_a_holder(base: KnowledgeBase) -> None:
    base.put([AVEL])
    keys = []

    def write(key: str) -> NewMail:
        keys.append(key)
        return NewMail("lea@avel.example", "", "", "", "fr", "")

    base.holds.ask(AVEL.id, "lea@avel.example", message="", lang="fr", write=write)
    client = client_of(base)
    path = f"/fr/prendre-en-main?key={keys[0]}"
    sent = {"key": keys[0], "name": "Léa", "new": PASSWORD, "again": PASSWORD}
    answer = client.post(path, data={**EXTRA, **sent, "csrf": csrf_token(client, path)})
    assert answer.status_code == 303
    assert base.accounts.get("Léa").role is AccountRole.HOLDER
    (hold,) = base.holds.of(AVEL.id)
    assert (hold.account, hold.accepted_by) == ("Léa", "")


def test_a_contribution_waits_for_a_moderator_and_is_of_who_sent_it(base: KnowledgeBase) -> None:
    base.put([AVEL])
    client = account_client(base)
    fields = fields_of(Page(client.get(FORM).text))
    answer = client.post(FORM, data={**EXTRA, **fields, **COOPER, "do": "submit"})
    assert answer.status_code == 303
    (draft,) = base.drafts.list(list(DraftState))
    assert (draft.created_by, draft.state) == ("a contributor", DraftState.SUBMITTED)
    assert draft.record.id != AVEL.id
    assert base.actor(AVEL.id) == AVEL
    assert len(base.history(Kind.ACTOR, AVEL.id)) == 1


def test_an_account_gives_itself_no_rights(base: KnowledgeBase) -> None:
    base.accounts.add("an administrator", PASSWORD, AccountRole.ADMINISTRATOR)
    client = account_client(base)
    before = base.accounts.get("an administrator")
    for do in ("issue_token", "end_sessions", "password"):
        sent = {
            "csrf": csrf_token(client, "/fr/compte"), "do": do, "name": "an administrator",
            "label": "x", "current": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!",
        }  # fmt: skip
        assert client.post("/fr/compte", data={**EXTRA, **sent}).status_code in {200, 303}
        assert base.accounts.get("a contributor").role is AccountRole.CONTRIBUTOR
        assert base.accounts.get("an administrator") == before
        assert not base.accounts.tokens("an administrator")
    assert base.accounts.authenticate("an administrator", PASSWORD)


def _bodies(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{method} {path}", content["application/json"]["schema"]


def _closed(shape: Mapping[str, Any], shapes: Mapping[str, Any]) -> bool:
    """Whether a shape, and every shape in it, refuses fields that it does not name."""
    if "$ref" in shape:
        shape = shapes[shape["$ref"].rpartition("/")[2]]
    if "properties" in shape and shape.get("additionalProperties") is not False:
        return False
    inner = [*shape.get("properties", {}).values(), *shape.get("anyOf", [])]
    inner += [shape["items"]] if isinstance(shape.get("items"), dict) else []
    return all(_closed(each, {**shapes, **shape.get("$defs", {})}) for each in inner)


def test_every_body_of_the_api_refuses_fields_that_it_does_not_name(base: KnowledgeBase) -> None:
    document = client_of(base).get("/api/openapi.json").json()
    bodies = list(_bodies(document))
    assert len(bodies) >= 10
    shapes = document["components"]["schemas"]
    assert [name for name, shape in bodies if not _closed(shape, shapes)] == []
