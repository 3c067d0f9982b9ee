"""The phrases of a language model in a real browser: accessible, whole, taken back by a click."""

from collections.abc import Iterator

import pytest

from kb.language_model import NeedWorder
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits
from tests.chat_server import serving_chats
from tests.web.sample_base import SampleBase

pytestmark = pytest.mark.browser

NEED = "q=brillant+pour+chaussures"


@pytest.fixture(scope="module")
def base() -> Iterator[SampleBase]:
    """The base of a site whose needs are worded."""
    base = SampleBase()
    with serving_chats() as chats:
        chats.says(
            {
                "trades": ["cirages", "shoe polish manufacturing"],
                "materials": ["cire"],
                "gestures": ["mélange et mise en boîte de pâtes épaisses et collantes"],
            }
        )
        base.worder = NeedWorder(chats.service, wait_s=60)
        yield base


def test_pages_with_phrases_are_accessible_and_fit(visit: Visits) -> None:
    for path in (
        f"/fr/recherche?{NEED}",
        f"/en/search?{NEED}&taken_back=cire",
        f"/fr/recherche?{NEED}&wording=off",
        f"/en/search/why?{NEED}&id=avel",
        "/fr/a-propos",
    ):
        check_page(visit.open(path))
