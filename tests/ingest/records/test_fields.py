import pytest

from ingest.records.fields import (
    country_code,
    iso_date,
    language,
    paragraphs,
    record_id,
    theme_names,
    web_address,
)
from kb.errors import InputError

UNSTORABLE = (
    *range(9), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0),
    0xD800, 0xDFFF, 0xFEFF, 0xFFFE, 0xFFFF,
)  # fmt: skip


def test_each_character_that_cannot_be_stored_is_left_out() -> None:
    assert {paragraphs(f"a{chr(code)}b") for code in UNSTORABLE} == {"ab"}


@pytest.mark.parametrize("end", ["\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_each_end_of_a_line_is_a_line_feed(end: str) -> None:
    assert paragraphs(f"a{end}b") == "a\nb"


def test_an_id_is_kept_as_given() -> None:
    assert record_id(" Avel/16 ", "Avel") == "Avel/16"


def test_an_id_is_made_of_the_names() -> None:
    assert record_id("", "L’Atelier du végétal", "Mérignac") == "l-atelier-du-vegetal-merignac"


@pytest.mark.parametrize(
    ("given", "name", "reason"),
    [
        ("..", "Avel", "id '..' has neither a letter nor a digit"),
        ("", "🙂", "no id can be made from '🙂': give one"),
        ("x" * 501, "Avel", "id has 501 characters; at most 500 fit"),
    ],
)
def test_an_id_that_names_nothing_is_refused(given: str, name: str, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        record_id(given, name)
    assert str(refusal.value) == reason


def test_themes_are_split_and_each_kept_once() -> None:
    assert theme_names(" Chimie | Santé;chimie;; Bois, ameublement\nSanté") == (
        "Chimie",
        "Santé",
        "Bois, ameublement",
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("", ""),
        ("https://www.avel.com/a?b=c#d", "https://www.avel.com/a?b=c#d"),
        ("HTTP://avel.com", "http://avel.com"),
        ("www.avel.com", "https://www.avel.com"),
        ("avel.com:8080/fr", "https://avel.com:8080/fr"),
        ("//avel.com", "https://avel.com"),
        ("http://intranet/avel", "http://intranet/avel"),
    ],
)
def test_a_web_address_gets_a_scheme(written: str, address: str) -> None:
    assert web_address(written, "website") == address
    assert web_address(address, "website") == address


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (
            "javascript:alert(1)",
            "website 'javascript:alert(1)' begins with javascript: only http and https are "
            "accepted",
        ),
        ("néant", "website 'néant' is not a web address"),
        ("http://[", "website 'http://[' is not a web address"),
        ("http://avel.com:port/", "website 'http://avel.com:port/' is not a web address"),
    ],
)
def test_what_no_browser_should_open_is_refused(written: str, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        web_address(written, "website")
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("", ""),
        ("2020-03-18", "2020-03-18"),
        ("20200318", "2020-03-18"),
        ("2020-03-18 09:30", "2020-03-18T09:30:00"),
        ("2020-03-18T09:30:00Z", "2020-03-18T09:30:00+00:00"),
    ],
)
def test_a_date_is_written_in_iso_8601(written: str, date: str) -> None:
    assert iso_date(written, "date") == date
    assert iso_date(date, "date") == date


@pytest.mark.parametrize("written", ["18/03/2020", "2020-02-30", "mars 2020"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(InputError) as refusal:
        iso_date(written, "date")
    assert str(refusal.value) == f"date {written!r} is not a date such as 2020-03-18"


@pytest.mark.parametrize(
    ("given", "text", "lang"),
    [
        ("FR", "", "fr"),
        ("français", "", "fr"),
        ("English", "", "en"),
        ("anglais", "", "en"),
        ("en_GB", "", "en"),
        ("espagnol", "", "es"),
        ("", "We make shoe polish and waxes for leather goods.", "en"),
        ("", "Nous fabriquons des cirages et des cires pour le cuir.", "fr"),
        ("", "We make shoe polish.", "fr"),
    ],
)
def test_a_language_is_read_or_detected(given: str, text: str, lang: str) -> None:
    assert language(given, text) == lang


@pytest.mark.parametrize(
    ("written", "code"),
    [("", "FR"), ("be", "BE"), ("Belgique", "BE"), ("United Kingdom", "GB"), ("Etats-Unis", "US")],
)
def test_a_country_is_a_code_or_a_name(written: str, code: str) -> None:
    assert country_code(written) == code


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(InputError, match=r"^country 'Syldavie' is not known: write its two-letter"):
        country_code("Syldavie")
