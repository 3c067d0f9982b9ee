"""Readings of sources as pages show them: what was new, what changed, what is gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.models import Kind


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record that a reading found new, changed or gone.

    `fields` are (field, before, after); `since` is when it was found gone.
    """

    kind: Kind
    id: str
    name: str
    fields: Sequence[tuple[str, str, str]] = ()
    since: str = ""


@dataclass(frozen=True, slots=True)
class ReadingOfSource:
    """What the report of a job says of a reading.

    `is_same` says that nothing had changed at its location; `gone` are the records that it listed
    before and lists no more.
    """

    is_same: bool
    new: Sequence[ChangedRecord]
    changed: Sequence[ChangedRecord]
    gone: Sequence[ChangedRecord]


def reading_of(report: Mapping[str, object]) -> ReadingOfSource:
    """Returns what a report says of a reading; what is not of its shape is left out."""
    changes = _items(report, "changes")
    return ReadingOfSource(
        bool(report.get("is_same")),
        [_record(item) for item in changes if item.get("is_new")],
        [_record(item) for item in changes if not item.get("is_new")],
        [_record(item) for item in _items(report, "gone")],
    )


def _items(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = report.get(name)
    return [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping) and item.get("kind") in set(Kind)
    ]


def _record(item: Mapping[str, Any]) -> ChangedRecord:
    return ChangedRecord(
        Kind(item["kind"]),
        str(item.get("id", "")),
        str(item.get("name", "")),
        [
            (str(field["field"]), str(field["before"]), str(field["after"]))
            for field in item.get("fields", ())
        ],
        str(item.get("since", "")),
    )
