from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import TextKind
from kb.errors import (
    KnowledgeBaseError,
    ReadOnlyKnowledgeBase,
    UnknownRecord,
    WithdrawnRecord,
)
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase, Outcome
from kb.models import Kind, Participation
from kb.reference.roles import Role
from kb.registers.jobs import JobState
from kb.registers.records.versions import Version
from kb.resolution.merge_rules import SourceRow
from kb.store import database
from kb.store.passages import VECTOR
from kb.store.store import Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS, SANITISER

MOVED = replace(POLISH, place="Angoulême")


def summary(versions: Sequence[Version]) -> list[tuple[int, str, object]]:
    return [(version.number, version.by, version.record) for version in versions]


# Versions


def test_each_state_of_a_record_is_a_version(base: KnowledgeBase) -> None:
    base.put([POLISH, GLOVER], by="léa", note="from the fair")
    base.put([MOVED, GLOVER], by="max")
    assert summary(base.history(Kind.ACTOR, "avel")) == [(1, "léa", POLISH), (2, "max", MOVED)]
    assert summary(base.history(Kind.ACTOR, "gants")) == [(1, "léa", GLOVER)]
    first = base.history(Kind.ACTOR, "avel")[0]
    assert (first.kind, first.record_id, first.note) == (Kind.ACTOR, "avel", "from the fair")


# Withdrawing


def test_what_is_withdrawn_is_gone_from_every_search_at_once(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    server, terminal = open_base(word_counts), open_base(word_counts)
    terminal.put(RECORDS)
    assert server.search("gants de cuir").hits[0].actor.id == "gants"
    terminal.withdraw(Kind.ACTOR, "gants", by="max", reason="asked by the firm")
    for query in ("gants de cuir", "Société L'Harmonie"):
        assert "gants" not in {hit.actor.id for hit in server.search(query, limit=100).hits}
    assert server.ids(Kind.ACTOR) == {"avel", "matha"}
    assert "cuir" not in [theme.name for theme in server.themes() if theme.actors > 1]


def test_withdrawn_records_differ_from_records_that_never_were(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    base.withdraw(Kind.ACTOR, "gants", by="max")
    base.withdraw(Kind.CASE, SANITISER.id, by="max")
    with pytest.raises(WithdrawnRecord, match="actor 'gants' was withdrawn"):
        base.actor("gants")
    with pytest.raises(WithdrawnRecord):
        base.case(SANITISER.id)
    with pytest.raises(WithdrawnRecord):
        base.withdraw(Kind.ACTOR, "gants", by="ida")
    with pytest.raises(UnknownRecord) as caught:
        base.withdraw(Kind.ACTOR, "nobody", by="ida")
    assert not isinstance(caught.value, WithdrawnRecord)


def test_ingest_does_not_bring_back_what_was_withdrawn(
    base: KnowledgeBase, word_counts: WordCountEncoder
) -> None:
    base.put([GLOVER])
    base.withdraw(Kind.ACTOR, "gants", by="max")
    word_counts.embedded.clear()
    changed = replace(GLOVER, description="Autre chose.")
    assert base.put([changed, POLISH]) == [Outcome.WITHDRAWN, Outcome.ADDED]
    assert base.ids(Kind.ACTOR) == {"avel"}
    assert "Autre chose." not in " ".join(word_counts.embedded)
    assert summary(base.history(Kind.ACTOR, "gants")) == [(1, "", GLOVER)]


def test_a_case_still_names_a_participant_that_was_withdrawn(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    base.withdraw(Kind.ACTOR, "avel", by="max")
    assert base.case(SANITISER.id).participants[0].name == "Avel"
    result = base.search("gel hydroalcoolique pour l'hôpital", limit=100)
    assert [hit.case.id for hit in result.cases] == [SANITISER.id]
    assert "avel" not in {hit.actor.id for hit in result.hits}
    assert "matha" in {hit.actor.id for hit in result.hits}


# Restoring


def test_a_version_is_put_back_as_a_new_one(base: KnowledgeBase) -> None:
    base.put([POLISH])
    base.put([MOVED])
    assert base.restore(Kind.ACTOR, "avel", 1, by="max") == POLISH
    assert base.actor("avel") == POLISH
    assert [
        (version.number, version.by, version.restored)
        for version in base.history(Kind.ACTOR, "avel")
    ] == [(1, "", 0), (2, "", 0), (3, "max", 1)]


def test_restoring_lifts_a_withdrawal(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    base.withdraw(Kind.ACTOR, "gants", by="max")
    base.restore(Kind.ACTOR, "gants", 1, by="max")
    assert base.withdrawal(Kind.ACTOR, "gants") is None
    assert base.search("gants de cuir").hits[0].actor == GLOVER
    assert base.put([GLOVER]) == [Outcome.UNCHANGED]


def test_a_version_put_back_names_whom_its_actors_were_found_to_be(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="avel-2"), SANITISER])
    base.duplicates.decide("avel", "avel-2", same=True, keep="avel-2", by="max")
    base.put([replace(base.case(SANITISER.id), need="Du gel")], by="max")
    restored = base.restore(Kind.CASE, SANITISER.id, 1, by="max")
    assert base.case(SANITISER.id) == restored
    assert restored == replace(
        SANITISER,
        participants=(
            replace(SANITISER.participants[0], actor_id="avel-2"),
            *SANITISER.participants[1:],
        ),
    )


def test_a_merged_actor_that_is_put_back_is_asked_about_again(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="avel-2")])
    base.duplicates.decide("avel", "avel-2", same=True, by="max")
    base.restore(Kind.ACTOR, "avel-2", 1, by="max")
    assert base.actor("avel-2").id == "avel-2"
    (pair,) = base.duplicates.list()
    assert (pair.left_id, pair.right_id) == ("avel", "avel-2")


# Erasing

SECRET = replace(
    POLISH,
    id="zorglub-sarl",
    name="Zorglub Kwyjibo",
    place="Kwyjibo-sur-Touvre",
    description="Zorglub lamine des quaxifrages bleus dans la cave de Monsieur Kwyjibo.",
    siret="",
    facts={"directeur": "Kwyjibo"},
)
WORDS = ("zorglub", "quaxifrage", "kwyjibo")


def bytes_of(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def traces(folder: Path, encoder: WordCountEncoder, *texts: str) -> list[str]:
    """What the files of a base still tell of SECRET: its words, or the vectors of texts."""
    content = bytes_of(folder)
    vectors = encoder.encode(texts, TextKind.QUERY)
    return [word for word in WORDS if word.encode() in content.lower()] + [
        text
        for text, vector in zip(texts, vectors, strict=True)
        if np.flatnonzero(vector > 0.01).size and vector.astype(VECTOR).tobytes() in content
    ]


@pytest.fixture
def secretive(lazy_deletes: None, base: KnowledgeBase) -> KnowledgeBase:
    """A base that tells of SECRET in every way there is."""
    base.put(RECORDS)
    before = replace(SECRET, description="Zorglub vendait des quaxifrages verts.")
    base.put([before])
    base.put([SECRET])
    base.edit(Kind.ACTOR, SECRET.id, by="kwyjibo")
    draft = base.drafts.add(SECRET, by="léa", origin="zorglub.pdf", source_text="quaxifrages")
    base.drafts.save(draft.id, replace(SECRET, name="Zorglub"), by="léa", revision=1)
    base.begin_rows("registre", [SourceRow(replace(SECRET, place="Zorglub-les-Bains"))]).put()
    base.duplicates.decide("avel", SECRET.id, same=False, by="kwyjibo")
    base.jobs.add("directory", {"path": "registre.csv"}, by="max")
    job = base.jobs.claim()
    assert job is not None
    notes = [
        {"row": 2, "reason": "Zorglub Kwyjibo has no place"},
        {"row": 3, "reason": "has no name"},
    ]
    base.jobs.finish(job.id, JobState.DONE, {"read": 2, "remarks": notes})
    base.save_index()
    return base


def test_a_report_forgets_what_it_tells_of_an_erased_record(secretive: KnowledgeBase) -> None:
    secretive.erase(Kind.ACTOR, SECRET.id, by="max")
    (job,) = secretive.jobs.list()
    assert job.report == {"read": 2, "remarks": [{"row": 3, "reason": "has no name"}]}


def test_what_is_erased_leaves_no_byte_in_any_file(
    secretive: KnowledgeBase, word_counts: WordCountEncoder
) -> None:
    texts = [text for text in word_counts.embedded if "quaxifrages" in text]
    assert len(texts) == 2
    assert traces(secretive.folder, word_counts, *texts)
    secretive.erase(Kind.ACTOR, SECRET.id, by="max")
    assert traces(secretive.folder, word_counts, *texts) == []
    # Nor does what this process still holds bring it back to the disk.
    secretive.search("quelque chose")
    secretive.put([DISTILLER, replace(GLOVER, place="Limoges")])
    secretive.save_index()
    secretive.close()
    assert traces(secretive.folder, word_counts, *texts) == []


def test_what_others_say_and_other_records_stay(secretive: KnowledgeBase) -> None:
    case = replace(
        SANITISER,
        id="masques",
        participants=(Participation("Zorglub", Role.SUPPLIER, SECRET.id),),
    )
    secretive.put([case])
    secretive.erase(Kind.ACTOR, SECRET.id, by="max")
    assert secretive.case("masques") == case
    assert secretive.ids(Kind.ACTOR) == {"avel", "matha", "gants"}
    assert secretive.search("gants de cuir").hits[0].actor == GLOVER
    assert summary(secretive.history(Kind.ACTOR, "avel")) == [(1, "", POLISH)]


def test_what_is_erased_does_not_come_back(secretive: KnowledgeBase) -> None:
    secretive.erase(Kind.ACTOR, SECRET.id, by="max")
    assert secretive.put([SECRET]) == [Outcome.WITHDRAWN]
    found = secretive.withdrawal(Kind.ACTOR, SECRET.id)
    assert found is not None
    assert found.erased
    assert found.by == "max"
    assert found.record_id != SECRET.id
    assert secretive.history(Kind.ACTOR, SECRET.id) == []
    with pytest.raises(WithdrawnRecord):
        secretive.actor(SECRET.id)
    with pytest.raises(UnknownRecord):
        secretive.restore(Kind.ACTOR, SECRET.id, 1, by="max")


def test_a_source_does_not_bring_back_what_is_erased_under_its_own_id(base: KnowledgeBase) -> None:
    known = replace(SECRET, siret="55208131766522")
    base.put([known])
    rows = [SourceRow(replace(known, id="registre-17"))]
    assert base.begin_rows("registre", rows).put() == [Outcome.UNCHANGED]
    base.erase(Kind.ACTOR, SECRET.id, by="max")
    assert base.begin_rows("registre", rows).put() == [Outcome.WITHDRAWN]
    assert base.ids(Kind.ACTOR) == set()


def test_what_is_withdrawn_is_not_to_be_compared_any_more(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="avel-2", siret="")])
    assert len(base.duplicates.list()) == 1
    base.withdraw(Kind.ACTOR, "avel-2", by="max")
    assert base.duplicates.list() == []
    base.restore(Kind.ACTOR, "avel-2", 1, by="max")
    assert len(base.duplicates.list()) == 1


def test_what_was_withdrawn_can_be_erased_and_that_again(secretive: KnowledgeBase) -> None:
    secretive.withdraw(Kind.ACTOR, SECRET.id, by="max", reason="Kwyjibo asked")
    for _ in range(2):
        secretive.erase(Kind.ACTOR, SECRET.id, by="max")
        assert not any(word.encode() in bytes_of(secretive.folder).lower() for word in WORDS)


def test_an_actor_that_was_found_to_be_another_is_erased_as_that_one(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="avel-2")])
    base.duplicates.decide("avel", "avel-2", same=True, by="max")
    with pytest.raises(UnknownRecord, match="was merged into 'avel'"):
        base.erase(Kind.ACTOR, "avel-2", by="max")
    base.erase(Kind.ACTOR, "avel", by="max")
    assert base.put([POLISH, replace(POLISH, id="avel-2")]) == [Outcome.WITHDRAWN] * 2


def test_a_process_that_reads_a_former_state_is_waited_for_and_reported(
    secretive: KnowledgeBase,
    open_base: OpenBase,
    word_counts: WordCountEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    impatient = open_base(word_counts)
    reader = Store.open(secretive.folder / DATABASE_FILE)
    with reader.reading():
        reader.counts("words-1")
        with pytest.raises(KnowledgeBaseError, match="within the hour"):
            impatient.erase(Kind.ACTOR, SECRET.id, by="max")
    reader.close()
    assert secretive.ids(Kind.ACTOR) == {"avel", "matha", "gants"}
    secretive.erase(Kind.ACTOR, SECRET.id, by="max")
    assert not any(word.encode() in bytes_of(secretive.folder).lower() for word in WORDS)


# Bases as they come


def test_a_base_that_cannot_be_written_still_tells_all(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.put(RECORDS)
    base.withdraw(Kind.ACTOR, "matha", by="max")
    draft = base.edit(Kind.ACTOR, "avel", by="léa")
    job = base.jobs.add("feed", {}, by="léa")
    assert base.writable
    base.close()
    monkeypatch.setattr("os.access", lambda *_: False)
    read_only = KnowledgeBase(base.folder, WordCountEncoder)
    assert not read_only.writable
    assert summary(read_only.history(Kind.ACTOR, "avel")) == [(1, "", POLISH)]
    assert read_only.withdrawal(Kind.ACTOR, "matha") is not None
    assert read_only.drafts.list() == [draft]
    assert read_only.jobs.list() == [job]
    assert read_only.jobs.waiting()
    assert read_only.search("gants de cuir").hits[0].actor.id == "gants"
    for change in (
        lambda: read_only.withdraw(Kind.ACTOR, "avel", by="max"),
        lambda: read_only.restore(Kind.ACTOR, "matha", 1, by="max"),
        lambda: read_only.erase(Kind.ACTOR, "avel", by="max"),
        lambda: read_only.publish(draft.id, by="max", revision=1),
        lambda: read_only.drafts.add(POLISH, by="léa", origin="pasted"),
        read_only.jobs.claim,
        lambda: read_only.put([MOVED]),
    ):
        with pytest.raises(ReadOnlyKnowledgeBase):
            change()
    read_only.close()
