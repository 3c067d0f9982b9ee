"""Changes: what a reading of a source found new or different, field by field.

The values of contacts are not told, only that they changed: a report outlives a choice of who may
see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ingest.report import MAX_NOTES
from kb.models import Case, Kind, Record, kind_of

MAX_VALUE_CHARS = 160
_UNTOLD_VALUES = frozenset({"phone", "email", "address", "contact"})
_NO_FIELDS = frozenset({"id", "members_only"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a record that changed. `fact:` and a header name a fact; values may be cut."""

    field: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record that is new, without `fields`, or that changed in these fields."""

    kind: Kind
    id: str
    name: str
    is_new: bool
    fields: tuple[FieldChange, ...] = ()


class Changes:
    """What changed in a run, as far as a report has room."""

    def __init__(self) -> None:
        self.records: list[RecordChange] = []
        self.untold = 0

    def add(self, before: Record | None, after: Record) -> None:
        """Notes a record as it was, if it was, and as it is."""
        if len(self.records) == MAX_NOTES:
            self.untold += 1
            return
        name = after.title if isinstance(after, Case) else after.name
        changed = () if before is None else changed_fields(before, after)
        self.records.append(RecordChange(kind_of(after), after.id, name, before is None, changed))


def changed_fields(before: Record, after: Record) -> tuple[FieldChange, ...]:
    """Returns the fields in which two records of a kind differ, in the order of the record's."""
    old, new = _values(before), _values(after)
    return tuple(
        FieldChange(name)
        if name in _UNTOLD_VALUES
        else FieldChange(name, _cut(old.get(name, "")), _cut(new.get(name, "")))
        for name in {**new, **old}
        if old.get(name, "") != new.get(name, "")
    )


def _values(record: Record) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name in _NO_FIELDS:
            continue
        if isinstance(value, Mapping):
            values |= {f"fact:{header}": str(fact) for header, fact in value.items()}
        elif isinstance(record, Case) and field.name == "participants":
            values[field.name] = " | ".join(
                f"{part.name} ({part.role})" for part in record.participants
            )
        elif isinstance(value, tuple):
            values[field.name] = " | ".join(map(str, value))
        else:
            values[field.name] = str(value)
    return values


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_VALUE_CHARS else f"{line[: MAX_VALUE_CHARS - 1]}…"
