"""Records in the store: actors and cases, found by id, name, number, theme and department."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from kb.errors import UnknownRecord
from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.fields import ACTOR_FIELDS, LIST_KINDS
from kb.reference.points import Circle, Point
from kb.reference.roles import Role
from kb.remarks import Remark
from kb.store.choices_under_way import actors_waiting, choices_under_way
from kb.store.connection import StoreConnection, StoreRow
from kb.store.database import dataclass_of, field_names
from kb.text.folding import fold

TABLES = {Kind.ACTOR: "actors", Kind.CASE: "cases"}  # the table of the records of each kind
_encoded = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` makes another for each value

LISTS_OF_ACTORS = tuple(name for name, traits in ACTOR_FIELDS.items() if traits.kind in LIST_KINDS)
"""The columns of actors that hold lists, as JSON."""

T = TypeVar("T")
RecordOfKind = TypeVar("RecordOfKind", Actor, Case)


class FiledActor(NamedTuple):
    """What filters ask of an actor; attributes as those of `Actor`."""

    closed_on: str
    department: str
    point: Point | None
    themes: tuple[str, ...]


class StoredRecords(StoreConnection):
    def record(self, kind: Kind, record_id: str) -> Record:
        found = self.records(kind, [record_id])
        if record_id not in found:
            raise UnknownRecord(Remark(f"no_{kind}", id=record_id))
        return found[record_id]

    def records(self, kind: Kind, ids: Collection[str]) -> Mapping[str, Record]:
        """The actors or cases with these ids, by id; unknown ids are left out."""
        return self.actors(ids) if kind is Kind.ACTOR else self.cases(ids)

    def actors(self, ids: Collection[str]) -> dict[str, Actor]:
        # First: a choice may end between the two, and then all is stored.
        under_way = choices_under_way(self)
        found = self.actors_as_stored(ids)
        for choice in under_way:
            for id_ in actors_waiting(self, choice, found):
                found[id_] = _withheld(found[id_], choice.withheld)
        return found

    def actors_as_stored(self, ids: Collection[str]) -> dict[str, Actor]:
        """The actors with these ids, whatever choice is under way, for who writes them."""
        rows = self.run("select * from actors where id in :values", ids)
        with self.decoding():
            return {row["id"]: _actor(row) for row in rows}

    def with_contacts(self, ids: Collection[str]) -> set[str]:
        """The actors among these that have a contact, or have had one that members alone see."""
        rows = self.run(
            "select id from actors where id in :values and (phone != '[]' or email != '[]'"
            " or address != '' or contact != '' or members_only != '[]')",
            ids,
        )
        return {row["id"] for row in rows}

    def filed(self, ids: Collection[str]) -> dict[str, FiledActor]:
        rows = self.run(
            "select id, closed_on, department, latitude, longitude, themes from actors"
            " where id in :values",
            ids,
        )
        with self.decoding():
            return {
                id_: FiledActor(
                    closed_on,
                    department,
                    Point(latitude, longitude) if latitude is not None else None,
                    _themes(themes),
                )
                for id_, closed_on, department, latitude, longitude, themes in rows
            }

    def cases(self, ids: Collection[str]) -> dict[str, Case]:
        rows = self.run("select * from cases where id in :values", ids)
        sql = "select * from participations where case_id in :values order by case_id, position"
        parts = self.run(sql, ids)
        participants: dict[str, list[Participation]] = {row["id"]: [] for row in rows}
        with self.decoding():
            for part in parts:
                participants[part["case_id"]].append(
                    dataclass_of(Participation, part, role=Role(part["role"]))
                )
            return {row["id"]: _case(row, participants[row["id"]]) for row in rows}

    def ids(
        self, kind: Kind, department: str = "", theme: str = "", circle: Circle | None = None
    ) -> list[str]:
        """The ids of the actors or cases that a filter keeps, in ascending order."""
        condition, values = _filtering(kind, department, theme)
        within: Sequence[str] = ()
        if circle:
            within = self._actors_within(circle)
            in_circle = "in :values"
            if kind is Kind.CASE:
                in_circle = "in (select case_id from participations where actor_id in :values)"
            condition += f" and id {in_circle}"
        sql = f"select id from {TABLES[kind]} where {condition} order by id"  # noqa: S608 (ours)
        return [row["id"] for row in self.run(sql, within, **values)]

    def _actors_within(self, circle: Circle) -> list[str]:
        low, high = circle.box.south_west, circle.box.north_east
        rows = self.execute(
            "select id, latitude, longitude from actors"
            " where latitude between ? and ? and longitude between ? and ?",
            [low.latitude, high.latitude, low.longitude, high.longitude],
        )
        return [id_ for id_, *point in rows if circle.holds(Point(*point))]

    def page(
        self,
        kind: Kind,
        department: str = "",
        theme: str = "",
        name_words: Collection[str] | None = None,
        *,
        after: str = "",
        limit: int,
    ) -> tuple[list[str], int]:
        """The first ids after `after` of what `ids` has, and how many there are in all.

        With `name_words`, only of actors whose name has each of these folded words.
        """
        condition, values = _filtering(kind, department, theme)
        if name_words is not None:
            condition += (
                " and id in (select actor_id from name_words"
                " join name_vocabulary v on v.id = word_id"
                " where word in :values"
                " group by actor_id having count(distinct word_id) = :words_count)"
            )
            values["words_count"] = len(set(name_words))
        kept, words_ = f"from {TABLES[kind]} where {condition}", name_words or ()
        rows = self.run(
            f"select id {kept} and id > :after order by id limit :limit",
            words_,
            **values,
            after=after,
            limit=limit,
        )
        ((count,),) = self.run(f"select count(*) {kept}", words_, **values)
        return [row["id"] for row in rows], count

    def count_records(self) -> int:
        query = "select (select count(*) from actors) + (select count(*) from cases)"
        return int(self.execute(query).fetchone()[0])

    def updated_at(self, kind: Kind, ids: Collection[str]) -> dict[str, str]:
        """When each of these records was last stored, by id; unknown ids are left out."""
        table = TABLES[kind]
        rows = self.run(f"select id, updated_at from {table} where id in :values", ids)  # noqa: S608
        return {row["id"]: row["updated_at"] for row in rows}

    def cases_of(self, actor_ids: Collection[str]) -> dict[str, list[str]]:
        """The ids of the cases that each of these actors took part in, newest first."""
        rows = self.run(
            "select distinct actor_id, case_id, date from participations"
            " join cases on cases.id = case_id"
            " where actor_id in :values"
            " order by actor_id, date desc, case_id",
            actor_ids,
        )
        return grouped((row[0], row[1]) for row in rows)

    def editions(self, story: str) -> list[str]:
        """The ids of a case and of its translations, by the id of the original."""
        sql = "select id from cases where id = ? or translation_of = ? order by id"
        return [row[0] for row in self.execute(sql, [story, story])]

    def themes(self) -> list[tuple[str, int, int]]:
        """Each theme as it is usually written, with how many actors and stories have it."""
        rows = self.execute(
            "select key, name, kind,"
            " count(distinct coalesce(nullif(translation_of, ''), record_id))"
            " from themes left join cases on kind = 'case' and id = record_id"
            " group by key, name, kind order by key"
        )
        spellings: dict[str, Counter[str]] = {}
        counts: dict[str, Counter[str]] = {}
        for key, name, kind, count in rows:
            spellings.setdefault(key, Counter())[name] += count
            counts.setdefault(key, Counter())[kind] += count
        return [
            (usual_spelling(names), counts[key][Kind.ACTOR], counts[key][Kind.CASE])
            for key, names in spellings.items()
        ]

    def theme_languages(self) -> dict[str, str]:
        """Maps each folded theme to the language of most of its records; "" where two have as many.

        Translations count only for themes that no original has.
        """
        rows = self.execute(
            "select key, coalesce(actors.lang, cases.lang) as lang,"
            " coalesce(translation_of, '') = '' as is_original, count(*) as count"
            " from themes"
            " left join actors on kind = 'actor' and actors.id = record_id"
            " left join cases on kind = 'case' and cases.id = record_id"
            " group by 1, 2, 3"
        )
        counts = grouped((key, (bool(is_original), n, lang)) for key, lang, is_original, n in rows)
        found = {}
        for key, of_theme in counts.items():
            best = max(of_theme)
            most = [lang for *weight, lang in of_theme if (*weight,) == best[:2]]
            found[key] = most[0] if len(most) == 1 else ""
        return found

    def actor_labels(self) -> list[tuple[str, str, str]]:
        """The id, name and place of each actor, in the order of the ids."""
        rows = self.execute("select id, name, place from actors order by id")
        return [(id_, name, place) for id_, name, place in rows]

    def needs(self) -> list[tuple[str, str, str]]:
        """The needs of cases, each with its language and the id of its story, newest case first."""
        rows = self.execute(
            "select need, lang, coalesce(nullif(translation_of, ''), id) from cases"
            " where need != '' order by date desc, id"
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def descriptions(self, lang: str, most: int) -> list[tuple[str, str]]:
        """What open actors say of themselves, with the language, those in `lang` first."""
        rows = self.execute(
            "select description, lang from actors where description != '' and closed_on = ''"
            " order by lang != ?, id limit ?",
            [lang, most],
        )
        return [(row[0], row[1]) for row in rows]

    def departments(self) -> list[tuple[str, int]]:
        """Each department with how many actors it has, in the order of the codes."""
        rows = self.execute(
            "select department, count(*) from actors where department != ''"
            " group by department order by department"
        )
        return [(row[0], row[1]) for row in rows]

    def actors_named(self, key: str) -> list[str]:
        rows = self.execute("select actor_id from names where key = ? order by actor_id", [key])
        return [row[0] for row in rows]

    def actors_registered(self, number: str) -> list[str]:
        """The ids of the actors with this SIRET (14 digits) or SIREN (9)."""
        rows = self.execute(
            "select id from actors where siret = ? or (length(?) = 9 and substr(siret, 1, 9) = ?)"
            " order by id",
            [number, number, number],
        )
        return [row[0] for row in rows]

    def actors_reached_at(self, contact: str) -> list[str]:
        """The ids of the actors with this telephone number or e-mail address, if all may see it."""
        told = [f'%"{contact}"%'] * 2
        rows = self.execute("select id from actors where phone like ? or email like ?", told)
        seen = {id_: actor.public for id_, actor in self.actors([row[0] for row in rows]).items()}
        return sorted(id_ for id_, actor in seen.items() if contact in (*actor.phone, *actor.email))

    def actors_of_sirets(self, sirets: Collection[str]) -> dict[str, list[str]]:
        """Maps each known SIRET among these to its actors, in the order of their ids."""
        statement = "select siret, id from actors where siret in :values order by id"
        return grouped((row[0], row[1]) for row in self.run(statement, set(sirets) - {""}))


def _filtering(kind: Kind, department: str, theme: str) -> tuple[str, dict[str, object]]:
    conditions = ["true"]
    if department and kind is Kind.ACTOR:
        conditions.append("department = :department")
    elif department:
        conditions.append(
            "id in (select case_id from participations join actors"
            " on actors.id = participations.actor_id where department = :department)"
        )
    if theme:
        conditions.append(
            "id in (select record_id from themes where kind = :kind and key = :theme)"
        )
    values = {"department": department, "kind": kind.value, "theme": fold(theme)}
    return " and ".join(conditions), {**values}


def grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """The second of pairs, by the first."""
    found: dict[str, list[T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def in_order(
    find: Callable[[Collection[str]], Mapping[str, RecordOfKind]], ids: Sequence[str]
) -> list[RecordOfKind]:
    """The records that `find` finds of these ids, in their order. All are known."""
    found = find(ids)
    return [found[id_] for id_ in ids]


def usual_spelling(spellings: Counter[str]) -> str:
    """The spelling most used; of several, the first in the alphabet."""
    return min(spellings, key=lambda name: (-spellings[name], name))


def coordinates_of(actor: Actor) -> dict[str, float | None]:
    latitude, longitude = (at.latitude, at.longitude) if (at := actor.point) else (None, None)
    return {"latitude": latitude, "longitude": longitude}


def said_fields(record: Record) -> Sequence[str]:
    names = field_names(type(record))  # type: ignore[arg-type]  # a class has a hash
    return [name for name in names if name != "members_only"]


def row_of(record: Record) -> dict[str, str]:
    """A record's own columns: all its fields but the participants, the compound ones as JSON."""
    row = {
        name: _encoded(value) if isinstance(value := getattr(record, name), tuple) else value
        for name in said_fields(record)
        if name != "participants"
    }
    if isinstance(record, Actor):
        row["facts"] = _encoded(dict(record.facts))
    return row


def _actor(row: StoreRow) -> Actor:
    facts = MappingProxyType(json.loads(row["facts"]))
    lists = {name: listed(row[name]) for name in LISTS_OF_ACTORS}
    hidden = frozenset(listed(row["members_only"]))
    return dataclass_of(Actor, row, members_only=hidden, facts=facts, **lists)


def listed(stored: str) -> tuple[str, ...]:
    return () if stored == "[]" else tuple(json.loads(stored))


@lru_cache(maxsize=1_000)
def _themes(stored: str) -> tuple[str, ...]:
    """The themes of a record. A directory files thousands of actors in the same."""
    return tuple(json.loads(stored))


def _withheld(actor: Actor, contact_fields: Collection[str]) -> Actor:
    values: set[str] = set()
    for name in contact_fields:
        value = getattr(actor, name)
        values |= {value} - {""} if isinstance(value, str) else set(value)
    return replace(actor, members_only=actor.members_only | values)


def _case(row: StoreRow, participants: Sequence[Participation]) -> Case:
    themes = tuple(json.loads(row["themes"]))
    return dataclass_of(Case, row, themes=themes, participants=tuple(participants))
