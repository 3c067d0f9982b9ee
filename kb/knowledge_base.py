"""The knowledge base: the door to a folder with its store, its index and its encoder.

The rooms above use this package through it. Threads can share it: each call borrows a store, the
index and the encoder are shared. The next search of every process sees a change of any process.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from kb.editorial import ingestion, publishing
from kb.editorial.catalogue import Catalogue, ThemeCount
from kb.editorial.commit import Outcome, PutRecords, commit
from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder
from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase
from kb.explanation.explainer import explain
from kb.explanation.explanation import Explanation
from kb.explanation.report import SearchReport, report_of
from kb.indexing.indexer import Indexer
from kb.indexing.live_index import LiveIndex
from kb.models import Actor, Case, Kind, Record
from kb.registers import versions
from kb.registers.accounts import Accounts
from kb.registers.claims import Claims
from kb.registers.column_choices import ColumnChoices
from kb.registers.drafts import Draft, Drafts
from kb.registers.duplicates import Duplicates
from kb.registers.jobs import Jobs
from kb.registers.redirects import redirects_of
from kb.registers.sites import Sites
from kb.registers.versions import Version, Withdrawal
from kb.resolution.merge_rules import SourceRow
from kb.search.context import Calibration, RankingOptions, SearchContext
from kb.search.pipeline import search
from kb.search.results import Filters, SearchResult, Steering
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import Settings
from kb.status import Status, status_of
from kb.store.database import is_writable
from kb.store.pool import StorePool
from kb.store.store import Store

__all__ = ["DATABASE_FILE", "KnowledgeBase", "Outcome", "Status", "ThemeCount"]

DATABASE_FILE = "kb.sqlite"
REPORT_ATTEMPTS = 5
"""How often a report waits for a state of the base that does not change meanwhile."""


class KnowledgeBase(Catalogue):
    """The published records (`Catalogue`), their searches and changes, and the registers."""

    def __init__(
        self,
        folder: Path,
        encoder: Callable[[], Encoder],
        cache: Path | None = None,
        weights: RankingWeights = DEFAULT_WEIGHTS,
    ) -> None:
        """Takes the knowledge base in a folder.

        Args:
            folder: holds the database.
            encoder: loads the encoder when it is first needed: many uses never need it.
            cache: keeps what is computed of the encoder once, and takes a while.
            weights: of the ranking.
        """
        self.folder = folder
        self._cache = cache
        self._weights = weights
        self._calibration: Calibration | None = None
        self._calibration_lock = threading.Lock()
        self._indexer = Indexer(folder, encoder)
        self._index = LiveIndex(folder, self._indexer)
        super().__init__(StorePool(folder / DATABASE_FILE))
        self.accounts = Accounts(self._stores)
        self.drafts = Drafts(self._stores)
        self.jobs = Jobs(self._stores)
        self.sites = Sites(self._stores)
        self.claims = Claims(self._stores)
        self.column_choices = ColumnChoices(self._stores)
        self.duplicates = Duplicates(self._stores, self._merge)

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False) -> Self:
        """Opens the knowledge base that the settings name; with `create`, makes it if need be.

        Raises:
            NotAKnowledgeBase: the folder is something else, or missing.
            SchemaTooNew: a later version of this program wrote it.
            ReadOnlyKnowledgeBase: it has to be made or migrated, and cannot be written.
        """
        if create:
            try:
                settings.kb.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ReadOnlyKnowledgeBase(
                    f"{settings.kb} cannot be made: {error.strerror}."
                ) from None
        base = cls(settings.kb, lambda: load_encoder(settings), settings.cache)
        base._stores.keep(Store.open(settings.kb / DATABASE_FILE, create=create))
        return base

    @property
    def encoder(self) -> Encoder:
        return self._indexer.encoder

    @property
    def writable(self) -> bool:
        """Whether this process may change the base."""
        return is_writable(self.folder / DATABASE_FILE)

    def close(self) -> None:
        """Closes the stores of this base."""
        self._stores.close()

    # Searching

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
        options: RankingOptions = RankingOptions(),
        complete: bool = False,
    ) -> SearchResult:
        """Finds the actors and cases that could answer a query, `limit` of each at most.

        Of a case and its translations, only that in `lang` is found, or else the best. With
        `complete`, all records that the filters keep are found, each with its score.

        Raises:
            QueryError: the query is empty, too long, or without a word.
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        with self._context() as context:
            return search(
                query,
                context,
                limit=limit,
                filters=filters,
                lang=lang,
                steering=steering,
                options=options,
                complete=complete,
            )

    def explain(
        self,
        query: str,
        id: str,
        *,
        kind: Kind = Kind.ACTOR,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
    ) -> Explanation:
        """Explains the place of an actor, or a case, in a search.

        Raises:
            QueryError, KnowledgeBaseError: as `search`.
            UnknownRecord: there is no such record; `WithdrawnRecord` if there was one.
        """
        with self._context() as context:
            if kind is Kind.ACTOR and not context.store.actors([id]):
                id = redirects_of(context.store, [id]).get(id, id)
            record = publishing.published(context.store, kind, id)
            return explain(query, record, context, filters=filters, lang=lang, steering=steering)

    def report(
        self,
        query: str,
        *,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
    ) -> SearchReport:
        """Makes a search and records it, with every actor that the filters keep.

        Raises:
            QueryError, KnowledgeBaseError: as `search`; the base changes all the time.
        """
        filters = replace(filters, kind=Kind.ACTOR)
        for _ in range(REPORT_ATTEMPTS):
            with self._context() as context:
                # A report names one generation: the index and the records must both be of it.
                if context.index.generation == context.store.generation:
                    result = search(
                        query, context, filters=filters, lang=lang, steering=steering, complete=True
                    )
                    return report_of(result, context, filters=filters, steering=steering)
        raise KnowledgeBaseError("The base is changing too fast to be reported on: try again.")

    @contextmanager
    def _context(self) -> Iterator[SearchContext]:
        """A state of the base to search in."""
        with self._stores.lend() as store:
            index = self._index.fresh(store)
            calibration = self._calibrated()
            with store.reading():
                yield SearchContext(store, index, self.encoder, calibration)

    def _calibrated(self) -> Calibration:
        with self._calibration_lock:
            if self._calibration is None:
                self._calibration = Calibration.of(self.encoder, self._weights, self._cache)
            return self._calibration

    def status(self) -> Status:
        with self._stores.lend() as store:
            return status_of(store, self.folder, self._indexer)

    # Ingesting

    def put(
        self,
        records: Sequence[Record],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores records in one transaction, each in the place of any with its kind and id.

        Only text that no passage had yet is embedded; `on_embedded` is called with how many texts,
        after each batch. What is added or changed is kept as a version, `by` an account and with
        a `note`; withdrawn records are left out. Returns what changed, in the order given.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
            KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
        """
        change = PutRecords(records=records, by=by, note=note)
        with self._stores.lend() as store:
            commit(store, self._indexer, change, on_embedded)
        return change.outcomes

    def ingest_cases(
        self,
        cases: Sequence[Case],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores cases as the input has them, like `put`; the corrections of persons stand.

        Of a known case, a field is taken from the input if it differs from the last input.
        """
        with self._stores.lend() as store:
            return ingestion.ingest_cases(
                store, self._indexer, cases, by=by, note=note, on_embedded=on_embedded
            )

    def ingest_actors(
        self,
        source: str,
        rows: Sequence[SourceRow],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores the rows of a source, each under an id of the source's own, merged with others.

        A row is about the actor that the source meant by that id before, or that has its SIRET, or
        else its id; the actor becomes what the claims of all its sources make together
        (`kb.resolution.merge_rules`). Likely doubles are put on the list of `duplicates`.

        Returns:
            What each row changed of its actor, in the order given.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
            KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
        """
        with self._stores.lend() as store:
            return ingestion.ingest_actors(
                store, self._indexer, source, rows, by=by, note=note, on_embedded=on_embedded
            )

    def prune(self, sources: Collection[str], keeps: Callable[[str, str], bool]) -> int:
        """Deletes claims that sources no longer make, and the actors that are left without any.

        Where no other source is known, the actors without a source record go as well: they are
        from before sources were recorded.

        Args:
            sources: the sources that were read whole.
            keeps: whether a source, by its name, still has an id of its own.

        Returns:
            How many actors were removed.
        """
        with self._stores.lend() as store:
            return ingestion.prune(store, self._indexer, sources, keeps)

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        """Removes records with their documents; returns how many there were.

        Their versions stay, and the next ingest may bring them back.
        """
        with self._stores.lend() as store:
            return ingestion.remove(store, kind, ids)

    # Editing

    def edit_actor(self, actor: Actor, *, by: str, note: str = "") -> Outcome:
        """Stores an actor as a moderator corrects it; later claims of sources do not undo that.

        Raises:
            ReadOnlyKnowledgeBase, KnowledgeBaseError: as `put`.
        """
        (outcome,) = self.put([actor], by=by, note=note)
        return outcome

    def history(self, kind: Kind, id: str) -> Sequence[Version]:
        """Every version of a record, oldest first; none if it never was or was erased."""
        with self._stores.lend() as store, store.reading():
            return versions.history(store, kind, id)

    def looked_after(self, kind: Kind) -> set[str]:
        """The ids of the records that an account made or changed, or that began as a draft."""
        with self._stores.lend() as store:
            return versions.looked_after(store, kind)

    def withdrawal(self, kind: Kind, id: str) -> Withdrawal | None:
        """How a record was withdrawn or erased, or None if it was not."""
        with self._stores.lend() as store, store.reading():
            return versions.withdrawal(store, kind, id)

    def withdraw(self, kind: Kind, id: str, *, by: str, reason: str = "") -> None:
        """Removes a record from every search at once; its versions stay.

        Raises:
            UnknownRecord: there is none; `WithdrawnRecord` if it was withdrawn already.
        """
        with self._stores.lend() as store:
            publishing.withdraw(store, kind, id, by=by, reason=reason)

    def restore(self, kind: Kind, id: str, number: int, *, by: str) -> Record:
        """Makes a record what its version of that number was, and lifts its withdrawal.

        Raises:
            UnknownRecord: there is no such version.
        """
        with self._stores.lend() as store:
            return publishing.restore(store, self._indexer, kind, id, number, by=by)

    def edit(self, kind: Kind, id: str, *, by: str) -> Draft:
        """A new draft of a record as it is published, to be changed and published again.

        Raises:
            UnknownRecord: there is none; `WithdrawnRecord` if it was withdrawn.
        """
        with self._stores.lend() as store, store.reading():
            record = publishing.published(store, kind, id)
            number = versions.history(store, kind, id)[-1].number
        return self.drafts.add(record, by=by, origin="", submitted=False, based_on=number)

    def publish(
        self,
        draft_id: str,
        *,
        by: str,
        revision: int,
        force: bool = False,
    ) -> Draft:
        """Makes a draft's record public, in one transaction with the draft's new state.

        The record of a draft that is based on no published record never replaces a record: if its
        id is taken, it gets the next free id (`gel` becomes `gel-2`).

        Args:
            draft_id: which draft.
            by: the account that publishes.
            revision: the draft's revision that this person saw.
            force: whether to publish over changes of the record since the draft was made.

        Returns:
            The published draft, with the record as it was stored.

        Raises:
            UnknownRecord: there is no such draft.
            EditConflict: the draft has changed or is not open; without `force`, the record
                has changed since; or it was withdrawn, and has to be restored first; or it is an
                actor that was merged into another.
        """
        with self._stores.lend() as store:
            return publishing.publish(
                store, self._indexer, draft_id, by=by, revision=revision, force=force
            )

    def erase(self, kind: Kind, id: str, *, by: str) -> None:
        """Withdraws a record and destroys all traces of it, in the files of the base too.

        Its text, vectors, versions, drafts and claims go, and the actors merged into it. Mentions
        in other records stay: a case still names its participants. A hash of its id is kept, so
        that no ingest brings it back. The database is rewritten, which takes time in proportion to
        its size; writers wait meanwhile.

        Raises:
            UnknownRecord: there never was such a record.
            KnowledgeBaseError: another process reads a former state of the base for too long;
                the record is gone from every search, and erasing it again cleans the files.
        """
        with self._stores.lend() as store:
            publishing.erase(store, kind, id, by=by)
            self._index.delete_saved()
            store.scrub()

    def rebuild(self, on_embedded: Callable[[int], None] | None = None) -> Status:
        """Derives documents, embeddings and index anew from the records, with this encoder.

        Text that this encoder has embedded is not embedded again. Searches use the old state until
        the new state is complete.
        """
        with self._stores.lend() as store:
            self._indexer.rebuild(store, on_embedded)
            self._index.rebuild(store)
        self.save_index()
        return self.status()

    def save_index(self) -> None:
        """Writes the index beside the database, so that the next start need not build it."""
        with self._stores.lend() as store:
            self._index.save(store)

    def _merge(self, kept: str, other: str, by: str, settle: Callable[[Store], None]) -> None:
        with self._stores.lend() as store:
            publishing.merge(store, self._indexer, kept, other, by=by, settle=settle)
