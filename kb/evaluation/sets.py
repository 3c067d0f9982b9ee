"""Development sets: queries, right answers, and perhaps the records to search (BEIR's layout)."""

import csv
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from kb.errors import FileError
from kb.evaluation.metrics import METRICS, Qrels
from kb.models import Actor, Case, Kind
from kb.store.record_json import record_from_json

COLUMNS = ("nDCG@10", "MAP", "P@3", "S@1")
ALL = "all"
T = TypeVar("T")

_FROM_METADATA = {field.name for field in fields(Actor) if field.type in {str, "str"}}
_FROM_METADATA -= {"id", "name", "description"}


class _About(BaseModel):
    """What a `set.json` may have, and what is taken where it has not."""

    model_config = ConfigDict(extra="forbid", strict=True)
    title: str = ""
    leave_one_out: bool = False
    elsewhere: bool = True
    metrics: list[str] = Field(default=[*COLUMNS], min_length=1)
    by: str = "lang"


@dataclass(frozen=True, slots=True)
class SetQuery:
    """A query. `about` has its metadata; the cases `unmatched` raise nobody when it is asked."""

    id: str
    text: str
    about: Mapping[str, str] = field(default_factory=dict)
    unmatched: frozenset[str] = frozenset()

    @property
    def lang(self) -> str:
        return self.about.get("lang", "")

    @property
    def split(self) -> str:
        return self.about.get("split", "")


Item = TypeVar("Item", SetQuery, Actor, Case)


@dataclass(frozen=True, slots=True)
class DevelopmentSet:
    """A development set; `actors` is None for a set without a corpus.

    With `leave_one_out`, each right answer is ranked without its own cases; without `elsewhere`,
    the known conversions are left out. `columns` are its metrics, `by` names its parts.
    """

    folder: Path
    title: str
    queries: tuple[SetQuery, ...]
    silence: tuple[SetQuery, ...] = ()
    actors: tuple[Actor, ...] | None = None
    cases: tuple[Case, ...] = ()
    leave_one_out: bool = False
    elsewhere: bool = True
    columns: tuple[str, ...] = COLUMNS
    by: str = "lang"

    @property
    def name(self) -> str:
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Judged:
    split: str
    queries: Sequence[SetQuery]
    qrels: Qrels


def read_set(folder: Path) -> DevelopmentSet:
    """Reads a set's folder; its qrels are read by `read_split`."""
    about = _about(folder / "set.json")
    corpus, cases, silence = (folder / f"{name}.jsonl" for name in ("corpus", "cases", "silence"))
    if cases.exists() and not corpus.exists():
        raise FileError(f"{cases}: cases need a corpus.jsonl beside them, with their actors.")
    actors = read_items(corpus, _actor, "a document", "`_id` and `text`")
    needed = "`id`, `title` and `participants`, each with its `role`"
    queries = read_queries(folder / "queries.jsonl")
    if "by" in about.model_fields_set:
        check_by(about.by, queries, folder / "set.json")
    return DevelopmentSet(
        folder,
        about.title or folder.resolve().name,
        queries,
        read_queries(silence) if silence.exists() else (),
        actors if corpus.exists() else None,
        read_items(cases, _case, "a case", needed),
        about.leave_one_out,
        about.elsewhere,
        tuple(about.metrics),
        about.by,
    )


def read_split(dataset: DevelopmentSet, split: str, known: Collection[str] | None = None) -> Judged:
    """The judged queries of a split; a set with a `silence.jsonl` may have none."""
    path = dataset.folder / "qrels" / f"{split}.tsv"
    if dataset.silence and not path.exists():
        return Judged(split, (), {})
    qrels = read_qrels(path)
    if not qrels:
        raise FileError(f"{path}: no row but the header; judge a query or delete the file.")
    queries = {query.id: query for query in dataset.queries}
    where = "the knowledge base" if dataset.actors is None else "corpus.jsonl"
    for query_id, grades in qrels.items():
        if query_id not in queries:
            raise FileError(f"{path}: no query {query_id!r} in queries.jsonl.")
        for record_id in grades:
            if known is not None and record_id not in known:
                raise FileError(
                    f"{path}: {record_id!r}, relevant to {query_id!r}, is not in {where}."
                )
    return Judged(split, [queries[id_] for id_ in qrels], qrels)


def answerable(dataset: DevelopmentSet, judged: Judged) -> list[SetQuery]:
    """The judged queries, or else the queries whose metadata name the split."""
    unjudged = (query for query in dataset.queries if query.split == judged.split)
    return list(judged.queries or unjudged)


def check_by(by: str, queries: Iterable[SetQuery], where: object) -> None:
    """Checks that queries have the metadata that they are to be parted by."""
    if unknown := set(by.split(",")).difference([ALL], *(query.about for query in queries)):
        raise FileError(f"{where}: no query has {', '.join(sorted(unknown))} in its metadata.")


def read_queries(path: Path) -> tuple[SetQuery, ...]:
    """The queries of a `queries.jsonl`; errors as `read_json_lines`."""
    if not path.exists():
        _lines(path)
    return read_items(path, _query, "a query", "`_id` and `text`")


def read_items(path: Path, make: Callable[[Any], Item], what: str, needed: str) -> tuple[Item, ...]:
    """The result of `make` for each line of a file, none if there is no file; no id comes twice."""
    items: dict[str, Item] = {}
    for number, item in read_json_lines(path, make, what, needed) if path.exists() else ():
        if item.id in items:
            raise FileError(f"{path}:{number}: the id {item.id!r} was there before.")
        items[item.id] = item
    return tuple(items.values())


def read_json_lines(
    path: Path, make: Callable[[Any], T], what: str, needed: str
) -> Iterator[tuple[int, T]]:
    """Yields the number of each line that is not empty, and the result of `make` for it."""
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            yield number, make(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FileError(f"{path}:{number}: not {what}; expected JSON with {needed}.") from None


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for number, row in enumerate(csv.reader(_lines(path), delimiter="\t"), start=1):
        if number == 1 or not row:
            continue
        try:
            query_id, record_id, grade = row
            qrels.setdefault(query_id, {})[record_id] = int(grade)
        except ValueError:
            raise FileError(
                f"{path}:{number}: expected query id, corpus id and a whole number, tabs between."
            ) from None
    return qrels


def _lines(path: Path) -> list[str]:
    """The lines of a file; not `splitlines`, which parts at characters that a text may hold."""
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileError(f"{path} cannot be read: it is not in UTF-8.") from None


def _about(path: Path) -> _About:
    try:
        about = _About.model_validate_json(path.read_bytes() if path.exists() else b"{}")
    except (OSError, ValueError):
        about = None
    if about is None or not {*about.metrics} <= METRICS.keys():
        raise FileError(
            f"{path}: expected JSON with `title` (text), `leave_one_out` and `elsewhere` (true or "
            f"false), `by` (text) and `metrics` (of {', '.join(METRICS)}), or some of them."
        )
    return about


def _query(plain: Any) -> SetQuery:
    about = dict(plain.get("metadata", {}))
    unmatched = about.pop("unheard", [])
    if not isinstance(unmatched, list):
        raise TypeError
    said = {
        name: value if isinstance(value, str) else f"{name} {json.dumps(value)}"
        for name, value in about.items()
    }
    return SetQuery(str(plain["_id"]), str(plain["text"]), said, frozenset(map(str, unmatched)))


def _actor(plain: Any) -> Actor:
    about = plain.get("metadata", {})
    texts: Any = {key: str(value) for key, value in about.items() if key in _FROM_METADATA}
    return Actor(
        str(plain["_id"]),
        # Without a title there is no name: an id in its place would be searched.
        str(plain.get("title", "")),
        str(plain["text"]),
        themes=tuple(map(str, about.get("themes", ()))),
        **texts,
    )


def _case(plain: Any) -> Case:
    plain.setdefault("text", "")
    for part in plain.get("participants", ()):
        part.setdefault("name", "")
    return cast("Case", record_from_json(Kind.CASE, json.dumps(plain)))
