"""Forgetting contacts: what a source wants nobody to see goes, with its traces."""

from collections.abc import Sequence

from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers import claims, duplicates, versions
from kb.registers.drafts import forget_contacts_in_drafts
from kb.resolution.merge_rules import (
    MODERATION,
    SourceRecord,
    contacts_in,
    merged,
    without_contacts,
)
from kb.store.store import Store

Unseen = dict[str, frozenset[str]]
"""Values of contacts, by field."""


def forget_contacts(
    store: Store, source: str, choice: ContactChoice, actor_ids: Sequence[str]
) -> bool:
    """Forgets what a source says of the contacts of actors that nobody is to see.

    Returns whether there was anything. A value that another source claims as well stays.
    """
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
        versions.forget_contacts(store, actor_id, left)
        forget_contacts_in_drafts(store, actor_id, left)
    duplicates.compare(store, changed)
    return forgotten


def _claimed(records: Sequence[SourceRecord], field: str) -> frozenset[str]:
    return frozenset().union(*(contacts_in(record, field) for record in records))
