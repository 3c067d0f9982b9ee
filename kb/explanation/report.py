"""Reports: one search on record, with every candidate, and signed off.

A report says what was asked, of which state of which base, by which encoder and with which
constants, and who came out, in order, each with what its score is made of. It is given out as JSON
or as CSV. Either file carries its sign-off: a SHA-256 by which anyone sees which content is meant,
and an HMAC that only the base's secret can make, by which its owner can later say that the file was
given out here and was not changed. The secret comes as an argument: where it is kept is not known
here.

JSON: one object of `report`, `sha256` and `hmac`, the two over the canonical bytes of `report`.
CSV: two columns of what is told once, an empty row, then the table of candidates; laid out as the
spreadsheets of a language expect it (`CsvLayout`), every cell in quotation marks. The sign-off is
in the rows `sha256` and `hmac`, over the canonical bytes of all other rows; `report sha256` is that
of the JSON file. Canonical bytes are JSON in UTF-8: keys sorted, no space between tokens, no
character escaped that need not be.
"""

import csv
import hashlib
import hmac
import importlib.metadata
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, Self

from kb.models import Kind
from kb.reference.departments import department_code
from kb.search.query import Query
from kb.search.results import (
    ActorHit,
    Evidence,
    Filters,
    HeardNeed,
    ScoreParts,
    SearchResult,
    Steering,
)
from kb.search.scorer import Room
from kb.search.weights import Constant, constants

FORMAT = "quisait report 1"
"""Raised whenever what a report says, or how, changes."""

DIGITS = 6
"""How many decimals of a score are told: more than any two rankings differ by."""

_PURPOSE = b"quisait report sign-off"
"""What the secret is used for here: a signature of another purpose is none of a report."""

_SIGNED = ("sha256", "hmac")
_DELIMITERS = (",", ";", "\t")
_START = re.compile(r'((?:\A|[;,\t\r\n])[\s"]*+)([=+\-@＝＋－＠]?)')
"""Where a cell starts, or would if a file were split at the wrong sign; and a sign of a formula."""


class ReportFormat(StrEnum):
    """How a report is given out."""

    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """What stands between cells, and before decimals: what spreadsheets of a language expect."""

    delimiter: str = ","
    decimal: str = "."

    @classmethod
    def of(cls, lang: str) -> Self:
        return cls(";", ",") if lang == "fr" else cls()

    def cell(self, value: object) -> str:
        """A cell as it is written: a number as one, a text so that no formula is made of it.

        A sign of a formula has an apostrophe before it wherever a spreadsheet that splits texts
        at the wrong sign could start a cell.
        """
        if isinstance(value, int | float):
            return str(value).replace(".", self.decimal)
        return _START.sub(
            lambda found: f"{found[1]}'{found[2]}" if found[2] else found[0], str(value)
        )


@dataclass(frozen=True, slots=True)
class BaseState:
    """The state of the base that was searched."""

    generation: str
    actors: int
    cases: int
    passages: int


@dataclass(frozen=True, slots=True)
class EncoderState:
    """The encoder that was used; `adaptation` names what is added to its weights, or is empty."""

    name: str
    fingerprint: str
    adaptation: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many actors of the base are no candidates.

    `by_filters` are those that the department or the theme leaves out. Of the others, `closed` are
    closed by now, `unlike` a person said not to want, `silent` say nothing of what they do, and
    `by_words` lack a word that must be there, or have one that must not.
    """

    by_filters: int
    closed: int
    unlike: int
    silent: int
    by_words: int


@dataclass(frozen=True, slots=True)
class SignOff:
    """The SHA-256 of a canonical content, and its HMAC by the secret of a base, in hexadecimal."""

    sha256: str
    hmac: str


@dataclass(frozen=True, slots=True)
class SearchReport:
    """One search on record.

    `at` is when it was made: UTC, ISO 8601, to the second. `hits` are all the candidates, best
    first: every actor that is not `left_out`. Fits are measured from a share of `closest`; the
    cases `heard` are those that vouch.
    """

    at: str
    version: str
    asked: Query
    filters: Filters
    steering: Steering
    base: BaseState
    encoder: EncoderState
    constants: Mapping[str, Constant]
    closest: float
    heard: tuple[HeardNeed, ...]
    hits: tuple[ActorHit, ...]
    left_out: LeftOut

    def content(self) -> dict[str, Any]:
        """All that the report says, as plain values: what is signed off."""
        return {
            "format": FORMAT,
            "at": self.at,
            "program": {"name": "quisait", "version": self.version},
            "query": {
                "typed": self.asked.typed,
                "text": self.asked.text,
                "required": list(self.asked.required),
                "wanted": list(self.asked.wanted),
                "unwanted": list(self.asked.unwanted),
            },
            "filters": {"department": self.filters.department, "theme": self.filters.theme},
            "steering": {"like": list(self.steering.like), "unlike": list(self.steering.unlike)},
            "base": asdict(self.base),
            "encoder": asdict(self.encoder),
            "constants": {
                name: dict(value) if isinstance(value, Mapping) else value
                for name, value in self.constants.items()
            },
            "closest": _rounded(self.closest),
            "heard": {
                one.case.id: {
                    "closeness": _rounded(one.closeness),
                    "relevance": _rounded(one.relevance),
                }
                for one in self.heard
            },
            "left_out": asdict(self.left_out),
            "candidates": [_plain_hit(hit) for hit in self.hits],
        }


def report_of(
    result: SearchResult, room: Room, *, filters: Filters, steering: Steering
) -> SearchReport:
    """The report of a complete search of actors, made in this very room."""
    store, encoder = room.store, room.encoder
    department = department_code(filters.department) if filters.department else ""
    counts = store.counts(encoder.fingerprint)
    return SearchReport(
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        version=importlib.metadata.version("quisait"),
        asked=result.asked,
        filters=replace(filters, department=department),
        steering=steering,
        base=BaseState(store.generation, counts.actors, counts.cases, counts.passages),
        encoder=EncoderState(
            encoder.name, encoder.fingerprint, str(getattr(encoder, "adaptation", ""))
        ),
        constants=constants(),
        closest=result.closest,
        heard=result.heard,
        hits=result.hits,
        left_out=_left_out(result, room, department, filters.theme, steering),
    )


def _left_out(
    result: SearchResult, room: Room, department: str, theme: str, steering: Steering
) -> LeftOut:
    store = room.store
    ids = store.ids(Kind.ACTOR, department, theme)
    missing = store.actors(set(ids) - {hit.actor.id for hit in result.hits})
    closed = {id_ for id_, actor in missing.items() if actor.closed_on}
    unlike = missing.keys() & (set(steering.unlike) - closed)
    others = missing.keys() - closed - unlike
    passages = store.passages(store.passage_ids_of(Kind.ACTOR, others))
    telling = {one.record_id for id_, one in passages.items() if id_ in room.index}
    return LeftOut(
        by_filters=len(store.ids(Kind.ACTOR)) - len(ids),
        closed=len(closed),
        unlike=len(unlike),
        silent=len(others - telling),
        by_words=len(others & telling),
    )


def canonical(content: object) -> bytes:
    """The one way to write plain values down: what a digest is taken of.

    Raises:
        ValueError: a number is not finite, or there are halves of characters in a text.
    """
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def sign_off(report: SearchReport, key: str) -> SignOff:
    """The sign-off of a report, as its JSON file carries it, by the secret `key`."""
    return _signed(report.content(), key)


def as_json(report: SearchReport, key: str) -> bytes:
    """The report as a JSON file, signed off by the secret `key`."""
    content = report.content()
    return canonical({"report": content, **asdict(_signed(content, key))}) + b"\n"


def as_csv(report: SearchReport, key: str, lang: str = "") -> bytes:
    """The report as a CSV file that spreadsheets open, signed off by the secret `key`.

    In French (`lang` is `fr`), with semicolons between cells and decimal commas; else with commas
    and points. It is UTF-8 with a byte order mark, by which spreadsheets know it.
    """
    layout = CsvLayout.of(lang)
    head = [(name, layout.cell(value)) for name, value in _told_once(report)]
    table = [[layout.cell(value) for value in row] for row in _table(report.hits)]
    signed = _signed([_trimmed(row) for row in (*head, [], *table)], key)
    rows: list[Sequence[object]] = [*head, *asdict(signed).items(), [], *table]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return file.getvalue().encode("utf-8-sig")


def verify(file: bytes | str, key: str) -> bool:
    """Whether a file, JSON or CSV, was given out under this secret and says what it said then.

    How it is laid out does not matter: spaces between tokens of JSON; in CSV, quotation marks and
    what stands between cells (a comma, a semicolon or a tab).
    """
    try:
        text = file.decode("utf-8-sig") if isinstance(file, bytes) else file.removeprefix("\ufeff")
    except ValueError:
        return False
    if text.lstrip().startswith("{"):
        return _is_signed(_read_json, text, key)
    # Read otherwise than it was written, a file says something else, which nobody has signed.
    return any(_is_signed(partial(_read_csv, sign), text, key) for sign in _DELIMITERS)


def _is_signed(read: Callable[[str], tuple[object, SignOff]], text: str, key: str) -> bool:
    try:
        content, signed = read(text)
        expected = _signed(content, key)
        return signed.sha256 == expected.sha256 and hmac.compare_digest(
            signed.hmac.encode(), expected.hmac.encode()
        )
    except (ValueError, RecursionError, csv.Error):
        return False


def _signed(content: object, key: str) -> SignOff:
    told = canonical(content)
    own_key = hmac.digest(key.encode(), _PURPOSE, "sha256")
    return SignOff(_digest(told), hmac.digest(own_key, told, "sha256").hex())


def _digest(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()


def _read_json(text: str) -> tuple[object, SignOff]:
    """What a file says, and its sign-off; `ValueError` if it is no report or says more."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key is there twice: readers would differ on what is said")
        return found

    given = json.loads(text, object_pairs_hook=once)
    if not isinstance(given, dict) or given.keys() != {"report", *_SIGNED}:
        raise ValueError("not a report")
    return given["report"], _sign_off_of(given)


def _read_csv(delimiter: str, text: str) -> tuple[object, SignOff]:
    read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = [_trimmed(row) for row in read]
    head = rows[: rows.index([])] if [] in rows else rows
    signed = {row[0]: row[1] for row in head if len(row) == 2 and row[0] in _SIGNED}
    others = [row for row in head if not row or row[0] not in _SIGNED]
    if len(head) - len(others) != len(_SIGNED):
        raise ValueError("not a report")
    return [*others, *rows[len(head) :]], _sign_off_of(signed)


def _sign_off_of(given: Mapping[str, object]) -> SignOff:
    return SignOff(*(str(given[name]) for name in _SIGNED))


def _plain_hit(hit: ActorHit) -> dict[str, Any]:
    actor = hit.actor
    return {
        "rank": hit.rank,
        "id": actor.id,
        "name": actor.name,
        "siret": actor.siret,
        "place": actor.place,
        "department": actor.department,
        "fit": str(hit.fit),
        "score": _rounded(hit.score),
        "parts": {name: _rounded(value) for name, value in asdict(hit.parts).items()},
        "evidence": _plain_evidence(hit.evidence[0]) if hit.evidence else None,
        "source": actor.source_url,
    }


def _plain_evidence(evidence: Evidence) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": str(evidence.kind),
        "text": evidence.text,
        "source": evidence.source,
    }
    if evidence.case and evidence.participation:
        told["case"] = {
            "id": evidence.case.id,
            "title": evidence.case.title,
            "date": evidence.case.date,
            "role": str(evidence.participation.role),
            "contribution": evidence.participation.contribution,
        }
    if evidence.witness:
        told["witness"] = {"id": evidence.witness.id, "name": evidence.witness.name}
    return told


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no negative zero


def _told_once(report: SearchReport) -> Iterable[tuple[str, object]]:
    """The rows before the table: everything but the candidates, by dotted names."""
    content = report.content()
    del content["candidates"]
    yield from _flat(content)
    yield "report sha256", _digest(canonical(report.content()))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, "; ".join(value) if isinstance(value, list) else value


def _table(hits: Iterable[ActorHit]) -> Iterable[Sequence[object]]:
    parts = [field.name for field in fields(ScoreParts)]
    yield (
        *("rank", "id", "name", "siret", "place", "department", "fit", "score"),
        *(f"score {part}" for part in parts),
        *("evidence", "text", "case", "role", "witness", "evidence source", "source"),
    )
    for hit in hits:
        told = _plain_hit(hit)
        evidence = told["evidence"] or {}
        case, witness = evidence.get("case", {}), evidence.get("witness", {})
        yield (
            *(told[name] for name in ("rank", "id", "name", "siret", "place", "department")),
            *(told["fit"], told["score"]),
            *(told["parts"][part] for part in parts),
            *(evidence.get("kind", ""), evidence.get("text", "")),
            *(case.get("title", ""), case.get("role", ""), witness.get("name", "")),
            *(evidence.get("source", ""), told["source"]),
        )


def _trimmed(row: Sequence[str]) -> list[str]:
    """The row without the empty cells at its end, which spreadsheets add and leave out."""
    kept = list(row)
    while kept and not kept[-1]:
        kept.pop()
    return kept
