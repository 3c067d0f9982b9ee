from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import EditConflict, UnknownRecord
from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.board.notice import (
    AnswerKind,
    AnswerState,
    Closing,
    Notice,
    NoticeAnswers,
    NoticeContent,
    NoticePairs,
    NoticeState,
    PairState,
)
from kb.registers.board.notices import Notices
from kb.store.pool import StorePool
from kb.store.store import Store

NEED = NoticeContent(
    Flow.SEEKS,
    "Des flacons de 100 ml",
    text="Il en faut 5 000 avant l'été.",
    place="Cognac",
    department="16",
    asker="Ville de Cognac",
    contact="mairie@cognac.example",
    contact_seen_by=Visibility.MEMBERS,
    themes=("Emballage",),
)
OFFER = NoticeContent(Flow.OFFERS, "Des flacons en verre, à donner", department="17")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[StorePool]:
    path = tmp_path / "kb.sqlite"
    Store.open(path, create=True).close()
    with closing(StorePool(path)) as pool:
        yield pool


@pytest.fixture
def notices(stores: StorePool) -> Notices:
    return Notices(stores)


def published(notices: Notices, content: NoticeContent = NEED) -> Notice:
    notice = notices.add(content, owner="Léa")
    return notices.publish(notice.id, by="Max", revision=1)


def test_a_notice_waits_and_comes_back_as_it_was_written(notices: Notices) -> None:
    notice = notices.add(NEED, owner="Léa", told_at="lea@cognac.example")
    assert notice == notices.get(notice.id)
    assert (notice.content, notice.state, notice.revision) == (NEED, NoticeState.WAITING, 1)
    assert not notice.is_public
    assert notices.public().notices == []
    assert notices.list([NoticeState.WAITING]) == [notice]
    assert notices.list([NoticeState.WAITING], owner="Max") == []


def test_of_two_people_the_second_is_refused_and_every_revision_is_kept(notices: Notices) -> None:
    notice = notices.add(NEED, owner="Léa")
    notices.save(notice.id, replace(NEED, title="Des bocaux"), by="Max", revision=1)
    with pytest.raises(EditConflict, match="Max"):
        notices.publish(notice.id, by="Zoé", revision=1)
    notices.refuse(notice.id, "Quelle taille ?", by="Max", revision=2)
    again = notices.send_again(notice.id, NEED, by="Léa", revision=3)
    assert (again.state, again.message) == (NoticeState.WAITING, "Quelle taille ?")
    kept = notices.versions(notice.id)
    assert [(one.revision, one.state, one.content.title, one.note) for one in kept] == [
        (1, NoticeState.WAITING, NEED.title, ""),
        (2, NoticeState.WAITING, "Des bocaux", ""),
        (3, NoticeState.REFUSED, "Des bocaux", "Quelle taille ?"),
        (4, NoticeState.WAITING, NEED.title, ""),
    ]


def test_a_closed_notice_is_final_and_stays_to_be_read(notices: Notices) -> None:
    notice = published(notices)
    closed = notices.close(notice.id, Closing.MET, by="Léa", revision=2, draft_id="d")
    assert (closed.closing, closed.draft_id, closed.is_public) == (Closing.MET, "d", True)
    with pytest.raises(EditConflict):
        notices.publish(notice.id, by="Max", revision=3)
    assert notices.public().total == 0
    assert [one.id for one in notices.public(open_only=False).notices] == [notice.id]


def test_closing_does_not_let_out_what_no_moderator_published(notices: Notices) -> None:
    refused, again = published(notices), published(notices)
    notices.refuse(refused.id, "Publicité", by="Max", revision=2)
    spam = replace(NEED, title="Des montres à vendre")
    notices.send_again(again.id, spam, by="Léa", revision=2)
    for notice in (refused, again):
        assert not notices.close(notice.id, Closing.WITHDRAWN, by="Léa", revision=3).is_public
    assert notices.public(open_only=False).total == 0


def test_a_notice_is_over_after_its_last_day(notices: Notices) -> None:
    lasting = published(notices, replace(NEED, until="2999-12-31"))
    over = published(notices, replace(NEED, until="2020-06-30"))
    assert over.is_open("2020-06-30")
    assert not over.is_open("2020-07-01")
    assert [one.id for one in notices.public().notices] == [lasting.id]
    assert notices.public(open_only=False).total == 2


def test_lists_are_filtered_and_read_page_by_page(notices: Notices) -> None:
    needs = [published(notices, replace(NEED, title=str(number))).id for number in range(5)]
    offer = published(notices, OFFER).id
    assert [one.id for one in notices.public(flows=[Flow.OFFERS]).notices] == [offer]
    assert notices.public(department="16").total == 5
    assert notices.public(theme="Emballage").total == 5
    assert notices.public(theme="Bois").total == 0
    read: list[str] = []
    after = ""
    while True:
        page = notices.public(after=after, limit=4)
        assert page.total == 6
        read += [one.id for one in page.notices]
        if page.is_last:
            break
        after = read[-1]
    assert sorted(read) == sorted([*needs, offer])


def test_contacts_are_shown_to_whom_they_are_for() -> None:
    assert NEED.contact_shown(to_member=True) == NEED.contact
    assert not NEED.contact_shown(to_member=False)
    public = replace(NEED, contact_seen_by=Visibility.PUBLIC)
    assert public.contact_shown(to_member=False) == NEED.contact
    nobody = replace(NEED, contact_seen_by=Visibility.NONE)
    assert not nobody.contact_shown(to_member=True)


def test_answers_of_members_are_published_and_those_of_strangers_wait(
    notices: Notices, stores: StorePool
) -> None:
    answers, notice = NoticeAnswers(stores), published(notices)
    told = answers.add(notice.id, AnswerKind.CAN, text="Nous pourrions.", by="Léa")
    secret = answers.add(notice.id, AnswerKind.KNOWS, text="Un ami", private=True, by="Léa")
    stranger = answers.add(notice.id, AnswerKind.CAN, text="Moi", contact="a@b.example")
    assert [one.state for one in answers.of(notice.id)] == [
        AnswerState.PUBLISHED,
        AnswerState.PUBLISHED,
        AnswerState.WAITING,
    ]
    assert secret.private
    assert answers.waiting() == [stranger]
    assert answers.counts() == {notice.id: 1}
    answers.set_state(told.id, AnswerState.REFUSED)
    assert answers.counts() == {}
    with pytest.raises(UnknownRecord):
        answers.set_state("none", AnswerState.REFUSED)
    # Nobody reads a refused answer any more, and so nobody needs to reach who wrote it.
    assert answers.set_state(stranger.id, AnswerState.PUBLISHED).contact == "a@b.example"
    assert answers.set_state(stranger.id, AnswerState.REFUSED).contact == ""


def test_a_pair_is_proposed_until_it_is_decided_on(notices: Notices, stores: StorePool) -> None:
    pairs = NoticePairs(stores)
    need, offer = published(notices).id, published(notices, OFFER).id
    pairs.propose([(need, offer, 0.7)])
    pairs.propose([(need, offer, 0.8)])
    assert [(one.closeness, one.state) for one in pairs.proposed()] == [(0.8, PairState.PROPOSED)]
    notices.close(offer, Closing.NOT_MET, by="Léa", revision=2)
    assert pairs.proposed() == []
    pairs.decide(need, offer, PairState.TOLD, by="Max")
    pairs.propose([(need, offer, 0.9)])
    pairs.forget_proposals(need)
    assert pairs.proposed() == []
    assert pairs.told_with(need) == [offer]
    assert pairs.told_with(offer) == [need]
    with pytest.raises(UnknownRecord):
        pairs.decide(need, "none", PairState.TOLD, by="Max")


def test_nothing_is_left_of_a_deleted_notice(notices: Notices, stores: StorePool) -> None:
    pairs, answers = NoticePairs(stores), NoticeAnswers(stores)
    need, offer = published(notices).id, published(notices, OFFER).id
    pairs.propose([(need, offer, 0.7)])
    answers.add(need, AnswerKind.CAN, text="Moi", by="Léa")
    notices.delete(need)
    with pytest.raises(UnknownRecord):
        notices.get(need)
    assert (notices.versions(need), answers.of(need), pairs.proposed()) == ([], [], [])
