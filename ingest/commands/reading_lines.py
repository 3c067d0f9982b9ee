"""Lines about the readings of a source: how each went, what changed, what is gone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
    from kb.registers.jobs import Job
    from kb.registers.rereading import SourceLocation

SHOWN_READINGS = 5
SHOWN_CHANGES = 20


def reading_lines(
    base: "KnowledgeBase", location: "SourceLocation", *, whole: bool
) -> Iterator[str]:
    """Yields lines about a source that is read again; if `whole`, with the last readings."""
    yield f"{location.location}, every {location.every}"
    if location.problem:
        times = f"{location.failures} times in a row" if location.failures > 1 else "once"
        yield f"failed {times}: {location.problem}"
    for job in base.jobs.of_source(location.name, SHOWN_READINGS if whole else 1):
        yield f"{(job.started_at or job.created_at)[:16].replace('T', ' ')} UTC: {summary(job)}"
    gone = base.unlisted.of(location.name)
    if gone and not whole:
        yield f"no longer listed: {len(gone)} (quisait sources list {location.name!r} names them)"
    for record in gone if whole else ():
        yield f"no longer listed since {record.since[:10]}: {record.name} ({record.id})"


def result_lines(job: "Job") -> Iterator[str]:
    """Yields the lines about a reading that has just ended."""
    yield f"{job.parameters['source']}: {summary(job)}"
    if job.message:
        return
    changes = _items(job.report, "changes")
    for change in changes[:SHOWN_CHANGES]:
        yield f"  {_change_line(change)}"
    if len(changes) > SHOWN_CHANGES:
        yield f"  … and {len(changes) - SHOWN_CHANGES} more changes."
    for record in _items(job.report, "gone"):
        yield f"  no longer listed: {record['name']} ({record['id']})"
    for note in _items(job.report, "failures"):
        yield f"  {note['file']}{':' + str(note['row']) if note['row'] else ''}: {note['reason']}"
    for draft in _items(job.report, "drafts"):
        yield f"  {draft['title']}: a draft waits for a moderator"


def summary(job: "Job") -> str:
    """Says in a line how a reading went."""
    if job.message:
        return f"failed: {job.message}"
    if not job.report:
        return job.state.value
    if job.report.get("is_same"):
        return "nothing has changed there"
    report = job.report
    changed = _count(report, "changed") + _count(report, "completed")
    counts = [
        f"{_count(report, 'added')} new",
        f"{changed} changed",
        f"{len(_items(report, 'gone'))} gone",
        f"{_count(report, 'unchanged') + len(_items(report, 'known'))} unchanged",
    ]
    if drafts := len(_items(report, "drafts")):
        counts.append(f"{drafts} drafted")
    if failed := len(_items(report, "failures")):
        counts.append(f"{failed} failed")
    return ", ".join(counts)


def has_failed(report: Mapping[str, object]) -> bool:
    return bool(_items(report, "failures"))


def _change_line(change: Mapping[str, object]) -> str:
    name = f"{change['name']} ({change['id']})"
    if change["is_new"]:
        return f"new: {name}"
    fields = _items(change, "fields")
    return f"changed: {name}: " + "; ".join(map(_field_line, fields))


def _field_line(field: Mapping[str, object]) -> str:
    name = str(field["field"]).removeprefix("fact:")
    if not (field["before"] or field["after"]):
        return name
    return f"{name}: {field['before'] or '–'} → {field['after'] or '–'}"


def _items(report: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    items = report.get(name)
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _count(report: Mapping[str, object], name: str) -> int:
    count = report.get(name)
    return count if isinstance(count, int) else 0
