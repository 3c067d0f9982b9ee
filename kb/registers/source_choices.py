"""Choices for sources: how the columns of a directory are read, and who sees its contacts."""

import json
from collections.abc import Collection, Mapping

from kb.models import Actor
from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import (
    DEFAULT_CHOICE,
    DEFAULT_CHOICES,
    ContactChoice,
    Visibility,
)
from kb.registers.claims import source_records_of
from kb.registers.clock import now
from kb.resolution.merge_rules import MODERATION, members_only
from kb.store.pool import StorePool
from kb.store.store import Store


class ColumnChoices:
    """The register of the chosen targets of columns, by source."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def mapping(self, name: str) -> Mapping[str, str]:
        """The chosen target of each of a source's columns, by header; empty if nobody chose any."""
        with self._stores.lend() as store:
            row = store.execute("select mapping from sources where name = ?", [name]).fetchone()
        return dict(json.loads(row["mapping"])) if row else {}

    def remember(self, name: str, mapping: Mapping[str, str]) -> None:
        """Stores the chosen targets of a source's columns, in the place of any before.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
        """
        with self._stores.lend() as store, store.writing():
            store.execute(
                "insert into sources (name, mapping, updated_at) values (?, ?, ?)"
                " on conflict (name) do update set"
                " mapping = excluded.mapping, updated_at = excluded.updated_at",
                [name, json.dumps(dict(mapping), ensure_ascii=False), now()],
            )


class ContactChoices:
    """The register of who sees the contacts of each source; `kb.editorial` writes it."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def of(self, source: str) -> ContactChoice:
        with self._stores.lend() as store:
            return contact_choice(contact_choices(store), source)


def contact_choice(choices: Mapping[str, ContactChoice], source: str) -> ContactChoice:
    """Returns the choice for a source, or what holds until there is one."""
    return choices.get(source) or DEFAULT_CHOICES.get(source, DEFAULT_CHOICE)


def contact_choices(store: Store) -> dict[str, ContactChoice]:
    """The choices that were made, by source."""
    rows = store.execute("select name, contacts, persons from sources where contacts != ''")
    return {
        row["name"]: ContactChoice(Visibility(row["contacts"]), Visibility(row["persons"]))
        for row in rows
    }


def save_contact_choice(store: Store, source: str, choice: ContactChoice) -> None:
    store.execute(
        "insert into sources (name, mapping, updated_at, contacts, persons)"
        " values (?, '{}', ?, ?, ?) on conflict (name) do update set"
        " contacts = excluded.contacts, persons = excluded.persons",
        [source, now(), choice.organisations.value, choice.persons.value],
    )


def back_for_members(store: Store, actor: Actor) -> frozenset[str]:
    """The contacts of a version that the stored actor lacks, in fields not public for a source.

    Which source they were of is not known any more, so only members may see them.
    """
    choices = contact_choices(store)
    sources = {record.source for record in source_records_of(store, [actor.id]).get(actor.id, ())}
    stored = store.actors([actor.id]).get(actor.id)
    back: set[str] = set()
    for field in CONTACT_FIELDS:
        if any(
            contact_choice(choices, source).of(field) is not Visibility.PUBLIC
            for source in sources - {MODERATION}
        ):
            back |= _values(actor, field) - (_values(stored, field) if stored else set())
    return frozenset(back)


def _values(actor: Actor, field: str) -> set[str]:
    value: str | tuple[str, ...] = getattr(actor, field)
    return {value} - {""} if isinstance(value, str) else set(value)


def keep_members_only(
    store: Store, actor_ids: Collection[str], published: Collection[str] = ()
) -> None:
    """Notes with each of these actors which of its contacts only members may see.

    In the fields `published`, corrections of moderators become public now.
    """
    actor_ids = store.with_contacts(actor_ids)
    choices = contact_choices(store)
    records = source_records_of(store, actor_ids)
    for actor_id, actor in store.actors_as_stored(actor_ids).items():
        hidden = members_only(
            actor,
            records.get(actor_id, ()),
            lambda source: contact_choice(choices, source),
            published,
        )
        if hidden != actor.members_only:
            store.hide_contacts(actor_id, hidden)
