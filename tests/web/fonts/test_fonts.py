"""The fonts are cut down to what Europe writes, with names of their own, and served for good."""

from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fontTools.ttLib import TTFont

from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import SampleBase
from web.app import create_app
from web.fonts import faces, making
from web.fonts.faces import FACES, LATIN
from web.fonts.making import prepare_fonts, subset
from web.fonts.web_fonts import NO_FONTS, FontFile, WebFonts

MOST_BYTES = 25_000


@pytest.fixture(scope="module")
def fonts() -> WebFonts:
    made = (FACES[0], FACES[3])
    return WebFonts([FontFile(face, "latin", subset(face, LATIN)) for face in made])


def test_a_subset_is_small_has_french_and_names_of_its_own(fonts: WebFonts) -> None:
    for content in (one for name, one in fonts.files.items() if name.endswith(".woff2")):
        assert len(content) <= MOST_BYTES
        with TTFont(BytesIO(content)) as font:
            assert set(map(ord, "aéœŒç«’–€→?!")) <= set(font.getBestCmap())
            names = {record.nameID: record.toUnicode() for record in font["name"].names}
            # “Source” is a reserved name: copyright and licence speak of it, nothing else does.
            assert "Open Font License" in names.pop(13)
            assert "Reserved Font Name" in names.pop(0)
            assert not [name for name in names.values() if "Source" in name]


def test_pages_name_the_fonts_and_browsers_keep_them(fonts: WebFonts) -> None:
    client = TestClient(create_app(SampleBase(), Settings(), fonts))
    read = Page(client.get("/fr/").text)
    assert not read.all("link", rel="preload")  # fonts would come before the styles, and text late
    assert [
        one for one in read.all("link", rel="stylesheet") if "/fonts/" in one.attributes["href"]
    ]
    style = client.get(fonts.style_url)
    assert style.headers["Content-Type"].startswith("text/css")
    for name in fonts.files:
        assert "immutable" in client.get(f"/fonts/{name}").headers["Cache-Control"]
        assert name.endswith(".css") or f"url({name})" in style.text
    assert client.get("/fonts/nothing.woff2").status_code == 404


def test_without_fonts_pages_name_none() -> None:
    client = TestClient(create_app(SampleBase(), Settings(), NO_FONTS))
    assert "/fonts/" not in client.get("/fr/").text


def test_fonts_are_made_once_and_a_missing_package_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def small(face: faces.Face, characters: str) -> bytes:
        asked.append(face.file + characters)
        return face.file.encode()

    monkeypatch.setattr(making, "subset", small)
    first = prepare_fonts(tmp_path)
    assert len(asked) == 2 * len({face.file for face in FACES})
    assert prepare_fonts(tmp_path).files == first.files
    assert len(asked) == 2 * len({face.file for face in FACES})
    monkeypatch.setattr(making, "FACES", (faces.Face("A", "no_such_package", "a.ttf", "1 2"),))
    assert prepare_fonts(tmp_path) is NO_FONTS
