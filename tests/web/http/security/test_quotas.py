"""How much one address or account may ask: counted on every way in, and told in the right form."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.jobs import JobState
from kb.settings import Settings
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, SITE, csrf_token, sign_in
from web.app import create_app
from web.http.routing import SEARCHES_WAITING
from web.http.security import throttle as module

ADDRESS = "203.0.113.7"
MCP = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


class Clock:
    """A clock that a test sets; of seconds since any time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, ANGOULEME])
    for role in AccountRole:
        base.accounts.add(f"a {role}", PASSWORD, role)
    return base


@pytest.fixture
def site(base: KnowledgeBase, clock: Clock) -> Callable[..., TestClient]:
    """Makes a browser at an address, of the site with these settings."""

    def client(address: str = ADDRESS, app: Any = None, **settings: int) -> TestClient:
        app = app or create_app(base, Settings(public_url=SITE + "/", **settings))  # type: ignore[arg-type]
        return TestClient(
            app,
            base_url=SITE,
            client=(address, 5000),
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    return client


Site = Callable[..., TestClient]


def signed_in(client: TestClient, role: AccountRole) -> TestClient:
    assert sign_in(client, f"a {role}").status_code == 303
    return client


def program(client: TestClient, base: KnowledgeBase, role: AccountRole) -> TestClient:
    token = base.accounts.issue_token(f"a {role}", "tests")
    client.headers["Authorization"] = f"Bearer {token}"
    return client


# Searches


def message(text: str) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "search", "arguments": {"need": text}},
    }  # fmt: skip


SEARCHING: dict[str, Callable[[TestClient], Any]] = {
    "page": lambda client: client.get("/en/search?q=cirages"),
    "dossier": lambda client: client.get("/en/dossier?need=cirages&id=avel"),
    "API": lambda client: client.get("/api/search?q=cirages"),
    "feed": lambda client: client.get("/en/feeds/search.atom?q=cirages"),
    "assistants": lambda client: client.post("/mcp", json=message("cirages"), headers=MCP),
    "suggestions": lambda client: client.get("/api/suggestions?q=cir"),
    "widget": lambda client: client.get("/embed/v1/search?q=cirages"),
    "frame": lambda client: client.get("/embed/search?q=cirages&lang=en"),
    "explanation": lambda client: client.get("/en/search/why?q=cirages&id=avel"),
    "report": lambda client: client.get("/api/report?q=cirages"),
}


def test_an_address_that_searches_too_much_waits(site: Site, clock: Clock) -> None:
    app = site(searches_a_minute=1, explanations_an_hour=1).app
    for number, (way, ask) in enumerate(SEARCHING.items()):
        client = site(f"203.0.113.{number}", app)
        given, *others = [ask(client) for _ in range(3)]
        assert given.status_code < 400, way
        assert {answer.status_code for answer in others} == {429}, way
        refused = others[0]
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
        is_program = way in {"API", "assistants", "suggestions", "widget", "report"}
        assert refused.headers["Content-Type"].startswith(
            "application/problem+json" if is_program else "text/html"
        ), way
        assert "Try again in a moment." in refused.text
        clock.now += int(refused.headers["Retry-After"])
        assert ask(client).status_code < 400, way


def test_a_network_of_ipv6_is_one_address_and_this_machine_is_none(site: Site) -> None:
    client = site("2001:db8:1:2::1", searches_a_minute=1)
    assert SEARCHING["API"](client).status_code == 200
    assert SEARCHING["API"](site("2001:db8:1:2::9", client.app)).status_code == 429
    assert SEARCHING["API"](site("2001:db8:1:3::1", client.app)).status_code == 200
    for ours in ("127.0.0.1", "::1", "unix"):
        for _ in range(3):
            assert SEARCHING["API"](site(ours, client.app)).status_code == 200


def test_a_proxy_that_the_server_trusts_is_not_limited(site: Site) -> None:
    client = site("10.0.0.5", searches_a_minute=1)
    app: Any = client.app
    app.state.proxies = {"10.0.0.5"}
    for _ in range(3):
        assert SEARCHING["API"](client).status_code == 200

    class Everyone:
        def __contains__(self, _host: str) -> bool:
            return True

    app.state.proxies = Everyone()
    assert [SEARCHING["API"](client).status_code for _ in range(2)] == [200, 429]


def test_more_searches_than_can_be_made_are_asked_to_come_back(site: Site) -> None:
    client = site(searches_a_minute=0)
    searches: Any = client.app.state.searches  # type: ignore[attr-defined]

    class Full:
        def statistics(self) -> Any:
            return type("Statistics", (), {"tasks_waiting": SEARCHES_WAITING})

    searches.at_once = Full()
    for way in SEARCHING.keys() - {"suggestions", "explanation", "report"}:
        refused = SEARCHING[way](client)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2"), way
        assert "Very many people are searching now." in refused.text
    for path in ("/en/", "/en/dossier?id=avel", "/static/style.css", "/api/suggestions?q=cir"):
        assert client.get(path).status_code == 200


# Accounts


def test_so_many_jobs_of_an_account_wait(site: Site, base: KnowledgeBase) -> None:
    client = program(site(), base, AccountRole.CONTRIBUTOR)
    answers = [client.post("/api/feeds", json={"url": f"https://a.example/{n}"}) for n in range(7)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429] * 2
    assert answers[-1].json()["detail"].startswith("Several jobs of yours wait or run already.")
    assert answers[-1].headers["Retry-After"] == "60"
    assert base.jobs.unfinished("a contributor") == 5
    # One that ended makes room, and others are not held up.
    job = base.jobs.claim()
    assert job is not None
    base.jobs.finish(job.id, JobState.DONE)
    assert client.post("/api/feeds", json={"url": "https://a.example/z"}).status_code == 202
    other = program(site(app=client.app), base, AccountRole.ADMINISTRATOR)
    assert other.post("/api/feeds", json={"url": "https://a.example/z"}).status_code == 202


def test_so_many_jobs_are_asked_for_in_a_day(site: Site, base: KnowledgeBase, clock: Clock) -> None:
    client = program(site(jobs_at_once=0, jobs_a_day=3), base, AccountRole.CONTRIBUTOR)

    def ask() -> int:
        return client.post("/api/feeds", json={"url": "https://a.example/f"}).status_code

    assert [ask() for _ in range(4)] == [202, 202, 202, 429]
    clock.now += 8 * 3600
    assert [ask() for _ in range(2)] == [202, 429]


def test_what_an_account_writes_is_counted_and_not_lost(
    site: Site, base: KnowledgeBase, clock: Clock
) -> None:
    client = signed_in(site(writes_an_hour=2), AccountRole.CONTRIBUTOR)

    def add(name: str) -> Any:
        token = csrf_token(client, "/en/dossier")
        return client.post("/en/dossier", data={"csrf": token, "do": "pick", "id": name})

    assert [add(name).status_code for name in "ab"] == [303, 303]
    refused = add("À appeler demain")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 1800
    assert 'value="À appeler demain"' in refused.text
    # With a token it is the same account; another one is not held up, and moderators have more.
    api = program(site(app=client.app), base, AccountRole.CONTRIBUTOR)
    assert api.post("/api/contributions", json={"text": "x"}).status_code == 429
    assert api.get("/api/contributions").status_code == 200
    moderator = program(site(app=client.app), base, AccountRole.MODERATOR)
    statuses = [
        moderator.post("/api/duplicates", json={"left": "a", "right": "b", "same": True})
        for _ in range(21)
    ]
    assert [answer.status_code for answer in statuses] == [404] * 20 + [429]
    clock.now += 1800
    assert add("c").status_code == 303


def test_what_is_uploaded_in_a_day_is_limited(
    site: Site, base: KnowledgeBase, clock: Clock
) -> None:
    client = program(site(upload_mb_a_day=1), base, AccountRole.CONTRIBUTOR)

    def send(amount: int) -> Any:
        return client.post("/api/contributions", files={"file": ("a.bin", b"x" * amount)})

    assert send(700_000).status_code == 422
    refused = send(400_000)
    assert refused.status_code == 429
    assert "as many megabytes as it may in a day" in refused.json()["detail"]
    assert send(200_000).status_code == 422
    # A text counts as a file does, and what says no length as the longest.
    text = client.post("/api/contributions", json={"text": "x" * 400_000})
    unsaid = client.post("/api/contributions", content=iter([b"{}"]), headers=MCP)
    assert (text.status_code, unsaid.status_code) == (429, 429)
    clock.now += 24 * 3600
    assert send(400_000).status_code == 422
    page = signed_in(site(app=client.app), AccountRole.CONTRIBUTOR)
    token = csrf_token(page, "/en/contribute")
    sent = page.post(
        "/en/contribute",
        data={"csrf": token, "do": "files"},
        files={"files": ("a.bin", b"x" * 700_000)},
    )
    assert sent.status_code == 429


# Sites


def test_one_address_does_not_use_up_the_day_of_a_site(
    site: Site, base: KnowledgeBase, clock: Clock
) -> None:
    of = base.sites.add("Réseau", ["https://reseau.example"], per_day=10_000)
    client = site(searches_a_minute=0)
    forged = {"Origin": "https://reseau.example"}

    def count(client: TestClient) -> int:
        path = f"/embed/v1/counts?site={of.key}&event=search"
        return client.post(path, headers=forged).status_code

    share = 500
    statuses = [count(client) for _ in range(share + 5)]
    assert statuses == [204] * share + [429] * 5
    assert client.get(f"/embed/v1/search?site={of.key}&q=gel", headers=forged).status_code == 429
    other = site("203.0.113.8", client.app)
    answer = other.get(f"/embed/v1/search?site={of.key}&q=gel", headers=forged)
    assert answer.status_code == 200
    client.app.state.tallies.flush()  # type: ignore[attr-defined]
    assert base.sites.use(of.key).today.searches == share
    assert base.sites.use(of.key).today.requests == 1
    clock.now += 24 * 3600
    assert count(client) == 204
