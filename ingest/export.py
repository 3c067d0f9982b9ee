"""Exports a base as files that `ingest` reads back to the character: no formula is guarded."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.records import case_file
from ingest.records.fields import folded
from kb.errors import FileError
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS, PARTICIPATION_FIELDS, FieldKind
from kb.text.phone_numbers import dialling_region, shown_number

_COLUMNS = tuple(
    name for name, traits in ACTOR_FIELDS.items() if traits.kind is not FieldKind.FACTS
)
_MAX_STEM_CHARS = 80


class Exported(NamedTuple):
    actors: int
    cases: int


def export(
    knowledge_base: KnowledgeBase, folder: Path, *, force: bool = False, for_members: bool = False
) -> Exported:
    """Writes `actors.csv` and `cases/`, in the order of ids; `force` replaces files."""
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder} is a file, not a folder")
    if folder.exists() and any(folder.iterdir()) and not force:
        raise FileError(f"{folder} is not empty: name another folder, or write with --force")
    actors = sorted(knowledge_base.actors(), key=lambda actor: actor.id)
    if not for_members:
        actors = [actor.public for actor in actors]
    cases = sorted(knowledge_base.cases(), key=lambda case: case.id)
    try:
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        _write_actors(folder / "actors.csv", actors)
        for case in cases:
            path = folder / "cases" / case_file_name(case.id)
            path.write_text(_markdown(case), encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return Exported(len(actors), len(cases))


def case_file_name(case_id: str) -> str:
    """Returns a name for the file of a case; two ids never share one, whatever their case."""
    stem = folded(case_id).replace(" ", "-")
    if stem == case_id and len(stem) <= _MAX_STEM_CHARS:
        return f"{stem}.md"
    digest = hashlib.sha256(case_id.encode()).hexdigest()[:12]
    return f"{stem[:_MAX_STEM_CHARS]}-{digest}.md"


def _write_actors(path: Path, actors: Sequence[Actor]) -> None:
    facts = list(dict.fromkeys(fact for actor in actors for fact in actor.facts))
    # A column of persons in which nobody stands would only be remarked on when it is read again.
    names_persons = any(actor.contact for actor in actors)
    columns = [field for field in _COLUMNS if field != "contact" or names_persons]
    # Spreadsheets take a CSV file for UTF-8 only when it begins with a byte order mark.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *facts])
        for actor in actors:
            cells = (_cell(actor, field) for field in columns)
            writer.writerow([*cells, *(actor.facts.get(fact, "") for fact in facts)])


def _cell(actor: Actor, field: str) -> str:
    value = getattr(actor, field)
    if ACTOR_FIELDS[field].kind is FieldKind.PHONE:
        region = dialling_region(actor.country, actor.department)
        value = [shown_number(number, region) for number in value]
    return value if isinstance(value, str) else " | ".join(value)


def _markdown(case: Case) -> str:
    values: dict[str, object] = {}
    for name, traits in CASE_FIELDS.items():
        value = getattr(case, name)
        if name == "participants":
            values[name] = [_participation(each) for each in value]
        elif traits.kind is not FieldKind.TEXT:
            values[name] = value if isinstance(value, str) else list(value)
    return case_file.join({key: value for key, value in values.items() if value}, case.text)


def _participation(participation: Participation) -> dict[str, str]:
    return {
        traits.key or name: str(value)
        for name, traits in PARTICIPATION_FIELDS.items()
        if (value := getattr(participation, name))
    }
