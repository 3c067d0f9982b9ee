"""Whatever stands in a path or behind the question mark, no answer is unforeseen and no file read.

Every route that is looked at is asked, as an administrator and as a stranger.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import account_client, another_browser
from web.app import ROUTED

pytestmark = pytest.mark.thorough

SQL = "avel') union select name, password_hash from accounts; drop table actors; --"
TEMPLATE = "{{9**10}}${9**10}<%= 9**10 %>{0.__class__}%(name)s"
HOSTILE = [SQL, TEMPLATE, '" or 1=1 --', "a\x00b", "9" * 400, "NaN"]

CLIMBING = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "....//....//....//etc/passwd",
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "/etc/passwd",
    "%00/etc/passwd",
    "file:///etc/passwd",
    "secret",
    "kb.sqlite",
]
"""Ways out of a folder, to a file that each computer has, and to those of the base."""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[TestClient]]:
    folder = tmp_path_factory.mktemp("hostile")
    Store.open(folder / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(folder, WordCountEncoder)) as base:
        base.put([AVEL, ANGOULEME])
        administrator = account_client(base, AccountRole.ADMINISTRATOR)
        yield [administrator, another_browser(administrator)]
        assert base.actor(AVEL.id) == AVEL
        assert base.case(ANGOULEME.id) == ANGOULEME
        assert [one.name for one in base.accounts.list()] == ["a administrator"]


BY_PATH = {
    route.path: route
    for room in ROUTED
    for route in room.router.routes
    if isinstance(route, APIRoute)
    and "GET" in (route.methods or ())
    and not route.path.startswith("/en/")
}


def _parameters(dependant: Dependant) -> Iterator[str]:
    """The names of what a route, or what it depends on, reads behind the question mark."""
    yield from (one.alias for one in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _parameters(dependency)


@pytest.mark.parametrize("path", BY_PATH)
def test_no_parameter_is_run_or_unforeseen(clients: list[TestClient], path: str) -> None:
    names = set(_parameters(BY_PATH[path].dependant))
    known = dict.fromkeys(("q", "id", "actor", "notice"), "avel")
    for value in HOSTILE:
        for client in clients:
            address = re.sub(r"\{[^}]*\}", quote(value, safe=""), path)
            answer = client.get(address, params={**known, **dict.fromkeys(names, value)})
            assert answer.status_code < 500, (value, answer.text[:300])
            assert "3486784401" not in answer.text, value
            assert "argon2" not in answer.text, value


@pytest.mark.parametrize("path", [*(path for path in BY_PATH if "{" in path), "/static/{name}"])
def test_no_path_leads_out_of_its_folder(clients: list[TestClient], path: str) -> None:
    administrator = clients[0]
    for climbing in CLIMBING:
        address = path.partition("{")[0] + climbing + path.rpartition("}")[2]
        answer = administrator.get(address)
        assert answer.status_code < 500, climbing
        assert "root:" not in answer.text, climbing
        assert b"SQLite format" not in answer.content, climbing
