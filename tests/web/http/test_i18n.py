from importlib.resources import files
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

from web.http.i18n import (
    Language,
    preferred_language,
    written_date,
)

LOCALE_FOLDER = Path(str(files("web").joinpath("locale")))


def test_the_language_that_a_browser_prefers() -> None:
    french = "/*/de-DE, it;q=0.8/en;q=0.5, fr;q=0.6/en;q=0/en;q=lots/fr, en/,;q=,,".split("/")
    english = "en/EN-us,fr;q=0.9/fr;q=0.6, en ; q=0.7/fr;q=0, en;q=0.1/de, en;q=0.3".split("/")
    for headers, language in ((french, Language.FR), (english, Language.EN)):
        assert {preferred_language(header) for header in headers} == {language}


def test_the_root_leads_home_in_the_preferred_language(client: TestClient) -> None:
    for header, home in (("en-GB,en", "/en/"), ("fr", "/fr/"), ("pl", "/fr/")):
        response = client.get("/", headers={"Accept-Language": header})
        assert response.status_code == 307
        assert response.headers["Location"] == home
        assert response.headers["Vary"] == "Accept-Language"


def test_days_are_written_in_each_language() -> None:
    assert written_date("2020-07-01", Language.FR) == "1er juillet 2020"
    assert written_date("2020-07-02T11:51:00+02:00", Language.EN) == "2 July 2020"
    for other in ("1972", "printemps 2020", ""):
        assert written_date(other, Language.FR) == other


def messages_in_code() -> Catalog:
    with (LOCALE_FOLDER / "babel.cfg").open(encoding="utf-8") as mapping_file:
        methods, options = parse_mapping_cfg(mapping_file)  # type: ignore[no-untyped-call]
    catalogue = Catalog()
    for folder in (LOCALE_FOLDER.parent, Path(str(files("kb")))):
        for _, _, message, _, context in extract_from_dir(
            folder,
            method_map=methods,
            options_map=options,
            keywords={
                **DEFAULT_KEYWORDS,
                "RoleTraits": None,
                "FieldTraits": None,
                "FlowTraits": None,
            },
        ):
            catalogue.add(message, context=context)
    return catalogue


def french() -> Catalog:
    with (LOCALE_FOLDER / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as po_file:
        return read_po(po_file)


def ids(catalogue: Catalog) -> set[object]:
    return {message.id for message in catalogue if message.id}


def written(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_message_is_translated_into_french_and_none_is_left_over() -> None:
    assert len(ids(messages_in_code())) > 100
    assert ids(french()) == ids(messages_in_code())
    assert not french().obsolete
    for message in french():
        if message.id:
            assert not message.fuzzy, message.id
            assert written(message), message.id
            assert all(written(message)), message.id


def test_translations_keep_the_values_to_fill_in() -> None:
    catalogue = french()
    for message in catalogue:
        assert not list(message.check(catalogue)), message.id


def test_french_typography_is_kept_by_spaces_that_do_not_break() -> None:
    for message in french():
        for text in written(message) if message.id else ():
            assert not any(f" {mark}" in text for mark in ":;?!»"), text
            assert "« " not in text, text
            assert "'" not in text, text
