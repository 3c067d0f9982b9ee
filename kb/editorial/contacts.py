"""Contacts: chooses who sees those of a source, and forgets those that nobody may see."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from kb.editorial.ingestion import Ingestion
from kb.models import Kind
from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.records import duplicates, versions
from kb.registers.records import sources as claims
from kb.resolution.merge_rules import (
    MODERATION,
    SourceRecord,
    contacts_in,
    merged,
    without_contacts,
)
from kb.store.choices_under_way import (
    ChoiceUnderWay,
    choices_under_way,
    keep_under_way,
    next_actors,
)
from kb.store.database import LOOK_EVERY_S
from kb.store.store import Store

_CHANGED_AT_ONCE = 100  # actors in a transaction, so that no writer waits long
GIVES_WAY_S = 4 * LOOK_EVERY_S  # between two transactions, so that waiting writers come first


class ContactKeeping(Ingestion):
    def choose_contacts(self, source: str, choice: ContactChoice) -> None:
        self.begin_choice(source, choice)
        self.finish_choices()

    def begin_choice(self, source: str, choice: ContactChoice) -> bool:
        """Makes a choice, which holds at once; returns whether `finish_choices` has work."""
        with self._stores.lend() as store, store.changing():
            before = claims.contact_choice(claims.contact_choices(store), source)
            under_way = choices_under_way(store)
            public = [each for each in CONTACT_FIELDS if choice.of(each) is Visibility.PUBLIC]
            published = {
                field
                for field in public
                if source == MODERATION and before.of(field) is not Visibility.PUBLIC
            }
            # What an interrupted choice was to publish is still to be.
            published |= {
                field for each in under_way if each.source == source for field in each.published
            } & set(public)
            begun = ChoiceUnderWay(
                source, tuple(sorted(set(CONTACT_FIELDS) - set(public))), tuple(sorted(published))
            )
            claims.save_contact_choice(store, source, choice)
            store.note_changed(Kind.ACTOR)
            some, _last = next_actors(store, begun, 1)
            others = [each for each in under_way if each.source != source]
            keep_under_way(store, [*others, begun] if some else others)
            return bool(some)

    def choice_is_under_way(self) -> bool:
        with self._stores.lend() as store:
            return bool(choices_under_way(store))

    def finish_choices(self, progress: Callable[[int], object] = lambda _: None) -> None:
        """Carries out choices, also in versions, drafts and files; tells `progress` of actors."""
        with self._stores.lend() as store:
            while choices_under_way(store):
                with store.changing():
                    count = _go_on(store)
                progress(count)
                time.sleep(GIVES_WAY_S)
            if store.is_to_be_scrubbed():
                self._index.scrub(store)


def _go_on(store: Store) -> int:
    under_way = choices_under_way(store)
    if not under_way:
        return 0
    first, *others = under_way
    actor_ids, last = next_actors(store, first, _CHANGED_AT_ONCE)
    keep_under_way(store, [replace(first, after=last), *others] if last else others)
    choice = claims.contact_choice(claims.contact_choices(store), first.source)
    if _forget_contacts(store, first.source, choice, actor_ids):
        store.mark_for_scrubbing()
    claims.keep_members_only(store, actor_ids, first.published)
    return len(actor_ids)


def _forget_contacts(
    store: Store, source: str, choice: ContactChoice, actor_ids: Sequence[str]
) -> bool:
    """Forgets contacts of a source that nobody is to see; returns whether there were any."""
    fields = [field for field in CONTACT_FIELDS if choice.of(field) is Visibility.NONE]
    actors = store.actors(actor_ids)
    changed = []
    forgotten = False
    for actor_id, records in claims.source_records_of(store, actor_ids).items():
        own = [record for record in records if record.source == source]
        others = [record for record in records if record.source not in {source, MODERATION}]
        gone = {field: _claimed(own, field) for field in fields}
        left = {field: gone[field] - _claimed(others, field) for field in fields}
        if not any(gone.values()):
            continue
        forgotten = True
        kept = [
            without_contacts(record, gone)
            if record.source == source
            else without_contacts(record, left)
            if record.source == MODERATION
            else record
            for record in records
        ]
        claims.save_source_records(store, kept)
        actor = merged(actor_id, kept)
        if actor is not None and actor_id in actors:
            store.set_contacts(actor)
            changed.append(actor)
        for id_ in (actor_id, *versions.merged_into(store, actor_id)):
            versions.forget_contacts(store, id_, left)
    duplicates.compare(store, changed)
    return forgotten


def _claimed(records: Sequence[SourceRecord], field: str) -> frozenset[str]:
    return frozenset().union(*(contacts_in(record, field) for record in records))
