"""The examples for nginx and Caddy in front of a real server: what passes, and what does not."""

import http.client
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import get_args

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import Route

from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.browser.conftest import serving
from tests.browser.host_pages import HostPages, hosting
from tests.deployment.proxies import (
    DEPLOY,
    UNTRUSTED,
    Proxy,
    caddy,
    free_ports,
    nginx,
    nginx_configuration,
    program,
)
from tests.web.page_reader import Page as PageText
from tests.web.sample_base import SampleBase
from tests.web.signed_in import PASSWORD
from web.api.routing import token_router
from web.app import ROUTED
from web.http.security.sessions import AnUpload
from web.http.urls import PATTERNS, Page
from web.mcp.endpoint import ROUTE as MCP_ENDPOINT

pytestmark = pytest.mark.thorough

UNLIKE = ("nginx", "nginx-part-stripped", "caddy-part")
"""Those in which everything is tried: a host and its part, both programs, both ways of a prefix."""


@contextmanager
def proxy_of(kind: str, folder: Path, upstream: int, ports: list[int]) -> Iterator[Proxy]:
    if kind.startswith("caddy"):
        started = caddy(folder, upstream=upstream, ports=ports, sub_path=kind == "caddy-part")
    else:
        example = "site.conf" if kind == "nginx" else "sub-path.conf"
        strips = kind.endswith("-stripped")
        started = nginx(folder, example, upstream=upstream, ports=ports, strips=strips)
    with started as proxy:
        yield proxy


@pytest.fixture(scope="module", params=UNLIKE)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """The proxy before a site, whose one account may do all."""
    ports = free_ports(2)
    part = "/savoir" if "part" in request.param else ""
    settings = Settings(
        public_url=f"https://localhost:{ports[1]}{part}",
        secret=SecretStr("a secret of thirty-two characters"),
    )
    base = SampleBase()
    base.accounts.add("someone", PASSWORD, AccountRole.ADMINISTRATOR)
    with ExitStack() as stack:
        upstream = stack.enter_context(serving(base, settings))
        folder = tmp_path_factory.mktemp(request.param)
        port = int(upstream.rpartition(":")[2])
        yield stack.enter_context(proxy_of(request.param, folder, port, ports))


@pytest.fixture(params=UNLIKE)
def before_another(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Proxy, HostPages]]:
    """The proxy before a server that answers nothing, and remembers what it was asked."""
    with hosting() as host, proxy_of(request.param, tmp_path, host.port, free_ports(2)) as proxy:
        yield proxy, host


def browser(address: str = "127.0.0.1") -> httpx.Client:
    """A client that stands at an address of this machine."""
    transport = httpx.HTTPTransport(verify=UNTRUSTED, local_address=address, http2=False)
    return httpx.Client(transport=transport, timeout=300)


def fields_of(page: str) -> dict[str, str]:
    hidden = PageText(page).all("input", type="hidden")
    return {one.attributes["name"]: one.attributes["value"] for one in hidden}


def test_a_visitor_searches_signs_in_contributes_and_uploads(proxy: Proxy) -> None:
    path = httpx.URL(proxy.url).path.rstrip("/")
    with browser() as visitor:
        home = visitor.get(proxy.url + "/", headers={"Accept-Language": "en"})
        assert home.status_code == 307
        assert home.headers["Location"] == f"{path}/en/"
        results = visitor.get(f"{proxy.url}/en/search?q=cirages")
        assert "Avel (Saphir)" in results.text
        assert results.headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]
        assert results.headers["Content-Encoding"] == "gzip"
        asked = visitor.get(f"{proxy.url}/en/moderation")
        assert asked.status_code == 303
        form = visitor.get(f"https://localhost:{proxy.port}{asked.headers['Location']}")
        signed_in = visitor.post(
            f"{proxy.url}/en/sign-in",
            data={**fields_of(form.text), "name": "someone", "password": PASSWORD},
            headers={"Origin": f"https://localhost:{proxy.port}"},
        )
        assert signed_in.headers["Location"] == f"{path}/en/moderation"
        assert f"Path={path or '/'};" in signed_in.headers["Set-Cookie"]
        assert "Secure" in signed_in.headers["Set-Cookie"]
        account = visitor.get(f"{proxy.url}/en/contribute")
        story = b"# Du gel\n\nAvel met du gel en flacons pour un voisin.\n"
        sent = visitor.post(
            f"{proxy.url}/en/contribute",
            data={"csrf": fields_of(account.text)["csrf"], "do": "files"},
            files={"files": ("story.md", story, "text/markdown")},
        )
        assert sent.status_code in {200, 303}, sent.text[-300:]
        assert "Du gel" in visitor.get(f"{proxy.url}/en/contributions").text


def test_the_widget_and_the_frame_come_through_and_what_is_measured_does_not(
    proxy: Proxy,
) -> None:
    with browser() as visitor:
        script = visitor.get(f"{proxy.url}/embed/v1/quisait.js")
        assert script.headers["Access-Control-Allow-Origin"] == "*"
        frame = visitor.get(
            f"{proxy.url}/embed/search?q=cirages", headers={"Sec-Fetch-Dest": "iframe"}
        )
        assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in frame.headers
        found = visitor.get(f"{proxy.url}/embed/v1/search?q=cirages").json()
        assert found["url"].startswith(f"{proxy.url}/fr/")
        assert visitor.get(f"{proxy.url}/metrics").status_code == 404


def test_a_large_upload_passes_and_a_larger_one_is_refused(proxy: Proxy) -> None:
    path = httpx.URL(proxy.url).path.rstrip("/")
    with browser() as visitor:
        form = visitor.get(f"{proxy.url}/en/sign-in")
        visitor.post(
            f"{proxy.url}/en/sign-in",
            data={**fields_of(form.text), "name": "someone", "password": PASSWORD},
        )
        page = visitor.get(f"{proxy.url}/en/contribute")
        firms = "nom,description\n" + "".join(
            f"Firme {n},{'Nous mettons en flacons. ' * 12}\n" for n in range(20_000)
        )
        sent = visitor.post(
            f"{proxy.url}/en/contribute",
            data={"csrf": fields_of(page.text)["csrf"], "do": "directory", "source": "Firmes"},
            files={"directory": ("firms.csv", firms.encode(), "text/csv")},
        )
        assert len(firms) > 6_000_000
        assert sent.status_code == 303
        assert f"{path}/en/directories/" in sent.headers["Location"]
    if proxy.program == "caddy":
        return  # it reads a body to its limit before it refuses the rest
    asking = http.client.HTTPSConnection("localhost", proxy.port, context=UNTRUSTED, timeout=300)
    asking.putrequest("POST", f"{path}/en/contribute")
    asking.putheader("Content-Length", "120000000")
    asking.endheaders(b"a" * 1000)
    with asking.getresponse() as answer:
        assert answer.status == 413
    asking.close()


def test_no_large_body_of_a_stranger_is_kept(proxy: Proxy) -> None:
    """Where files are sent, the server refuses it unread; elsewhere, the proxy does."""
    path = httpx.URL(proxy.url).path.rstrip("/")
    places = {"contribute": {403}, "needs-and-offers/post": {413}}
    if proxy.program == "caddy":
        # It keeps nothing on the disk, and answers when the visitor stops to send, or at its limit.
        places = {"needs-and-offers/post": {403, 413, 502}}
    for place, statuses in places.items():
        asking = http.client.HTTPSConnection("localhost", proxy.port, context=UNTRUSTED, timeout=60)
        with closing(asking):
            asking.putrequest("POST", f"{path}/en/{place}")
            asking.putheader("Content-Type", "application/x-www-form-urlencoded")
            asking.putheader("Cookie", "quisait=x; __Host-quisait=x; __Secure-quisait=x")
            asking.putheader("Content-Length", "9000000")
            asking.endheaders(b"a" * 1_100_000)
            with asking.getresponse() as answer:
                assert answer.status in statuses, place
    kept = (proxy.log_folder.parent / "temporary").rglob("*")
    assert [path for path in kept if path.is_file()] == []


PLACES = {
    example: re.findall(
        r"[~p] (\^\S*/\(api/\S+)(?: \{)?$", (DEPLOY / example).read_text(), re.MULTILINE
    )
    for example in (
        "nginx/site.conf",
        "nginx/sub-path.conf",
        "caddy/Caddyfile",
        "container/Caddyfile",
    )
}
"""The paths whose bodies may be large, in each example."""

TAKING = [
    route
    for module in ROUTED
    for route in (*module.router.routes, MCP_ENDPOINT)
    if isinstance(route, Route) and not {"GET", "HEAD"}.issuperset(route.methods or ())
]
"""The routes that are sent something."""


def takes_files(route: Route) -> bool:
    """Whether the body may be as long as an article: with a token, or in a form with files."""
    if isinstance(route, token_router().route_class):
        return True
    [upload] = get_args(AnUpload)[1:]
    return isinstance(route, APIRoute) and upload.dependency in {
        needed.call for needed in route.dependant.dependencies
    }


def test_larger_bodies_pass_where_files_are_sent_alone() -> None:
    wanted = {route.path for route in TAKING if takes_files(route)}
    assert {"/api/actors/{record_id:path}/edit", *PATTERNS[Page.CONTRIBUTE].values()} <= wanted
    # A list is long, and what is below the pages with files is not worth a line.
    lists, below = (set(PATTERNS[page].values()) for page in (Page.DOSSIER, Page.ORGANISATION))
    for example, places in PLACES.items():
        prefix = "/savoir" if "sub-path" in example else ""
        large = {route.path for route in TAKING if re.search(places[0], prefix + route.path)}
        assert large - below == wanted | lists, example
        assert len(set(places)) == 1, example


def test_a_visitor_counts_by_the_address_that_the_proxy_sees(proxy: Proxy) -> None:
    """Whoever has many files made is slowed down, whatever address they pretend to have."""
    sheet, asked = f"{proxy.url}/en/dossier/sheet", {"do": "vcf", "id": "avel"}
    with browser("127.0.0.2") as eager, browser("127.0.0.3") as other:
        statuses = []
        for n in range(250):
            forged = {"X-Forwarded-For": f"198.51.100.{n}"}
            statuses.append(eager.post(sheet, data=asked, headers=forged).status_code)
            if statuses[-1] != 200:
                break
        assert statuses[-1] == 429
        assert other.post(sheet, data=asked).status_code == 200


def test_forged_headers_do_not_reach_the_server(
    before_another: tuple[Proxy, HostPages],
) -> None:
    proxy, host = before_another
    forged = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "198.51.100.7",
        "Forwarded": "for=198.51.100.7",
    }
    with browser("127.0.0.2") as visitor:
        visitor.get(f"{proxy.url}/fr/", headers=forged)
    [asked] = host.asked
    assert asked.headers["x-forwarded-for"] == "127.0.0.2"
    assert asked.headers["x-forwarded-proto"] == "https"
    assert asked.headers["host"] == f"localhost:{proxy.port}"
    for name in ("x-forwarded-host", "x-forwarded-prefix", "x-real-ip", "forwarded"):
        assert "evil" not in asked.headers.get(name, "")
        assert "198.51.100.7" not in asked.headers.get(name, "")


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_plain_http_leads_to_https_and_no_log_tells_what_was_searched(
    kind: str, tmp_path: Path
) -> None:
    words = "/fr/recherche?q=vinaigrette"
    (tmp_path / "up").mkdir()
    (tmp_path / "down").mkdir()
    referrer = {"Referer": "https://localhost/fr/recherche?q=mayonnaise"}
    with hosting() as host, browser() as visitor:
        plain, tls = free_ports(2)
        with proxy_of(kind, tmp_path / "up", host.port, [plain, tls]) as proxy:
            assert visitor.get(proxy.url + words, headers=referrer).status_code == 404
            led = visitor.get(f"http://localhost:{plain}/fr/a-propos?x=1")
            assert led.status_code == 308
            assert led.headers["Location"].startswith("https://localhost")
            assert led.headers["Location"].endswith("/fr/a-propos?x=1")
        # A server that does not answer is an error, of which proxies say more.
        [nobody] = free_ports(1)
        with proxy_of(kind, tmp_path / "down", nobody, free_ports(2)) as dead:
            assert visitor.get(dead.url + words, headers=referrer).status_code == 502
    for log in (proxy.logs, dead.logs):
        assert "/fr/recherche" in log
        assert "vinaigrette" not in log
        assert "mayonnaise" not in log


def test_nginx_finds_no_fault_with_the_examples(tmp_path: Path) -> None:
    for example in ("site.conf", "sub-path.conf"):
        main = nginx_configuration(tmp_path, example, upstream=8000, plain=8080, tls=8443)
        tried = subprocess.run(
            [program("nginx"), "-t", "-c", str(main), "-p", str(tmp_path), "-e", "stderr"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert tried.returncode == 0, tried.stderr
        assert not re.findall(r"\[warn\]|\[emerg\]", tried.stderr), tried.stderr


def test_caddy_finds_no_fault_with_the_example_as_it_is(tmp_path: Path) -> None:
    example = DEPLOY / "caddy" / "Caddyfile"
    for command in (["validate", "--adapter", "caddyfile", "--config"], ["fmt"]):
        tried = subprocess.run(
            [program("caddy"), *command, str(example)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        assert tried.returncode == 0, tried.stderr
