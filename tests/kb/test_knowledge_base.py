import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import (
    KnowledgeBaseError,
    NotAKnowledgeBase,
    ReadOnlyKnowledgeBase,
    UnknownRecord,
)
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase, Outcome
from kb.models import Kind
from kb.search.results import Filters
from kb.settings import Settings
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import (
    DISTILLER,
    GLOVER,
    POLISH,
    RECORDS,
    SANITISER,
    SANITISER_IN_ENGLISH,
)


def test_putting_tells_what_changed(base: KnowledgeBase) -> None:
    assert base.put(RECORDS) == [Outcome.ADDED] * 4
    assert base.put(RECORDS) == [Outcome.UNCHANGED] * 4
    changed = replace(POLISH, place="Angoulême")
    assert base.put([changed, GLOVER]) == [Outcome.CHANGED, Outcome.UNCHANGED]
    assert base.actor("avel") == changed


def test_unchanged_input_embeds_nothing_and_changes_nothing(
    base: KnowledgeBase, word_counts: WordCountEncoder
) -> None:
    counts: list[int] = []
    base.put(RECORDS, counts.append)
    assert sum(counts) == len(word_counts.embedded) == base.status().passages
    generation = base.status().generation
    word_counts.embedded.clear()
    base.put(RECORDS, counts.append)
    assert word_counts.embedded == []
    assert base.status().generation == generation


def test_only_changed_text_is_embedded(base: KnowledgeBase, word_counts: WordCountEncoder) -> None:
    base.put(RECORDS)
    word_counts.embedded.clear()
    base.put([replace(SANITISER, text=SANITISER.text + "\n\nUn paragraphe de plus.")])
    assert word_counts.embedded == [f"{SANITISER.title}. Un paragraphe de plus."]


def test_changed_text_is_found_and_the_old_is_not(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    base.put([replace(GLOVER, description="Un atelier tricote des bonnets de laine.")])
    hit = base.search("bonnets de laine").hits[0]
    assert hit.actor.id == "gants"
    assert hit.evidence[0].text == "Un atelier tricote des bonnets de laine."
    texts = {e.text for h in base.search("gants de cuir", limit=100).hits for e in h.evidence}
    assert GLOVER.description not in texts


def test_what_is_removed_is_gone_from_every_search(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    assert base.remove(Kind.ACTOR, ["gants", "nobody"]) == 1
    assert "gants" not in {hit.actor.id for hit in base.search("gants de cuir", limit=100).hits}
    with pytest.raises(UnknownRecord):
        base.actor("gants")
    assert base.ids(Kind.ACTOR) == {"avel", "matha"}


def test_another_process_s_change_is_seen_by_the_next_search(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    server, terminal = open_base(word_counts), open_base(WordCountEncoder())
    assert server.search("gants").hits == ()
    terminal.put([GLOVER])
    assert [hit.actor.id for hit in server.search("gants").hits] == ["gants"]
    terminal.remove(Kind.ACTOR, ["gants"])
    assert server.search("gants").hits == ()


def test_browsing(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    assert [actor.id for actor in base.actors(Filters(theme="cuir"))] == ["avel", "gants"]
    assert [case.id for case in base.cases_of("avel")] == [SANITISER.id]
    assert base.cases_of("gants") == []
    assert [case.id for case in base.cases()] == [SANITISER.id]
    assert {(t.name, t.actors, t.cases) for t in base.themes()} >= {("Santé", 0, 1)}
    assert base.departments() == [("16", 1), ("17", 1), ("87", 1)]


def test_a_case_and_its_translations(base: KnowledgeBase) -> None:
    base.put([*RECORDS, SANITISER_IN_ENGLISH])
    assert base.case(SANITISER_IN_ENGLISH.id) == SANITISER_IN_ENGLISH
    assert base.translations(SANITISER) == [SANITISER_IN_ENGLISH]
    assert base.translations(SANITISER_IN_ENGLISH) == [SANITISER]
    assert base.cases_of("avel", "en") == [SANITISER_IN_ENGLISH]
    assert base.cases_of("avel", "fr") == [SANITISER]
    assert base.cases_of("avel", "de") == [SANITISER]


# Another encoder


def test_two_encoders_are_never_mixed(open_base: OpenBase, word_counts: WordCountEncoder) -> None:
    open_base(word_counts).put(RECORDS)
    other = open_base(WordCountEncoder("words-2", dimension=32))
    with pytest.raises(KnowledgeBaseError, match=r"embedded by another encoder.*words-1.*words-2"):
        other.search("gants")
    with pytest.raises(KnowledgeBaseError, match="another encoder"):
        other.put([replace(GLOVER, place="Limoges")])
    assert "another encoder" in other.status().problems[0]
    assert open_base(word_counts).actor("gants") == GLOVER


def test_rebuilding_takes_up_another_encoder(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    first = open_base(word_counts)
    first.put(RECORDS)
    encoder = WordCountEncoder("words-2", dimension=32)
    other = open_base(encoder)
    counts: list[int] = []
    status = other.rebuild(counts.append)
    assert status.problems == ()
    assert sum(counts) == len(encoder.embedded) == status.passages
    assert other.search("gants de cuir").hits[0].actor.id == "gants"
    with pytest.raises(KnowledgeBaseError, match="another encoder"):
        first.search("gants")


def test_a_base_made_by_other_rules_asks_to_be_rebuilt(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.put(RECORDS)
    monkeypatch.setattr("kb.indexing.indexer.DERIVATION", "next")
    assert "made by other rules" in base.status().problems[0]
    with pytest.raises(KnowledgeBaseError, match="run `quisait rebuild`"):
        base.put([replace(POLISH, place="x")])
    assert base.search("gants").hits  # what is there can still be searched
    assert base.rebuild().problems == ()


def test_an_encoder_that_gives_no_numbers_is_refused(open_base: OpenBase) -> None:
    class Broken(WordCountEncoder):
        def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
            return np.full_like(super().encode(texts, kind), np.nan)

    base = open_base(Broken())
    with pytest.raises(KnowledgeBaseError, match="gave no numbers"):
        base.put([GLOVER])
    assert base.ids(Kind.ACTOR) == set()


# The folder


def test_a_restored_copy_is_not_searched_with_the_later_index(
    base: KnowledgeBase, open_base: OpenBase
) -> None:
    base.put([GLOVER])
    backup = sqlite3.connect(base.folder / "backup")
    live = sqlite3.connect(base.folder / DATABASE_FILE)
    live.backup(backup)
    live.close()
    base.put([DISTILLER])
    base.save_index()
    base.close()
    restored = sqlite3.connect(base.folder / DATABASE_FILE)
    backup.backup(restored)
    restored.close()
    backup.close()
    again = open_base(WordCountEncoder())
    again.put([replace(POLISH, id="other")])  # as many changes as the index has seen
    assert {hit.actor.id for hit in again.search("alcool cuir", limit=10).hits} == {
        "gants",
        "other",
    }


def test_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAKnowledgeBase, match="quisait ingest"):
        KnowledgeBase.open(Settings(kb=tmp_path / "none"))
    made = KnowledgeBase.open(Settings(kb=tmp_path / "a" / "b"), create=True)
    assert (tmp_path / "a" / "b" / DATABASE_FILE).is_file()
    made.close()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReadOnlyKnowledgeBase, match="cannot be made"):
        KnowledgeBase.open(Settings(kb=tmp_path / "file"), create=True)


# What another process does while this one encodes


class Interrupted(WordCountEncoder):
    """Lets something happen once, the first time it is asked to embed documents."""

    def __init__(self, meanwhile: Callable[[], object], fingerprint: str = "words-1") -> None:
        super().__init__(fingerprint)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile and kind is TextKind.DOCUMENT:
            meanwhile()
        return super().encode(texts, kind)


def test_an_embedding_that_goes_meanwhile_is_made_again(
    base: KnowledgeBase, open_base: OpenBase
) -> None:
    base.put([GLOVER])
    encoder = Interrupted(lambda: base.remove(Kind.ACTOR, ["gants"]))
    putting = open_base(encoder)
    same_text = replace(GLOVER, id="second")
    putting.put([same_text, DISTILLER])
    assert GLOVER.description in encoder.embedded
    status = putting.status()
    assert status.passages == status.embedded == 2
    assert putting.search("gants de cuir").hits[0].actor == same_text
