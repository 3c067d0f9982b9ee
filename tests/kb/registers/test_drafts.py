from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kb.errors import EditConflict, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind, Participation
from kb.reference.roles import Role
from kb.registers.drafts import (
    OPEN_STATES,
    Draft,
    Drafts,
    DraftState,
    Proposals,
    ProposedField,
    ProposedParticipation,
)
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import SANITISER

PROPOSALS = Proposals(
    fields=(ProposedField("need", "Du gel", "La mairie cherchait du gel.", 0.8, "rules"),),
    participations=(
        ProposedParticipation(
            Participation("Avel", Role.PRODUCER, "avel", "prépare", "https://exemple.fr"),
            "Avel a dit oui.",
            0.5,
            "rules",
        ),
    ),
)


@pytest.fixture
def drafts(base: KnowledgeBase) -> Drafts:
    return base.drafts


def added(drafts: Drafts, by: str = "léa") -> Draft:
    return drafts.add(SANITISER, by=by, origin="gel.pdf")


def test_all_values_of_a_draft_are_kept(drafts: Drafts) -> None:
    draft = drafts.add(
        SANITISER,
        by="léa",
        origin="gel.pdf",
        source_text="Du gel…",
        origin_hash="abc",
        proposals=PROPOSALS,
        remarks=("page 2 is an image",),
    )
    assert drafts.get(draft.id) == draft
    assert (draft.proposals, draft.remarks) == (PROPOSALS, ("page 2 is an image",))


def test_drafts_are_listed_newest_first_by_state_and_author(drafts: Drafts) -> None:
    first, second, third = added(drafts), added(drafts, by="yann"), added(drafts)
    drafts.set_state(third.id, DraftState.REJECTED, by="max", revision=1)
    assert [draft.id for draft in drafts.list()] == [second.id, first.id]
    assert [draft.id for draft in drafts.list(by="yann")] == [second.id]
    assert [draft.id for draft in drafts.list(list(DraftState))] == [third.id, second.id, first.id]
    assert drafts.list([]) == []


def test_the_same_content_is_recognised(drafts: Drafts) -> None:
    draft = drafts.add(SANITISER, by="léa", origin="gel.pdf", origin_hash="abc")
    drafts.add(SANITISER, by="léa", origin="pasted")
    assert drafts.with_origin("abc") == draft
    assert drafts.with_origin("abd") is None
    assert drafts.with_origin("") is None


def test_saving_makes_a_revision_and_keeps_the_one_before(drafts: Drafts) -> None:
    draft = added(drafts)
    changed = replace(SANITISER, title="Du gel")
    saved = drafts.save(draft.id, changed, by="max", revision=1, note="title")
    assert (saved.revision, saved.record, saved.updated_by) == (2, changed, "max")
    assert drafts.get(draft.id) == saved
    assert [
        (version.revision, version.record, version.by, version.note, version.state)
        for version in drafts.versions(draft.id)
    ] == [
        (1, SANITISER, "léa", "", DraftState.SUBMITTED),
        (2, changed, "max", "title", DraftState.SUBMITTED),
    ]


def test_of_many_who_save_at_once_one_does(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    bases = [open_base(word_counts) for _ in range(4)]
    draft = added(bases[0].drafts)

    def save(number: int) -> bool:
        record = replace(SANITISER, title=f"By {number}")
        try:
            bases[number % 4].drafts.save(draft.id, record, by=str(number), revision=1)
        except EditConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(save, range(16)))
    assert sum(done) == 1
    assert bases[0].drafts.get(draft.id).record == replace(
        SANITISER, title=f"By {done.index(True)}"
    )
    assert len(bases[0].drafts.versions(draft.id)) == 2


def test_a_rejected_draft_is_reopened_before_it_is_saved(drafts: Drafts) -> None:
    draft = added(drafts)
    rejected = drafts.set_state(
        draft.id, DraftState.REJECTED, by="max", revision=1, message="Who made the bottles?"
    )
    assert (rejected.revision, rejected.message) == (2, "Who made the bottles?")
    assert drafts.versions(draft.id)[-1].note == "Who made the bottles?"
    with pytest.raises(EditConflict, match="rejected"):
        drafts.save(draft.id, SANITISER, by="léa", revision=2)
    drafts.set_state(draft.id, DraftState.RETURNED, by="max", revision=2)
    assert drafts.save(draft.id, SANITISER, by="léa", revision=3).revision == 4


def test_only_the_base_publishes(drafts: Drafts) -> None:
    draft = added(drafts)
    with pytest.raises(ValueError, match="published by the knowledge base"):
        drafts.set_state(draft.id, DraftState.PUBLISHED, by="max", revision=1)
    assert DraftState.PUBLISHED not in OPEN_STATES


def test_a_draft_that_is_deleted_is_gone_with_its_revisions(drafts: Drafts) -> None:
    draft, other = added(drafts), added(drafts)
    drafts.delete(draft.id)
    drafts.delete(draft.id)
    with pytest.raises(UnknownRecord):
        drafts.get(draft.id)
    assert drafts.versions(draft.id) == []
    assert drafts.list() == [other]


def test_a_draft_of_a_published_record_cannot_become_another(base: KnowledgeBase) -> None:
    base.put([SANITISER])
    draft = base.edit(Kind.CASE, SANITISER.id, by="léa")
    with pytest.raises(EditConflict, match="cannot become another record"):
        base.drafts.save(draft.id, replace(SANITISER, id="other"), by="léa", revision=1)
