"""The search in a frame of somebody else's page: how high it is, whom it tells, what it counts."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Frame, Page, Request, Route, expect

from kb.registers.sites import Site
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits
from tests.browser.host_pages import HostPages, hosting
from tests.web.sample_base import ACTORS, CASES, PERFUMER, RegisteredSites, SampleBase

pytestmark = pytest.mark.browser

REGISTERED = Site(
    key="qss_reseau",
    name="Réseau",
    origins=(),
    department="",
    theme="",
    per_day=1000,
    created_at="2020-07-01T08:00:00Z",
    disabled=False,
)
OFF = replace(REGISTERED, key="qss_off", disabled=True)

LISTENING = """
addEventListener("message", (event) => {
  if (event.data.quisait !== "height") return;
  (window.heights ??= []).push([event.origin, event.data.height]);
});
"""


@pytest.fixture(scope="module")
def base() -> SampleBase:
    return SampleBase((*ACTORS, PERFUMER), CASES, (REGISTERED, OFF))


@pytest.fixture
def third() -> Iterator[HostPages]:
    """A site that is neither ours nor the one that embeds ours."""
    with hosting() as pages:
        yield pages


@pytest.fixture
def at_host(browser: Browser, site: str, host: HostPages, third: HostPages) -> Iterator[Visits]:
    visits = Visits(browser, host.url, also=[site, third.url])
    yield visits
    visits.close()


def register(base: SampleBase, host: HostPages) -> None:
    """Lets the host, and nobody else, show the search of the registered site."""
    assert isinstance(base.sites, RegisteredSites)
    base.sites.known[REGISTERED.key] = replace(REGISTERED, origins=(host.url,))


def host_page(site: str, query: str = "", *, script: str = "", more: str = "") -> str:
    """A page with the frame, and the script that makes it as high as what it shows."""
    script = script or f'<script src="{site}/embed/v1/frame.js" async></script>'
    return f"""<!doctype html><html lang="fr"><title>Réseau</title>
        <style>iframe {{ width: 25rem; height: 30rem; border: 0 }}</style>
        <script>{LISTENING}</script>{script}
        <h1>Réseau</h1><iframe src="{site}/embed/search?{query}" data-quisait title="x"></iframe>
        {more}"""


def inner(page: Page, site: str) -> Frame:
    return next(frame for frame in page.frames if frame.url.startswith(site))


def hear_out(page: Page, frame: Frame) -> None:
    """Waits until the page has heard whatever the frame has said so far, or is about to say."""
    page.evaluate(
        """() => {
            window.heardOut = false;
            addEventListener("message", (event) => (window.heardOut ||= event.data === "last"));
        }"""
    )
    frame.evaluate(
        """() => requestAnimationFrame(() => requestAnimationFrame(() =>
            parent.postMessage("last", "*")))"""
    )
    page.wait_for_function("window.heardOut")


def settled_height(page: Page) -> int:
    """The height of the frame once it is that of what it shows."""
    page.wait_for_function("window.heights?.length")
    page.wait_for_function(
        """() => document.querySelector("iframe").offsetHeight === heights.at(-1)[1]"""
    )
    height: int = page.evaluate("""document.querySelector("iframe").offsetHeight""")
    return height


@pytest.mark.parametrize("key", ["", REGISTERED.key])
def test_the_frame_is_as_high_as_what_it_shows(
    at_host: Visits, site: str, host: HostPages, base: SampleBase, key: str
) -> None:
    register(base, host)
    host.put("/", host_page(site, f"lang=fr&site={key}"))
    page = at_host.open("/")
    before = settled_height(page)
    assert 120 <= before < 200
    frame = page.frame_locator("iframe")
    frame.get_by_label("De quoi avez-vous besoin").fill("cirages sanitiser")
    frame.get_by_role("button", name="Chercher").click()
    expect(frame.locator("h2")).to_have_text("4 organisations pour « cirages sanitiser »")
    page.wait_for_function(f"heights.at(-1)[1] > {before + 300}")
    assert settled_height(page) > before + 300
    room, content = inner(page, site).evaluate(
        "[innerHeight, document.documentElement.scrollHeight]"
    )
    assert room == content
    assert {origin for origin, _ in page.evaluate("heights")} == {site}
    # Narrower, its lines are more: it says so by itself.
    told = page.evaluate("heights.length")
    page.evaluate("""document.querySelector("iframe").style.width = "240px" """)
    page.wait_for_function(f"heights.length > {told}")
    settled_height(page)
    assert inner(page, site).evaluate("document.documentElement.scrollWidth") == 240


def test_pages_that_may_not_show_it_see_nothing(
    browser: Browser, site: str, host: HostPages, third: HostPages, base: SampleBase
) -> None:
    register(base, host)
    third.put("/", host_page(site, f"site={REGISTERED.key}"))
    visits = Visits(browser, third.url, also=[site])
    page = visits.open("/")  # it is open once its frame is, or was refused
    assert not page.evaluate("window.heights")
    assert len(page.frames) == 2
    assert not any(frame.url.startswith(site) for frame in page.frames)
    assert any("frame-ancestors" in complaint for complaint in visits.complaints)
    visits.complaints.clear()
    visits.close()


def test_even_shown_by_others_it_tells_them_nothing(
    browser: Browser, site: str, host: HostPages, third: HostPages, base: SampleBase
) -> None:
    """As in a browser that does not mind `frame-ancestors`."""
    register(base, host)

    def without_policy(route: Route) -> None:
        response = route.fetch()
        headers = dict(response.headers)
        del headers["content-security-policy"]
        route.fulfill(response=response, headers=headers)

    for pages, hears in [(host, True), (third, False)]:
        pages.put("/", host_page(site, f"site={REGISTERED.key}"))
        context = browser.new_context()
        page = context.new_page()
        page.route("**/embed/search?*", without_policy)
        page.goto(pages.url)
        expect(page.frame_locator("iframe").get_by_role("button", name="Chercher")).to_be_visible()
        hear_out(page, inner(page, site))
        assert bool(page.evaluate("window.heights")) is hears
        context.close()


def test_only_the_page_around_is_heard_and_only_the_frame_itself(
    at_host: Visits, site: str, host: HostPages, third: HostPages
) -> None:
    """A frame beside it, of a third origin, can say what it likes to either."""
    third.put("/", f"<!doctype html><title>x</title><script>{LISTENING}</script>")
    beside = f'<iframe src="{third.url}/" title="y"></iframe>'
    host.put("/", host_page(site, more=beside))
    page = at_host.open("/")
    before = settled_height(page)
    told = page.evaluate("heights.length")
    inner(page, third.url).evaluate(
        """() => {
            parent.postMessage({quisait: "height", height: 4000}, "*");
            parent.frames[0].postMessage({quisait: "hello"}, "*");
        }"""
    )
    page.wait_for_function(f"heights.length > {told}")
    hear_out(page, inner(page, site))
    assert page.evaluate("""document.querySelector("iframe").offsetHeight""") == before
    assert not inner(page, third.url).evaluate("window.heights")
    # Whoever said hello in between, the page around goes on to hear of every height.
    inner(page, site).evaluate("""document.querySelector("main").style.height = "700px" """)
    page.wait_for_function("heights.at(-1)[1] === 700")
    assert settled_height(page) == 700
    assert not inner(page, third.url).evaluate("window.heights")


def heights_of_frames(page: Page) -> list[int]:
    heights: list[int] = page.evaluate(
        """[...document.querySelectorAll("iframe")].map((one) => one.offsetHeight)"""
    )
    return heights


def test_a_frame_that_went_elsewhere_has_no_say(
    at_host: Visits, site: str, host: HostPages, third: HostPages
) -> None:
    third.put("/", "<!doctype html><title>x</title>")
    host.put("/", host_page(site))
    page = at_host.open("/")
    before = settled_height(page)
    frame = inner(page, site)
    frame.goto(third.url)
    frame.evaluate("""parent.postMessage({quisait: "height", height: 4000}, "*")""")
    page.wait_for_function("heights.at(-1)[1] === 4000")
    assert heights_of_frames(page) == [before]
    # It is greeted as what it was.
    assert all("postMessage" in complaint for complaint in at_host.complaints)
    at_host.complaints.clear()


def test_a_result_opens_in_a_new_tab_and_is_counted(
    at_host: Visits, site: str, host: HostPages, base: SampleBase
) -> None:
    register(base, host)
    host.put("/", host_page(site, f"site={REGISTERED.key}&q=cirages&lang=en"))
    page = at_host.open("/")
    counts: list[Request] = []
    page.on("request", lambda request: counts.append(request) if "counts" in request.url else None)
    frame = page.frame_locator("iframe")
    with page.expect_popup() as opened, page.expect_response(re.compile("/counts")) as counted:
        frame.get_by_role("link", name="Avel (Saphir)").click()
    assert opened.value.url == f"{site}/en/actors/avel"
    assert counted.value.status == 204
    assert counted.value.url == f"{site}/embed/v1/counts?site={REGISTERED.key}&event=selection"
    assert "cookie" not in counts[0].headers
    with page.expect_popup():
        frame.get_by_role("link", name="All results in the catalogue").click()
    # Whatever the frame asked before this has begun before this.
    inner(page, site).evaluate("fetch('/robots.txt').then((answer) => answer.text())")
    assert len(counts) == 1
    assert page.context.cookies() == []


def test_it_is_accessible_and_fits(visit: Visits) -> None:
    for query, status in (
        ("", 200),
        ("q=cirages+sanitiser&department=16&lang=en", 200),
        ("q=rocket&lang=en&theme=Cuir+et+chaussure", 200),
        ("q=&lang=en", 400),
        ("q=cirages&department=99", 400),
        ("site=qss_off", 403),
        ("site=qss_nobody&lang=en", 403),
    ):
        page = visit.open(f"/embed/search?{query}", expected=status)
        check_page(page, ((240, "light"), (1280, "dark")))
        for field in page.locator("input[type=search]").all():
            assert field.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") >= 16
