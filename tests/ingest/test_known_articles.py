import pytest

from ingest.known_articles import normal_address


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://www.Reseau.example/a/", "reseau.example/a"),
        ("http://reseau.example/a?b=2&utm_medium=x&a=1#c", "reseau.example/a?a=1&b=2"),
        ("https://reseau.example:8443/a", "reseau.example:8443/a"),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_addresses_that_differ_in_nothing_that_matters(url: str, normal: str) -> None:
    assert normal_address(url) == normal
