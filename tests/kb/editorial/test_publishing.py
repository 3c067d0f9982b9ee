import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EditConflict, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.roles import Role
from kb.registers.drafts import DraftState
from kb.store.store import Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import GLOVER, POLISH, SANITISER

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


def test_a_case_that_does_not_say_when_it_was_moderated_is_given_the_day(
    base: KnowledgeBase,
) -> None:
    draft = base.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    published = base.publish(draft.id, by="max", revision=1, on="2024-05-06")
    moderated = replace(SANITISER, moderated="2024-05-06")
    assert published.record == base.case(SANITISER.id) == moderated


def test_a_draft_that_is_not_open_is_not_published(base: KnowledgeBase) -> None:
    published, rejected = (base.drafts.add(SANITISER, by="léa", origin="") for _ in range(2))
    base.publish(published.id, by="max", revision=1)
    base.drafts.set_state(rejected.id, DraftState.REJECTED, by="max", revision=1)
    for draft, state in ((published, "published"), (rejected, "rejected")):
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


def test_a_draft_saved_while_it_is_being_embedded_is_not_published(open_base: OpenBase) -> None:
    encoding, saved = threading.Event(), threading.Event()

    class Slow(WordCountEncoder):
        def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
            encoding.set()
            assert saved.wait(60)
            return super().encode(texts, kind)

    author, moderator = open_base(WordCountEncoder()), open_base(Slow())
    draft = author.drafts.add(SANITISER, by="léa", origin="gel.pdf")
    with ThreadPoolExecutor(1) as threads:
        publishing = threads.submit(moderator.publish, draft.id, by="max", revision=1)
        assert encoding.wait(60)
        author.drafts.save(draft.id, replace(SANITISER, title="Du gel"), by="léa", revision=1)
        saved.set()
        with pytest.raises(EditConflict, match="changed by léa"):
            publishing.result()
    assert author.ids(Kind.CASE) == set()


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


def test_a_published_entry_is_linked_where_a_participant_has_its_name(
    base: KnowledgeBase,
) -> None:
    agency = Actor("ars", "L'Agence Régionale de Santé", place="ANGOULEME")
    base.put([POLISH, SANITISER])
    waiting = base.drafts.add(replace(SANITISER, id="waiting"), by="léa", origin="")
    entry = base.drafts.add(agency, by="léa", origin="typed")
    base.publish(entry.id, by="max", revision=1)
    linked = tuple(
        replace(part, actor_id="ars") if part.role is Role.AUTHORITY else part
        for part in SANITISER.participants
    )
    assert base.case(SANITISER.id) == replace(SANITISER, participants=linked)
    assert [case.id for case in base.cases_of("ars")] == [SANITISER.id]
    draft = base.drafts.get(waiting.id)
    assert draft.record == replace(SANITISER, id="waiting", participants=linked)
    assert (draft.state, draft.revision, draft.updated_by) == (waiting.state, 2, "max")


def test_an_entry_is_not_linked_by_a_name_that_another_has(base: KnowledgeBase) -> None:
    base.put([Actor("other", "Agence régionale de santé"), SANITISER])
    waiting = base.drafts.add(replace(SANITISER, id="waiting"), by="léa", origin="")
    entry = base.drafts.add(Actor("ars", "Agence régionale de santé"), by="léa", origin="typed")
    base.publish(entry.id, by="max", revision=1)
    assert base.case(SANITISER.id) == SANITISER
    assert base.drafts.get(waiting.id) == waiting


def test_an_entry_of_a_town_that_the_case_does_not_name_is_not_linked(base: KnowledgeBase) -> None:
    base.put([SANITISER])
    for place in ("", "Lille"):
        away = Actor(f"ars{place}", "Agence régionale de santé", place=place)
        entry = base.drafts.add(away, by="léa", origin="typed")
        base.publish(entry.id, by="max", revision=1)
        assert base.case(SANITISER.id) == SANITISER
        base.withdraw(Kind.ACTOR, away.id, by="max")


def test_a_correction_of_an_entry_links_nothing(base: KnowledgeBase) -> None:
    agency = Actor("ars", "Agence régionale de santé", place="Angoulême")
    base.put([agency, SANITISER])
    draft = base.edit(Kind.ACTOR, "ars", by="léa")
    changed = replace(agency, website="https://exemple.fr")
    base.drafts.save(draft.id, changed, by="léa", revision=1)
    base.publish(draft.id, by="max", revision=2)
    assert base.case(SANITISER.id) == SANITISER


# Of a published record


def test_an_edit_changes_the_published_record(base: KnowledgeBase) -> None:
    base.put([POLISH, GLOVER])
    draft = base.edit(Kind.ACTOR, "avel", by="léa")
    assert (draft.record, draft.based_on, draft.state) == (POLISH, 1, DraftState.DRAFT)
    base.drafts.save(draft.id, MOVED, by="léa", revision=1)
    assert base.actor("avel") == POLISH
    base.publish(draft.id, by="max", revision=2)
    assert base.actor("avel") == MOVED
    assert [version.by for version in base.history(Kind.ACTOR, "avel")] == ["", "max"]
    assert base.ids(Kind.ACTOR) == {"avel", "gants"}


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


def test_an_edit_does_not_bring_back_what_was_found_to_be_another_since(
    base: KnowledgeBase,
) -> None:
    base.put([POLISH, replace(POLISH, id="avel-2")])
    draft = base.edit(Kind.ACTOR, "avel-2", by="léa")
    base.duplicates.decide("avel", "avel-2", same=True, by="max")
    with pytest.raises(EditConflict, match="was merged into 'avel'"):
        base.publish(draft.id, by="léa", revision=1, force=True)
    assert base.ids(Kind.ACTOR) == {"avel"}


# Under an id that is taken


def test_a_new_record_does_not_take_another_s_place(base: KnowledgeBase) -> None:
    base.put([SANITISER, replace(SANITISER, id=f"{SANITISER.id}-2", title="Again")])
    draft = base.drafts.add(replace(SANITISER, text="Autre."), by="léa", origin="gel.pdf")
    published = base.publish(draft.id, by="max", revision=1)
    assert published.record == replace(SANITISER, id=f"{SANITISER.id}-3", text="Autre.")
    assert base.case(published.record.id) == published.record
    assert base.case(SANITISER.id) == SANITISER


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
