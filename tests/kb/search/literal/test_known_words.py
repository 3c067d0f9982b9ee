"""What is known of words: the BM25 of the store, and never of a state before."""

import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import NotAKnowledgeBase
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Kind
from kb.search.literal import known_words, lengths
from kb.search.literal.known_words import (
    BYTES_OF_ENTRY,
    KnownWords,
    WordsOfBase,
)
from kb.search.literal.lengths import Lengths
from kb.store.connection import StemUses
from kb.store.database import fts_query
from kb.store.integrity import make_word_index_anew
from kb.store.orphans import delete_orphans
from kb.store.store import SqliteStore, Store
from kb.text.analysis import query_stems

TRADES = ["gel hydroalcoolique", "gants de cuir", "gel de silice", "porte-fût en bois"]
FIRMS = [
    Actor(
        id=f"firm-{number}",
        name=f"Maison {number}",
        description=" ".join(f"Nous faisons : {trade}." for trade in TRADES[: 1 + number % 4]),
    )
    for number in range(12)
]
QUERIES = [
    "gel",
    "gants de cuir et gel de silice",
    "un porte-fût en bois",
    "maison 7",
    "nulle part",
]

REMOVES = """
import sys
from pathlib import Path
from kb.models import Kind
from kb.store.store import Store

store = Store.open(Path(sys.argv[1]))
with store.changing():
    store.remove(Kind.ACTOR, "firm-3")
"""


@pytest.fixture
def path(base: KnowledgeBase) -> Path:
    base.put(FIRMS)
    return base.folder / DATABASE_FILE


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store.open(path)) as store:
        yield store


def matches(base: WordsOfBase, query: str) -> list[tuple[int, float]]:
    found = base.matches(query_stems(query))
    return list(zip(found.ids.tolist(), found.bm25.tolist(), strict=True))


def by_fts5(store: Store, query: str) -> list[tuple[int, float]]:
    rows = store.execute(
        "select rowid, -bm25(passage_words) from passage_words where passage_words match ?"
        " order by rowid",
        [fts_query([query_stems(query)])],
    )
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize("query", QUERIES)
def test_the_sum_of_stems_is_the_bm25_of_fts5(store: Store, query: str) -> None:
    known = KnownWords()
    for _ in range(2):  # as asked of the store, and as remembered
        assert matches(known.of(store), query) == by_fts5(store, query)


def test_no_stem_has_no_matches(store: Store) -> None:
    assert not len(KnownWords().of(store).matches([]).ids)


def test_the_store_is_asked_once_whoever_searches(path: Path, store: Store) -> None:
    known = KnownWords()
    asked: list[str] = []

    def search(store: Store) -> object:
        return matches(known.of(store), "gel en bois")

    first = search(store)
    with closing(Store.open(path)) as other:
        other.connection.set_trace_callback(asked.append)
        assert search(other) == first
    # Of the words nothing is asked: only the state of the base.
    assert not any("passage_words" in line for line in asked)
    assert any("properties" in line for line in asked)


def test_a_change_by_another_process_is_followed(path: Path, store: Store) -> None:
    known = KnownWords()

    before = by_fts5(store, "gel")
    assert matches(known.of(store), "gel") == before
    subprocess.run([sys.executable, "-c", REMOVES, str(path)], check=True)
    assert matches(known.of(store), "gel") == by_fts5(store, "gel") != before


STEPS: list[list[Actor | str]] = [
    [FIRMS[0], replace(FIRMS[1], description="Un gel de silice, un gel, des gants.")],
    [replace(FIRMS[2], description="Du cuir, Μ μm. " + "Gants. " * 200)],
    ["firm-3", "firm-4"],
    [Actor(id="new", name="Gel 12", description="Nous faisons du gel hydroalcoolique.")],
    [FIRMS[3], "new"],
]
"""Changes of the base: firms that come or change, and the ids of those that go."""


def change(base: KnowledgeBase, store: Store, step: Sequence[Actor | str]) -> None:
    base.put([firm for firm in step if isinstance(firm, Actor)])
    with store.changing():
        for id_ in step:
            if isinstance(id_, str):
                store.remove(Kind.ACTOR, id_)


@pytest.mark.parametrize("share", [0, 100])  # lengths are read at once, or never
def test_what_is_known_is_brought_up_to_date(
    base: KnowledgeBase, store: Store, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(lengths, "SHARE_LOOKED_UP", share)
    known = KnownWords()
    for query in QUERIES:
        matches(known.of(store), query)
    asked = _asked(store, monkeypatch)
    read: list[str] = []
    assert isinstance(store, SqliteStore)
    for new_word, step in zip(["silice", "porte", "fait", "lit", "mais"], STEPS, strict=True):
        change(base, store, step)
        asked.clear()
        assert [matches(known.of(store), query) for query in QUERIES] == [
            by_fts5(store, query) for query in QUERIES
        ]
        assert asked == []
        # Lengths of what came are known, too.
        store.connection.set_trace_callback(read.append)
        found = matches(known.of(store), f"{new_word} gants nous")
        store.connection.set_trace_callback(None)
        assert found == by_fts5(store, f"{new_word} gants nous")
    assert any("docsize on" in line for line in read) == (share == 100)


def _asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Will have the stems that the store is asked for."""
    uses_of, asked = store.uses_of, list[str]()

    def read(stems: Collection[str], lengths: Lengths) -> dict[str, StemUses]:
        asked.extend(stems)
        return uses_of(stems, lengths)

    monkeypatch.setattr(store, "uses_of", read)
    return asked


def test_all_lengths_are_read_once_many_were_looked_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lengths, "SHARE_LOOKED_UP", 0.5)
    known = KnownWords()
    asked: list[str] = []
    assert isinstance(store, SqliteStore)
    store.connection.set_trace_callback(asked.append)
    for word in ("silice", "gants", "hydroalcoolique", "maison", "cuir"):
        known.of(store).matches(query_stems(word))
    store.connection.set_trace_callback(None)
    # Of 24 passages, 6, 9 and 12 have the first words.
    looked_up = ["left join passage_words_docsize" in line for line in asked if "docsize" in line]
    assert looked_up == [True, True, False]
    assert known.size_bytes > 24 * 12
    assert matches(known.of(store), "gel maison") == by_fts5(store, "gel maison")


@pytest.mark.parametrize(
    "came",
    [
        "½ pouce",
        "Un ⅔ de gel",
        "𝗚𝗲𝗹, gel",
        "ᴬ, ℝ, ℝ",
        "Ϲ ϲ σ ς",
        "Ша ша",
        "ŀ l",
        "⒈ ⑴ 1",
        "gel" * 99,
    ],
)
def test_other_letters_are_found_as_fts5_has_them(
    base: KnowledgeBase, store: Store, came: str
) -> None:
    queries = [came, "½", "1", "2 pouces", "gel", "A", "R", "σ", "ша", "l", "gel gel"]
    known = KnownWords()
    for query in queries:
        matches(known.of(store), query)
    base.put([Actor(id="new", name="Nom", description=f"Raccord {came}.")])
    for query in queries:
        found = matches(known.of(store), query)
        assert found == matches(KnownWords().of(store), query)
        assert [id_ for id_, _ in found] == [id_ for id_, _ in by_fts5(store, query)]


def test_after_many_changes_words_are_read_anew(
    base: KnowledgeBase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownWords()
    asked = _asked(store, monkeypatch)
    for most, expected in ((100, []), (1, ["gel"])):
        matches(known.of(store), "gel")
        change(base, store, ["firm-3"])
        change(base, store, [FIRMS[3]])
        monkeypatch.setattr(known_words, "MOST_TOUCHED", most)
        asked.clear()
        assert matches(known.of(store), "gel") == by_fts5(store, "gel")
        assert asked == expected


def test_a_repair_has_words_read_anew(store: Store) -> None:
    known = KnownWords()
    (first, *_) = matches(known.of(store), "cuir")
    store.execute("update passage_words_content set c0 = 'gel' where id = ?", [first[0]])
    with store.changing():
        make_word_index_anew(store)
        store.insert("passage_words", {"rowid": 1, "words": "cuir"})
    assert matches(known.of(store), "cuir") == by_fts5(store, "cuir")
    with store.changing():
        delete_orphans(store)
    found = matches(known.of(store), "cuir")
    assert found == by_fts5(store, "cuir")
    assert {1, first[0]}.isdisjoint(id_ for id_, _ in found)


def test_a_passage_may_be_of_any_length(store: Store) -> None:
    with store.changing():
        for id_, length in enumerate((126, 127, 128, 16_383, 16_384), start=1):
            store.insert("passage_words", {"rowid": id_, "words": "gel " + "autre " * length})
    known = KnownWords()
    for query in ("gel", "autre"):
        assert matches(known.of(store), query) == by_fts5(store, query)


@pytest.mark.parametrize("are_known", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        "delete from passage_words_docsize where id > 0",
        "update passage_words_data set block = x'0101' where id = 1",
        "update passage_words_data set block = x'' where id = 1",
        "delete from passage_words_data where id = 1",
    ],
)
def test_a_damaged_word_index_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, damage: str, *, are_known: bool
) -> None:
    monkeypatch.setattr(lengths, "SHARE_LOOKED_UP", -1 if are_known else 100)
    store.execute(damage)
    with pytest.raises(NotAKnowledgeBase, match="is damaged"):
        matches(KnownWords().of(store), "gel")


def test_who_still_reads_the_state_before_has_its_words(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownWords()
    with closing(Store.open(path)) as behind, behind.reading():
        before = known.of(behind)
        expected = by_fts5(behind, "gel")
        with store.changing():
            store.remove(Kind.ACTOR, "firm-3")
        now = known.of(store)
        assert matches(before, "gel") == expected
        assert matches(now, "gel") == by_fts5(store, "gel") != expected
        assert matches(known.of(behind), "gel") == expected
        # It keeps nobody from what is known of the last state.
        assert matches(known.of(store), "cuir") == by_fts5(store, "cuir")
        assert matches(known.of(behind), "gel") == expected
        asked = _asked(store, monkeypatch)
        assert matches(known.of(store), "cuir gel") == by_fts5(store, "cuir gel")
        assert asked == []


def test_so_many_stems_are_brought_up_to_date(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_words, "STEMS_KEPT", 2)
    known = KnownWords()
    for query in ("cuir", "gel", "silice"):
        matches(known.of(store), query)
    with store.changing():
        store.remove(Kind.ACTOR, "firm-3")
    asked = _asked(store, monkeypatch)
    assert matches(known.of(store), "cuir gel silice") == by_fts5(store, "cuir gel silice")
    assert asked == ["cuir"]


def test_what_is_remembered_has_a_bound(store: Store) -> None:
    known = KnownWords(most_bytes=20 * BYTES_OF_ENTRY)
    largest = 0
    for number in range(50):
        assert len(known.of(store).matches([f"unknown{number}", "gel"]).ids)
        largest = max(largest, known.size_bytes)
        assert known.size_bytes <= 20 * BYTES_OF_ENTRY
    # It is used, too.
    assert largest > 17 * BYTES_OF_ENTRY


@pytest.mark.parametrize(
    ("for_record", "most", "bytes_"), [(0, 10**9, 20), (4, 10**9, 48), (4, 40, 40)]
)
def test_more_is_remembered_of_a_large_base(
    store: Store, monkeypatch: pytest.MonkeyPatch, for_record: int, most: int, bytes_: int
) -> None:
    monkeypatch.setattr(known_words, "BYTES_FOR_RECORD", for_record * BYTES_OF_ENTRY)
    monkeypatch.setattr(known_words, "MOST_BYTES", most * BYTES_OF_ENTRY)
    known = KnownWords(most_bytes=20 * BYTES_OF_ENTRY)
    for number in range(100):
        known.of(store).matches([f"unknown{number}"])
    assert known.size_bytes == bytes_ * BYTES_OF_ENTRY


def test_what_was_used_longest_ago_is_forgotten_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownWords(most_bytes=20 * BYTES_OF_ENTRY)
    asked = _asked(store, monkeypatch)
    for number in range(50):
        known.of(store).matches(["gel", f"unknown{number}"])
    known.of(store).matches(["gel", "unknown49", "unknown0"])
    assert Counter(asked).most_common(2) == [("unknown0", 2), ("gel", 1)]
