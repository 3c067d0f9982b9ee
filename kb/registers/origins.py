"""Origins: the addresses of sites, as browsers write them in the header `Origin`.

https://www.Réseau.example:443/  →  https://www.xn--rseau-bsa.example
"""

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from kb.errors import SiteError

_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
"""The schemes of an origin, and the port that browsers leave out of each."""

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<site>[^/?#\\]*)(?P<page>.*)", re.IGNORECASE
)
_SITE = re.compile(r"(?P<host>\[[^]]*\]|[^:]*)(?::(?P<port>.*))?")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_LOOPBACK = re.compile(
    r"(?:(?:[^/?#\\:]*\.)?localhost|127(?:\.\d+){3}|\[::1\])(?=[/?#\\:]|$)", re.IGNORECASE
)
_NOT_IN_POLICIES = re.compile(r"[_\[]")
_LAST_IS_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?")
_MAX_HOST_CHARS = 253


def origin_of(text: str) -> str:
    """The origin that a text names, as browsers write it.

    That is the serialisation of an origin in https://url.spec.whatwg.org/: in lower case, without
    the port that is usual for its scheme, names that are not ASCII in Punycode.

    Raises:
        SiteError: the text is no origin, or more than an origin.
    """
    text = text.strip()
    if text.casefold() == "null":
        raise _refused(text, "origin_null")
    if "*" in text:
        raise _refused(text, "origin_wildcard")
    found = _ADDRESS.fullmatch(text)
    scheme = found["scheme"].lower() if found else ""
    if not found or scheme not in _PORTS:
        bare = text.lstrip("/")
        likely = "http" if _LOOPBACK.match(bare) else "https"
        instead = "" if found or "@" in text else f"{likely}://{bare}"
        raise _refused(text, "origin_scheme", instead)
    if "@" in found["site"]:
        without = f"{scheme}://{found['site'].rpartition('@')[2]}"
        raise _refused(text, "origin_credentials", without)
    site = _SITE.fullmatch(found["site"])
    host = _host(site["host"]) if site else ""
    if not site or not host:
        raise _refused(text, "origin_host")
    origin = f"{scheme}://{host}"
    if site["port"]:
        port = _port(site["port"])
        if port is None:
            raise _refused(text, "origin_port")
        if port != _PORTS[scheme]:
            origin += f":{port}"
    if found["page"] not in ("", "/"):
        raise _refused(text, "origin_page", origin)
    return origin


def can_be_framed(origin: str) -> bool:
    """Returns whether browsers' policies, such as `frame-ancestors`, can name an origin.

    They cannot name hosts with a `_`, nor addresses of IPv6.
    """
    return not _NOT_IN_POLICIES.search(origin)


def _refused(given: str, code: str, instead: str = "") -> SiteError:
    """Returns the refusal of an origin; `instead` is the text to write in its place, if any.

    If `instead` is itself refused, the text that its own refusal advises is used.
    """
    if not instead:
        return SiteError(code, "origins", given=given)
    try:
        instead = origin_of(instead)
    except SiteError as error:
        instead = str(error.remark.values.get("instead", ""))
        if not instead:
            return SiteError(code, "origins", given=given)
    code = code if code == "origin_page" else f"{code}_instead"
    return SiteError(code, "origins", given=given, instead=instead)


def _host(text: str) -> str:
    """A host as browsers write it; empty where it is none."""
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = text.lower() if text.isascii() else _in_ascii(text)
    if _LAST_IS_NUMBER.fullmatch(host):
        # Browsers read 127.1 and 017700000001 as addresses too; here an address is written out.
        try:
            return str(IPv4Address(host.removesuffix(".")))
        except AddressValueError:
            return ""
    if len(host.removesuffix(".")) > _MAX_HOST_CHARS or not _HOST.fullmatch(host):
        return ""
    return host


def _port(text: str) -> int | None:
    """A port's number; None where it is none."""
    digits = text.lstrip("0") or "0"
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 5):
        return None
    return int(digits) if int(digits) <= 65_535 else None


def _in_ascii(text: str) -> str:
    """A name with other letters than ASCII's as DNS knows it; empty where it can have none."""
    import idna

    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return ""


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return ""
    if address.scope_id:
        return ""
    mapped = address.ipv4_mapped
    if mapped:  # Python's way to write it differs from version to version
        high, low = divmod(int(mapped), 2**16)
        return f"[::ffff:{high:x}:{low:x}]"
    return f"[{address.compressed}]"
