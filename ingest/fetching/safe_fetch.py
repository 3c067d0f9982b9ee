"""Fetches public web addresses only, within limits, as robots.txt allows.

The connection goes to the very address that was looked at; each redirect is checked anew.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpcore
import httpx

from ingest.fetching.public_addresses import PublicConnections, Resolver
from kb.errors import InputError
from kb.settings import Settings

MAX_REDIRECTS = 5
MAX_BYTES = 10_000_000  # most bytes of a page, unpacked
MAX_SECONDS = 30.0  # longest time of a fetch, redirects included
MAX_ROBOTS_BYTES = 500_000
PORTS = frozenset({80, 443})
PAGE_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/epub+zip": ".epub",
}
PAGE_TYPES = frozenset(PAGE_SUFFIXES)
FEED_TYPES = frozenset(
    "application/rss+xml application/atom+xml application/xml text/xml application/rdf+xml".split()
)
_NOT_MODIFIED = 304
_UNKNOWN_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_KNOWN_SUFFIXES = frozenset({*PAGE_SUFFIXES.values(), ".htm"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched page. `url` is its address after redirects, `encoding` as its server declares."""

    url: str
    content: bytes
    media_type: str
    encoding: str = ""
    etag: str = ""
    last_modified: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


def addresses_of(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches addresses; `local` are origins (`host:port`) of this machine that are allowed."""

    def __init__(
        self,
        *,
        contact: str = "",
        local: Collection[str] = (),
        resolve: Resolver = addresses_of,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        about = f" (+{contact})" if contact else ""
        self.user_agent = f"QuiSaitFaire/{version('quisait')}{about}"
        self._local = frozenset(local)
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._robots: dict[str, Callable[[str], bool]] = {}

    @classmethod
    def from_settings(
        cls, settings: Settings, *, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS
    ) -> Self:
        origins = (origin.strip() for origin in settings.fetch_local.split(","))
        local, contact = frozenset(filter(None, origins)), settings.public_url
        return cls(contact=contact, local=local, max_bytes=max_bytes, max_seconds=max_seconds)

    def fetch(self, url: str, types: Collection[str] = PAGE_TYPES) -> Fetched:
        if (fetched := self.fetch_if_changed(url, types)) is None:
            raise _Refused(url, _NOT_MODIFIED)  # an answer to a question that was not asked
        return fetched

    def fetch_if_changed(
        self,
        url: str,
        types: Collection[str] = PAGE_TYPES,
        *,
        suffixes: Collection[str] = (),
        etag: str = "",
        last_modified: str = "",
    ) -> Fetched | None:
        """Fetches an address of a media type or suffix; None if unchanged since the validators."""
        asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        known = {name: value for name, value in asked.items() if value}
        deadline = time.monotonic() + self._max_seconds
        address = self.checked(url)
        for _ in range(MAX_REDIRECTS + 1):
            if not self._may_fetch(address, deadline):
                raise InputError("closed_to_robots", address=address)
            try:
                answer = self._ask(address, deadline, self._max_bytes, types, suffixes, known)
            except _Refused as refusal:
                if known and refusal.status == _NOT_MODIFIED:
                    return None
                raise
            if isinstance(answer, Fetched):
                return answer
            address = self.checked(answer)
        raise InputError("many_redirects", address=url, most=MAX_REDIRECTS)

    def checked(self, url: str) -> str:
        """The address without its fragment, if its form is one that is fetched."""
        try:
            parts = urlsplit(url.strip())
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise InputError("no_address", address=url) from None
        if parts.scheme not in {"http", "https"}:
            raise InputError("not_http", address=url)
        if not host:
            raise InputError("no_address", address=url)
        if parts.username is not None or parts.password is not None:
            raise InputError("address_with_password", address=f"{parts.scheme}://…@{host}")
        origin = f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"
        if port not in PORTS | {None} and origin not in self._local:
            raise InputError("other_port", address=url, port=str(port))
        return urlunsplit(parts._replace(fragment=""))

    # What a site wants robots to leave alone

    def _may_fetch(self, url: str, deadline: float) -> bool:
        parts = urlsplit(url)
        if (site := f"{parts.scheme}://{parts.netloc}") not in self._robots:
            self._robots[site] = self._rules_of(site, deadline)
        return self._robots[site](url)

    def _rules_of(self, site: str, deadline: float) -> Callable[[str], bool]:
        """The rule of a site's robots.txt; without one, every address is allowed."""
        from protego import Protego

        address = f"{site}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = self._ask(address, deadline, MAX_ROBOTS_BYTES, None)
            except _Refused as refusal:
                if 400 <= refusal.status < 500:
                    return lambda _url: True
                raise InputError("robots_unknown", site=site, status=refusal.status) from None
            if isinstance(answer, Fetched):
                rules = Protego.parse(answer.content.decode("utf-8", "replace"))
                return lambda url: bool(rules.can_fetch(url, self.user_agent))
            address = self.checked(answer)
        return lambda _url: True

    # One request

    def _ask(
        self,
        url: str,
        deadline: float,
        max_bytes: int,
        types: Collection[str] | None,
        suffixes: Collection[str] = (),
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> Fetched | str:
        """Returns the page at an address, or the address it redirects to."""
        headers = {
            "User-Agent": self.user_agent,
            "Accept": ", ".join(sorted(types)) + ", */*;q=0.1" if types else "*/*",
            "Accept-Language": "fr, en;q=0.8",
            "Accept-Encoding": "gzip",
            **known,
        }
        backend = PublicConnections(self._resolve, self._local, deadline)
        try:
            parts = httpx.URL(url)
            address = httpcore.URL(
                scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path
            )
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
                pool.stream("GET", address, headers=[*headers.items()]) as response,
            ):
                return self._read(url, response, deadline, max_bytes, types, suffixes)
        except httpcore.TimeoutException:
            raise self._too_slow(url) from None
        except (httpcore.ProtocolError, httpx.InvalidURL, zlib.error, ValueError):
            raise InputError("no_web_server", address=url) from None
        except (httpcore.NetworkError, ssl.SSLError, OSError) as error:
            reason = str(error).strip().splitlines()
            told = reason[0][:120] if reason else type(error).__name__
            raise InputError("unreachable", address=url, reason=told) from None

    def _too_slow(self, url: str) -> InputError:
        return InputError("slow_site", address=url, seconds=f"{self._max_seconds:g}")

    def _read(
        self,
        url: str,
        response: httpcore.Response,
        deadline: float,
        max_bytes: int,
        types: Collection[str] | None,
        suffixes: Collection[str],
    ) -> Fetched | str:
        status, headers = response.status, httpx.Headers(response.headers)
        if status in {301, 302, 303, 307, 308} and "location" in headers:
            return urljoin(url, headers["location"])
        if status != 200:
            raise _Refused(url, status)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if types is not None and media_type not in types:
            suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
            is_known = media_type in _UNKNOWN_TYPES and suffix in _KNOWN_SUFFIXES
            if not is_known and suffix not in suffixes:
                if not media_type:
                    raise InputError("no_type", address=url)
                raise InputError("other_type", address=url, type=media_type)
        content = bytearray()
        packing = headers.get("content-encoding", "identity").strip().lower()
        for piece in _unpacked(url, packing, response.iter_stream(), max_bytes):
            content += piece
            if len(content) > max_bytes:
                if types is None:
                    break  # what robots.txt says beyond its limit is not read
                raise InputError("large_page", address=url, most=max_bytes)
            if time.monotonic() > deadline:
                raise self._too_slow(url)
        try:
            encoding = httpx.Response(status, headers=headers).charset_encoding or ""
        except (TypeError, ValueError, LookupError):  # a header of parameters that contradict
            encoding = ""
        validators = (_sendable(headers.get(name, "")) for name in ("etag", "last-modified"))
        return Fetched(url, bytes(content), media_type, encoding, *validators)


class _Refused(InputError):
    def __init__(self, url: str, status: int) -> None:
        super().__init__("error_status", address=url, status=status)
        self.status = status


def _sendable(value: str) -> str:
    """Returns the value of a header, if it can be sent back as it is; else an empty text."""
    return value if value.isascii() and value.isprintable() else ""


def _unpacked(url: str, packing: str, body: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """The content as it comes, unpacked in pieces no larger than what may be read."""
    if packing == "identity":
        yield from body
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise InputError("other_packing", address=url, packing=packing)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    for piece in body:
        left = piece
        while left and not unpacker.eof:
            yield unpacker.decompress(left, max_bytes + 1)
            left = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise InputError("page_cut_off", address=url)
