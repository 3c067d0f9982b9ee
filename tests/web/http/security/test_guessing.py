"""Guessing passwords is slow, and keeps no holder out. The clock moves when a test says so."""

import asyncio
import threading
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import Account, AccountRole
from tests.web.page_reader import Page
from tests.web.signed_in import (
    PASSWORD,
    SETTINGS,
    SITE,
    account_client,
    send,
    sign_in,
)
from web.app import create_app
from web.http.security import sign_in_throttle
from web.http.security.cookies import DEVICE, OF_HOST
from web.http.security.sign_in_throttle import SignInThrottle

NEW = "un autre gel en flacon"
WRONG = "not this one at all"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Village:
    """A site with one account, and browsers at any address."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.clock = Clock()
        self.app = create_app(base, SETTINGS)
        self.throttle: SignInThrottle = self.app.state.sign_in_throttle

    def browser(self, host: str = "192.0.2.1") -> TestClient:
        return TestClient(self.app, base_url=SITE, follow_redirects=False, client=(host, 50_000))


@pytest.fixture
def village(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Village:
    for name in ("Léa", "Vincent"):
        base.accounts.add(name, PASSWORD, AccountRole.CONTRIBUTOR)
    village = Village(base)
    monkeypatch.setattr("web.http.security.throttle.monotonic", village.clock)
    return village


def addresses() -> Iterator[str]:
    return (f"198.51.{number // 250}.{number % 250}" for number in count())


def test_wrong_guesses_from_changing_addresses_keep_no_holder_out(village: Village) -> None:
    home, known, elsewhere = village.browser(), village.browser("192.0.2.2"), addresses()
    assert sign_in(known, "Léa").status_code == 303
    got_in = 0
    guesser = village.browser()
    for _minute in range(22):
        for _ in range(5):
            guesser._transport.client = (next(elsewhere), 50_000)  # type: ignore[attr-defined]
            assert sign_in(guesser, "Léa", WRONG).status_code == 403
            village.clock.now += 12
        for holder in (home, known):
            got_in += sign_in_again(holder).status_code == 303
    assert got_in == 44


def sign_in_again(browser: TestClient) -> httpx.Response:
    if is_in(browser):
        send(browser, "/en/sign-out", {}, shown_at="/en/account")
    answer: httpx.Response = sign_in(browser, "Léa")
    return answer


def is_in(browser: TestClient) -> bool:
    return browser.get("/en/account").status_code == 200


def test_one_address_may_try_few_passwords_on_one_account(village: Village) -> None:
    guesser = village.browser()
    assert [sign_in(guesser, "Léa", WRONG).status_code for _ in range(6)] == [403] * 5 + [429]
    assert sign_in(guesser, "Vincent", WRONG).status_code == 403
    assert sign_in(village.browser("192.0.2.9"), "Léa").status_code == 303


def test_an_address_may_try_few_passwords_on_all_accounts(village: Village) -> None:
    for first, second in (
        ("192.0.2.1", "::ffff:192.0.2.1"), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
    ):  # fmt: skip
        pair = village.browser(first), village.browser(second)
        statuses = [
            sign_in(pair[number % 2], f"Name {number}", WRONG).status_code for number in range(31)
        ]
        assert statuses == [403] * 30 + [429]
    assert sign_in(village.browser("2001:db8:1:3::1"), "Léa", WRONG).status_code == 403
    assert sign_in(village.browser("::ffff:192.0.2.77"), "Léa", WRONG).status_code == 403


def test_a_known_device_does_not_wait_for_guesses_from_its_own_address(village: Village) -> None:
    known, guesser = village.browser(), village.browser()
    sign_in(known, "Léa")
    for number in range(40):
        sign_in(guesser, "Léa" if number % 2 else f"Name {number}", WRONG)
    assert sign_in(guesser, "Léa").status_code == 429
    assert sign_in_again(known).status_code == 303


def test_a_device_is_known_for_its_account_alone_and_until_the_password_is_another(
    village: Village,
) -> None:
    name = f"{OF_HOST}{DEVICE}"
    known = village.browser()
    sign_in(known, "Léa")
    sessions, cookie = village.app.state.sessions, known.cookies[name]

    def is_known(account: Account, value: str) -> bool:
        scope = {"type": "http", "headers": [(b"cookie", f"{name}={value}".encode())]}
        return bool(sessions.device_of(Request(scope), account))

    accounts = village.base.accounts
    assert is_known(accounts.get("Léa"), cookie)
    assert not is_known(accounts.get("Vincent"), cookie)
    assert not is_known(accounts.get("Léa"), cookie[:-1])
    assert not is_known(accounts.get("Léa"), "x.y.z")
    fields = {"do": "password", "current": PASSWORD, "new": NEW, "again": NEW}
    assert send(known, "/en/account", fields).status_code == 303
    assert not is_known(accounts.get("Léa"), cookie)
    assert is_known(accounts.get("Léa"), known.cookies[name])  # it knew the new one
    accounts.set_password("Léa", PASSWORD)
    assert not is_known(accounts.get("Léa"), known.cookies[name])


def test_who_guesses_the_password_in_a_stolen_session_keeps_nobody_out(village: Village) -> None:
    thief, holder = village.browser(), village.browser("192.0.2.7")
    for browser in (thief, holder):
        sign_in(browser, "Léa")
    fields = {"do": "password", "current": WRONG, "new": NEW, "again": NEW}
    statuses = [send(thief, "/en/account", fields).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]
    fields["current"] = PASSWORD
    assert send(thief, "/en/account", fields).status_code == 429
    assert send(holder, "/en/account", fields).status_code == 303
    assert not is_in(thief)


def test_a_new_browser_of_another_network_gets_in_under_a_flood(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_throttle, "MAX_WAITING", 3)
    known = village.browser()
    sign_in(known, "Léa")
    cookies = {f"{OF_HOST}{DEVICE}": known.cookies[f"{OF_HOST}{DEVICE}"]}
    go_on = threading.Event()
    real, looked_at = village.base.accounts.authenticate, []

    def authenticate(name: str, password: str) -> Account | None:
        looked_at.append(name)
        if name != "Léa":
            assert go_on.wait(timeout=60)
        return real(name, password)

    monkeypatch.setattr(village.base.accounts, "authenticate", authenticate)

    async def crowd() -> None:
        async def sign_in_at(host: str, name: str, **kept: str) -> httpx.Response:
            transport = httpx.ASGITransport(village.app, client=(host, 50_000))
            async with httpx.AsyncClient(
                transport=transport, base_url=SITE, cookies=kept
            ) as browser:
                page = Page((await browser.get("/en/sign-in")).text)
                token = page.one("input", name="csrf").attributes["value"]
                fields = {"csrf": token, "name": name, "password": PASSWORD}
                return await browser.post("/en/sign-in", data=fields)

        waiting = [
            asyncio.create_task(sign_in_at(f"198.51.100.{number}", f"Name {number}"))
            for number in range(4)
        ]
        strangers = village.throttle.strangers
        while not looked_at or len(strangers.waiting) < 3:
            await asyncio.sleep(0.01)
        turned_away = await sign_in_at("198.51.100.200", "Léa")
        assert turned_away.status_code == 503
        assert turned_away.headers["Retry-After"] == "5"
        assert (await sign_in_at("192.0.2.1", "Léa", **cookies)).status_code == 303
        assert (await sign_in_at("203.0.113.9", "Léa", **cookies)).status_code == 303
        assert (await sign_in_at("192.0.2.1", "Léa")).status_code == 303
        assert len(looked_at) == 4
        # Who comes from another network has the next turn: one of those guesses gives way.
        new = asyncio.create_task(sign_in_at("203.0.113.77", "Léa"))
        [gone], _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert gone.result().status_code == 503
        go_on.set()
        statuses = [one.status_code for one in await asyncio.gather(*waiting)]
        assert sorted(statuses) == [403] * 3 + [503]
        assert (await new).status_code == 303
        assert looked_at[4] == "Léa"

    asyncio.run(crowd())


def test_the_holder_and_the_administrators_see_what_was_tried(
    village: Village, base: KnowledgeBase
) -> None:
    holder, guessers = village.browser("192.0.2.50"), addresses()
    sign_in(holder, "Léa")
    assert "wrong password" not in holder.get("/en/account").text
    guesser = village.browser()
    sign_in(guesser, "Léa", WRONG)
    assert "1 wrong password was tried on this account" in holder.get("/en/account").text
    chef = account_client(base, AccountRole.ADMINISTRATOR, "Chef")
    assert "1 wrong password in 30 days" in chef.get("/en/accounts").text
    assert "Somebody is trying" not in chef.get("/en/accounts").text
    for _ in range(19):
        guesser._transport.client = (next(guessers), 50_000)  # type: ignore[attr-defined]
        sign_in(guesser, "Léa", WRONG)
    assert "20 wrong passwords were tried on this account" in holder.get("/en/account").text
    told = Page(chef.get("/en/accounts").text).text("p", role="alert")
    assert (
        told == "Somebody is trying many passwords on: Léa. The account holders can still sign in."
    )
    # Whoever guesses right does not wipe it out.
    sign_in(guesser, "Léa")
    assert "20 wrong passwords were tried" in guesser.get("/en/account").text
