"""The picture and the words that other sites show of a page that is shared there."""

from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from kb.knowledge_base import KnowledgeBase
from kb.reference.flows import Flow
from kb.registers.board.notice import NoticeContent
from kb.registers.identity import Identity
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import SITE, client_of
from web.sharing.card import HEIGHT, WIDTH, ShareCard, drawn, wrapped


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    base.put([AVEL, ANGOULEME])
    return client_of(base)


def shared(client: TestClient, path: str) -> dict[str, str]:
    """What a page says to whoever shares it, by property."""
    metas = Page(client.get(path).text).all("meta")
    return {
        one.attributes["property"]: one.attributes["content"]
        for one in metas
        if "property" in one.attributes
    }


@pytest.mark.parametrize(
    ("path", "title", "locale"),
    [
        ("/fr/", "Le savoir-faire d’un territoire", "fr_FR"),
        ("/en/actors/avel", "Avel (Saphir)", "en_GB"),
        ("/fr/cas/angouleme", "Angoulême : du cirage au gel hydroalcoolique", "fr_FR"),
        ("/fr/themes", "Thèmes", "fr_FR"),
    ],
)
def test_a_page_says_what_to_show_of_it(
    client: TestClient, path: str, title: str, locale: str
) -> None:
    said = shared(client, path)
    assert said["og:title"] == title
    assert said["og:locale"] == locale
    assert said["og:url"] == SITE + path
    assert said["og:description"]
    answer = client.get(said["og:image"])
    assert answer.headers["Content-Type"] == "image/png"
    with Image.open(BytesIO(answer.content)) as picture:
        assert picture.size == (WIDTH, HEIGHT)
    assert len(answer.content) < 100_000


def test_the_picture_is_asked_for_again_only_if_it_changed(
    client: TestClient, base: KnowledgeBase
) -> None:
    path = "/share/fr/case/angouleme"
    first = client.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    base.identity.save(Identity(name="Réseau", accent="#1d6fa5"), by="Léa", revision=0)
    changed = client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.content != first.content


@pytest.mark.parametrize("path", ["case/nothing", "themes", "account/avel", "actor"])
def test_what_has_no_picture_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/share/fr/{path}").status_code == 404


def test_a_notice_has_a_picture_once_it_is_published(
    client: TestClient, base: KnowledgeBase
) -> None:
    notice = base.notices.add(NoticeContent(Flow.SEEKS, "Qui coud des sacs ?", place="Cognac"))
    path = f"/share/fr/notice/{notice.id}"
    assert client.get(path).status_code == 404
    base.notices.publish(notice.id, by="Max", revision=1)
    assert client.get(path).headers["Content-Type"] == "image/png"
    assert shared(client, f"/fr/besoins-et-offres/{notice.id}")["og:image"] == SITE + path


class _EvenFont:
    """A font whose letters are all ten pixels wide."""

    def getlength(self, text: str) -> float:
        return 10.0 * len(text)


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("un deux trois", 3, ["un deux", "trois"]),
        ("un deux trois quatre", 2, ["un deux", "trois…"]),
        ("anticonstitutionnel", 3, ["anticonst", "itutionne", "l"]),
        ("", 3, []),
    ],
)
def test_words_are_wrapped_to_the_room_there_is(text: str, most: int, lines: list[str]) -> None:
    assert wrapped(text, _EvenFont(), 95, most) == lines


def test_whatever_the_title_a_picture_is_drawn() -> None:
    for title in ("", "x" * 3000, "mot " * 400, "日本語 \u202e العربية"):
        assert drawn(ShareCard("Site", title, title, "#9c2f1b")).startswith(b"\x89PNG")
