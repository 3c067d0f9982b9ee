from importlib.resources import files
from ipaddress import ip_address, ip_network

import pytest

from ingest.fetching.public_addresses import is_public, special_blocks

BLOCKS = [
    line.split("\t")
    for line in (files("ingest.fetching") / "special_addresses.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "93.184.216.34", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1",
        "172.32.0.1", "192.0.1.1", "198.17.0.1", "198.20.0.1", "203.0.112.1", "223.255.255.255",
        "2606:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2a01:e0a::1", "3ffe::1",
        "::ffff:8.8.8.8", "::ffff:3fff:1",
    ],
)  # fmt: skip
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(("block", "name"), BLOCKS)
def test_no_address_of_a_special_block_is_public(block: str, name: str) -> None:
    network = ip_network(block)
    mapped = name == "IPv4-mapped Address"  # judged as the address of IPv4 that it is
    for place in (0, network.num_addresses // 2, network.num_addresses - 1):
        assert is_public(str(network[place])) is (mapped and place == network.num_addresses // 2)


@pytest.mark.parametrize(
    "embedding",
    [
        "::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}", "64:ff9b:1:fffe::{}", "::ffff:0:{}",
        "2002:{}::", "2001:0:{}::", "2001::{}", "fe80::5efe:{}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"])
def test_no_notation_of_a_private_address_is_public(embedding: str, inner: str) -> None:
    number = int(ip_address(inner))
    halves = f"{number >> 16:x}:{number & 0xFFFF:x}"
    assert not is_public(embedding.format(halves))


@pytest.mark.parametrize(
    "address",
    [
        "168.63.129.16", "::ffff:168.63.129.16", "169.254.169.254", "169.254.169.253",
        "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::253",
        "fd20:ce::254", "fe80::a9fe:a9fe", "64:ff9b::a83f:8110", "2002:a83f:8110::1",
        "fe80::1%eth0", "4000::1", "8000::1", "e000::1", "localhost", "", "0x7f.1",
        "127.1", "2130706433", "017700000001", "3fff:0fff:ffff::1",
    ],
)  # fmt: skip
def test_no_strange_address_nor_one_of_a_cloud_s_machines_is_public(
    address: str,
) -> None:
    assert not is_public(address)


def test_every_block_of_the_table_is_read() -> None:
    assert len(special_blocks()) == len(BLOCKS) > 50
