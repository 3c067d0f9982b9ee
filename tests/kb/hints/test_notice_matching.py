from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.hints.matching import FITTING, MOST_PROPOSED, NoticeCloseness
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.board.notice import Notice, NoticeContent, PairState
from kb.search.trades.background import Background
from kb.store.store import Store
from tests.encoders import WordCountEncoder

NEED = NoticeContent(Flow.SEEKS, "Des flacons de verre", asker="Avel")
OFFER = NoticeContent(Flow.OFFERS, "Flacons de verre", asker="Merlet")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def base(tmp_path: Path, cache: Path) -> Iterator[KnowledgeBase]:
    Store.open(tmp_path / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(tmp_path, WordCountEncoder, cache)) as base:
        yield base


def published(base: KnowledgeBase, content: NoticeContent, **who: str) -> Notice:
    notice = base.notices.add(content, **who)
    notice = base.notices.publish(notice.id, by="Max", revision=1)
    base.notice_matching.propose(notice)
    return notice


def pairs(base: KnowledgeBase) -> list[tuple[str, str]]:
    return [(pair.need_id, pair.offer_id) for pair in base.notice_pairs.proposed()]


def test_closeness_is_the_same_both_ways_and_that_of_the_closest_wordings(cache: Path) -> None:
    encoder = WordCountEncoder()
    measure = NoticeCloseness(encoder, Background.of(encoder, cache))
    need, offer = NEED.wordings, OFFER.wordings
    (there,), (back,) = measure.to_each(need, [offer]), measure.to_each(offer, [need])
    assert there == pytest.approx(back)
    assert there > FITTING > measure.to_each(need, [("Un atelier de couture",)])[0]
    longer = replace(NEED, text="Bonjour, écrivez vite, merci, cordialement").wordings
    assert measure.to_each(longer, [offer]) == pytest.approx([there])


def test_whichever_comes_last_a_need_and_an_offer_are_paired(base: KnowledgeBase) -> None:
    need = published(base, NEED, owner="Léa")
    offer = published(base, OFFER, owner="Zoé")
    later = published(base, replace(NEED, asker="Ville"), owner="Tim")
    assert sorted(pairs(base)) == sorted([(need.id, offer.id), (later.id, offer.id)])


def test_two_needs_are_no_pair_and_what_is_shared_is_one_with_a_need(base: KnowledgeBase) -> None:
    need = published(base, NEED)
    published(base, replace(NEED, asker="Ville"))
    assert pairs(base) == []
    shared = published(base, replace(OFFER, flow=Flow.SHARES))
    assert (need.id, shared.id) in pairs(base)


@pytest.mark.parametrize(
    ("offer", "of_need", "of_offer"),
    [
        (OFFER, {"owner": "Léa"}, {"owner": "Léa"}),
        (OFFER, {"told_at": "a@b.example"}, {"told_at": "A@b.example"}),
        (replace(OFFER, asker="AVEL"), {}, {}),
    ],
)
def test_nobody_is_paired_with_themselves(
    base: KnowledgeBase, offer: NoticeContent, of_need: dict[str, str], of_offer: dict[str, str]
) -> None:
    published(base, NEED, **of_need)
    published(base, offer, **of_offer)
    assert pairs(base) == []


def test_what_is_over_or_not_published_is_paired_with_nothing(base: KnowledgeBase) -> None:
    published(base, replace(OFFER, until="2020-01-01"))
    base.notices.add(OFFER)
    published(base, NEED)
    assert pairs(base) == []


def test_changed_words_take_back_what_they_proposed_and_not_what_was_decided(
    base: KnowledgeBase,
) -> None:
    need, told = published(base, NEED), published(base, OFFER)
    base.notice_pairs.decide(need.id, told.id, PairState.TOLD, by="Max")
    published(base, replace(OFFER, asker="Autre"))
    assert len(pairs(base)) == 1
    changed = base.notices.save(
        need.id, replace(NEED, title="Un atelier de couture"), by="Max", revision=2
    )
    base.notice_matching.propose(changed)
    assert pairs(base) == []
    assert base.notice_pairs.told_with(need.id) == [told.id]


def test_a_notice_proposes_few_pairs_and_the_closest(base: KnowledgeBase) -> None:
    for number in range(MOST_PROPOSED + 1):
        published(base, replace(OFFER, title="Cartons, flacons de verre", asker=f"F {number}"))
    same = published(base, OFFER)
    need = published(base, NEED)
    found = [offer for one, offer in pairs(base) if one == need.id]
    assert len(found) == MOST_PROPOSED
    assert same.id in found
