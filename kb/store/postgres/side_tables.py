"""The side tables in PostgreSQL: always there, and empty but for a rebuild; so are their triggers.

A rebuild defines nothing, so that it needs no lock that searches would wait for. What is exchanged
are rows: searches read the former ones until the transaction ends.
"""

from kb.store.records import TABLES
from kb.store.side_tables import DERIVED, MADE_BY, WAITING, SideTables


class PostgresSideTables(SideTables):
    """The side tables of a store on a PostgreSQL server."""

    def begin(self, made_by: str) -> None:
        with self._store.writing():
            if self.made_by == made_by:
                return
            self._abandon()
            self.drop()
            for kind, table in TABLES.items():
                self._store.execute(
                    f"insert into {WAITING} select '{kind}', id from {table}"  # noqa: S608
                )
            self._store.set_property(MADE_BY, made_by)

    def exchange(self) -> None:
        run = self._store.execute
        self._abandon()
        run("set constraints all deferred")
        run("delete from documents")
        run("insert into documents select * from side_documents")
        # A passage that stays is not moved: its words and its embedding are found as before.
        same = "select 1 from side_passages s where s.id = p.id"
        run(f"delete from passages p where not exists ({same})")  # noqa: S608
        run(
            "update passages p set document_id = s.document_id, text_hash = s.text_hash"
            " from side_passages s where s.id = p.id"
        )
        run(
            "insert into passages select s.* from side_passages s"
            " where not exists (select 1 from passages p where p.id = s.id)"
        )
        run(
            "delete from passage_words w where not exists (select 1 from side_passage_words s"
            " where s.rowid = w.rowid and s.words = w.words)"
        )
        run(
            "insert into passage_words (rowid, words) select s.rowid, s.words"
            " from side_passage_words s"
            " where not exists (select 1 from passage_words w where w.rowid = s.rowid)"
        )
        run("delete from passage_changes")

    def clear(self) -> None:
        with self._store.writing():
            if not self.made_by:
                self.drop()

    def drop(self) -> None:
        for table in reversed(DERIVED):
            self._store.execute(f"delete from side_{table}")  # noqa: S608

    def drop_embeddings_except(self, encoder: str) -> None:
        with self._store.writing():
            if self.made_by or self._store.property("encoder") != encoder:
                return
            self._store.execute(
                "delete from embeddings where encoder != ? or not exists"
                " (select 1 from passages p where p.text_hash = embeddings.text_hash)",
                [encoder],
            )

    def forget_erased(self) -> None:
        if not self.made_by:
            self.drop()
            return
        self._store.execute(
            "delete from embeddings where text_hash not in"
            " (select text_hash from passages where text_hash is not null)"
        )

    def _abandon(self) -> None:
        self._store.execute(f"delete from {WAITING}")  # noqa: S608
        self._store.execute("delete from properties where name = ?", [MADE_BY])
