"""The knowledge base: access to a folder with its store, its index and its encoder."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from kb.address import DATABASE_FILE, Place, PostgresAddress
from kb.editorial.catalogue import ThemeCount, kept_id, published
from kb.editorial.commit import Outcome
from kb.editorial.ingestion import RowSlice
from kb.editorial.personal_data import PersonalData
from kb.editorial.publishing import Publishing
from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder
from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase
from kb.explanation.explainer import explain
from kb.explanation.explanation import Explanation
from kb.explanation.report import SearchReport, report_of
from kb.hints.completions import Completions
from kb.hints.matching import NoticeCloseness, NoticeMatching, RelatedNeeds
from kb.hints.spelling import Spelling
from kb.indexing.faiss_index import LiveIndex
from kb.indexing.indexer import Indexer
from kb.language_model import NO_WORDING, NeedWorder, Wording, WordingState
from kb.models import Kind
from kb.registers.access import BrowserSessions, WrongPasswords
from kb.registers.accounts import Accounts
from kb.registers.alerts.outbox import Outbox
from kb.registers.alerts.subscriptions import Subscriptions
from kb.registers.board.notice import NoticeAnswers, NoticePairs
from kb.registers.board.notices import Notices
from kb.registers.demand import AgeingActors, Demand, NeedWords, need_words
from kb.registers.dossiers import Dossiers
from kb.registers.holders import Flags, Holds
from kb.registers.identity import FrontPage, IdentityRegister
from kb.registers.jobs import Jobs
from kb.registers.kept_files import KeptFiles
from kb.registers.pictures import Pictures
from kb.registers.records.rereading import SourceLocations, UnlistedRecords
from kb.registers.records.sources import Claims, ColumnChoices, ContactChoices
from kb.registers.sites import Sites
from kb.search.context import Calibration, RankingOptions, SearchContext
from kb.search.pipeline import search
from kb.search.results import Filters, SearchResult, Steering
from kb.search.steering import understood
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.search.wordable import is_wordable
from kb.settings import Settings
from kb.status import Status, status_of
from kb.store.database import is_writable
from kb.store.integrity import damaged_pages
from kb.store.pool import MOST_STORES, StorePool, open_store
from kb.trade_index.trade_index import BUNDLED as BUNDLED_TRADE_INDEX
from kb.trade_index.trade_index import TradeIndex, find_trade_index, state_of
from kb.whole_file import delete_abandoned

logger = logging.getLogger(__name__)
__all__ = ["DATABASE_FILE", "KnowledgeBase", "Outcome", "RowSlice", "Status", "ThemeCount"]
TRADES_KEPT_FROM = 1_000  # count of embedded passages whose trades a search finds out by itself
REPORT_ATTEMPTS = 5  # to read a state of the base that does not change meanwhile


class KnowledgeBase(Publishing):
    def __init__(
        self,
        folder: Path,
        encoder: Callable[[], Encoder],
        cache: Path | None = None,
        weights: RankingWeights = DEFAULT_WEIGHTS,
        worder: NeedWorder | None = None,
        trade_index: Path | None = BUNDLED_TRADE_INDEX,
        database: PostgresAddress | None = None,
        replica: PostgresAddress | None = None,
        connections: int = MOST_STORES,
    ) -> None:
        self.folder = folder
        self.place: Place = database or folder
        self.worder = worder
        self._cache = cache
        self._weights = weights
        self._trade_index = trade_index
        self._calibration: Calibration | None = None
        self._calibration_lock = threading.Lock()
        self._trades_saved = ""
        self._measured_notices: NoticeCloseness | None = None
        self.on_search: Callable[[SearchResult], None] = lambda _: None
        indexer = Indexer(self.place, encoder)
        stores = StorePool(database or folder / DATABASE_FILE, connections)
        super().__init__(stores, indexer, LiveIndex(folder, indexer))
        self._searched = StorePool(replica, connections) if replica else stores
        self.completions = Completions(stores)
        self.spelling = Spelling(stores, lambda: self._calibrated().background.index)
        self.accounts = Accounts(stores)
        self.flags = Flags(stores)
        self.ageing_actors = AgeingActors(stores)
        self.demand = Demand(stores)
        self.front_page = FrontPage(stores)
        self.kept_files = KeptFiles(stores) if database else None
        self.holds = Holds(stores)
        self.identity = IdentityRegister(stores)
        self.jobs = Jobs(stores)
        self.dossiers = Dossiers(stores)
        self.personal_data = PersonalData(
            stores, indexer, self._index, lambda kind, id, by: self.erase(kind, id, by=by)
        )
        self.pictures = Pictures(stores)
        self.sessions = BrowserSessions(stores)
        self.sites = Sites(stores)
        self.outbox = Outbox(stores)
        self.subscriptions = Subscriptions(stores)
        self.claims = Claims(stores)
        self.column_choices = ColumnChoices(stores)
        self.contact_choices = ContactChoices(stores)
        self.source_locations = SourceLocations(stores)
        self.unlisted = UnlistedRecords(stores)
        self.wrong_passwords = WrongPasswords(stores)
        self.notices = Notices(stores)
        self.answers = NoticeAnswers(stores)
        self.notice_pairs = NoticePairs(stores)
        self.notice_matching = NoticeMatching(
            self.notices, self.notice_pairs, self._notice_closeness
        )
        self.related_needs = RelatedNeeds(stores, self.notices, self._notice_closeness)

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False) -> Self:
        """Opens the knowledge base that the settings name; with `create`, makes it if need be."""
        # What a machine keeps of a base in PostgreSQL may be deleted, or never have been here.
        if create or settings.database:
            try:
                # For its owner alone, whatever the umask: hashes of passwords are in it.
                settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise ReadOnlyKnowledgeBase(
                    f"{settings.folder} cannot be made: {error.strerror}."
                ) from None
        base = cls(
            settings.folder,
            lambda: load_encoder(settings),
            settings.cache,
            worder=NeedWorder.from_settings(settings),
            trade_index=find_trade_index(settings),
            database=settings.database,
            replica=settings.read_url,
            connections=settings.database_connections,
        )
        base._stores.keep(open_store(settings.store, create=create))
        delete_abandoned(settings.folder)
        return base

    @property
    def encoder(self) -> Encoder:
        return self._indexer.encoder

    @property
    def language_model(self) -> str:
        return self.worder.model if self.worder else ""

    @property
    def writable(self) -> bool:
        if isinstance(self.place, Path):
            return is_writable(self.folder / DATABASE_FILE)
        with self._stores.lend() as store:
            return store.is_writable

    def close(self) -> None:
        self._searched.close()
        self._stores.close()

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

        Finds one edition of a case, in `lang` or else the best; `complete` finds all records.
        """
        wording = self._wording(query, steering)
        with self._context() as context:
            found = search(
                query,
                context,
                limit=limit,
                filters=filters,
                lang=lang,
                steering=steering,
                options=options,
                complete=complete,
                wording=wording,
            )
        self.on_search(found)
        return found

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
        wording = self._wording(query, steering)
        with self._context() as context:
            if kind is Kind.ACTOR:
                id = kept_id(context.store, id)
            record = published(context.store, kind, id)
            return explain(
                query,
                record,
                context,
                filters=filters,
                lang=lang,
                steering=steering,
                wording=wording,
            )

    def report(
        self,
        query: str,
        *,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
    ) -> SearchReport:
        """Makes a search and records it, with every actor that the filters keep."""
        filters = replace(filters, kind=Kind.ACTOR)
        wording = self._wording(query, steering)
        for _ in range(REPORT_ATTEMPTS):
            with self._context() as context:
                # A report names one generation: the index and the records must both be of it.
                if context.index.generation == context.store.generation:
                    result = search(
                        query,
                        context,
                        filters=filters,
                        lang=lang,
                        steering=steering,
                        complete=True,
                        wording=wording,
                    )
                    return report_of(result, context, steering=steering)
        raise KnowledgeBaseError("The base is changing too fast to be reported on: try again.")

    def _wording(self, query: str, steering: Steering) -> Wording:
        """Words a need by the language model, without holding a store meanwhile."""
        if self.worder is None:
            return NO_WORDING
        if not steering.worded:
            return Wording(self.worder.model, WordingState.OFF)
        asked = understood(query, steering)
        with self._context() as context:
            wordable = is_wordable(query, asked, context)
        if not wordable:
            return Wording(self.worder.model, WordingState.WITHHELD)
        return self.worder.wording(asked.need).without(steering.taken_back)

    def countable_need(self, query: str) -> NeedWords | None:
        """Returns the words of a need to count; None if they could say who asks."""
        if need_words(query) is None:
            return None
        asked = understood(query, Steering())
        with self._context() as context:
            return need_words(asked.need) if is_wordable(query, asked, context) else None

    @contextmanager
    def _context(self) -> Iterator[SearchContext]:
        with self._searched.lend() as store:
            index = self._index.fresh(store)
            calibration = self._calibrated()
            with store.reading():
                yield SearchContext(store, index, calibration)

    def _calibrated(self) -> Calibration:
        with self._calibration_lock:
            if self._calibration is None:
                index = TradeIndex.read(self._trade_index) if self._trade_index else None
                found = Calibration(self.encoder, self._weights, self._cache, index)
                named = self._trade_index != BUNDLED_TRADE_INDEX
                if index and named and found.background.index is None:
                    logger.warning(
                        "%s is the trade index of another encoder than %s: not used",
                        self._trade_index,
                        self.encoder.name,
                    )
                self._calibration = found
            return self._calibration

    def _notice_closeness(self) -> NoticeCloseness:
        if self._measured_notices is None:
            self._measured_notices = NoticeCloseness(self.encoder, self._calibrated().background)
        return self._measured_notices

    def status(self) -> Status:
        with self._stores.lend() as store:
            return status_of(store, self.place, self._indexer)

    def damaged_pages(self) -> Sequence[str]:
        with self._stores.lend() as store:
            return damaged_pages(store, quick=True)

    def trade_index_state(self) -> str:
        return state_of(self._trade_index, self.encoder)

    def is_current(self) -> bool:
        """Returns whether the next search finds what the store holds now."""
        with self._stores.lend() as store:
            return self._index.fresh(store).generation == store.generation

    def rebuild(self, on_embedded: Callable[[int], None] | None = None) -> Status:
        """Derives documents and embeddings anew from the records."""
        with self._stores.lend() as store:
            self._indexer.rebuild(store, on_embedded)
        self.save_index()
        return self.status()

    def save_index(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Keeps in the base what searches would take long to find out after many changes."""
        self.save_trades(goes_on)
        with self._stores.lend() as store:
            store.tend()

    def save_trades(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Keeps in which trades passages of a large base are; ends once it does not `goes_on`."""
        with self._stores.lend() as store:
            generation = store.generation
            embedded = store.counts(self.encoder.fingerprint).embedded
            is_saved = generation == self._trades_saved
            if is_saved or self._trade_index is None or embedded <= TRADES_KEPT_FROM:
                return
            try:
                self._calibrated().overlaps.keep(store, goes_on)
            except KnowledgeBaseError as error:
                # What cannot be written is found out by each search, until the next time.
                logger.info("The trades of passages were not kept: %s", error)
                return
            if goes_on():
                self._trades_saved = generation
