"""A knowledge base as one thing: the folder, its store, its index, its encoder.

The only door of this package for the rooms above it. Safe to share between threads: each call
borrows a store of its own, the index and the encoder are shared. A change made by any
process is seen by the next search of every other.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar, cast

import numpy as np

from kb.cases import one_edition_each
from kb.documents import DERIVATION, Derived, derive
from kb.editorial import duplicates, inputs, statements, versions
from kb.editorial.accounts import Accounts
from kb.editorial.clock import now
from kb.editorial.drafts import (
    Draft,
    Drafts,
    DraftState,
    draft_of,
    erase_drafts,
    publishable,
    revise,
)
from kb.editorial.duplicates import Duplicates
from kb.editorial.jobs import Jobs, forget_in_reports
from kb.editorial.sources import Sources
from kb.editorial.statements import Statements
from kb.editorial.telling import Telling, correction, merging, telling, untelling
from kb.editorial.versions import Version, Withdrawal
from kb.embedding import Embeddings, Encoder, TextKind
from kb.errors import (
    EditConflict,
    KnowledgeBaseError,
    ReadOnlyKnowledgeBase,
    UnknownRecord,
    WithdrawnRecord,
)
from kb.hits import Filters, SearchResult
from kb.identity import MODERATION, UNNAMED, Teller, Told
from kb.index import Index
from kb.models import Actor, Case, Kind, Record, kind_of
from kb.prepared_model import load_encoder
from kb.schema import SCHEMA_VERSION
from kb.search import Ingredients, search
from kb.settings import Settings
from kb.store import Store, is_writable
from kb.store_pool import StorePool

logger = logging.getLogger(__name__)

DATABASE_FILE = "kb.sqlite"
EMBEDDING_BATCH = 64
_PRUNED_AT_ONCE = 500
REFRESH_PATIENCE_S = 0.1
"""How long a search waits for another thread to bring the index up to date."""

RecordOfKind = TypeVar("RecordOfKind", Actor, Case)
RecordT = TypeVar("RecordT", bound=Record)


class Outcome(StrEnum):
    """What putting a record changed."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    """Nothing: a person withdrew or erased the record, and it stays out until one restores it."""


@dataclass(frozen=True, slots=True)
class ThemeCount:
    name: str
    actors: int
    cases: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a knowledge base holds and how it stands.

    `stories` counts a case and its translations once. `passages` are those to be embedded,
    `embedded` those that this encoder has embedded. What is amiss is told in `problems`, a line
    each; a base without problems can be searched.
    """

    folder: Path
    schema_version: int
    generation: str
    actors: int
    cases: int
    stories: int
    passages: int
    embedded: int
    model: str
    engine: str
    encoder: str
    dimension: int
    size_bytes: int
    updated_at: str
    problems: tuple[str, ...]


class KnowledgeBase:
    def __init__(self, folder: Path, encoder: Callable[[], Encoder]) -> None:
        """`encoder` loads the encoder when it is first needed: many uses never need it."""
        self.folder = folder
        self._load_encoder = encoder
        self._encoder: Encoder | None = None
        self._index: Index | None = None
        self._lock = threading.RLock()
        self._stores = StorePool(folder / DATABASE_FILE)
        self.accounts = Accounts(self._stores)
        self.drafts = Drafts(self._stores)
        self.jobs = Jobs(self._stores)
        self.statements = Statements(self._stores)
        self.sources = Sources(self._stores)
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
        base = cls(settings.kb, lambda: load_encoder(settings))
        base._stores.keep(Store.open(settings.kb / DATABASE_FILE, create=create))
        return base

    @property
    def writable(self) -> bool:
        """Whether this process may change the base."""
        return is_writable(self.folder / DATABASE_FILE)

    def close(self) -> None:
        """Closes what this base holds open."""
        self._stores.close()

    # Asking

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = Filters(),
        lang: str = "",
        ingredients: Ingredients = Ingredients(),
    ) -> SearchResult:
        """Finds the actors and cases that could answer a query, `limit` of each at most.

        Of a case and its translations, the one in `lang` is given, or else the best.

        Raises:
            QueryError: the query is empty, too long, or without a word.
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        with self._stores.lend() as store:
            index = self._fresh_index(store)
            with store.reading():
                return search(
                    query,
                    store=store,
                    index=index,
                    encoder=self.encoder,
                    limit=limit,
                    filters=filters,
                    lang=lang,
                    ingredients=ingredients,
                )

    def actor(self, actor_id: str) -> Actor:
        """The actor with this id, or the one that it was found to be.

        Raises:
            UnknownRecord: there is none; `WithdrawnRecord` if there was one.
        """
        with self._stores.lend() as store, store.reading():
            if not store.actors([actor_id]):
                actor_id = store.leads_of([actor_id]).get(actor_id, actor_id)
            return cast("Actor", _record(store, Kind.ACTOR, actor_id))

    def case(self, case_id: str) -> Case:
        """The case with this id, or `UnknownRecord`: `WithdrawnRecord` if there was one."""
        with self._stores.lend() as store, store.reading():
            return cast("Case", _record(store, Kind.CASE, case_id))

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        """The actors that a filter leaves, in the order of their ids."""
        with self._stores.lend() as store, store.reading():
            return _in_order(store.actors, store.ids(Kind.ACTOR, filters.department, filters.theme))

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        """The cases that a filter leaves, in the order of their ids."""
        with self._stores.lend() as store, store.reading():
            return _in_order(store.cases, store.ids(Kind.CASE, filters.department, filters.theme))

    def cases_of(self, actor_id: str, lang: str = "fr") -> Sequence[Case]:
        """The cases that an actor took part in, newest first, each once: in `lang` if told."""
        with self._stores.lend() as store, store.reading():
            cases = _in_order(store.cases, store.cases_of([actor_id]).get(actor_id, []))
        return one_edition_each(cases, lang)

    def translations(self, case: Case) -> Sequence[Case]:
        """The same story in other languages, in the order of their ids."""
        with self._stores.lend() as store, store.reading():
            others = [id_ for id_ in store.editions(case.story) if id_ != case.id]
            return _in_order(store.cases, others)

    def themes(self) -> Sequence[ThemeCount]:
        with self._stores.lend() as store:
            return [ThemeCount(*row) for row in store.themes()]

    def departments(self) -> Sequence[tuple[str, int]]:
        with self._stores.lend() as store:
            return store.departments()

    def generation(self, kind: Kind) -> str:
        """Names the state of all actors or of all cases, for who keeps what was made of them."""
        with self._stores.lend() as store:
            return store.generation_of(kind)

    def ids(self, kind: Kind) -> set[str]:
        with self._stores.lend() as store:
            return set(store.ids(kind))

    def status(self) -> Status:
        encoder = self.encoder
        with self._stores.lend() as store, store.reading():
            counts = store.counts(encoder.fingerprint)
            generation = store.generation
            problems = [self._mismatch(store), self._outdated(store)]
        if not problems[0] and counts.embedded < counts.passages:
            problems.append(
                f"{counts.passages - counts.embedded} passages are not embedded: "
                "run `quisait rebuild`."
            )
        return Status(
            folder=self.folder,
            schema_version=SCHEMA_VERSION,
            generation=generation,
            actors=counts.actors,
            cases=counts.cases,
            stories=counts.stories,
            passages=counts.passages,
            embedded=counts.embedded,
            model=encoder.name,
            engine=encoder.engine,
            encoder=encoder.fingerprint,
            dimension=encoder.dimension,
            size_bytes=_size_bytes(self.folder),
            updated_at=counts.updated_at,
            problems=tuple(problem for problem in problems if problem),
        )

    # Telling

    def put(
        self,
        records: Sequence[Record],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores records in one transaction, each in the place of any with its kind and id.

        Only text that no passage had yet is embedded; `on_embedded` is told how many texts, batch
        by batch. What was added or changed is kept as a version, `by` whom and with a `note`;
        what was withdrawn is left out. Returns what changed, in the order given.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
            KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
        """
        return self._put_found(lambda _: records, by=by, note=note, on_embedded=on_embedded)

    def tell_cases(
        self,
        cases: Sequence[Case],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores what the input says of cases, as `put`; what persons corrected stands.

        Of a case that is known, a field is taken from the input if the input says something else
        of it than the last time.
        """

        def renewed(store: Store) -> Sequence[Record]:
            ids = {case.id for case in cases}
            known, before = store.cases(ids), inputs.inputs_of(store, ids)
            return [
                inputs.renewed(known[case.id], _led(case, store), _led(before[case.id], store))
                if case.id in known and case.id in before
                else case
                for case in cases
            ]

        def present(store: Store) -> list[Case]:
            # Of what was erased, nothing is kept.
            withdrawn = versions.withdrawn(store, Kind.CASE, {case.id for case in cases})
            return [case for case in cases if case.id not in withdrawn]

        return self._put_found(
            renewed,
            by=by,
            note=note,
            is_due=lambda store: bool(inputs.unkept_inputs(store, present(store))),
            also=lambda store: inputs.keep_inputs(store, present(store)),
            on_embedded=on_embedded,
        )

    def tell(
        self,
        source: str,
        rows: Sequence[Told],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Keeps what a source tells of actors, each under an id of the source's own, as one.

        A row is of the actor that the source meant by that id before, or that has its SIRET, or
        else its id; the record becomes what all its sources say together (`kb.identity`). What
        may be another actor's double is put on the list of `duplicates`.

        Returns:
            What each row changed of the actor that it is of, in the order given.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
            KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
        """
        at = now()
        plan = Telling()

        def changed() -> list[Record]:
            nonlocal plan
            plan = telling(store, source, rows, at)
            return list(plan.changed)

        with self._stores.lend() as store:
            first = [changed()]
            if plan.changed or plan.tellers or plan.forgotten:
                self._keep(
                    store,
                    lambda: first.pop() if first else changed(),
                    by=by,
                    note=note,
                    is_told=True,
                    also=lambda: plan.keep(store),
                    on_embedded=on_embedded,
                )
        return [
            Outcome.WITHDRAWN if position in plan.withdrawn else _outcome_of(before, after)
            for position, (before, after) in enumerate(zip(plan.befores, plan.afters, strict=True))
        ]

    def untell(self, sources: Collection[str], keeps: Callable[[str, str], bool]) -> int:
        """Forgets what sources no longer tell; returns how many actors nobody tells of any more.

        Those are removed. Where no other source is known, so are the actors of whom none is:
        they were told before sources were named.

        Args:
            sources: the sources that were read whole.
            keeps: whether a source, by its name, still tells under an id of its own.
        """
        removed = 0
        with self._stores.lend() as store:
            silent = [
                (source, key)
                for source, key in statements.keys_of(store, sources)
                if not keeps(source, key)
            ]
            for first in range(0, len(silent), _PRUNED_AT_ONCE):
                removed += self._untell(store, silent[first : first + _PRUNED_AT_ONCE])
            named = {source for source, _ in self.statements.sources()} - {UNNAMED, MODERATION}
            if named <= set(sources):
                told_before = [
                    actor_id
                    for actor_id in statements.untold_actors(store)
                    if not any(keeps(source, actor_id) for source in sources)
                ]
                removed += self.remove(Kind.ACTOR, told_before)
        return removed

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        """Removes records and all that was made of them; returns how many there were.

        Their versions stay, and the next ingest may bring them back.
        """
        with self._stores.lend() as store, store.changing():
            versions.keep_first_versions(store, kind, ids)
            if kind is Kind.ACTOR:
                statements.forget_actors(store, ids)
                duplicates.forget_pairs(store, ids)
            return sum(store.remove(kind, id_) for id_ in sorted(ids))

    # Editing

    def edit_actor(self, actor: Actor, *, by: str, note: str = "") -> Outcome:
        """Makes an actor what a moderator says; their word stands whatever sources say later.

        Raises:
            ReadOnlyKnowledgeBase, KnowledgeBaseError: as `put`.
        """
        (outcome,) = self.put([actor], by=by, note=note)
        return outcome

    def history(self, kind: Kind, id: str) -> Sequence[Version]:  # noqa: A002
        """Every state that a record had, oldest first; none if it never was or was erased."""
        with self._stores.lend() as store, store.reading():
            return versions.history(store, kind, id)

    def looked_after(self, kind: Kind) -> set[str]:
        """The ids of the records that a person made or changed here, or that began as a draft."""
        with self._stores.lend() as store:
            return versions.looked_after(store, kind)

    def withdrawal(self, kind: Kind, id: str) -> Withdrawal | None:  # noqa: A002
        """How a record was withdrawn or erased, or None if it was not."""
        with self._stores.lend() as store, store.reading():
            return versions.withdrawal(store, kind, id)

    def withdraw(self, kind: Kind, id: str, *, by: str, reason: str = "") -> None:  # noqa: A002
        """Takes a record out of every search at once; its versions stay.

        Raises:
            UnknownRecord: there is none; `WithdrawnRecord` if it was withdrawn already.
        """
        with self._stores.lend() as store, store.changing():
            _record(store, kind, id)
            versions.keep_first_versions(store, kind, [id])
            store.remove(kind, id)
            if kind is Kind.ACTOR:
                duplicates.forget_pairs(store, [id])
            versions.note_withdrawal(store, kind, id, by=by, reason=reason)

    def restore(self, kind: Kind, id: str, number: int, *, by: str) -> Record:  # noqa: A002
        """Makes a record what its version of that number says, and lifts its withdrawal.

        Raises:
            UnknownRecord: there is no such version.
        """
        with self._stores.lend() as store:

            def version() -> list[Record]:
                for one in versions.history(store, kind, id):
                    if one.number == number:
                        return [_led(one.record, store)]
                raise UnknownRecord(f"The {kind} {id!r} has no version {number}.")

            def changed() -> list[Record]:
                records = version()
                is_same = _outcomes(records, store) == [Outcome.UNCHANGED]
                return [] if is_same else records

            if changed():
                self._keep(
                    store,
                    changed,
                    by=by,
                    restored=number,
                    also=lambda: versions.lift_withdrawal(store, kind, id),
                )
            return version()[0]

    def edit(self, kind: Kind, id: str, *, by: str) -> Draft:  # noqa: A002
        """A new draft of a record as it is published, to be changed and published again.

        Raises:
            UnknownRecord: there is none; `WithdrawnRecord` if it was withdrawn.
        """
        with self._stores.lend() as store, store.reading():
            record = _record(store, kind, id)
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

        The record of a draft that is not based on a published one never takes the place of
        another: where its id is taken, it gets the next that is free (`gel` becomes `gel-2`).

        Args:
            draft_id: which draft.
            by: who publishes.
            revision: the draft's revision that this person saw.
            force: whether to publish over what others did to the record since the draft was made.

        Returns:
            The published draft, with the record as it was put.

        Raises:
            UnknownRecord: there is no such draft.
            EditConflict: the draft has changed or is not open; without `force`, the record
                has changed since; or it was withdrawn, and would have to be restored first; or it
                is an actor that was found to be another.
        """
        with self._stores.lend() as store:
            draft = draft_of(store, draft_id)
            record = draft.record

            def changed() -> list[Record]:
                nonlocal draft, record
                draft = publishable(store, draft_id, revision)
                record = _led(_publishable_record(store, draft, force=force), store)
                is_same = _outcomes([record], store) == [Outcome.UNCHANGED]
                return [] if is_same else [record]

            def mark() -> None:
                revise(store, draft, DraftState.PUBLISHED, by=by, record=record)

            self._keep(store, changed, by=by, also=mark)
            return draft_of(store, draft_id)

    def erase(self, kind: Kind, id: str, *, by: str) -> None:  # noqa: A002
        """Withdraws a record and destroys what there is of it, in the files of the base too.

        Gone are its text and vectors, its versions, its drafts, what sources said of it, and the
        entries of actors merged into it. What others say of it stays: a case still names its
        participants. Kept is a hash of its id, so that no ingest brings it back. The database is
        written anew, which takes time in proportion to its size; writers wait meanwhile.

        Raises:
            UnknownRecord: there never was such a record.
            KnowledgeBaseError: another process reads a former state of the base for too long;
                the record is gone from every search, and erasing it again cleans the files.
        """
        with self._stores.lend() as store:
            with store.changing():
                if kind is Kind.ACTOR and (kept := store.leads_of([id]).get(id)):
                    raise UnknownRecord(
                        f"The actor {id!r} was found to be {kept!r}, which has all that was said "
                        "of it: erase that one."
                    )
                ids = [id, *(store.merged_into(id) if kind is Kind.ACTOR else ())]
                if not any(
                    versions.history(store, kind, one) or versions.withdrawal(store, kind, one)
                    for one in ids
                ):
                    raise UnknownRecord(f"There is no {kind} with the id {id!r}.")
                names = {
                    _name(old.record) for one in ids for old in versions.history(store, kind, one)
                }
                forget_in_reports(store, ids, names)
                for one in ids:
                    store.remove(kind, one)
                erase_drafts(store, kind, ids)
                if kind is Kind.ACTOR:
                    ids += statements.keys_free(store, ids)
                    store.erase_statements(ids)
                else:
                    inputs.forget_inputs(store, ids)
                versions.erase_versions(store, kind, ids, by=by)
            _delete_saved_index(self.folder)
            store.scrub()

    def rebuild(self, on_embedded: Callable[[int], None] | None = None) -> Status:
        """Makes documents, embeddings and index anew from the records, with today's encoder.

        Text that this encoder has embedded before is not embedded again. Searches go on with the
        old state until the new one is complete.
        """
        vectors: dict[str, Embeddings] = {}
        with self._stores.lend() as store:
            while not self._rebuilt(store, vectors, on_embedded):
                logger.info("The knowledge base changed meanwhile; rebuilding what changed")
            with self._lock:
                fresh = Index(self.encoder.fingerprint, self.encoder.dimension)
                self._index = fresh.refreshed(store)
        self.save_index()
        return self.status()

    def save_index(self) -> None:
        """Writes the index beside the database, so that the next start need not make it."""
        with self._stores.lend() as store:
            erased = -1
            # What is erased while the index is written would come back with it.
            while erased != (erased := versions.count_erased(store)):
                with self._lock:
                    index = self._fresh_index(store)
                try:
                    index.save(self.folder)
                except (OSError, RuntimeError) as error:
                    # A cache that cannot be written is made again at the next start, no more.
                    logger.info("The index was not saved: %s", error)

    # Inside

    @property
    def encoder(self) -> Encoder:
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    self._encoder = self._load_encoder()
        return self._encoder

    def _put_found(
        self,
        find: Callable[[Store], Sequence[Record]],
        *,
        by: str,
        note: str,
        on_embedded: Callable[[int], None] | None,
        is_due: Callable[[Store], bool] = lambda _: False,
        also: Callable[[Store], None] = lambda _: None,
    ) -> list[Outcome]:
        """Puts the records that `find` finds in the state of the base; returns what changed.

        `also` is done with it, and where no record changes but `is_due`.
        """
        outcomes: list[Outcome] = []

        def changed() -> list[Record]:
            found = [_led(record, store) for record in find(store)]
            outcomes[:] = _outcomes(found, store)
            return [
                record
                for record, outcome in zip(found, outcomes, strict=True)
                if outcome in {Outcome.ADDED, Outcome.CHANGED}
            ]

        with self._stores.lend() as store:
            if changed() or is_due(store):
                self._keep(
                    store,
                    changed,
                    by=by,
                    note=note,
                    also=lambda: also(store),
                    on_embedded=on_embedded,
                )
        return outcomes

    def _keep(
        self,
        store: Store,
        wanted: Callable[[], Sequence[Record]],
        *,
        by: str,
        note: str = "",
        restored: int = 0,
        is_told: bool = False,
        removes: bool = False,
        also: Callable[[], None] = lambda: None,
        on_embedded: Callable[[int], None] | None = None,
    ) -> None:
        """Embeds the records that `wanted` gives, then stores them and their versions.

        `wanted` looks at the base, and is asked again within the transaction: while this one
        encoded, another process may have changed what it looked at. `also` is done with it, and
        `removes` records. Unless the records are what sources told, an account that changes an
        actor has a moderator's word.
        """
        vectors: dict[str, Embeddings] = {}
        while True:
            with store.reading():
                records = wanted()
            derived = [(record, derive(record)) for record in records]
            self._refuse_mismatch(store)
            texts = _encoder_texts(derived)
            missing = store.missing_embeddings(self.encoder.fingerprint, texts.keys())
            self._embed({key: texts[key] for key in missing}, vectors, on_embedded)
            with store.changing() if records or removes else store.writing():
                # Another may also have changed the encoder, or removed the last passage that had
                # one of these texts, and its embedding.
                self._refuse_mismatch(store)
                missing = store.missing_embeddings(self.encoder.fingerprint, texts.keys())
                if records == wanted() and missing <= vectors.keys():
                    for kind in Kind:
                        ids = {record.id for record in records if kind_of(record) is kind}
                        versions.keep_first_versions(store, kind, ids)
                    actors = [record for record in records if isinstance(record, Actor)]
                    if by and not is_told:
                        for actor in actors:
                            statements.keep_tellers(store, correction(store, actor, now()))
                    self._put_all(store, derived, vectors)
                    duplicates.compare(store, actors)
                    versions.keep_versions(store, records, by=by, note=note, restored=restored)
                    also()
                    return

    def _untell(self, store: Store, silent: Sequence[tuple[str, str]]) -> int:
        """Forgets what is told under these keys, as of `statements.keys_of`."""
        plan = Telling()

        def changed() -> list[Record]:
            nonlocal plan
            plan = untelling(store, silent)
            return list(plan.changed)

        def forget() -> None:
            plan.keep(store)
            versions.keep_first_versions(store, Kind.ACTOR, plan.gone)
            duplicates.forget_pairs(store, plan.gone)
            for actor_id in plan.gone:
                store.remove(Kind.ACTOR, actor_id)

        self._keep(store, changed, by="", is_told=True, removes=True, also=forget)
        return len(plan.gone)

    def _merge(self, kept: str, other: str, by: str, settle: Callable[[Store], None]) -> None:
        """Makes two actors one, as `Duplicates.decide` says; `settle` is done with it."""
        tellers: Sequence[Teller] = ()
        with self._stores.lend() as store:

            def changed() -> list[Record]:
                nonlocal tellers
                _record(store, Kind.ACTOR, other)
                is_kept = _record(store, Kind.ACTOR, kept)
                actor, tellers = merging(store, kept, other)
                is_same = actor == is_kept
                cases = store.cases(store.cases_of([other]).get(other, []))
                named = [_naming(case, kept, instead_of=other) for case in cases.values()]
                return [*([] if is_same else [actor]), *named]

            def join() -> None:
                versions.keep_first_versions(store, Kind.ACTOR, [other])
                statements.forget_actors(store, [kept, other])
                statements.keep_tellers(store, tellers)
                store.remove(Kind.ACTOR, other)
                settle(store)
                duplicates.lead(store, other, kept)

            self._keep(store, changed, by=by, is_told=True, removes=True, also=join)

    def _rebuilt(
        self,
        store: Store,
        vectors: dict[str, Embeddings],
        on_embedded: Callable[[int], None] | None,
    ) -> bool:
        """Derives and embeds every record, and stores it all unless the base changed meanwhile."""
        with store.reading():
            generation = store.generation
            records: list[Record] = [
                *_in_order(store.actors, store.ids(Kind.ACTOR)),
                *_in_order(store.cases, store.ids(Kind.CASE)),
            ]
        derived = [(record, derive(record)) for record in records]
        texts = _encoder_texts(derived)
        missing = store.missing_embeddings(self.encoder.fingerprint, texts.keys())
        self._embed({key: texts[key] for key in missing}, vectors, on_embedded)
        with store.changing():
            if store.generation != generation:
                return False
            self._put_all(store, derived, vectors)
            store.drop_embeddings_except(self.encoder.fingerprint)
        return True

    def _embed(
        self,
        texts: Mapping[str, str],
        vectors: dict[str, Embeddings],
        on_embedded: Callable[[int], None] | None,
    ) -> None:
        """Adds to `vectors` the embeddings of those texts that it lacks."""
        # Neighbours in length share a batch, so that little of it is padding.
        missing = sorted(texts.keys() - vectors.keys(), key=lambda key: (len(texts[key]), key))
        for first in range(0, len(missing), EMBEDDING_BATCH):
            batch = missing[first : first + EMBEDDING_BATCH]
            rows = self.encoder.encode([texts[key] for key in batch], TextKind.DOCUMENT)
            if not np.isfinite(rows).all():
                raise KnowledgeBaseError(f"The encoder {self.encoder.name} gave no numbers.")
            vectors.update(zip(batch, rows, strict=True))
            if on_embedded:
                on_embedded(len(batch))

    def _put_all(
        self,
        store: Store,
        derived: Sequence[tuple[Record, Derived]],
        vectors: Mapping[str, Embeddings],
    ) -> None:
        store.put_embeddings(self.encoder.fingerprint, vectors)
        for record, one in derived:
            store.put(record, one.documents, one.names)
        store.set_property("encoder", self.encoder.fingerprint)
        store.set_property("model", self.encoder.name)
        store.set_property("derivation", DERIVATION)

    def _fresh_index(self, store: Store) -> Index:
        """The index at the store's generation.

        While one thread brings it up to date, the others wait a moment for it, which is mostly
        enough, and else go on searching the one before.
        """
        self._refuse_mismatch(store, outdated=False)
        index = self._index
        if index is not None and index.generation == store.generation:
            return index
        if index is None:
            self._lock.acquire()
        elif not self._lock.acquire(timeout=REFRESH_PATIENCE_S):
            return index
        try:
            with store.reading():
                encoder = self.encoder
                index = self._index
                if index is None:
                    index = Index.load(self.folder, encoder.fingerprint, encoder.dimension)
                if index.generation != store.generation:
                    index = index.refreshed(store)
                self._index = index
        finally:
            self._lock.release()
        return index

    def _refuse_mismatch(self, store: Store, *, outdated: bool = True) -> None:
        problem = self._mismatch(store) or (self._outdated(store) if outdated else "")
        if problem:
            raise KnowledgeBaseError(problem)

    def _mismatch(self, store: Store) -> str:
        stored = store.property("encoder")
        if stored in {"", self.encoder.fingerprint}:
            return ""
        return (
            f"{self.folder} was embedded by another encoder ({store.property('model')} "
            f"{stored}) than the one set ({self.encoder.name} {self.encoder.fingerprint}): "
            "set QUISAIT_MODEL to the former, or run `quisait rebuild`."
        )

    def _outdated(self, store: Store) -> str:
        stored = store.property("derivation")
        if stored in {"", DERIVATION}:
            return ""
        return (
            f"{self.folder} was made by other rules ({stored}) than this version's "
            f"({DERIVATION}): run `quisait rebuild`."
        )


def _in_order(
    find: Callable[[Collection[str]], Mapping[str, RecordOfKind]], ids: Sequence[str]
) -> list[RecordOfKind]:
    found = find(ids)
    return [found[id_] for id_ in ids]


def _record(store: Store, kind: Kind, record_id: str) -> Record:
    try:
        return store.record(kind, record_id)
    except UnknownRecord:
        if versions.withdrawn(store, kind, [record_id]):
            raise WithdrawnRecord(f"The {kind} {record_id!r} was withdrawn.") from None
        raise


def _led(record: RecordT, store: Store) -> RecordT:
    """The record; a case names actors by the ids that those of merged ones lead to."""
    if not isinstance(record, Case):
        return record
    case: Case = record
    leads = store.leads_of({part.actor_id for part in case.participants})
    for other, kept in leads.items():
        case = _naming(case, kept, instead_of=other)
    return cast("RecordT", case)


def _outcome_of(before: Actor | None, after: Actor | None) -> Outcome:
    if before == after:
        return Outcome.UNCHANGED
    return Outcome.CHANGED if before else Outcome.ADDED


def _naming(case: Case, kept: str, *, instead_of: str) -> Case:
    """The case, with the kept one of two actors in the place of the other."""
    return replace(
        case,
        participants=tuple(
            replace(part, actor_id=kept) if part.actor_id == instead_of else part
            for part in case.participants
        ),
    )


def _outcomes(records: Sequence[Record], store: Store) -> list[Outcome]:
    """What putting each of these records would change."""
    ids = {kind: {record.id for record in records if kind_of(record) is kind} for kind in Kind}
    known: dict[Kind, Mapping[str, Record]] = {
        Kind.ACTOR: store.actors(ids[Kind.ACTOR]),
        Kind.CASE: store.cases(ids[Kind.CASE]),
    }
    withdrawn = {kind: versions.withdrawn(store, kind, ids[kind]) for kind in Kind}
    outcomes = []
    for record in records:
        kind = kind_of(record)
        if record.id in withdrawn[kind]:
            outcomes.append(Outcome.WITHDRAWN)
        elif record.id not in known[kind]:
            outcomes.append(Outcome.ADDED)
        elif known[kind][record.id] == record:
            outcomes.append(Outcome.UNCHANGED)
        else:
            outcomes.append(Outcome.CHANGED)
    return outcomes


def _publishable_record(store: Store, draft: Draft, *, force: bool) -> Record:
    """A draft's record under the id that it is to be published by, or `EditConflict`."""
    record, kind = draft.record, draft.kind
    if versions.withdrawn(store, kind, [record.id]):
        raise EditConflict(
            f"The {kind} {record.id!r} was withdrawn: restore it first, or give this draft "
            "another id."
        )
    if draft.based_on:
        if kind is Kind.ACTOR and (kept := store.leads_of([record.id]).get(record.id)):
            raise EditConflict(
                f"The actor {record.id!r} was found to be {kept!r} since this draft was made of "
                "it: edit that one."
            )
        last = versions.history(store, kind, record.id)[-1]
        if last.number != draft.based_on and not force:
            raise EditConflict(
                f"The {kind} {record.id!r} was changed by {last.by or 'an ingest'} since this "
                "draft was made of it."
            )
        return record
    number = 1
    while versions.history(store, kind, record.id) or versions.withdrawn(store, kind, [record.id]):
        number += 1
        record = replace(draft.record, id=f"{draft.record.id}-{number}")
    return record


def _name(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name


def _delete_saved_index(folder: Path) -> None:
    """Deletes the saved index, of whatever format, and what killed processes left of saving it."""
    for pattern in ("passages.*", ".passages.*"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _encoder_texts(derived: Sequence[tuple[Record, Derived]]) -> dict[str, str]:
    return {key: text for _, one in derived for key, text in one.encoder_texts.items()}


def _size_bytes(folder: Path) -> int:
    size = 0
    for path in folder.iterdir():
        # SQLite's and our own temporary files come and go.
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return size
