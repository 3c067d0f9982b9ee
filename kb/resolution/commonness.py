"""Commonness: how many firms share a contact or a name, by which the contact or name says less.

A telephone of a business park, the website of a group or the e-mail domain of an accountant are
those of many: they do not make two of them one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from kb.models import SIREN_DIGITS, Actor
from kb.resolution.contacts import keys_of
from kb.resolution.name_comparison import are_one_name
from kb.resolution.places import place_of
from kb.text.organisation_name import name_key

MANY = 12
"""So many names say as much as more."""

Commonness = Mapping[str, int]
"""How many firms share a contact, by its key in `Contacts`; how many towns, a name by its own."""


def commonness_of(actors: Iterable[Actor], of: Collection[str] | None = None) -> Commonness:
    """Counts the firms of each contact among actors, and the towns of each name; or `of` some keys.

    Firms of a contact are told apart by their names, where one may stand for another, and by their
    SIREN.
    """
    sharing: dict[str, list[Actor]] = defaultdict(list)
    towns: dict[str, set[str]] = defaultdict(set)
    for actor in actors:
        for key in keys_of(actor):
            if of is None or key in of:
                sharing[key].append(actor)
        name = name_block(actor)
        if of is None or name in of:
            towns[name].add(place_of(actor.place, actor.department).town)
    counted = {key: _firms(those) for key, those in sharing.items() if len(those) > 1}
    return counted | {key: len(found) for key, found in towns.items() if len(found) > 1}


def name_block(actor: Actor) -> str:
    """The key of the whole name of an actor."""
    return f"n {name_key(actor.name)}"


def _firms(actors: Sequence[Actor]) -> int:
    sirens = {actor.siret[:SIREN_DIGITS] for actor in actors if actor.siret}
    names = sorted({actor.name for actor in actors})
    if len(names) > MANY:
        return MANY
    firms: list[list[str]] = []
    for name in names:
        same = [firm for firm in firms if any(are_one_name(name, other) for other in firm)]
        firms = [firm for firm in firms if firm not in same]
        firms.append([name, *(other for firm in same for other in firm)])
    return max(len(firms), len(sirens))
