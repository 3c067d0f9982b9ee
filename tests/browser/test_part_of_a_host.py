"""A site that is a part of a host, behind nginx and over TLS, as a browser meets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from pydantic import SecretStr

from kb.registers.accounts import AccountRole
from kb.registers.sites import Sites
from kb.settings import Settings
from tests.browser.conftest import serving
from tests.deployment.proxies import free_ports, nginx
from tests.web.sample_base import SampleBase
from tests.web.signed_in import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def base() -> SampleBase:
    base = SampleBase()
    base.accounts.add("someone", PASSWORD, AccountRole.ADMINISTRATOR)
    base.sites = Sites(base._stores)
    return base


@pytest.fixture
def site(base: SampleBase, tmp_path: Path) -> Iterator[str]:
    ports = free_ports(2)
    settings = Settings(
        public_url=f"https://localhost:{ports[1]}/savoir",
        secret=SecretStr("a secret of thirty-two characters"),
    )
    with serving(base, settings) as upstream:
        port = int(upstream.rpartition(":")[2])
        with nginx(tmp_path, "sub-path.conf", upstream=port, ports=ports) as proxy:
            yield proxy.url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True)
    yield context
    context.close()


def test_a_person_types_searches_signs_in_and_keeps_a_list(
    site: str, context: BrowserContext
) -> None:
    page = context.new_page()
    outside: list[str] = []
    failed: list[str] = []
    page.on(
        "request",
        lambda asked: outside.append(asked.url) if not asked.url.startswith(site + "/") else None,
    )
    page.on(
        "response",
        lambda got: failed.append(f"{got.status} {got.url}") if got.status >= 400 else None,
    )
    page.goto(f"{site}/en/")
    page.locator("#q").press_sequentially("cir")
    page.wait_for_load_state("networkidle")
    page.locator("#q").fill("cirages")
    page.locator("#q").press("Enter")
    page.wait_for_url(f"{site}/en/search?**")
    expect(page.locator("main")).to_contain_text("Avel (Saphir)")
    page.locator("[data-pick]").first.check()
    assert page.evaluate("Object.keys(localStorage)") == ["quisait-list/savoir"]
    page.get_by_role("link", name="Sign in").first.click()
    page.wait_for_url(f"{site}/en/sign-in?**")
    page.locator("[name=name]").fill("someone")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"{site}/en/search?**")
    expect(page.locator("header")).to_contain_text("someone")
    assert {cookie["path"] for cookie in context.cookies()} == {"/savoir"}
    page.locator("a.language").click()
    page.wait_for_url(f"{site}/fr/recherche?**")
    assert not outside
    assert not failed
