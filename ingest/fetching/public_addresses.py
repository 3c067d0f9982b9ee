"""IP addresses that are not in `special_addresses.tsv`, of IANA, and connections to these alone."""

import ipaddress
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore

from kb.errors import InputError

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that hosts are given (RFC 4291, 2.4)
Resolver = Callable[[str, int], Sequence[str]]  # raises OSError for an unknown host


def is_public(address: str) -> bool:
    """Whether an IP address is public; one that wraps an IPv4 address on its way is not."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return ip in _GLOBAL_UNICAST and not any(ip in block for block in special_blocks())
        ip = ip.ipv4_mapped
    return not any(ip in block for block in special_blocks())


@cache
def special_blocks() -> tuple[IPv4Network | IPv6Network, ...]:
    lines = (files("ingest.fetching") / "special_addresses.tsv").read_text("utf-8").splitlines()
    return tuple(ip_network(line.partition("\t")[0]) for line in lines if not line.startswith("#"))


class PublicConnections(httpcore.NetworkBackend):
    """Connections to public addresses only, each to the address that was looked at."""

    def __init__(self, resolve: Resolver, local: Collection[str], deadline: float) -> None:
        self._resolve = resolve
        self._local = local
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        name = host.strip("[]")
        try:
            addresses = list(self._resolve(name, port))
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise InputError("unknown_host", host=name)
        for address in addresses:
            if not (is_public(address) or self._is_local(name, port, address)):
                raise InputError("private_address", host=name, address=address)
        error: Exception = httpcore.ConnectError("no address answers")
        for address in addresses:
            left = _left(self._deadline, timeout)
            try:
                stream = self._sockets.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
                continue
            return _Stream(stream, self._deadline)
        raise error

    def _is_local(self, host: str, port: int, address: str) -> bool:
        if f"{host}:{port}" not in self._local:
            return False
        with suppress(ValueError):
            return ipaddress.ip_address(address).is_loopback
        return False


def _left(deadline: float, timeout: float | None) -> float:
    """Returns the seconds a call may take: those it asks for, or fewer if less time is left."""
    if (left := deadline - time.monotonic()) <= 0:
        raise httpcore.ReadTimeout
    return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection that ends with the time there is, however slowly it drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        secure = self._stream.start_tls(ssl_context, server_hostname, left)
        return _Stream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
