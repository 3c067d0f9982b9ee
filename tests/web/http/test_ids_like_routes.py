"""Ids that end, begin or are like a part of a route: each leads to its own record."""

from urllib.parse import quote, unquote

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from kb.models import Kind
from web.app import ROUTED
from web.http.i18n import Language
from web.http.urls import Page, address

ROUTES = [route for module in ROUTED for route in module.router.routes]
PARTS = sorted(
    {
        part
        for route in ROUTES
        if isinstance(route, APIRoute)
        for part in route.path.split("/")
        if part and "{" not in part
    }
)
IDS = [id_ for part in PARTS for id_ in (part, f"gel/{part}", f"{part}/gel", f"gel/{part}/{part}")]
RECORD_PAGES = (
    Page.ACTOR, Page.CASE, Page.ACTOR_HISTORY, Page.CASE_HISTORY, Page.ACTOR_EDIT, Page.CASE_EDIT,
)  # fmt: skip


def answering(path: str, method: str = "GET") -> tuple[str, list[object]]:
    """The pattern of the route that answers a path, and the values that it reads there."""
    scope = {
        "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(),
        "root_path": "", "headers": [],
    }  # fmt: skip
    for route in ROUTES:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return getattr(route, "path", ""), [*found["path_params"].values()]
    return "", []


def test_each_page_of_a_record_is_that_of_its_id() -> None:
    for page in RECORD_PAGES:
        for language in Language:
            usual, _ = answering(address(page, "gel").path(language))
            for id_ in IDS:
                assert answering(address(page, id_).path(language)) == (usual, [id_])


@pytest.mark.parametrize("kind", Kind)
def test_each_address_of_the_api_is_that_of_its_id(kind: Kind) -> None:
    for id_ in IDS:
        path = f"/api/{kind}s/{quote(id_, safe='')}"
        assert answering(path)[1] == [id_]
        assert answering(path)[0] == f"/api/{kind}s/{{{kind}_id:path}}"
        for method, verb in (
            ("GET", "history"), ("POST", "edit"), ("POST", "erase"), ("POST", "withdraw"),
            ("POST", "restore"),
        ):  # fmt: skip
            pattern, values = answering(f"{path}/{verb}", method)
            assert (pattern, values) == (f"/api/{kind}s/{{record_id:path}}/{verb}", [id_])
