"""Reports as JSON or CSV, signed by a SHA-256 and an HMAC of all but the signature."""

import csv
import hashlib
import hmac
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import partial
from typing import Any, Self

from kb.explanation.report import SearchReport
from kb.search.results import ScoreParts
from kb.text.phone_numbers import dialling_region, shown_number

CONTACTS = ("phone", "email", "address", "contact", "website")  # of these, what is public
_PURPOSE = b"quisait report sign-off"  # a signature for another signs no report
_SIGNED = ("sha256", "hmac")
_DELIMITERS = (",", ";", "\t")
_START = re.compile(r'((?:\A|[;,\t\r\n])[\s"]*+)([=+\-@＝＋－＠]?)')
"""Where a cell starts, or would if a file were split at the wrong sign; and a sign of a formula."""


class ReportFormat(StrEnum):
    """The format of a report's file."""

    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Signature:
    """The SHA-256 of a canonical content, and its HMAC by the secret of a base, in hexadecimal."""

    sha256: str
    hmac: str

    def matches(self, other: "Signature") -> bool:
        return self.sha256 == other.sha256 and hmac.compare_digest(
            self.hmac.encode(), other.hmac.encode()
        )


def canonical(content: object) -> bytes:
    """The canonical JSON of plain values; raises `ValueError` for infinite numbers."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(content: object) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def sign(content: object, key: str) -> Signature:
    own_key = hmac.digest(key.encode(), _PURPOSE, "sha256")
    return Signature(digest(content), hmac.digest(own_key, canonical(content), "sha256").hex())


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """The delimiter of cells and the decimal sign that spreadsheets of a language expect."""

    delimiter: str = ","
    decimal: str = "."

    @classmethod
    def of(cls, lang: str) -> Self:
        return cls(";", ",") if lang == "fr" else cls()

    def cell(self, value: object) -> str:
        """A number as a number, a text with an apostrophe wherever it could start a formula."""
        if isinstance(value, int | float):
            return str(value).replace(".", self.decimal)
        return _START.sub(
            lambda found: f"{found[1]}'{found[2]}" if found[2] else found[0], str(value)
        )


def signature(report: SearchReport, key: str) -> Signature:
    return sign(report.content(), key)


def as_json(report: SearchReport, key: str) -> bytes:
    content = report.content()
    return canonical({"report": content, **asdict(sign(content, key))}) + b"\n"


def as_csv(report: SearchReport, key: str, lang: str = "") -> bytes:
    """The report as a CSV file that spreadsheets in `lang` open, signed by the secret `key`."""
    layout = CsvLayout.of(lang)
    content = report.content()
    head = [(name, layout.cell(value)) for name, value in _flat(content)]
    head.append(("report sha256", digest(content)))
    table = [[layout.cell(value) for value in row] for row in _table(content["candidates"])]
    signed = sign([_trimmed(row) for row in (*head, [], *table)], key)
    rows: list[Sequence[object]] = [*head, *asdict(signed).items(), [], *table]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return file.getvalue().encode("utf-8-sig")


def verify(file: bytes | str, key: str) -> bool:
    """Returns whether a file, JSON or CSV, has content signed with this secret."""
    try:
        text = file.decode("utf-8-sig") if isinstance(file, bytes) else file.removeprefix("\ufeff")
    except ValueError:
        return False
    if text.lstrip().startswith("{"):
        return _is_signed(_read_json, text, key)
    # With another delimiter than its own, a file has another content, which nobody has signed.
    return any(_is_signed(partial(_read_csv, delimiter), text, key) for delimiter in _DELIMITERS)


def _is_signed(read: Callable[[str], tuple[object, Signature]], text: str, key: str) -> bool:
    try:
        content, signed = read(text)
        return signed.matches(sign(content, key))
    except (ValueError, RecursionError, csv.Error):
        return False


def _read_json(text: str) -> tuple[object, Signature]:
    """Returns the content of a file and its signature; `ValueError` if it is no exact report."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key is there twice: readers would differ on what it says")
        return found

    given = json.loads(text, object_pairs_hook=once)
    if not isinstance(given, dict) or given.keys() != {"report", *_SIGNED}:
        raise ValueError("not a report")
    return given["report"], _signature_in(given)


def _read_csv(delimiter: str, text: str) -> tuple[object, Signature]:
    read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = [_trimmed(row) for row in read]
    head = rows[: rows.index([])] if [] in rows else rows
    signed = {row[0]: row[1] for row in head if len(row) == 2 and row[0] in _SIGNED}
    others = [row for row in head if not row or row[0] not in _SIGNED]
    if len(head) - len(others) != len(_SIGNED):
        raise ValueError("not a report")
    return [*others, *rows[len(head) :]], _signature_in(signed)


def _signature_in(given: Mapping[str, object]) -> Signature:
    if not given.keys() >= set(_SIGNED):
        raise ValueError("not signed")
    return Signature(*(str(given[name]) for name in _SIGNED))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, object]]:
    """What is given once, by dotted names: everything but the candidates."""
    for name, value in values.items():
        if name == "candidates":
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, "; ".join(value) if isinstance(value, list) else value


def _table(candidates: Iterable[Mapping[str, Any]]) -> Iterable[Sequence[object]]:
    parts = [field.name for field in fields(ScoreParts)]
    yield (
        *("rank", "id", "name", "siret", "place", "department", "distance km", "near"),
        *("fit", "score"),
        *(f"score {part}" for part in parts),
        *("evidence", "code", "text", "case", "role", "period", "precedent", "place of precedent"),
        *("possible by means", "evidence source", "source"),
        *CONTACTS,
    )
    for plain in candidates:
        evidence = plain["evidence"] or {}
        case, precedent = evidence.get("case", {}), evidence.get("precedent", {})
        yield (
            *(plain[name] for name in ("rank", "id", "name", "siret", "place", "department")),
            "" if plain["distance_km"] is None else plain["distance_km"],
            {True: "yes", False: "no", None: ""}[plain["near"]],
            *(plain["fit"], plain["score"]),
            *(plain["parts"][part] for part in parts),
            *(evidence.get(name, "") for name in ("kind", "code", "text")),
            *(case.get(name, "") for name in ("title", "role", "period")),
            *(precedent.get(name, "") for name in ("name", "place")),
            evidence.get("means", {}).get("phrase", ""),
            *(evidence.get("source", ""), plain["source"]),
            *_contacts(plain),
        )


def _contacts(plain: Mapping[str, Any]) -> Iterable[str]:
    """The cells of `CONTACTS`: telephone numbers as they are dialled, which is no formula."""
    region = dialling_region(plain["country"], plain["department"])
    yield " | ".join(shown_number(number, region) for number in plain["phone"])
    yield " | ".join(plain["email"])
    yield from (plain[name] for name in CONTACTS[2:])


def _trimmed(row: Sequence[str]) -> list[str]:
    """The row without the empty cells at its end, which spreadsheets add and leave out."""
    kept = list(row)
    while kept and not kept[-1]:
        kept.pop()
    return kept
