from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kb.errors import EditConflict, KnowledgeBaseError, UnknownRecord, WithdrawnRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.drafts import DraftState
from kb.store.store import Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import POLISH, SANITISER

MOVED = replace(POLISH, place="Angoulême")


def test_what_is_published_is_found_by_the_next_search_of_every_process(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    server, terminal = open_base(word_counts), open_base(word_counts)
    draft = terminal.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    assert server.search("gel hydroalcoolique").cases == ()
    published = terminal.publish(draft.id, by="max", revision=1)
    assert [hit.case for hit in server.search("gel hydroalcoolique").cases] == [SANITISER]
    assert (published.state, published.revision) == (DraftState.PUBLISHED, 2)
    assert (published.created_by, published.updated_by) == ("léa", "max")
    assert server.drafts.get(draft.id) == published
    version = server.history(Kind.CASE, SANITISER.id)[0]
    assert (version.number, version.by, version.record) == (1, "max", SANITISER)


def test_only_what_is_new_is_embedded(base: KnowledgeBase, word_counts: WordCountEncoder) -> None:
    base.put([SANITISER])
    draft = base.edit(Kind.CASE, SANITISER.id, by="léa")
    longer = replace(SANITISER, text=SANITISER.text + "\n\nUn paragraphe de plus.")
    base.drafts.save(draft.id, longer, by="léa", revision=1)
    word_counts.embedded.clear()
    base.publish(draft.id, by="max", revision=2)
    assert word_counts.embedded == [f"{SANITISER.title}. Un paragraphe de plus."]


def test_a_draft_that_changed_since_it_was_seen_is_not_published(base: KnowledgeBase) -> None:
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    base.drafts.save(draft.id, replace(SANITISER, title="Du gel"), by="léa", revision=1)
    with pytest.raises(EditConflict, match="changed by léa"):
        base.publish(draft.id, by="max", revision=1)
    assert base.ids(Kind.CASE) == set()


@pytest.mark.parametrize("state", [DraftState.PUBLISHED, DraftState.REJECTED])
def test_a_draft_that_is_not_open_is_not_published(base: KnowledgeBase, state: DraftState) -> None:
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    if state is DraftState.PUBLISHED:
        base.publish(draft.id, by="max", revision=1)
    else:
        base.drafts.set_state(draft.id, state, by="max", revision=1)
    with pytest.raises(EditConflict, match=state):
        base.publish(draft.id, by="max", revision=2)


def test_of_many_who_publish_at_once_one_does(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    bases = [open_base(word_counts) for _ in range(4)]
    draft = bases[0].drafts.add(SANITISER, by="léa", origin="gel.pdf")

    def publish(number: int) -> bool:
        try:
            bases[number % 4].publish(draft.id, by=str(number), revision=1)
        except EditConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(publish, range(12)))
    assert sum(done) == 1
    assert bases[0].ids(Kind.CASE) == {SANITISER.id}
    assert [version.by for version in bases[0].history(Kind.CASE, SANITISER.id)] == [
        str(done.index(True))
    ]


def test_a_draft_is_published_with_its_record_or_not_at_all(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")

    def fail(*_: object) -> None:
        raise KnowledgeBaseError("the disk is full")

    monkeypatch.setattr(Store, "set_property", fail)
    with pytest.raises(KnowledgeBaseError):
        base.publish(draft.id, by="max", revision=1)
    monkeypatch.undo()
    assert base.drafts.get(draft.id) == draft
    assert base.ids(Kind.CASE) == set()
    base.publish(draft.id, by="max", revision=1)
    assert base.ids(Kind.CASE) == {SANITISER.id}


# Of a published record


def test_what_does_not_exist_cannot_be_edited(base: KnowledgeBase) -> None:
    base.put([POLISH])
    base.withdraw(Kind.ACTOR, "avel", by="max")
    with pytest.raises(WithdrawnRecord):
        base.edit(Kind.ACTOR, "avel", by="léa")
    with pytest.raises(UnknownRecord):
        base.edit(Kind.ACTOR, "nobody", by="léa")


def test_what_changed_since_an_edit_began_is_not_overwritten_unawares(base: KnowledgeBase) -> None:
    base.put([POLISH])
    draft = base.edit(Kind.ACTOR, "avel", by="léa")
    base.drafts.save(draft.id, MOVED, by="léa", revision=1)
    elsewhere = replace(POLISH, place="Cognac")
    base.put([elsewhere])
    with pytest.raises(EditConflict, match="changed by an ingest since this draft"):
        base.publish(draft.id, by="max", revision=2)
    assert base.actor("avel") == elsewhere
    base.publish(draft.id, by="max", revision=2, force=True)
    assert base.actor("avel") == MOVED
    assert [version.record for version in base.history(Kind.ACTOR, "avel")] == [
        POLISH,
        elsewhere,
        MOVED,
    ]


def test_an_edit_does_not_bring_back_what_was_withdrawn_since(base: KnowledgeBase) -> None:
    base.put([POLISH])
    draft = base.edit(Kind.ACTOR, "avel", by="léa")
    base.withdraw(Kind.ACTOR, "avel", by="max")
    with pytest.raises(EditConflict, match="restore it first"):
        base.publish(draft.id, by="léa", revision=1, force=True)
    assert base.ids(Kind.ACTOR) == set()


# Under an id that is taken


def test_two_drafts_of_one_id_become_two_records(base: KnowledgeBase) -> None:
    first, second = (base.drafts.add(SANITISER, by="léa", origin=name) for name in "ab")
    assert base.publish(first.id, by="max", revision=1).record.id == SANITISER.id
    assert base.publish(second.id, by="max", revision=1).record.id == f"{SANITISER.id}-2"


def test_a_new_draft_does_not_bring_back_what_was_withdrawn_or_erased(base: KnowledgeBase) -> None:
    base.put([SANITISER])
    base.withdraw(Kind.CASE, SANITISER.id, by="max")
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    with pytest.raises(EditConflict, match="was withdrawn"):
        base.publish(draft.id, by="max", revision=1)
    base.erase(Kind.CASE, SANITISER.id, by="max")
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    with pytest.raises(EditConflict, match="was withdrawn"):
        base.publish(draft.id, by="max", revision=1)
    other = replace(SANITISER, id="other")
    base.drafts.save(draft.id, other, by="léa", revision=1)
    assert base.publish(draft.id, by="max", revision=2).record == other
