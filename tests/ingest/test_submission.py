import pytest

from ingest.fetching.safe_fetch import Fetched
from ingest.known_articles import AlreadyKnown, normal_address
from ingest.submission import Submissions
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.registers.drafts import DraftState
from tests.ingest.sample_articles import NETWORK_PAGE, TITLE

URL = "https://reseau.example/12"


def test_every_way_in_gives_the_same_draft(base: KnowledgeBase) -> None:
    content = NETWORK_PAGE.encode()
    submissions = Submissions(base, by="léa", submitted=False)
    draft, article = submissions.content("note.txt", content)
    assert (draft.origin, draft.state, draft.created_by) == ("note.txt", DraftState.DRAFT, "léa")
    assert isinstance(draft.record, Case)
    assert (draft.record.title, article.title) == (TITLE, TITLE)
    with pytest.raises(AlreadyKnown, match=draft.id):
        submissions.text(NETWORK_PAGE)
    with pytest.raises(AlreadyKnown, match=draft.id):
        submissions.page(Fetched(URL, content, "text/plain"))


def test_the_same_bytes_are_known_whatever_became_of_the_draft(base: KnowledgeBase) -> None:
    draft, _ = Submissions(base, by="léa").text(NETWORK_PAGE)
    published = base.publish(draft.id, by="anne", revision=draft.revision)
    with pytest.raises(AlreadyKnown, match="has the same content") as refusal:
        Submissions(base, by="paul").text(NETWORK_PAGE)
    assert (refusal.value.draft_id, refusal.value.case_id) == (draft.id, published.record.id)


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
