import gzip
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ingest.fetching.safe_fetch import Fetcher
from kb.errors import InputError
from kb.settings import Settings
from tests.ingest.local_site import Site, page, redirect, serving

pytestmark = pytest.mark.thorough

HELLO = page("<p>Bonjour</p>")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({"/hello": HELLO}) as served:
        yield served


def fetcher(site: Site, **options: object) -> Fetcher:
    return Fetcher(local={site.origin}, **options)  # type: ignore[arg-type]


def test_a_page_is_fetched(site: Site) -> None:
    fetched = fetcher(site).fetch(site.url("/hello"))
    assert (fetched.content, fetched.media_type, fetched.encoding) == (
        b"<p>Bonjour</p>",
        "text/html",
        "utf-8",
    )


def test_who_fetches_is_said_honestly(site: Site) -> None:
    fetcher(site, contact="https://quisait.example/").fetch(site.url("/hello"))
    agents = {headers["User-Agent"] for _, headers in site.seen}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.startswith("QuiSaitFaire/")
    assert agent.endswith(" (+https://quisait.example/)")


def test_the_settings_say_which_origins_of_this_machine_are_fetched(site: Site) -> None:
    settings = Settings(fetch_local=f"127.0.0.1:1, {site.origin}")
    assert Fetcher.from_settings(settings).fetch(site.url("/hello")).content == b"<p>Bonjour</p>"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "is neither http nor https"),
        ("ftp://example.org/a", "is neither http nor https"),
        ("gopher://example.org/a", "is neither http nor https"),
        ("example.org", "is neither http nor https"),
        ("http://", "is not a web address"),
        ("http://[::1", "is not a web address"),
        ("http://example.org:99999/", "is not a web address"),
        ("http://user:secret@example.org/", "holds a name or a password"),
        ("http://example.org:8080/", "is on port 8080"),
        ("http://127.0.0.1/", "is at 127.0.0.1, which is not a public address"),
        ("http://127.1/", "is at 127.0.0.1, which is not a public address"),
        ("http://2130706433/", "is at 127.0.0.1, which is not a public address"),
        ("http://0x7f000001/", "is at 127.0.0.1, which is not a public address"),
        ("http://localhost/", "which is not a public address"),
        ("http://[::1]/", "is at ::1, which is not a public address"),
        ("http://[::ffff:10.0.0.1]/", "which is not a public address"),
        ("http://0.0.0.0/", "is at 0.0.0.0, which is not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "which is not a public address"),
        ("http://192.168.1.1/", "which is not a public address"),
    ],
)
def test_an_address_that_is_not_public_is_refused(url: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason.replace(".", r"\.")):
        Fetcher().fetch(url)


def test_one_address_of_many_that_is_not_public_is_enough_to_refuse() -> None:
    def both(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.7"]

    with pytest.raises(InputError, match=r"is at 10\.0\.0\.7, which is not a public address"):
        Fetcher(resolve=both).fetch("http://example.org/")


def test_a_host_that_nobody_knows() -> None:
    def none(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(InputError, match=r"'nowhere\.example' is not a known host"):
        Fetcher(resolve=none).fetch("http://nowhere.example/")


def test_the_connection_goes_to_the_address_that_was_looked_at(site: Site) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    named = f"names.example:{site.port}"
    fetched = Fetcher(local={named}, resolve=resolve).fetch(site.url("/hello", "names.example"))
    assert fetched.content == b"<p>Bonjour</p>"
    # Once for robots.txt and once for the page: no other look-up comes between look and connection.
    assert asked == ["names.example", "names.example"]
    assert {headers["Host"] for _, headers in site.seen} == {named}


def test_a_name_that_points_elsewhere_a_moment_later_leads_nowhere(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    named = f"rebinding.example:{site.port}"
    fetcher = Fetcher(local={named}, resolve=lambda _host, _port: next(answers))
    with pytest.raises(InputError, match=r"is at 10\.0\.0\.1, which is not a public address"):
        fetcher.fetch(site.url("/hello", "rebinding.example"))
    assert site.paths == ["/robots.txt"]


# Redirects


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "is neither http nor https"),
        ("http://169.254.169.254/latest/", "which is not a public address"),
        ("http://[::ffff:127.0.0.1]/", "which is not a public address"),
        ("//10.0.0.1/", "which is not a public address"),
        ("http://example.org:22/", "is on port 22"),
        ("http://user:secret@example.org/", "holds a name or a password"),
    ],
)
def test_a_redirect_goes_through_the_same_checks(site: Site, location: str, reason: str) -> None:
    site.answers["/out"] = redirect(location)
    with pytest.raises(InputError, match=reason):
        fetcher(site).fetch(site.url("/out"))


def test_a_redirect_to_another_origin_of_this_machine_is_refused(site: Site) -> None:
    with serving({"/secret": HELLO}) as other:
        site.answers["/out"] = redirect(other.url("/secret"))
        with pytest.raises(InputError, match=f"is on port {other.port}"):
            fetcher(site).fetch(site.url("/out"))
        assert other.seen == []


def test_five_redirects_are_followed_and_no_more(site: Site) -> None:
    for step in range(6):
        site.answers[f"/{step}"] = redirect(f"/{step + 1}")
    site.answers["/6"] = HELLO
    assert fetcher(site).fetch(site.url("/1")).content == b"<p>Bonjour</p>"
    with pytest.raises(InputError, match="redirects more than 5 times"):
        fetcher(site).fetch(site.url("/0"))


# Size, time, type


def test_an_endless_page_is_left(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    site.answers["/endless"] = endless
    with pytest.raises(InputError, match="has more than 100,000 bytes"):
        fetcher(site, max_bytes=100_000).fetch(site.url("/endless"))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html"


@pytest.mark.parametrize("drops", [HEAD, HEAD + b"\r\n\r\n"], ids=["headers", "page"])
def test_headers_or_a_page_that_drip_are_left(site: Site, drops: bytes) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        if drops.endswith(b"\n"):
            handler.wfile.write(drops)
        for letter in drops * 9:  # until it is hung up on
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()
            time.sleep(0.05)

    site.answers["/drip"] = drip
    with pytest.raises(InputError, match=r"takes longer than 0\.4 seconds"):
        fetcher(site, max_seconds=0.4).fetch(site.url("/drip"))


def test_a_packed_page_is_unpacked(site: Site) -> None:
    site.answers["/packed"] = page(
        gzip.compress(b"<p>Bien</p>"), headers={"Content-Encoding": "gzip"}
    )
    assert fetcher(site).fetch(site.url("/packed")).content == b"<p>Bien</p>"


GZIP = {"Content-Encoding": "gzip"}
REFUSED = (
    (page(gzip.compress(b"0" * 20_000_000), headers=GZIP), "has more than 100,000 bytes"),
    (page(gzip.compress(b"<p>Bien</p>" * 100)[:-9], headers=GZIP), "was cut off"),
    (page(b"?", headers={"Content-Encoding": "br"}), "is compressed as br"),
    (page(b"...", "image/png"), "which is not an article"),
    (page(b"...", ""), "which is not an article"),
    (page(b"", status=404), "answers with error 404"),
    (lambda handler: handler.wfile.write(b"220 mail ESMTP\r\n"), "does not answer as a web server"),
)


def test_what_is_no_whole_page_is_refused(site: Site) -> None:
    for answer, reason in REFUSED:
        site.answers["/thing"] = answer
        with pytest.raises(InputError, match=reason):
            fetcher(site, max_bytes=100_000).fetch(site.url("/thing"))


def test_a_file_whose_type_the_server_does_not_know_is_known_by_its_name(site: Site) -> None:
    site.answers["/note.pdf"] = page(b"%PDF-", "application/octet-stream")
    assert fetcher(site).fetch(site.url("/note.pdf")).path == "/note.pdf"


def test_a_server_that_is_not_there() -> None:
    with serving({}) as site:
        gone = site
    with pytest.raises(InputError, match="cannot be reached"):
        fetcher(gone).fetch(gone.url("/hello"))


def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert fetcher(site).fetch(site.url("/hello")).content == b"<p>Bonjour</p>"


# robots.txt


@pytest.mark.parametrize(
    "rules",
    ["User-agent: *\nDisallow: /", "User-agent: QuiSaitFaire\nDisallow: /hello"],
)
def test_what_a_site_closes_to_robots_is_not_fetched(site: Site, rules: str) -> None:
    site.answers["/robots.txt"] = page(rules, "text/plain")
    with pytest.raises(InputError, match=r"is closed to robots by its site \(robots\.txt\)"):
        fetcher(site).fetch(site.url("/hello"))
    assert site.paths == ["/robots.txt"]


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "User-agent: *\nDisallow: /other",
        "User-agent: Else\nDisallow: /",
        "<html>nothing</html>",
    ],
)
def test_what_a_site_leaves_open_is_fetched(site: Site, rules: str) -> None:
    site.answers["/robots.txt"] = page(rules, "text/plain")
    assert fetcher(site).fetch(site.url("/hello")).content == b"<p>Bonjour</p>"


def test_a_site_whose_rules_cannot_be_known_is_not_fetched(site: Site) -> None:
    site.answers["/robots.txt"] = page("oops", status=503)
    with pytest.raises(InputError, match="cannot say what robots may fetch"):
        fetcher(site).fetch(site.url("/hello"))


def test_a_redirect_to_a_page_closed_to_robots_is_not_followed(site: Site) -> None:
    site.answers["/robots.txt"] = page("User-agent: *\nDisallow: /hello", "text/plain")
    site.answers["/open"] = redirect("/hello")
    with pytest.raises(InputError, match="is closed to robots"):
        fetcher(site).fetch(site.url("/open"))
    assert "/hello" not in site.paths


def test_the_rules_of_a_site_are_asked_for_once(site: Site) -> None:
    same_fetcher = fetcher(site)
    same_fetcher.fetch(site.url("/hello"))
    same_fetcher.fetch(site.url("/hello"))
    assert site.paths == ["/robots.txt", "/hello", "/hello"]


# https


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=safe.example", "-addext", "subjectAltName=DNS:safe.example", "-keyout", str(key),
        "-out", str(cert),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


@pytest.mark.parametrize(("host", "is_trusted"), [("safe.example", True), ("other.example", False)])
def test_a_certificate_must_be_of_the_host_that_was_named(
    certificate: tuple[Path, Path], host: str, is_trusted: bool
) -> None:
    key, cert = certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    trust = ssl.create_default_context(cafile=str(cert))
    with serving({"/hello": HELLO}, server) as site:
        fetcher = Fetcher(
            local={f"{host}:{site.port}"}, resolve=lambda _host, _port: ["127.0.0.1"], tls=trust
        )
        url = f"https://{host}:{site.port}/hello"
        if is_trusted:
            assert fetcher.fetch(url).content == b"<p>Bonjour</p>"
        else:
            with pytest.raises(InputError, match="cannot be reached"):
                fetcher.fetch(url)
