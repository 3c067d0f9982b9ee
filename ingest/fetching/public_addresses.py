"""Which IP addresses are of the public internet: neither of this network nor of no network at all.

`special_addresses.tsv` lists the others, by IANA's registries.
"""

from functools import cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only addresses of IPv6 that hosts of the internet are given (RFC 4291, 2.4)."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    An IPv6 address that stands for an IPv4 one on its way counts as none: what it leads to is
    elsewhere. One that is an IPv4 address in another notation is judged as that.
    """
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
    """The blocks of the table, of both versions."""
    lines = (files("ingest.fetching") / "special_addresses.tsv").read_text("utf-8").splitlines()
    return tuple(ip_network(line.partition("\t")[0]) for line in lines if not line.startswith("#"))
