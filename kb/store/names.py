"""Names in the store, word by word, for queries that spell them only nearly."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kb.models import Actor
from kb.store.connection import StoreConnection
from kb.store.records import grouped
from kb.text.analysis import says, stems
from kb.text.analysis import words as words_of
from kb.text.organisation_name import analyse_name
from kb.text.phonetics import slips, sound


class VocabularyWord(NamedTuple):
    id: int
    word: str
    sound: str
    names: int


class NameWord(NamedTuple):
    """A word of a name. `position` counts from 0, or is `kb.text.organisation_name.INITIALS`."""

    position: int
    word: str
    sound: str
    names: int


@dataclass(frozen=True, slots=True)
class WordUses:
    """Counts of passages with a word in small letters, and of actors that only use it in text."""

    small: int
    others: int


class StoredNames(StoreConnection):
    def words_near(self, words: Collection[str]) -> dict[str, set[int]]:
        """The ids of the words that share a slip (`kb.text.phonetics.slips`) with each of these."""
        meant = grouped((slip, word) for word in sorted(words) for slip in slips(word))
        rows = self.run("select slip, word_id from name_slips where slip in :values", meant)
        found: dict[str, set[int]] = {word: set() for word in words}
        for slip, id_ in rows:
            for word in meant[slip]:
                found[word].add(id_)
        return found

    def vocabulary_words(self, ids: Collection[int]) -> dict[int, VocabularyWord]:
        sql = "select id, word, sound, names from name_vocabulary where id in :values"
        return {row[0]: VocabularyWord(*row) for row in self.run(sql, ids)}

    def vocabulary(self, words: Collection[str]) -> list[VocabularyWord]:
        sql = "select id, word, sound, names from name_vocabulary where word in :values"
        return [VocabularyWord(*row) for row in self.run(sql, words)]

    def vocabulary_beginning(self, beginning: str) -> list[VocabularyWord]:
        sql = (
            "select id, word, sound, names from name_vocabulary"
            " where word > ? and word < ? order by word limit 2"
        )
        return [VocabularyWord(*row) for row in self.execute(sql, [beginning, beginning + "{"])]

    def actors_with_words(
        self, word_ids: Collection[int], k: int, among_those_with: Collection[int] = ()
    ) -> list[tuple[int, str]]:
        """At most `k` pairs of a word of the vocabulary and an actor with the word in its name."""
        rows = self.run(
            "select distinct word_id, actor_id from name_words"
            " where word_id in :values and (:whichever or actor_id in"
            " (select actor_id from name_words where word_id in :others)) limit :k",
            word_ids,
            others=among_those_with,
            whichever=not among_those_with,
            k=k,
        )
        return [(row[0], row[1]) for row in rows]

    def actors_numbered(self, numbers: Collection[str]) -> list[str]:
        """The ids of the actors with one of these SIRET (14 digits) or SIREN (9)."""
        rows = self.run(
            "select distinct actors.id from :values join actors on siret >= value"
            " and siret < value || ':' and length(value) in (9, 14) order by actors.id",
            numbers,
        )
        return [row[0] for row in rows]

    def name_words(self, actor_ids: Collection[str]) -> dict[str, list[NameWord]]:
        """The initials of the names of these actors, then their words in order; by id."""
        rows = self.run(
            "select actor_id, position, word, sound, names from name_words"
            " join name_vocabulary on id = word_id"
            " where actor_id in :values order by actor_id, position",
            actor_ids,
        )
        return grouped((actor_id, NameWord(*word)) for actor_id, *word in rows)

    def uses_of_word(self, word: str, looked_at: int, k: int) -> WordUses:
        """Returns the uses of a folded word in texts, in the singular or the plural."""
        meant = set().union(*map(stems, words_of(word)))
        rows = self.run(
            'select substr(text, start + 1, "end" - start), record_id, kind'
            " from passages p join documents d on d.id = document_id"
            " where p.id in :values and part != 'name' order by p.id limit :k",
            self.passages_saying([meant], looked_at),
            k=k,
        )
        # Words that share a stem are others: `lisiers` do not use the name of Lisi.
        rows = [row for row in rows if says(row[0], word)]
        actors = {row["record_id"] for row in rows if row["kind"] == "actor"}
        called = self.run(
            "select distinct actor_id from name_vocabulary join name_words on word_id = id"
            " where word = :word and actor_id in :values",
            actors,
            word=word,
        )
        small = sum(says(" ".join(_SMALL.findall(row[0])), word) for row in rows)
        return WordUses(small, len(actors) - len(called))

    def _put_names(self, given: Sequence[tuple[Actor, Collection[str]]]) -> None:
        """Stores the keys and the words of the names of actors that have none stored."""
        self.executemany(
            "insert into names (key, actor_id) values (?, ?) on conflict do nothing",
            sorted((key, actor.id) for actor, keys in given for key in keys),
        )
        placed = {actor.id: set(analyse_name(actor.name).placed()) for actor, _ in given}
        ids = self._add_to_vocabulary(
            Counter(word for those in placed.values() for word in {word for _, word in those})
        )
        self.executemany(
            "insert into name_words (word_id, actor_id, position) values (?, ?, ?)",
            sorted(
                (ids[word], actor_id, position)
                for actor_id, those in placed.items()
                for position, word in those
            ),
        )

    def _add_to_vocabulary(self, names: Mapping[str, int]) -> dict[str, int]:
        """The ids of words, each of which so many names more have."""
        rows = self.run("select word, id from name_vocabulary where word in :values", names)
        ids = {row["word"]: int(row["id"]) for row in rows}
        self.executemany(
            "update name_vocabulary set names = names + ? where id = ?",
            [(names[word], id_) for word, id_ in ids.items()],
        )
        new = sorted(names.keys() - ids.keys())
        self.executemany(
            "insert into name_vocabulary (word, sound, names) values (?, ?, ?)",
            [(word, sound(word), names[word]) for word in new],
        )
        rows = self.run("select word, id from name_vocabulary where word in :values", new)
        added = {row["word"]: int(row["id"]) for row in rows}
        self.executemany(
            "insert into name_slips (slip, word_id) values (?, ?)",
            sorted((slip, id_) for word, id_ in added.items() for slip in slips(word)),
        )
        return ids | added

    def _remove_name(self, actor_id: str) -> None:
        self.execute("delete from names where actor_id = ?", [actor_id])
        of_actor = "select distinct word_id from name_words where actor_id = ?"
        word_ids = [row[0] for row in self.execute(of_actor, [actor_id])]
        self.execute("delete from name_words where actor_id = ?", [actor_id])
        for word_id in word_ids:
            self.execute("update name_vocabulary set names = names - 1 where id = ?", [word_id])
            sql = "delete from name_vocabulary where id = ? and names = 0 returning word"
            for row in self.execute(sql, [word_id]).fetchall():
                self.executemany(
                    "delete from name_slips where slip = ? and word_id = ?",
                    [(slip, word_id) for slip in slips(row["word"])],
                )


_SMALL = re.compile(r"(?<![^\W_])(?![A-ZÀ-Þ])[^\W\d_]{3,}")  # a word that begins small
